/**
 * A program is built from a sequence of numbers, each of which decides one thing. What shrinks the
 * sequence shrinks the program: 0 is always the simplest choice, and a sequence that is used up goes
 * on with zeros.
 */
export interface Choices {
  /** A whole number from 0 up to but not including `count`. */
  readonly below: (count: number) => number;
  /** True in so many of a hundred cases. */
  readonly chance: (percent: number) => boolean;
  readonly pick: <T>(options: readonly [T, ...T[]]) => T;
  /** Whether nothing is left to be decided by. */
  readonly isUsedUp: () => boolean;
}

export function choicesFrom(numbers: readonly number[]): Choices {
  let at = 0;
  const next = () => numbers[at++] ?? 0;
  const below = (count: number) => next() % Math.max(1, count);
  return {
    below,
    chance: (percent) => below(100) >= 100 - percent,
    pick: (options) => options[below(options.length)] ?? options[0],
    isUsedUp: () => at >= numbers.length,
  };
}
