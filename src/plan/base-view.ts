import { encloses, type Edit, type Range } from "../text/edit.js";
import { indentationAt } from "../text/lines.js";
import { reduceText, type Reduced } from "../text/reduce.js";
import { isParseFailure, parseSource, type Source } from "../syntax/source.js";
import type { AttachedEdit, Instrumentation } from "../transform.js";
import { nestingKey, type Piece } from "./compose.js";
import type { LedgerImport } from "./ledger.js";
import { findOwnImports } from "./own-imports.js";
import { combineRemovals, isRemovable, removalEdits, type Recognised } from "./recognise.js";

/** The text without our instrumentation, in which sites are sought. */
export interface View {
  readonly base: Source;
  readonly reduced: Reduced;
  /** Whose each removed piece is, with its site's region in the base text. */
  readonly owners: ReadonlyMap<Edit, { key: string; region: Range }>;
}

/** Takes everything of ours out of a file, in memory. */
export function withoutOurs(
  source: Source,
  own: readonly Recognised[],
  imports: readonly LedgerImport[],
): View {
  const removable = own.filter(isRemovable);
  const siteEdits = removalEdits(
    source,
    removable.map(({ removal }) => removal),
  );
  const importEdits = findOwnImports(source, imports, siteEdits)
    .filter(({ uses }) => uses.length === 0)
    .map(({ removal }) => removal);
  const edits = combineRemovals([...siteEdits, ...importEdits]);
  if (edits.length === 0)
    return { base: source, reduced: reduceText(source.text, []), owners: new Map() };
  const reduced = reduceText(source.text, edits);
  const base = parseSource(source.path, reduced.text);
  // Edits by hand can leave a place that our work cannot leave; then it is seen as the user's.
  if (isParseFailure(base))
    return { base: source, reduced: reduceText(source.text, []), owners: new Map() };
  const owners = new Map<Edit, { key: string; region: Range }>();
  for (const { entry, candidate, removal } of removable) {
    const region = reduced.toReduced(candidate.range);
    for (const edit of removal.edits)
      owners.set(edit, { key: nestingKey(entry.transform, entry.strategy, entry.id), region });
  }
  return { base, reduced, owners };
}

/** Moves a site's edits from the base text into the text as it is, past what stands there. */
export function placeInFull(
  source: Source,
  view: View,
  key: string,
  result: Instrumentation,
): Piece {
  const { base, reduced, owners } = view;
  const { region } = result;
  const at = (offset: number, attach: AttachedEdit["attach"]) =>
    reduced.toFull(offset, (edit) => {
      const owner = owners.get(edit);
      if (!owner) return attach === "right";
      return standsBefore(owner, { key, region }, attach, offset);
    });
  const extra = addedIndentation(base, source, region.start, at(region.start, "right"));
  const edits = result.edits.map((edit) => ({
    start: at(edit.start, edit.attach),
    end: edit.end > edit.start ? at(edit.end, "left") : at(edit.start, edit.attach),
    ...(edit.isShared ? { isShared: true } : {}),
    text: extra === "" ? edit.text : edit.text.replace(/\n(?=[^\r\n]|$)/g, `\n${extra}`),
    attach: edit.attach,
  }));
  const full = { start: at(region.start, "right"), end: at(region.end, "left") };
  const { reindent } = result;
  return { key, region: full, edits, reindent: reindent ? { ...reindent, range: full } : null };
}

/** Whether a piece of an existing site lies before a new site's edit at the same place. */
function standsBefore(
  owner: { key: string; region: Range },
  site: { key: string; region: Range },
  attach: AttachedEdit["attach"],
  offset: number,
): boolean {
  const same = owner.region.start === site.region.start && owner.region.end === site.region.end;
  const isOutside = same ? owner.key < site.key : encloses(owner.region, site.region);
  if (attach === "right") return owner.region.end === offset || isOutside;
  return owner.region.end === offset && !isOutside;
}

/** The indentation that existing instrumentation has put before a line. */
function addedIndentation(base: Source, full: Source, inBase: number, inFull: number): string {
  if (base === full) return "";
  const [before, now] = [indentationAt(base.text, inBase), indentationAt(full.text, inFull)];
  return now.endsWith(before) ? now.slice(0, now.length - before.length) : "";
}
