import { firstIndex } from "./first-index.js";

/** The places of a line in two texts. */
export type LinePair = readonly [before: number, after: number];

/**
 * The lines that each text has once, as far as they are in the same order: what a diff that takes
 * time with the square of the changes can be cut at (Cohen's "patience diff").
 */
export function alignedLines(before: readonly string[], after: readonly string[]): LinePair[] {
  const places = onlyPlaces(after);
  const common = [...onlyPlaces(before)].flatMap(([line, from]): LinePair[] => {
    const to = places.get(line);
    return to === undefined ? [] : [[from, to]];
  });
  return longestRising(common);
}

/** The lines that stand in a text once, with their places. */
function onlyPlaces(lines: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  const repeated = new Set<string>();
  for (const [at, line] of lines.entries()) {
    if (places.has(line)) repeated.add(line);
    else places.set(line, at);
  }
  for (const line of repeated) places.delete(line);
  return places;
}

/** Of pairs in the order of their first places, the most whose second ones rise as well. */
function longestRising(pairs: readonly LinePair[]): LinePair[] {
  interface Chain {
    readonly pair: LinePair;
    readonly before: Chain | undefined;
  }
  // For each length, the chain of it that ends first.
  const chains: Chain[] = [];
  for (const pair of pairs) {
    const length = firstIndex(chains.length, (at) => (chains[at]?.pair[1] ?? 0) >= pair[1]);
    chains[length] = { pair, before: chains[length - 1] };
  }
  const rising: LinePair[] = [];
  for (let at = chains.at(-1); at; at = at.before) rising.push(at.pair);
  return rising.reverse();
}
