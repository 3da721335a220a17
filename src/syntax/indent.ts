import { touches, type Edit, type Range } from "../text/edit.js";
import { isBlankLine, lineStartsWithin } from "../text/lines.js";
import type { TS } from "./compiler.js";
import { perFile } from "./per-file.js";
import { textsIn } from "./walk.js";

/** White space added to (or taken from) the start of each line of a range. */
export interface Reindent {
  readonly range: Range;
  readonly unit: string;
}

/**
 * Starts of the lines inside a range that may be re-indented: not blank ones, and not those that
 * begin inside a template literal or another text that spans lines.
 */
export function indentableLines(file: TS.SourceFile, range: Range): number[] {
  const { text } = file;
  const starts = lineStartsWithin(text, range).filter((start) => !isBlankLine(text, start));
  if (starts.length === 0) return starts;
  const literals = literalsAcrossLines(file).filter((at) => touches(at, range));
  return starts.filter((start) => !literals.some((at) => at.start < start && start < at.end));
}

/** Every site of a file asks for them. */
const literalsAcrossLines = perFile((file): readonly Range[] =>
  textsIn(file)
    .map((node) => ({ start: node.getStart(file), end: node.end }))
    .filter(({ start, end }) => file.text.slice(start, end).includes("\n")),
);

/**
 * The indentation a region needs inside a wrapper: none when its lines already stand deeper, as
 * after an earlier wrapper was taken out and its body left where it was.
 */
export function indentNeeded(file: TS.SourceFile, range: Range, base: string, unit: string) {
  const widths = indentableLines(file, range).map((start) => widthAt(file.text, start));
  if (widths.length === 0) return unit;
  return Math.min(...widths) >= base.length + unit.length ? "" : unit;
}

function widthAt(text: string, start: number): number {
  return /^[ \t]*/.exec(text.slice(start, start + 400))?.[0].length ?? 0;
}

/** Edits that take one unit of indentation from each line of the ranges that has it. */
export function dedentEdits(file: TS.SourceFile, removals: readonly Reindent[]): Edit[] {
  const units = new Map<number, string[]>();
  for (const { range, unit } of removals) {
    if (unit === "") continue;
    for (const start of indentableLines(file, range)) {
      const taken = units.get(start) ?? [];
      units.set(start, [...taken, unit]);
    }
  }
  return [...units].flatMap(([start, taken]) => {
    const end = taken.reduce(
      (at, unit) => (file.text.startsWith(unit, at) ? at + unit.length : at),
      start,
    );
    return end > start ? [{ start, end, text: "" }] : [];
  });
}
