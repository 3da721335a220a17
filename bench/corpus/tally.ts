/** How often each word occurs. */
export function tally(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** What a tally adds up to. */
export function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** The words of several tallies together. */
export function sumOf(tallies: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const counts of tallies) {
    for (const [word, count] of counts) sums.set(word, (sums.get(word) ?? 0) + count);
  }
  return sums;
}

/** The most frequent first; of the same number, in the order of the alphabet. */
export function byFrequency(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
