import { applyEdits, touches, type Edit } from "../text/edit.js";
import { indexRanges } from "../text/range-index.js";
import { dedentEdits, indentableLines, type Reindent } from "../syntax/indent.js";
import { isParseFailure, parseSource, type Source } from "../syntax/source.js";
import type { Removal } from "../transform.js";
import { isRemovable, type Recognised } from "./recognise.js";

/**
 * The edits that take sites out, re-indentation included.
 * @param kept other sites that stay; what is theirs as well stays with them
 */
export function removalEdits(
  source: Source,
  removals: readonly Removal[],
  kept: readonly Recognised[],
): Edit[] {
  const needed = new Set(
    kept
      .filter(isRemovable)
      .flatMap(({ removal }) => removal.edits.map(({ start, end }) => `${start}-${end}`)),
  );
  const standing = kept.filter(isRemovable).flatMap(({ removal }) => removal.dedent ?? []);
  const edits = removals
    .flatMap((removal) => [...removal.edits])
    .filter(({ start, end }) => start === end || !needed.has(`${start}-${end}`))
    .map((edit) => putBackInside(source, edit, standing));
  const dedents = removals.flatMap(({ dedent }) => (dedent ? [dedent] : []));
  const deletes = indexRanges(edits.filter((edit) => edit.end > edit.start));
  const free = dedentEdits(source.file, dedents).filter(
    (edit) => !deletes.near(edit).some((other) => touches(other, edit)),
  );
  return combineRemovals([...edits, ...free]);
}

/** What is put back inside a wrapper that stays stands as deep as the rest of its code. */
function putBackInside(source: Source, edit: Edit, standing: readonly Reindent[]): Edit {
  const around = standing.filter(({ range }) => range.start <= edit.start && edit.end <= range.end);
  const unit = around.map((each) => each.unit).join("");
  const restored =
    unit !== "" && edit.text.includes("\n") ? parseSource(source.path, edit.text) : null;
  if (!restored || isParseFailure(restored)) return edit;
  const whole = { start: 0, end: edit.text.length };
  const added = indentableLines(restored.file, whole).map((start) => ({
    start,
    end: start,
    text: unit,
  }));
  return { ...edit, text: applyEdits(edit.text, added) };
}

/**
 * Puts removals together: a deletion inside another one is part of it, and what is put back where
 * something is deleted comes behind that.
 */
export function combineRemovals(edits: readonly Edit[]): Edit[] {
  const sorted = [...edits].sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: Edit[] = [];
  for (const edit of sorted) {
    const last = kept.at(-1);
    if (!last || edit.start >= last.end || last.text !== "") kept.push(edit);
    else if (edit.text === "")
      kept[kept.length - 1] = { ...last, end: Math.max(last.end, edit.end) };
    else if (edit.start === edit.end) kept.push({ ...edit, start: last.end, end: last.end });
    else kept.push(edit);
  }
  return kept;
}
