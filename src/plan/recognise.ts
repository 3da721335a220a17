import { commentsIn } from "../text/comments.js";
import { touches, type Edit } from "../text/edit.js";
import { groupedBy } from "../text/grouped.js";
import { isReason, reason, type Reason } from "../syntax/reason.js";
import type { Source } from "../syntax/source.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { Candidate, FileContext, Removal } from "../transform.js";
import { createFileContext } from "./context.js";
import { inLedgerNames } from "./ledger-names.js";
import type { LedgerImport, LedgerSite, Lookalike } from "./ledger.js";
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
  const matching: Matching = {
    candidates: new Map([...candidates, ...foreignOf(candidates)]),
    byPlace: new Map(),
    taken: new Set(),
    found: new Map(),
  };
  assignByOrder(matching, (entry, each) => sameContainer(entry, each) || sameHead(entry, each));
  // The surest matches first, so that an edited site never takes the place of an intact one; but as
  // many places as entries, however alike, before one is given to the first of those that fit it.
  for (const isMatch of MATCHES) assignBy(matching, isMatch, (places, rivals) => places === rivals);
  for (const isMatch of MATCHES) assignBy(matching, isMatch, (places, rivals) => places <= rivals);
  assignByOrder(matching, () => true);
  const all = entries.map((entry) => {
    const candidate = matching.found.get(entry);
    if (!candidate) return notFound(entry, matching);
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

/** What has a place in the file: an entry, or code of the user's that looks like one. */
type Sought = Pick<LedgerSite, "transform" | "shape" | "container" | "head" | "order"> &
  Partial<Pick<Lookalike, "exact">>;

interface Matching {
  readonly candidates: ReadonlyMap<Sought, readonly Candidate[]>;
  /** The same, by where they are. */
  readonly byPlace: Map<readonly Candidate[], ReadonlyMap<string, Candidate>>;
  /** Places that an entry has been given. */
  readonly taken: Set<string>;
  readonly found: Map<Sought, Candidate>;
}

/**
 * Entries that say the same are found in their order, as long as none of them is missing.
 * @param isMatch what each must have beside that, since functions may have changed places
 */
function assignByOrder(matching: Matching, isMatch: Match): void {
  const { candidates, found, taken } = matching;
  const groups = groupedBy(
    [...candidates.keys()].filter((entry) => entry.exact !== false && !found.has(entry)),
    ({ transform, shape }) => `${transform} ${shape.key}`,
  );
  for (const group of groups.values()) {
    const ordered = [...group].sort((a, b) => a.order - b.order);
    const known = new Map<readonly Candidate[], readonly Candidate[]>();
    const places = ordered.map((entry) => {
      const all = candidates.get(entry) ?? [];
      const same =
        known.get(all) ?? samePlaces(all, entry).filter((each) => !taken.has(placeOf(each)));
      known.set(all, same);
      return same;
    });
    if (places.some((each) => each.length !== group.length)) continue;
    const pairs = ordered.map((entry, index) => [entry, places[index]?.[index]] as const);
    if (!pairs.every(([entry, place]) => place && isMatch(entry, place))) continue;
    for (const [entry, place] of pairs) take(matching, entry, place);
  }
}

/** Candidates that say what an entry says, from the top down and the outside in. */
function samePlaces(all: readonly Candidate[], { shape }: Sought): Candidate[] {
  return all
    .filter(({ key }) => key === shape.key)
    .sort((a, b) => a.range.start - b.range.start || b.range.end - a.range.end);
}

function take({ taken, found }: Matching, entry: Sought, candidate: Candidate | undefined): void {
  if (!candidate) return;
  taken.add(placeOf(candidate));
  found.set(entry, candidate);
}

/** What a candidate is known by in its file. */
export function placeOf({ range }: Candidate): string {
  return `${range.start}-${range.end}`;
}

function assignBy(
  matching: Matching,
  isMatch: Match,
  isEnough: (places: number, rivals: number) => boolean,
): void {
  const open = [...matching.candidates.keys()].filter((entry) => !matching.found.has(entry));
  // What only looked like an entry does not say all of it since.
  const fits: Match = (entry, each) =>
    !(entry.exact === false && each.exact) && isMatch(entry, each);
  for (const entry of open.sort((a, b) => a.order - b.order)) {
    const fitting = freeCandidates(matching, entry).filter((each) => fits(entry, each));
    const [candidate] = fitting;
    if (!candidate) continue;
    const place = placeOf(candidate);
    const rivals = open.filter((other) => {
      if (matching.found.has(other) || other.transform !== entry.transform) return false;
      const same = candidateAt(matching, other, place);
      return same !== undefined && fits(other, same);
    });
    // Several alike are told apart by their order, which only means something when none is missing.
    if (isEnough(fitting.length, rivals.length)) take(matching, entry, candidate);
  }
}

/** What a place is to another entry, which may look for something else. */
function candidateAt(
  { candidates, byPlace }: Matching,
  entry: Sought,
  place: string,
): Candidate | undefined {
  const all = candidates.get(entry) ?? [];
  const known = byPlace.get(all);
  if (known) return known.get(place);
  const places = new Map(all.map((each) => [placeOf(each), each]));
  byPlace.set(all, places);
  return places.get(place);
}

function freeCandidates({ candidates, taken }: Matching, entry: Sought): Candidate[] {
  return (candidates.get(entry) ?? []).filter((candidate) => !taken.has(placeOf(candidate)));
}

type Match = (entry: Sought, candidate: Candidate) => boolean;

const sameContainer: Match = (entry, { container }) => container === entry.container;
const sameHead: Match = (entry, { head }) => head === entry.head;

const MATCHES: readonly Match[] = [
  (entry, each) => each.exact && sameContainer(entry, each) && sameHead(entry, each),
  (entry, each) => each.exact && sameContainer(entry, each),
  (entry, each) => each.exact && sameHead(entry, each),
  (entry, each) => sameContainer(entry, each) && sameHead(entry, each),
  (entry, each) => each.similar && sameContainer(entry, each),
  (entry, each) => each.similar && sameHead(entry, each),
  (entry, each) => each.isRenamed === true && sameContainer(entry, each),
];

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
  if (!hasComment(source, entry, removal)) return { entry, candidate, removal, copies };
  const left = reason("changed-by-hand", "a comment was written into it");
  return { entry, candidate, left };
}

/** Places beside an entry's own that say what that says: a mere place says nothing. */
function copiesOf(entry: Sought, { key, range }: Candidate, matching: Matching): Candidate[] {
  if (key === "" || range.end === range.start) return [];
  return freeCandidates(matching, entry).filter((each) => each.exact && each.key === key);
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
