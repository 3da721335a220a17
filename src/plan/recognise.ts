import { commentsIn } from "../text/comments.js";
import { touches, type Edit } from "../text/edit.js";
import { ts, type TS } from "../syntax/compiler.js";
import { headOf } from "../syntax/instrumentation.js";
import { containerOf } from "../syntax/names.js";
import { isReason, reason, type Reason } from "../syntax/reason.js";
import type { Source } from "../syntax/source.js";
import { findNode } from "../syntax/walk.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { Candidate, FileContext, Removal } from "../transform.js";
import { createFileContext } from "./context.js";
import {
  freeCandidates,
  matchAll,
  sameContainer,
  sameHead,
  type Matching,
  type Sought,
} from "./matching.js";
import { inLedgerNames } from "./ledger-names.js";
import type { LedgerImport, LedgerSite } from "./ledger.js";
import type { Tree } from "./tree.js";

/** What became of one ledger entry in the current text of its file. */
export type Recognised =
  | {
      readonly entry: LedgerSite;
      readonly candidate: Candidate;
      readonly removal: Removal;
      /** Places that say the same, and belong to no entry. */
      readonly copies: readonly Candidate[];
    }
  | { readonly entry: LedgerSite; readonly candidate: Candidate | null; readonly left: Reason };

/**
 * Finds the ledger's entries of one file in its current text.
 * @param imports the ledger's imports of the file
 */
export function recogniseAll(
  tree: Tree,
  source: Source,
  entries: readonly LedgerSite[],
  imports: readonly LedgerImport[],
): Recognised[] {
  const candidates = candidatesOf(inAllNames(tree, source, imports), entries);
  const matching = matchAll(new Map([...candidates, ...foreignOf(candidates)]));
  const all = entries.map((entry) => {
    const candidate = matching.found.get(entry);
    if (!candidate) return notFound(entry, matching);
    if (isElsewhere(entry, candidate) && standsBare(source, entry)) {
      return { entry, candidate, left: reason("ambiguous-match") };
    }
    return outcome(source, entry, candidate, copiesOf(entry, candidate, matching));
  });
  const replacing = all.filter(
    (each) => isRemovable(each) && each.removal.edits.some(isReplacement),
  );
  return all.map((each) => (isContested(each, all, replacing) ? ambiguous(each) : each));
}

/** What an entry could be taken for and is the user's own, each with the places that it may mean. */
function foreignOf(
  candidates: ReadonlyMap<LedgerSite, readonly Candidate[]>,
): Map<Sought, readonly Candidate[]> {
  const foreign = new Map<string, readonly [Sought, readonly Candidate[]]>();
  for (const [entry, places] of candidates) {
    for (const lookalike of entry.lookalikes ?? []) {
      const { transform, shape } = entry;
      const key = JSON.stringify([transform, shape, lookalike]);
      foreign.set(key, [{ transform, shape, ...lookalike }, places]);
    }
  }
  return new Map(foreign.values());
}

type FindCandidates = (entry: LedgerSite) => readonly Candidate[];

/** Whether an entry was found by nothing that is around it or in it, but for other names. */
function isElsewhere({ container, head }: LedgerSite, candidate: Candidate): boolean {
  // What it was called before is dear to find, and most stand where they stood.
  if (candidate.container === container || candidate.head === head) return false;
  return candidate.headBefore !== undefined;
}

/** Whether what an entry wrapped stands where it stood: then somebody has taken the wrapper off. */
function standsBare({ file }: Source, { container, head }: LedgerSite): boolean {
  const isIt = (node: TS.Node) =>
    (ts.isStatement(node) || ts.isCallExpression(node)) &&
    containerOf(node) === container &&
    headOf(node) === head;
  return findNode(file, isIt) !== undefined;
}

/** Also what the file says by other names for our imports than the ledger does. */
function inAllNames(tree: Tree, source: Source, imports: readonly LedgerImport[]): FindCandidates {
  const file = createFileContext(tree, source);
  const renamed = inLedgerNames(source, imports);
  if (!renamed) return (entry) => candidatesFor(file, entry);
  const other = createFileContext(tree, renamed.source);
  return (entry) => {
    const known = candidatesFor(other, entry).map(renamed.toActual);
    // What was made since, by the new names. A mere place is known by what is around it.
    const isNewer = ({ exact, range }: Candidate) =>
      exact && range.end > range.start && !known.some((each) => touches(each.range, range));
    return [...known, ...candidatesFor(file, entry).filter(isNewer)];
  };
}

