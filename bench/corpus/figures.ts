import { byFrequency, sumOf, tally, total } from "./tally.js";
import type { Site } from "./tool.js";

/** What became of the sites of some rules. */
export interface Coverage {
  readonly matched: number;
  readonly wrapped: number;
  /** What cannot be wrapped whatever the rules are: generators, and what would not type-check. */
  readonly generators: number;
  readonly vetoed: number;
  readonly strategies: Readonly<Record<string, number>>;
  readonly skips: Readonly<Record<string, number>>;
}

/** Counts the sites; a body that was instrumented before is none of them. */
export function coverageOf(sites: readonly Site[]): Coverage {
  const own = sites.filter(({ state }) => state !== "present");
  const wrapped = own.filter(({ state }) => state === "applied");
  const skips = tally(own.flatMap(({ reason }) => reason?.code ?? []));
  return {
    matched: own.length,
    wrapped: wrapped.length,
    generators: skips.get("generator") ?? 0,
    vetoed: skips.get("type-check") ?? 0,
    strategies: record(tally(wrapped.map(({ strategy }) => strategy ?? "none"))),
    skips: record(skips),
  };
}

/** Several packages taken together. */
export function sumOfCoverages(all: readonly Coverage[]): Coverage {
  const sum = (pick: (each: Coverage) => number) =>
    all.reduce((result, each) => result + pick(each), 0);
  const merged = (pick: (each: Coverage) => Readonly<Record<string, number>>) =>
    record(sumOf(all.map((each) => new Map(Object.entries(pick(each))))));
  return {
    matched: sum(({ matched }) => matched),
    wrapped: sum(({ wrapped }) => wrapped),
    generators: sum(({ generators }) => generators),
    vetoed: sum(({ vetoed }) => vetoed),
    strategies: merged(({ strategies }) => strategies),
    skips: merged(({ skips }) => skips),
  };
}

/** The part that is wrapped of what could be; null when there is nothing. */
export function shareOf({ matched, wrapped, generators, vetoed }: Coverage): number | null {
  const possible = matched - generators - vetoed;
  return possible > 0 ? wrapped / possible : null;
}

function record(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries(total(counts) > 0 ? byFrequency(counts) : []);
}
