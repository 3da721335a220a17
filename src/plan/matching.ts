import { groupedBy } from "../text/grouped.js";
import type { Candidate } from "../transform.js";
import type { LedgerSite, Lookalike } from "./ledger.js";

/**
 * Gives what is sought its places, the surest matches first, so that an edited site never takes the
 * place of an intact one; but as many places as entries, however alike, before one is given to the
 * first of those that fit it.
 */
export function matchAll(candidates: ReadonlyMap<Sought, readonly Candidate[]>): Matching {
  const matching: Matching = { candidates, byPlace: new Map(), taken: new Set(), found: new Map() };
  assignByOrder(matching, (entry, each) => sameContainer(entry, each) || sameHead(entry, each));
  for (const isMatch of MATCHES) assignBy(matching, isMatch, (places, rivals) => places === rivals);
  for (const isMatch of MATCHES) assignBy(matching, isMatch, (places, rivals) => places <= rivals);
  assignByOrder(matching, mayHaveMoved);
  return matching;
}

/** What has a place in the file: an entry, or code of the user's that looks like one. */
export type Sought = Pick<LedgerSite, "transform" | "shape" | "container" | "head" | "order"> &
  Partial<Pick<Lookalike, "exact">>;

export interface Matching {
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

export function freeCandidates({ candidates, taken }: Matching, entry: Sought): Candidate[] {
  return (candidates.get(entry) ?? []).filter((candidate) => !taken.has(placeOf(candidate)));
}

type Match = (entry: Sought, candidate: Candidate) => boolean;

/**
 * Whether what says the same may be ours and have moved. A wrapper is told by what it wraps; what was only
 * put in, with nothing around it as it was, somebody may as well have written anew.
 */
const mayHaveMoved: Match = (entry, each) =>
  each.headBefore !== undefined ||
  entry.head === "" ||
  sameContainer(entry, each) ||
  sameHead(entry, each);

export const sameContainer: Match = (entry, { container }) => container === entry.container;
export const sameHead: Match = (entry, { head }) => head === entry.head;

const MATCHES: readonly Match[] = [
  (entry, each) => each.exact && sameContainer(entry, each) && sameHead(entry, each),
  (entry, each) => each.exact && sameContainer(entry, each),
  (entry, each) => each.exact && sameHead(entry, each),
  (entry, each) => sameContainer(entry, each) && sameHead(entry, each),
  (entry, each) => each.similar && sameContainer(entry, each),
  (entry, each) => each.similar && sameHead(entry, each),
  (entry, each) => each.isRenamed === true && sameContainer(entry, each),
  // It stands elsewhere, where its variables have other names.
  (entry, { headBefore = "" }) => headBefore !== "" && headBefore === entry.head,
];
