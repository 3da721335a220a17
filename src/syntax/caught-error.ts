import type { Edit } from "../text/edit.js";
import { objectOnOneLine } from "../text/code.js";
import { indentationAt } from "../text/lines.js";
import { ts, type TS } from "./compiler.js";
import { swallows } from "./completion.js";
import { codeFingerprint, fingerprint } from "./fingerprint.js";
import type { ImportNeed } from "./import-place.js";
import { freshName, usesNeed, type Binding } from "./imports.js";
import { headOf, type AttachedEdit, type Shape } from "./instrumentation.js";
import { propertyName } from "./names.js";
import { isReason, reason, type Reason } from "./reason.js";
import type { Region } from "./region.js";
import { textOf, type Source } from "./source.js";
import { findNode, walk } from "./walk.js";
import { mayGoOn } from "./wrapper-layout.js";
import { nodesOf, ownStatements } from "./wrapping.js";

/** Names for the span that a callback gets. */
export const SPAN_NAMES: readonly string[] = ["span", "sentrySpan"];

/** What a catch that swallows an error is to do beside. */
export interface CatchNeeds {
  /** Mark the span as failed. */
  readonly marks: boolean;
  /** How the file says `captureException`, where the error is to be captured too. */
  readonly capture: string | null;
}

/** What a rule asks of the catches in what it wraps. */
export interface CatchRule {
  readonly markFailure: boolean;
  readonly captureErrors: boolean;
}

/** What a rule asks for, in the words of a file. */
export function catchNeeds(sentry: Binding, { markFailure, captureErrors }: CatchRule): CatchNeeds {
  return { marks: markFailure, capture: captureErrors ? sentry.access("captureException") : null };
}

/** The import that captured errors need. */
export function captureImports(sentry: Binding, { capture }: Shape): readonly ImportNeed[] {
  const needs = capture !== undefined && usesNeed(sentry, "captureException");
  return needs && sentry.need ? [sentry.need] : [];
}

/** Catch clauses of the region's own try statements that do not pass the error on. */
export function swallowingCatches(region: Region): TS.CatchClause[] {
  return ownStatements(region)
    .filter(ts.isTryStatement)
    .flatMap(({ catchClause }) =>
      catchClause && swallows(catchClause.block) ? [catchClause] : [],
    );
}

// What it inserts

const FAILURE: readonly (readonly [name: string, value: string])[] = [
  ["code", "2"],
  ["message", '"internal_error"'],
];

/** Marks a span as failed at the beginning of a catch block. */
export function markEdit(
  source: Source,
  { block }: TS.CatchClause,
  parameter: string,
): AttachedEdit {
  return firstInBlock(source, block, failureCall(source, parameter));
}

