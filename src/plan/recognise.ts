import type { Edit } from "../text/edit.js";
import { dedentEdits } from "../syntax/indent.js";
import { isReason, reason, type Reason } from "../syntax/reason.js";
import type { Source } from "../syntax/source.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { Candidate, FileContext, Removal } from "../transform.js";
import type { LedgerSite } from "./ledger.js";

/** What became of one ledger entry in the current text of its file. */
export type Recognised =
  | { readonly entry: LedgerSite; readonly candidate: Candidate; readonly removal: Removal }
  | { readonly entry: LedgerSite; readonly candidate: Candidate | null; readonly left: Reason };

/** Finds the ledger's entries of one file in its current text. */
export function recogniseAll(file: FileContext, entries: readonly LedgerSite[]): Recognised[] {
  const taken = new Set<number>();
  const results = new Map<LedgerSite, Recognised>();
  const candidates = new Map(entries.map((entry) => [entry, candidatesFor(file, entry)]));
  // The surest matches first, so that an edited site never takes the place of an intact one.
  for (const isMatch of MATCHES) {
    for (const entry of entries) {
      if (results.has(entry)) continue;
      const fitting = (candidates.get(entry) ?? []).filter(
        (candidate) => !taken.has(candidate.range.start) && isMatch(entry, candidate),
      );
      const rivals = entries.filter(
        (other) =>
          !results.has(other) && isMatch(other, fitting[0]) && other.transform === entry.transform,
      );
      // Several alike are told apart by their order, which only means something when none is missing.
      if (fitting.length === 0 || fitting.length > rivals.length) continue;
      const [candidate] = fitting;
      if (!candidate) continue;
      taken.add(candidate.range.start);
      results.set(entry, outcome(entry, candidate));
    }
  }
  return entries.map(
    (entry) => results.get(entry) ?? notFound(entry, candidates.get(entry), taken),
  );
}

type Match = (entry: LedgerSite, candidate: Candidate | undefined) => boolean;

const sameContainer: Match = (entry, candidate) => candidate?.container === entry.container;
const sameHead: Match = (entry, candidate) => candidate?.head === entry.head;

const MATCHES: readonly Match[] = [
  (entry, candidate) =>
    candidate?.exact === true && sameContainer(entry, candidate) && sameHead(entry, candidate),
  (entry, candidate) => candidate?.exact === true && sameContainer(entry, candidate),
  (entry, candidate) => candidate?.exact === true && sameHead(entry, candidate),
  (entry, candidate) => sameContainer(entry, candidate) && sameHead(entry, candidate),
  (entry, candidate) => candidate?.similar === true && sameContainer(entry, candidate),
  (entry, candidate) => candidate?.similar === true && sameHead(entry, candidate),
];

function candidatesFor(file: FileContext, entry: LedgerSite): readonly Candidate[] {
  return TRANSFORMS.get(entry.transform)?.recognise(file, entry.shape) ?? [];
}

function outcome(entry: LedgerSite, candidate: Candidate): Recognised {
  const { removal } = candidate;
  return isReason(removal) ? { entry, candidate, left: removal } : { entry, candidate, removal };
}

function notFound(
  entry: LedgerSite,
  candidates: readonly Candidate[] | undefined,
  taken: ReadonlySet<number>,
): Recognised {
  const alike = (candidates ?? []).filter(
    (candidate) => candidate.exact && !taken.has(candidate.range.start),
  );
  const left = reason(alike.length > 1 ? "ambiguous-match" : "missing");
  return { entry, candidate: null, left };
}

/** Whether an entry can be taken out. */
export function isRemovable(
  recognised: Recognised,
): recognised is Extract<Recognised, { removal: Removal }> {
  return "removal" in recognised;
}

/** The edits that take these sites out, re-indentation included. */
export function removalEdits(source: Source, removals: readonly Removal[]): Edit[] {
  const edits = removals.flatMap((removal) => [...removal.edits]);
  const dedents = removals.flatMap(({ dedent }) => (dedent ? [dedent] : []));
  const deletes = edits.filter((edit) => edit.end > edit.start);
  const free = dedentEdits(source.file, dedents).filter(
    (edit) => !deletes.some((other) => other.start < edit.end && edit.start < other.end),
  );
  return mergeAdjacent([...edits, ...free]);
}

/** Sorts edits and drops those inside another deletion: an outer site takes its marks along. */
function mergeAdjacent(edits: readonly Edit[]): Edit[] {
  const sorted = [...edits].sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: Edit[] = [];
  for (const edit of sorted) {
    const last = kept.at(-1);
    const isInside = last && last.text === "" && edit.text === "" && edit.start < last.end;
    if (!isInside) kept.push(edit);
    else if (edit.end > last.end) kept[kept.length - 1] = { ...last, end: edit.end };
  }
  return kept;
}
