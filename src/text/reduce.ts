import { applyEdits, type Edit } from "./edit.js";

/** A text after edits, with offsets mapped both ways. */
export interface Reduced {
  readonly text: string;
  /** The offset in the edited text; inside a replaced part, its start. */
  readonly toReduced: (offset: number) => number;
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
    toReduced: (offset) => {
      let delta = 0;
      for (const edit of sorted) {
        if (edit.end > offset) return Math.min(offset, edit.start) + delta;
        delta += edit.text.length - (edit.end - edit.start);
      }
      return offset + delta;
    },
    toFull: (offset, passes) => {
      let delta = 0;
      for (const edit of sorted) {
        const at = edit.start + delta;
        if (at > offset || (at === offset && !passes(edit))) break;
        delta += edit.text.length - (edit.end - edit.start);
      }
      return offset - delta;
    },
  };
}