/** The call that marks a span as failed. */
export function failureCall({ style }: Source, parameter: string): string {
  const status = objectOnOneLine(FAILURE, style).replace(/"/g, style.quote);
  return `${parameter}.setStatus(${status})`;
}

/** Code for the beginning of a catch block, in a line of its own where the block has lines. */
function firstInBlock(source: Source, block: TS.Block, call: string): AttachedEdit {
  const { style, text, file } = source;
  const [first] = block.statements;
  if (first) {
    const start = first.getStart(file);
    const semicolon = style.semicolons || mayGoOn(text[start] ?? "") ? ";" : "";
    const indent = `${style.eol}${indentationAt(text, start)}`;
    return { start, end: start, text: `${call}${semicolon}${indent}`, attach: "right" };
  }
  const start = block.getStart(file) + 1;
  const isOneLine = !textOf(source, block).includes("\n");
  const gap = isOneLine
    ? text[start] === "}"
      ? ""
      : " "
    : `${style.eol}${indentationAt(text, block.getStart(file))}${style.indent}`;
  // Two calls on one line must be told apart.
  const semicolon = style.semicolons || isOneLine ? ";" : "";
  return { start, end: start, text: `${gap}${call}${semicolon}`, attach: "right" };
}

/** Captured errors: the edits, and what the ledger keeps to find them. */
export interface Captures {
  readonly edits: readonly AttachedEdit[];
  readonly shape: Shape;
}

const CAPTURE = /(^|\.)capture(Exception|Error)$/;
const REPORT = /(^|\.)(capture(Exception|Error)|setStatus)$/;

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
  const tries = isAlike ? { tries: captured.map(headOfTry).join("\n") } : {};
  return { edits, shape: { capture, captures, ...tries } };
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

/** Whether a statement marks a span as failed as ours do. */
export function isMark(node: TS.Node, parameter: string): node is TS.ExpressionStatement {
  if (!ts.isExpressionStatement(node) || !node.getText().startsWith(parameter)) return false;
  const call = node.expression;
  if (!ts.isCallExpression(call) || call.arguments.length !== 1) return false;
  const [status] = call.arguments;
  if (call.expression.getText() !== `${parameter}.setStatus` || !status) return false;
  return ts.isObjectLiteralExpression(status) && saysFailure(status);
}

/** Whether an object says what ours does, in whatever order and quotes a linter prefers. */
function saysFailure({ properties }: TS.ObjectLiteralExpression): boolean {
  const isSaid = ([name, value]: (typeof FAILURE)[number]) =>
    properties.some(
      (each) =>
        ts.isPropertyAssignment(each) &&
        propertyName(each.name) === name &&
        fingerprint(each.initializer) === codeFingerprint(value),
    );
  return properties.length === FAILURE.length && FAILURE.every(isSaid);
}

/** The marks in a callback, by the name of its span. */
export function marksIn(
  callback: TS.ArrowFunction,
  parameter: string,
): readonly TS.ExpressionStatement[] {
  const marks: TS.ExpressionStatement[] = [];
  if (!parameter) return marks;
  walk(callback.body, (node) => {
    if (isMark(node, parameter)) marks.push(node);
  });
  return marks;
}

/** A call that captures an error, and whether its clause got the error's name for it. */
interface Capture {
  /** Undefined where somebody has deleted it, and the name is left. */
  readonly statement: TS.ExpressionStatement | undefined;
  readonly clause: TS.CatchClause;
  readonly isBound: boolean;
}

const UNSURE = reason("changed-by-hand", "which of the captured errors are ours cannot be told");

/** Our captures in a callback, or why they cannot be told from others. */
function capturesIn(callback: TS.ArrowFunction, shape: Shape): readonly Capture[] | Reason {
  const [, list = "", total, others] =
    /^(.*) of (\d+)( with others)?$/.exec(shape.captures ?? "") ?? [];
  if (list === "") return [];
  const all = catchesIn(callback.body).map((clause) => ({
    clause,
    statement: captureOf(clause, shape.capture ?? ""),
  }));
  const places = list.split(",").map((place) => {
    const [index, bound] = place.split(" ");
    return { index: Number(index), isBound: bound !== undefined };
  });
  const found = all.filter(({ statement }) => statement);
  const isAsMany = all.length === Number(total);
  if (!isAsMany && found.length === 0) return [];
  // With clauses more or fewer, all that are found are ours, where nobody else captured any.
  if (!isAsMany && (others !== undefined || found.length !== places.length)) {
    return UNSURE;
  }
  const atPlaces = isAsMany ? places.map(({ index }) => all[index]) : found;
  const ours = others === undefined ? atPlaces : unmoved(atPlaces, found, callback, shape);
  if (isReason(ours)) return ours;
  return places.flatMap(({ isBound }, at) => {
    const { clause, statement } = ours[at] ?? {};
    return clause ? [{ clause, statement, isBound }] : [];
  });
}

type Clause = Pick<Capture, "clause" | "statement">;

/**
 * The clauses at our places, unless they have changed places with those of a capture by hand: where
 * there are marks, ours stands before one, else beside the `try` that it was put beside.
 */
function unmoved(
  places: readonly (Clause | undefined)[],
  found: readonly Clause[],
  callback: TS.ArrowFunction,
  { tries = "" }: Shape,
): readonly (Clause | undefined)[] | Reason {
  const marks = marksIn(callback, spanName(callback));
  if (marks.length === 0) return besideTries(places, found, tries.split("\n"));
  const isByHand = ({ statement, clause }: Clause) => {
    const mark = marks.find(({ parent }) => parent === clause.block);
    return statement !== undefined && (!mark || mark.pos < statement.pos);
  };
  if (!places.some((each) => each && isByHand(each))) return places;
  const ours = found.filter((each) => !isByHand(each));
  return ours.length === places.length ? ours : UNSURE;
}

/** Without marks, ours stand beside what was tried when they were put there, as far as that is there. */
function besideTries(
  places: readonly (Clause | undefined)[],
  found: readonly Clause[],
  tries: readonly string[],
): readonly (Clause | undefined)[] {
  const isOf = (each: Clause | undefined, head: string | undefined) =>
    each !== undefined && headOfTry(each.clause) === head;
  return places.map((each, index) =>
    isOf(each, tries[index]) ? each : (found.find((other) => isOf(other, tries[index])) ?? each),
  );
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

/** The edits that take marks and captures out of a callback. */
export function freeCatches(
  source: Source,
  callback: TS.ArrowFunction,
  shape: Shape,
): readonly Edit[] | Reason {
  const captures = capturesIn(callback, shape);
  if (isReason(captures)) return captures;
  const marks = shape.parameter ? marksIn(callback, spanName(callback)) : [];
  const ours = [...marks, ...captures.flatMap(({ statement }) => statement ?? [])];
  return [
    ...ours.map((each) => removed(source, each)),
    ...captures.flatMap((capture) => unbound(source, capture)),
  ];
}

/**
 * Takes a statement out with the white space it came with: before it in a block that was empty, else
 * behind it. Neighbours of ours in one block never share any.
 */
function removed({ file, text }: Source, statement: TS.ExpressionStatement): Edit {
  const block = statement.parent as TS.Block;
  const start = statement.getStart(file);
  const inner = text.slice(block.getStart(file) + 1, start);
  const before = inner.slice(inner.trimEnd().length);
  const behind = /^\s*/.exec(text.slice(statement.end))?.[0] ?? "";
  const isLast = block.statements.at(-1) === statement;
  const wasEmpty = before === behind && block.statements.every(isReport);
  return isLast || wasEmpty
    ? { start: start - before.length, end: statement.end, text: "" }
    : { start, end: statement.end + behind.length, text: "" };
}

/** Whether a statement may be a mark or a capture, ours or that of another site. */
function isReport(statement: TS.Statement): boolean {
  if (!ts.isExpressionStatement(statement) || !ts.isCallExpression(statement.expression))
    return false;
  return REPORT.test(statement.expression.expression.getText());
}

/** The name that a clause got, as long as nothing else uses it. */
function unbound(source: Source, { clause, statement, isBound }: Capture): Edit[] {
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

/** What the span of a callback is called by now. */
function spanName({ parameters: [parameter] }: TS.ArrowFunction): string {
  return parameter && ts.isIdentifier(parameter.name) ? parameter.name.text : "";
}

/** Whether somebody uses the span of a callback beside our marks. */
export function parameterUse(source: Source, callback: TS.ArrowFunction): Reason | null {
  const [parameter] = callback.parameters;
  if (!parameter) return null;
  if (!ts.isIdentifier(parameter.name)) return reason("span-in-use");
  const { name } = parameter;
  const marks = marksIn(callback, name.text);
  const isOurs = (use: TS.Node) => marks.some((mark) => mark.pos <= use.pos && use.end <= mark.end);
  const isAlike = (node: TS.Node) => ts.isIdentifier(node) && node.text === name.text;
  if (!findNode(callback.body, (node) => isAlike(node) && !isOurs(node))) return null;
  const used = source.scope.references(name, (use) => use !== name && !isOurs(use));
  return used.length > 0 ? reason("span-in-use", name.text) : null;
}
