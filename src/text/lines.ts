import type { Range } from "./edit.js";

export type EndOfLine = "\n" | "\r\n";

/** The line ending most lines of a text have; `\n` when there are none. */
export function endOfLine(text: string): EndOfLine {
  const crlf = text.split("\r\n").length - 1;
  const lf = text.split("\n").length - 1 - crlf;
  return crlf > lf ? "\r\n" : "\n";
}

/** Offset of the first character of the line that holds `offset`. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** Offset of the line break that ends the line of `offset` (of `\r` in `\r\n`), or the text's end. */
export function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf("\n", offset);
  if (newline < 0) return text.length;
  return text[newline - 1] === "\r" && newline > offset ? newline - 1 : newline;
}

/** Offset behind the line break that ends the line of `offset`, or the text's end. */
export function nextLine(text: string, offset: number): number {
  const newline = text.indexOf("\n", offset);
  return newline < 0 ? text.length : newline + 1;
}

/** The white space a line begins with. */
export function indentationAt(text: string, offset: number): string {
  let start = lineStart(text, offset);
  if (start === 0 && text.charCodeAt(0) === 0xfeff) start = 1;
  return /^[ \t]*/.exec(text.slice(start, lineEnd(text, start)))?.[0] ?? "";
}

/** Starts of all lines that begin inside a range, the range's own first line left out. */
export function lineStartsWithin(text: string, range: Range): number[] {
  const starts: number[] = [];
  for (let at = text.indexOf("\n", range.start); at >= 0; at = text.indexOf("\n", at + 1)) {
    if (at + 1 >= range.end) break;
    starts.push(at + 1);
  }
  return starts;
}

/** Whether the line that starts at `start` holds nothing but white space. */
export function isBlankLine(text: string, start: number): boolean {
  return /^[ \t]*$/.test(text.slice(start, lineEnd(text, start)));
}

/** The starts of the lines of the text that was asked about last: a report asks again and again. */
let lastAsked: { readonly text: string; readonly starts: readonly number[] } | undefined;

function startsOf(text: string): readonly number[] {
  if (lastAsked?.text === text) return lastAsked.starts;
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  lastAsked = { text, starts };
  return starts;
}

/** The one-based line and column of an offset. */
export function position(text: string, offset: number): { line: number; column: number } {
  const starts = startsOf(text);
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  const start = starts[low] ?? 0;
  const bom = start === 0 && text.charCodeAt(0) === 0xfeff ? 1 : 0;
  return { line: low + 1, column: Math.max(1, offset - start + 1 - bom) };
}

/**
 * How much of what stands before an inserted piece came with it: a formatter may have taken the
 * separator away, or may want one where the piece stands on a line of its own.
 */
export function leadBefore(text: string, end: number, start: number, lead: string): number {
  const isInline = /^[ \t]*$/.test(text.slice(end, start));
  return isInline && text.slice(0, end).endsWith(lead) ? lead.length : 0;
}
