import type { Edit } from "../text/edit.js";
import { firstInBlock, marksIn, spanName } from "./caught-error.js";
import { ts, type TS } from "./compiler.js";
import { codeFingerprint, fingerprint } from "./fingerprint.js";
import { freshName } from "./imports.js";
import { headOf, type AttachedEdit, type Shape } from "./instrumentation.js";
import { isReason, reason, type Reason } from "./reason.js";
import type { Region } from "./region.js";
import type { Source } from "./source.js";
import { findNode, walk } from "./walk.js";
import { nodesOf } from "./wrapping.js";

/** Captured errors: the edits, and what the ledger keeps to find them. */
export interface Captures {
  readonly edits: readonly AttachedEdit[];
  readonly shape: Shape;
}

const CAPTURE = /(^|\.)capture(Exception|Error)$/;

const ERROR_NAMES = ["error", "caughtError"];

/**
 * Captures the error of each clause, unless the clause does so already or takes the error apart. A
 * clause without a name for it gets one.
 */
export function captureEdits(
  source: Source,
  region: Region,
  clauses: readonly TS.CatchClause[],
  capture: string,
): Captures {
  const all = nodesOf(region).flatMap(catchesIn);
  const bound = freshName(source, ERROR_NAMES);
  const edits: AttachedEdit[] = [];
  const places: string[] = [];
  const captured: TS.CatchClause[] = [];
  for (const clause of clauses) {
    const name = clause.variableDeclaration?.name;
    if ((name && !ts.isIdentifier(name)) || isCaptured(clause)) continue;
    const call = `${capture}(${name ? name.text : bound})`;
    edits.push({ ...firstInBlock(source, clause.block, call), isShared: true });
    if (!name) edits.push(binding(source, clause, bound));
    captured.push(clause);
    places.push(`${all.indexOf(clause)}${name ? "" : " bound"}`);
  }
  if (places.length === 0) return { edits, shape: {} };
  const isAlike = all.some((clause) => captureOf(clause, capture));
  const captures = `${places.join(",")} of ${all.length}${isAlike ? " with others" : ""}`;
  return { edits, shape: { capture, captures, tries: captured.map(headOfTry).join("\n") } };
}

function binding({ file }: Source, clause: TS.CatchClause, name: string): AttachedEdit {
  const at = clause.getStart(file) + "catch".length;
  return { start: at, end: at, text: ` (${name})`, attach: "left", isShared: true };
}

function isCaptured({ block }: TS.CatchClause): boolean {
  const isCapture = (node: TS.Node) =>
    ts.isCallExpression(node) && CAPTURE.test(node.expression.getText());
  return findNode(block, isCapture) !== undefined;
}

function catchesIn(node: TS.Node): TS.CatchClause[] {
  const found: TS.CatchClause[] = [];
  walk(node, (each) => {
    if (ts.isCatchClause(each)) found.push(each);
  });
  return found;
}

// How it recognises its own work

/** A call that captures an error, and whether its clause got the error's name for it. */
export interface Capture {
  /** Undefined where somebody has deleted it, and the name is left. */
  readonly statement: TS.ExpressionStatement | undefined;
  readonly clause: TS.CatchClause;
  readonly isBound: boolean;
}

const UNSURE = reason("changed-by-hand", "which of the captured errors are ours cannot be told");

type Clause = Pick<Capture, "clause" | "statement">;

/** What the ledger says of captured errors. */
interface Written {
  /** The number of each clause, and whether it got the name of its error. */
  readonly places: readonly { readonly index: number; readonly isBound: boolean }[];
  readonly tries: readonly string[];
  readonly total: number;
  /** Whether others were captured by hand already. */
  readonly hasOthers: boolean;
}

function writtenIn({ captures = "", tries = "" }: Shape): Written | null {
  const [, list = "", total, others] = /^(.*) of (\d+)( with others)?$/.exec(captures) ?? [];
  if (list === "") return null;
  const places = list.split(",").map((place) => {
    const [index, bound] = place.split(" ");
    return { index: Number(index), isBound: bound !== undefined };
  });
  const hasOthers = others !== undefined;
  return { places, tries: tries.split("\n"), total: Number(total), hasOthers };
}

