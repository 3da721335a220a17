import { position } from "../text/lines.js";
import type { Edit } from "../text/edit.js";
import type { Source } from "../syntax/source.js";
import type { LedgerImport } from "./ledger.js";
import type { Finding } from "./model.js";
import type { Recognised, Removable } from "./recognise.js";

// What a revert of one file has to tell beside its sites

/** Told of what goes though it says something else by now: an attribute more, another name. */
export function editGone({ path, text }: Source, { entry, candidate }: Recognised): Finding {
  const line = candidate ? position(text, candidate.range.start).line : null;
  const message = `${entry.id} was changed by hand since, and went with what was changed in it`;
  return { code: "edit-gone", level: "info", message, file: path, line };
}

/** Told of what was copied by hand, once for each place. */
export function copiesLeft({ path, text }: Source, removable: readonly Removable[]): Finding[] {
  const places = new Map(
    removable.flatMap(({ entry, copies }) =>
      copies.map(({ range }) => [range.start, entry.id] as const),
    ),
  );
  return [...places].map(([start, id]) => {
    const message = `what says the same as ${id} was not put in by retrospan, and stays`;
    const { line } = position(text, start);
    return { code: "copy-stays", level: "warning", message, file: path, line };
  });
}

/** Told of an import that would go, but for a comment in it. */
export function importNoted(
  source: Source,
  entry: LedgerImport,
  [removal]: readonly Edit[],
): Finding {
  return {
    code: "import-in-use",
    level: "error",
    message: `the import of ${entry.local} stays: a comment was written into it`,
    file: source.path,
    line: position(source.text, removal?.end ?? 0).line,
  };
}

/**
 * Told of an import that other code has come to use.
 * @param offset where
 */
export function importInUse(source: Source, entry: LedgerImport, offset: number): Finding {
  return {
    code: "import-in-use",
    level: "error",
    message: `the import of ${entry.local} stays: code that is not ours uses it`,
    file: source.path,
    line: position(source.text, offset).line,
  };
}
