import { applyEdits, type Edit, type Range } from "./edit.js";

/** A text after edits, with offsets mapped both ways. */
export interface Reduced {
  readonly text: string;
  /** The range in the edited text, with what was inserted at its ends. */
  readonly toReduced: (range: Range) => Range;
  /**
   * The offset in the original text.
   * @param passes whether an edit that starts at this very offset lies before it
   */
  readonly toFull: (offset: number, passes: (edit: Edit) => boolean) => number;
}

/** Applies edits and remembers where everything went. */
export function reduceText(text: string, edits: readonly Edit[]): Reduced {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  return {
    text: applyEdits(text, sorted),
    toReduced: ({ start, end }) => ({
      start: shifted(sorted, start, (edit) => edit.start < start && edit.end <= start),
      end: shifted(sorted, end, (edit) => edit.end <= end),
    }),
    toFull: (offset, passes) => {
      let delta = 0;
      for (const edit of sorted) {
        const at = edit.start + delta;
        if (at > offset || (at === offset && !passes(edit))) break;
        // A place in what was put in is the place where it was put.
        if (offset < at + edit.text.length) return edit.start;
        delta += edit.text.length - (edit.end - edit.start);
      }
      return offset - delta;
    },
  };
}

/** An offset after the edits that lie before it; inside a replaced part, that part's start. */
function shifted(
  sorted: readonly Edit[],
  offset: number,
  isBefore: (edit: Edit) => boolean,
): number {
  let delta = 0;
  for (const edit of sorted) {
    if (!isBefore(edit)) return Math.min(offset, edit.start) + delta;
    delta += edit.text.length - (edit.end - edit.start);
  }
  return offset + delta;
}
