import { reduceText, type Reduced } from "../text/reduce.js";
import type { Range } from "../text/edit.js";
import { isReason } from "../syntax/reason.js";
import { isParseFailure, parseSource, type Source } from "../syntax/source.js";
import type { Candidate } from "../transform.js";
import type { LedgerImport } from "./ledger.js";
import { ledgerNames } from "./own-imports.js";

/** A file as it would read had nobody renamed what we import. */
export interface InLedgerNames {
  readonly source: Source;
  /** Where a candidate of that text stands in the file as it is. */
  readonly toActual: (candidate: Candidate) => Candidate;
}

/** The file with the names that the ledger knows for our imports; null where it has them. */
export function inLedgerNames(
  source: Source,
  imports: readonly LedgerImport[],
): InLedgerNames | null {
  const edits = ledgerNames(source, imports);
  if (edits.length === 0) return null;
  const reduced = reduceText(source.text, edits);
  const renamed = parseSource(source.path, reduced.text);
  if (isParseFailure(renamed)) return null;
  return { source: renamed, toActual: (candidate) => inFull(reduced, candidate) };
}

/** Each member by itself: some candidates work theirs out when they are asked, by accessors. */
function inFull({ toFull }: Reduced, candidate: Candidate): Candidate {
  const back = <T extends Range>(range: T): T => ({
    ...range,
    start: toFull(range.start, () => false),
    end: toFull(range.end, () => false),
  });
  const { range, container, head, key, exact, similar, removal } = candidate;
  const { isRenamed, headBefore, continues } = candidate;
  const told = { range: back(range), container, head, key, exact, similar, continues };
  const renamed = {
    ...told,
    ...(isRenamed === undefined ? {} : { isRenamed }),
    ...(headBefore === undefined ? {} : { headBefore }),
  };
  if (isReason(removal)) return { ...renamed, removal };
  const { edits, dedent } = removal;
  const moved = dedent && { ...dedent, range: back(dedent.range) };
  return { ...renamed, removal: { edits: edits.map(back), dedent: moved } };
}
