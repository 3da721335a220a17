import { objectOnOneLine } from "../text/code.js";
import { indentationAt } from "../text/lines.js";
import { ts, type TS } from "./compiler.js";
import { swallows } from "./completion.js";
import { codeFingerprint, fingerprint } from "./fingerprint.js";
import type { ImportNeed } from "./import-place.js";
import { usesNeed, type Binding } from "./imports.js";
import type { AttachedEdit, Shape } from "./instrumentation.js";
import { propertyName } from "./names.js";
import type { Region } from "./region.js";
import { textOf, type Source } from "./source.js";
import { walk } from "./walk.js";
import { mayGoOn } from "./wrapper-layout.js";
import { ownStatements } from "./wrapping.js";

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
export function firstInBlock(source: Source, block: TS.Block, call: string): AttachedEdit {
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

/** What the span of a callback is called by now. */
export function spanName({ parameters: [parameter] }: TS.ArrowFunction): string {
  return parameter && ts.isIdentifier(parameter.name) ? parameter.name.text : "";
}
