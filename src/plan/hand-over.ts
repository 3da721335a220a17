import { encloses } from "../text/edit.js";
import type { Source } from "../syntax/source.js";
import type { LedgerSite } from "./ledger.js";
import { isRemovable, type Recognised } from "./recognise.js";

/**
 * A `!` in the callbacks of two sites is needed by both, though only one has brought it. When that
 * one goes, the entry of the other is told of it.
 * @returns the entries, or null where nothing is handed over
 */
export function handOver(
  source: Source,
  own: readonly Recognised[],
  goes: (entry: LedgerSite) => boolean,
): LedgerSite[] | null {
  const going = own.filter(({ entry }) => goes(entry) && entry.shape.narrowed !== undefined);
  if (going.length === 0) return null;
  const entries = own.map((each) => (goes(each.entry) ? each.entry : heir(source, each, going)));
  return entries.some((entry, index) => entry !== own[index]?.entry) ? entries : null;
}

function heir(source: Source, each: Recognised, going: readonly Recognised[]): LedgerSite {
  const { entry } = each;
  if (!isRemovable(each) || entry.shape.callback === undefined) return entry;
  const known = pathsOf(entry);
  const { range } = each.candidate;
  const asserts = (other: Recognised) =>
    isRemovable(other) &&
    other.removal.edits.some(
      (edit) => source.text.slice(edit.start, edit.end) === "!" && encloses(range, edit),
    );
  const handed = going.filter(asserts).flatMap((other) => pathsOf(other.entry));
  const narrowed = [...new Set([...known, ...handed])];
  if (narrowed.length === known.length) return entry;
  return { ...entry, shape: { ...entry.shape, narrowed: narrowed.join("\n") } };
}

function pathsOf({ shape }: LedgerSite): string[] {
  return shape.narrowed?.split("\n") ?? [];
}
