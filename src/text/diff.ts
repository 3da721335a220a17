import { diffArrays, formatPatch, type StructuredPatchHunk } from "diff";
import { alignedLines } from "./aligned-lines.js";

/** So many lines around a change are shown with it. */
const CONTEXT = 3;

/**
 * A unified diff in git's format, so that `git apply` takes it.
 * @param before the text before, or null for a file that is created
 * @param after the text after, or null for a file that is deleted
 */
export function unifiedDiff(path: string, before: string | null, after: string | null): string {
  const oldFileName = before === null ? "/dev/null" : `a/${path}`;
  const newFileName = after === null ? "/dev/null" : `b/${path}`;
  const hunks = diffHunks(before ?? "", after ?? "");
  const mode = before === null ? "new file" : after === null ? "deleted file" : null;
  const header = [`diff --git a/${path} b/${path}`, ...(mode ? [`${mode} mode 100644`] : [])];
  const files = [`--- ${oldFileName}`, `+++ ${newFileName}`];
  return `${[...header, ...files].join("\n")}\n${formatHunks(hunks)}`;
}

/** Hunks as a unified diff has them, without the names of the files. */
export function formatHunks(hunks: readonly StructuredPatchHunk[]): string {
  const patch = {
    oldFileName: undefined,
    newFileName: undefined,
    oldHeader: undefined,
    newHeader: undefined,
    hunks: [...hunks],
  };
  const options = { includeIndex: false, includeUnderline: false, includeFileHeaders: false };
  return hunks.length === 0 ? "" : formatPatch(patch, options);
}

interface Line {
  readonly sign: " " | "+" | "-";
  readonly text: string;
}

/**
 * What is different between two texts.
 * @param ignoreIndent whether lines that are indented otherwise are the same
 */
export function diffHunks(
  before: string,
  after: string,
  ignoreIndent = false,
): StructuredPatchHunk[] {
  const lines = diffLines(linesOf(before), linesOf(after), ignoreIndent);
  const ranges: { from: number; to: number }[] = [];
  for (const [at, { sign }] of lines.entries()) {
    if (sign === " ") continue;
    const last = ranges.at(-1);
    const [from, to] = [Math.max(0, at - CONTEXT), Math.min(lines.length, at + 1 + CONTEXT)];
    if (last && from <= last.to) last.to = to;
    else ranges.push({ from, to });
  }
  let [oldStart, newStart, at] = [1, 1, 0];
  return ranges.map(({ from, to }) => {
    // Between two hunks, the lines of both texts are the same.
    [oldStart, newStart] = [oldStart + from - at, newStart + from - at];
    at = to;
    const own = lines.slice(from, to);
    const oldLines = own.filter(({ sign }) => sign !== "+").length;
    const newLines = own.filter(({ sign }) => sign !== "-").length;
    const hunk = { oldStart, newStart, oldLines, newLines, lines: own.flatMap(written) };
    [oldStart, newStart] = [oldStart + oldLines, newStart + newLines];
    return hunk;
  });
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

function written({ sign, text }: Line): string[] {
  if (text.endsWith("\n")) return [sign + text.slice(0, -1)];
  return [sign + text, "\\ No newline at end of file"];
}

/** Between lines that surely belong together there is little left to compare. */
function diffLines(
  before: readonly string[],
  after: readonly string[],
  ignoreIndent: boolean,
): Line[] {
  const keyOf = (line: string) => (ignoreIndent ? line.trim() : line);
  const comparator = (one: string, other: string) => keyOf(one) === keyOf(other);
  const pairs = alignedLines(before.map(keyOf), after.map(keyOf));
  const lines: Line[] = [];
  let [old, now] = [0, 0];
  for (const [from, to] of [...pairs, [before.length, after.length] as const]) {
    const changes = diffArrays(before.slice(old, from), after.slice(now, to), { comparator });
    for (const { value, added, removed } of changes) {
      const sign = added ? "+" : removed ? "-" : " ";
      for (const text of value) lines.push({ sign, text });
    }
    const text = after[to];
    if (text !== undefined) lines.push({ sign: " ", text });
    [old, now] = [from + 1, to + 1];
  }
  return lines;
}