/** The places that each entry may mean: the same ones for those that look alike. */
function candidatesOf(
  find: FindCandidates,
  entries: readonly LedgerSite[],
): Map<LedgerSite, readonly Candidate[]> {
  const byLooks = new Map<string, readonly Candidate[]>();
  return new Map(
    entries.map((entry) => {
      const looks = `${entry.transform} ${JSON.stringify(entry.shape)}`;
      const found = byLooks.get(looks) ?? find(entry);
      byLooks.set(looks, found);
      return [entry, found];
    }),
  );
}

/** Whether an entry that is no less sure would put something back at the same place. */
function isContested(
  recognised: Recognised,
  all: readonly Recognised[],
  replacing: readonly Recognised[],
): boolean {
  if (!isRemovable(recognised)) return false;
  const { edits } = recognised.removal;
  const { exact } = recognised.candidate;
  // Two that only delete do not get in each other's way.
  const rivals = edits.some(isReplacement) ? all : replacing;
  return rivals.some((other) => {
    if (other === recognised || !isRemovable(other) || (exact && !other.candidate.exact)) {
      return false;
    }
    return other.removal.edits.some((each) => edits.some((edit) => collide(edit, each)));
  });
}

function collide(a: Edit, b: Edit): boolean {
  return (isReplacement(a) || isReplacement(b)) && touches(a, b);
}

function isReplacement({ start, end, text }: Edit): boolean {
  return text !== "" && end > start;
}

function ambiguous({ entry, candidate }: Recognised): Recognised {
  return { entry, candidate, left: reason("ambiguous-match") };
}

/**
 * The places of a file that an entry of another one may mean.
 * @param imports the ledger's imports of that one, by whose names the entry is known
 */
export function candidatesIn(
  tree: Tree,
  source: Source,
  entry: LedgerSite,
  imports: readonly LedgerImport[],
): readonly Candidate[] {
  return inAllNames(tree, source, imports)(entry);
}

/** The places of a file that an entry may mean. */
export function candidatesFor(file: FileContext, entry: LedgerSite): readonly Candidate[] {
  return TRANSFORMS.get(entry.transform)?.recognise(file, entry.shape) ?? [];
}

function outcome(
  source: Source,
  entry: LedgerSite,
  candidate: Candidate,
  copies: readonly Candidate[],
): Recognised {
  const { removal } = candidate;
  if (isReason(removal)) return { entry, candidate, left: removal };
  if (callsIn(candidate.key) > callsIn(entry.shape.key ?? "")) {
    const left = reason("changed-by-hand", "a call was written into it");
    return { entry, candidate, left };
  }
  if (!hasComment(source, entry, removal)) return { entry, candidate, removal, copies };
  const left = reason("changed-by-hand", "a comment was written into it");
  return { entry, candidate, left };
}

/** Places beside an entry's own that say what that says: a mere place says nothing. */
function copiesOf(entry: Sought, { key, range }: Candidate, matching: Matching): Candidate[] {
  if (key === "" || range.end === range.start) return [];
  return freeCandidates(matching, entry).filter((each) => each.exact && each.key === key);
}

/** How many calls the fingerprint of inserted code has: what one does may be wanted. */
function callsIn(key: string): number {
  return key.match(/\b(Call|New|TaggedTemplate)\(/g)?.length ?? 0;
}

/** Whether the user wrote a comment into what would be deleted. */
function hasComment({ text }: Source, { comments = 0 }: LedgerSite, { edits }: Removal): boolean {
  return commentsIn(edits.map(({ start, end }) => text.slice(start, end))) > comments;
}

function notFound(entry: LedgerSite, matching: Matching): Recognised {
  const free = freeCandidates(matching, entry);
  if (free.some(({ exact, similar, isRenamed }) => exact || similar || isRenamed)) {
    return { entry, candidate: null, left: reason("ambiguous-match") };
  }
  // Only what it is about is as it was: too little to take it out, too much to say that it is gone.
  const candidate = free.find((each) => each.head !== "" && sameHead(entry, each)) ?? null;
  if (!candidate) return { entry, candidate, left: reason("missing") };
  const left = reason("changed-by-hand", "it and what is around it have other names");
  return { entry, candidate, left };
}

/** Whether nothing is left of an entry's work: what cannot be told from others is still there. */
export function isGone(recognised: Recognised): boolean {
  return !isRemovable(recognised) && recognised.left.code === "missing";
}

/** Whether an entry may be found elsewhere: it has no place here, or one that may be another's. */
export function isLost(recognised: Recognised): boolean {
  const { entry, candidate } = recognised;
  if (isRemovable(recognised)) return false;
  if (!candidate) return isGone(recognised);
  return !candidate.similar && !sameContainer(entry, candidate);
}

export type Removable = Extract<Recognised, { removal: Removal }>;

/** Whether an entry can be taken out. */
export function isRemovable(recognised: Recognised): recognised is Removable {
  return "removal" in recognised;
}
