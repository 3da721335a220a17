import type { Range } from "../text/edit.js";
import { firstIndex } from "../text/first-index.js";
import { perFile } from "../syntax/per-file.js";
import type { Source } from "../syntax/source.js";
import { identifiersIn, nodeAt } from "../syntax/walk.js";
import type { Strategy } from "../transform.js";

/** What the code reads that a site puts in, and the region that its callback or block takes in. */
export interface Standing {
  readonly region: Range;
  readonly strategy: Strategy;
  readonly readings: readonly Reading[];
}

/** A name that is read at a place, and that is declared somewhere in the file. */
interface Reading {
  readonly name: string;
  readonly at: number;
  /** Where anything of that name is declared, in order. */
  readonly places: readonly number[];
  /** Where what is read is declared. */
  readonly declared: () => readonly number[];
}

/** Code that is put in at a place. */
interface Inserted {
  readonly at: number;
  readonly text: string;
}

/** What inserted code reads of the names that its file declares. */
export function readingsIn(source: Source, inserted: readonly Inserted[]): Reading[] {
  const known = declarationsOf(source.file);
  return inserted.flatMap(({ at, text }) =>
    namesIn(text).flatMap((name) => {
      const places = known.get(name);
      return places ? [readingOf(source, name, at, places)] : [];
    }),
  );
}

function readingOf(source: Source, name: string, at: number, places: readonly number[]): Reading {
  let declared: readonly number[] | undefined;
  const resolve = () => source.scope.resolve(name, nodeAt(source.file, at)) ?? [];
  return {
    name,
    at,
    places,
    declared: () => (declared ??= resolve().map((each) => each.getStart(source.file))),
  };
}

/** What is declared in an expression, nobody outside could read before either. */
const HIDING: ReadonlySet<Strategy> = new Set<Strategy>(["statement", "body", "inactive"]);

/**
 * A name that one site reads and whose declaration lies in the region of another, which makes it
 * unreadable. The user's own code is not concerned: no such region is taken in in the first place.
 */
export function hiddenName(
  { readings }: Standing,
  { region, strategy }: Standing,
): string | undefined {
  if (readings.length === 0 || !HIDING.has(strategy)) return undefined;
  const isInside = (offset: number) => region.start <= offset && offset < region.end;
  const isHidden = ({ at, places, declared }: Reading) =>
    (at <= region.start || region.end <= at) &&
    isInside(places[firstFrom(places, region.start)] ?? Infinity) &&
    declared().some(isInside);
  return readings.find(isHidden)?.name;
}

function firstFrom(places: readonly number[], offset: number): number {
  return firstIndex(places.length, (index) => (places[index] ?? 0) >= offset);
}

/** Names that code may read; what stands in quotes, behind a dot or before a colon is none. */
function namesIn(code: string): string[] {
  const bare = code.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, "");
  return bare.match(/(?<![.\p{ID_Continue}$])[\p{ID_Start}_$][\p{ID_Continue}$]*(?!\s*:)/gu) ?? [];
}

/** Where a file declares its names. */
const declarationsOf = perFile((file): ReadonlyMap<string, readonly number[]> => {
  const places = new Map<string, number[]>();
  for (const node of identifiersIn(file)) {
    if (!("name" in node.parent) || node.parent.name !== node) continue;
    const known = places.get(node.text);
    if (known) known.push(node.getStart(file));
    else places.set(node.text, [node.getStart(file)]);
  }
  return places;
});
