import { firstIndex } from "./first-index.js";
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
  const deltas = deltasOf(sorted);
  return {
    text: applyEdits(text, sorted),
    toReduced: ({ start, end }) => ({
      start: shifted(sorted, deltas, start, (edit) => edit.start < start && edit.end <= start),
      end: shifted(sorted, deltas, end, (edit) => edit.end <= end),
    }),
    toFull: (offset, passes) => {
      const first = firstIndex(sorted.length, (index) => {
        const at = (sorted[index]?.start ?? 0) + (deltas[index] ?? 0);
        return at >= offset || at + (sorted[index]?.text.length ?? 0) > offset;
      });
      for (let index = first; ; index++) {
        const edit = sorted[index];
        const delta = deltas[index] ?? 0;
        const at = (edit?.start ?? Infinity) + delta;
        if (!edit || at > offset || (at === offset && !passes(edit))) return offset - delta;
        // A place in what was put in is the place where it was put.
        if (offset < at + edit.text.length) return edit.start;
      }
    },
  };
}

/** How far the edits before each one, and at last all of them, move what comes behind. */
function deltasOf(sorted: readonly Edit[]): number[] {
  const deltas = [0];
  for (const { start, end, text } of sorted) {
    deltas.push((deltas.at(-1) ?? 0) + text.length - (end - start));
  }
  return deltas;
}

/** An offset after the edits that lie before it; inside a replaced part, that part's start. */
function shifted(
  sorted: readonly Edit[],
  deltas: readonly number[],
  offset: number,
  isBefore: (edit: Edit) => boolean,
): number {
  const first = firstIndex(sorted.length, (index) => !isBefore(sorted[index] as Edit));
  return Math.min(offset, sorted[first]?.start ?? offset) + (deltas[first] ?? 0);
}
