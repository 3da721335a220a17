import type { Edit, Range } from "./edit.js";

/**
 * Takes out code with the white space before it. A comment that somebody has written behind it keeps
 * the line, since it says nothing about the code of the line before.
 */
export function deletionOf(text: string, { start, end }: Range): Edit {
  const before = text.slice(0, start);
  const gap = before.slice(before.trimEnd().length);
  const blank = /^[ \t]*(?=\/[/*])/.exec(text.slice(end))?.[0];
  if (blank === undefined || !gap.includes("\n")) {
    return { start: start - gap.length, end, text: "" };
  }
  return { start, end: end + blank.length, text: "" };
}
