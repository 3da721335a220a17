import { crosses, encloses, extentOf, touches, type Edit, type Range } from "../text/edit.js";
import { indexRanges, RangeIndex } from "../text/range-index.js";
import { isBlankLine } from "../text/lines.js";
import { indentableLines, type Reindent } from "../syntax/indent.js";
import type { Source } from "../syntax/source.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { AttachedEdit, Strategy } from "../transform.js";

/** A site's edits with what their order is decided by. */
export interface Piece {
  /** Breaks ties between sites of the same region; the smaller key stands outside. */
  readonly key: string;
  readonly region: Range;
  readonly edits: readonly AttachedEdit[];
  readonly reindent: Reindent | null;
}

/** A piece with its place among all of its file, outside in. */
interface Ordered extends Piece {
  readonly depth: number;
}

/**
 * Where regions are equal, a body lies outside its statements, they outside an expression, and what
 * is inserted or replaced inside of all that is wrapped. A body returns what its callback gives, so
 * it must not lie in the callback of a statement, which gives nothing.
 */
const OUTSIDE_IN: readonly Strategy[] = ["body", "inactive", "statement", "expression"];

/** The key of a site, which tells sites of the same region apart: the outer one has the smaller. */
export function nestingKey(transform: string, strategy: Strategy, id: string): string {
  const outermost = TRANSFORMS.get(transform)?.isOutermost ? "0" : "1";
  const depth = OUTSIDE_IN.indexOf(strategy);
  const number = id.replace(/\d+$/, (digits) => digits.padStart(6, "0"));
  return `${depth < 0 ? OUTSIDE_IN.length : depth} ${outermost} ${number}`;
}

/**
 * Orders all edits of a file: what opens stands outside in, what closes inside out, and text
 * inserted inside a re-indented region is indented with it.
 */
export function composeEdits(source: Source, pieces: readonly Piece[]): Edit[] {
  const ordered = withoutRepeats([...pieces].sort(outsideIn)).map((piece, depth) => {
    return { ...piece, depth };
  });
  const indents = indentEdits(source, ordered);
  const all = new RangeIndex<Ordered>();
  for (const piece of ordered) all.add(piece.region, piece);
  const edits = ordered.flatMap((piece) =>
    piece.edits.map((edit) => ({
      edit: { ...edit, text: indentText(edit, piece, all) },
      rank: rankOf(edit, piece),
    })),
  );
  const replaced = indexRanges(
    edits.map(({ edit }) => edit).filter((edit) => edit.end > edit.start),
  );
  const free = indents.filter(
    (each) => !replaced.near(each).some(({ start, end }) => start < each.start && each.start < end),
  );
  const ranked = [...edits, ...free.map((edit) => ({ edit, rank: [1] }))];
  ranked.sort((a, b) => a.edit.start - b.edit.start || compareEach(a.rank, b.rank));
  return ranked.map(({ edit: { start, end, text } }) => ({ start, end, text }));
}

/** Leaves what several sites put at the same place to the outermost of them. */
function withoutRepeats(ordered: readonly Piece[]): Piece[] {
  const seen = new Set<string>();
  return ordered.map((piece) => ({
    ...piece,
    edits: piece.edits.filter((edit) => {
      const key = `${edit.start} ${edit.text}`;
      const isRepeated = edit.isShared === true && seen.has(key);
      if (edit.isShared) seen.add(key);
      return !isRepeated;
    }),
  }));
}

/**
 * At one offset: closings, of the smallest extent first; then indentation; then openings, of the
 * largest extent first, behind what stands before all of them; then what is replaced.
 */
function rankOf(edit: AttachedEdit, { region, depth }: Ordered): number[] {
  const { start, end } = edit.extent ?? region;
  if (edit.end > edit.start) return [4];
  if (edit.isFirst) return [2, depth];
  return edit.attach === "left" ? [0, -start, -depth] : [3, -end, depth];
}

function compareEach(a: readonly number[], b: readonly number[]): number {
  return a.map((each, index) => each - (b[index] ?? 0)).find((each) => each !== 0) ?? 0;
}

function outsideIn(a: Piece, b: Piece): number {
  return (
    a.region.start - b.region.start ||
    b.region.end - a.region.end ||
    (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  );
}

function indentEdits({ file }: Source, pieces: readonly Piece[]): Edit[] {
  const units = new Map<number, string>();
  for (const { reindent } of pieces) {
    if (!reindent || reindent.unit === "") continue;
    for (const start of indentableLines(file, reindent.range)) {
      units.set(start, (units.get(start) ?? "") + reindent.unit);
    }
  }
  return [...units].map(([start, text]) => ({ start, end: start, text }));
}

function indentText(edit: AttachedEdit, piece: Ordered, all: RangeIndex<Ordered>): string {
  if (!edit.text.includes("\n")) return edit.text;
  // What opens and closes a region moves with the regions around it; a mark inside, with every
  // region that it stands in.
  const around =
    isInside(edit, piece) || edit.isFirst === true
      ? all.near(edit).filter((other) => isInside(edit, other))
      : all
          .near(piece.region)
          .filter(({ depth, region }) => depth < piece.depth && encloses(region, piece.region));
  const unit = around.map(({ reindent }) => reindent?.unit ?? "").join("");
  return unit === "" ? edit.text : indentLines(edit.text, unit);
}

function isInside({ start }: Edit, { reindent }: Piece): boolean {
  return reindent !== null && reindent.range.start < start && start < reindent.range.end;
}

function indentLines(text: string, unit: string): string {
  let result = "";
  let from = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    result += text.slice(from, at + 1);
    const isLast = text.indexOf("\n", at + 1) < 0;
    // The last line is completed by the text behind the edit, so it is never blank.
    if (isLast || !isBlankLine(text, at + 1)) result += unit;
    from = at + 1;
  }
  return result + text.slice(from);
}

/** The first site already placed that cannot stand beside this one, if there is one. */
export function conflictWith<P extends Piece>(piece: P, placed: RangeIndex<P>): P | undefined {
  return placed
    .near(wholeOf(piece))
    .find((other) => crosses(piece.region, other.region) || editsClash(piece, other));
}

/** From the first to the last of what a piece is about: what lies apart is in nobody's way. */
export function wholeOf({ region, edits }: Piece): Range {
  return extentOf([region, ...edits]);
}

/** Whether one site replaces text in which the other one has an edit. */
function editsClash(a: Piece, b: Piece): boolean {
  return a.edits.some((edit) => b.edits.some((other) => clash(edit, other)));
}

function clash(a: Edit, b: Edit): boolean {
  if (a.start === a.end && b.start === b.end) return false;
  return touches(a, b);
}
