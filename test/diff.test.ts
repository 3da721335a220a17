import { applyPatch, createTwoFilesPatch } from "diff";
import { expect, test } from "vitest";
import { unifiedDiff } from "../src/text/diff.js";

/** Numbers that look random and are the same each time. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state % below;
  };
}

/** A text and what somebody has made of it. */
function twoTexts(below: (limit: number) => number): [before: string, after: string] {
  const kinds = 12 + below(60);
  const before = Array.from({ length: below(40) }, () => `line ${below(kinds)}`);
  const after = before.flatMap((line) => {
    const choice = below(10);
    if (choice === 0) return [];
    if (choice === 1) return [`line ${below(kinds)}`];
    return choice === 2 ? [line, `more ${below(5)}`] : [choice === 3 ? `  ${line}` : line];
  });
  const ended = (lines: readonly string[]) => lines.join("\n") + (below(2) === 0 ? "\n" : "");
  return [ended(before), ended(after)];
}

test("a diff makes the one text of the other, with no more lines than need be", () => {
  const below = numbersFrom(7);
  const count = (patch: string) => patch.split("\n").filter((line) => /^[-+]/.test(line)).length;
  for (let round = 0; round < 500; round++) {
    const [before, after] = twoTexts(below);
    if (before === after) continue;
    const diff = unifiedDiff("file.ts", before, after);
    expect(applyPatch(before, diff)).toBe(after);
    const least = createTwoFilesPatch("a", "b", before, after, undefined, undefined, {
      context: 3,
    });
    expect(count(diff)).toBe(count(least));
  }
});
