/** A half-open range of offsets `[start, end)`, in UTF-16 code units of one text. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** One replacement on the original text: `[start, end)` becomes `text`. */
export interface Edit extends Range {
  readonly text: string;
}

/** Thrown when two edits claim the same characters: always a bug of the caller. */
export class OverlapError extends Error {
  constructor(
    readonly first: Edit,
    readonly second: Edit,
  ) {
    super(
      `edits overlap: [${first.start}, ${first.end}) and [${second.start}, ${second.end}) ${JSON.stringify(second.text)}`,
    );
    this.name = "OverlapError";
  }
}

/**
 * Applies edits in one splice. Edits at the same offset keep the order given.
 * @throws {OverlapError} when two edits overlap
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  const parts: string[] = [];
  let position = 0;
  let previous: Edit | undefined;
  for (const edit of sorted) {
    if (previous && edit.start < position) throw new OverlapError(previous, edit);
    parts.push(text.slice(position, edit.start), edit.text);
    position = edit.end;
    previous = edit;
  }
  parts.push(text.slice(position));
  return parts.join("");
}

/** Whether `outer` holds all of `inner`. */
export function encloses(outer: Range, inner: Range): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** Whether two ranges share characters. */
export function touches(a: Range, b: Range): boolean {
  return a.start < b.end && b.start < a.end;
}

/** From the first to the last of some ranges, of which there must be one. */
export function extentOf(ranges: readonly Range[]): Range {
  let [start, end] = [Infinity, -Infinity];
  for (const each of ranges) {
    start = Math.min(start, each.start);
    end = Math.max(end, each.end);
  }
  return { start, end };
}

/** Whether two ranges share characters without one holding the other. */
export function crosses(a: Range, b: Range): boolean {
  return touches(a, b) && !encloses(a, b) && !encloses(b, a);
}