/**
 * Our captures in a callback, or why they cannot be told from others: those beside what was tried
 * when they were put there, else those that our marks or their numbers tell.
 */
export function capturesIn(callback: TS.ArrowFunction, shape: Shape): readonly Capture[] | Reason {
  const written = writtenIn(shape);
  if (!written) return [];
  const all = catchesIn(callback.body).map((clause) => ({
    clause,
    statement: captureOf(clause, shape.capture ?? ""),
  }));
  const marks = marksIn(callback, spanName(callback));
  const ours = marks.length > 0 ? byMarks(written, all, marks) : byNumbers(written, all);
  if (isReason(ours)) return ours;
  return written.places.flatMap(({ isBound }, at) => {
    const { clause, statement } = ours[at] ?? {};
    return clause ? [{ clause, statement, isBound }] : [];
  });
}

type Found = readonly (Clause | undefined)[];

/** The one clause whose `try` begins as each of ours did. */
function besideTries({ places, tries }: Written, all: readonly Clause[]): Found {
  return places.map((_, at) => {
    const head = tries[at] ?? "";
    const [found, ...others] = all.filter(({ clause }) => headOfTry(clause) === head);
    return head !== "" && others.length === 0 ? found : undefined;
  });
}

/** A clause of ours that captures has a mark as well; of those by hand it stands before the capture. */
function byMarks(
  written: Written,
  all: readonly Clause[],
  marks: readonly TS.Node[],
): Found | Reason {
  const markOf = ({ clause }: Clause) => marks.find(({ parent }) => parent === clause.block);
  const sure = besideTries(
    written,
    all.filter((each) => !each.statement || markOf(each)),
  );
  const marked = all.filter((each) => {
    const mark = each.statement && !sure.includes(each) ? markOf(each) : undefined;
    return mark && (!written.hasOthers || (each.statement?.pos ?? 0) < mark.pos);
  });
  const open = sure.filter((each) => !each).length;
  if (marked.length > 0 && marked.length !== open) return UNSURE;
  // Somebody may have taken the mark of ours out.
  const isLost = besideTries(written, all).some((each, at) => each?.statement && !sure[at]);
  if (isLost && marked.length === 0) return UNSURE;
  return sure.map((each) => each ?? marked.shift());
}

/** Without marks, a clause keeps its number as long as nobody has made more or fewer. */
function byNumbers(written: Written, all: readonly Clause[]): Found | Reason {
  const { places, total, hasOthers } = written;
  const sure = besideTries(written, all);
  const rest = all.filter((each) => each.statement && !sure.includes(each));
  const isOpen = sure.includes(undefined);
  if (!isOpen || rest.length === 0) return sure;
  if (all.length !== total) return UNSURE;
  const found = places.map(({ index }, at) => sure[at] ?? all[index]);
  const isTwice = new Set(found).size < found.length;
  return isTwice || (hasOthers && !found.every((each) => each?.statement)) ? UNSURE : found;
}

/** What a clause's `try` begins with. */
function headOfTry({ parent }: TS.CatchClause): string {
  const [first] = parent.tryBlock.statements;
  return first ? headOf(first) : "";
}

/** The statement of a clause's own that captures its error. */
function captureOf(
  { block, variableDeclaration }: TS.CatchClause,
  capture: string,
): TS.ExpressionStatement | undefined {
  const name = variableDeclaration?.name.getText();
  const code = codeFingerprint(`${capture}(${name})`);
  return block.statements
    .filter(ts.isExpressionStatement)
    .find((each) => fingerprint(each.expression) === code);
}

/** The name that a clause got, as long as nothing else uses it. */
export function unbound(source: Source, { clause, statement, isBound }: Capture): Edit[] {
  const name = clause.variableDeclaration?.name;
  if (!isBound || !name || !ts.isIdentifier(name)) return [];
  if (!statement && !ERROR_NAMES.some((each) => name.text.startsWith(each))) return [];
  const isOurs = (use: TS.Node) =>
    statement !== undefined && statement.pos <= use.pos && use.end <= statement.end;
  const used = source.scope.references(name, (use) => use !== name && !isOurs(use));
  if (used.length > 0) return [];
  const start = clause.getStart(source.file) + "catch".length;
  const close = source.text.indexOf(")", name.end);
  return [{ start, end: close + 1, text: "" }];
}
