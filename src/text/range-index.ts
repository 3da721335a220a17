import type { Range } from "./edit.js";

/** Characters that share a list. */
const BUCKET = 2048;

interface Entry<T> {
  readonly item: T;
  readonly order: number;
}

/** What stands at ranges of a text, for finding what is near a place without looking at all of it. */
export class RangeIndex<T> {
  readonly #buckets = new Map<number, Entry<T>[]>();
  #count = 0;

  add({ start, end }: Range, item: T): void {
    const entry = { item, order: this.#count++ };
    for (let at = bucketOf(start); at <= bucketOf(end); at++) {
      const bucket = this.#buckets.get(at);
      if (bucket) bucket.push(entry);
      else this.#buckets.set(at, [entry]);
    }
  }

  /** All that touches a range, and maybe what is close to it, in the order in which it was added. */
  near({ start, end }: Range): T[] {
    const found = new Set<Entry<T>>();
    for (let at = bucketOf(start); at <= bucketOf(end); at++) {
      for (const entry of this.#buckets.get(at) ?? []) found.add(entry);
    }
    return [...found].sort((a, b) => a.order - b.order).map(({ item }) => item);
  }
}

/** An index of ranges that are known already. */
export function indexRanges<T extends Range>(ranges: readonly T[]): RangeIndex<T> {
  const index = new RangeIndex<T>();
  for (const range of ranges) index.add(range, range);
  return index;
}

function bucketOf(offset: number): number {
  return Math.floor(offset / BUCKET);
}
