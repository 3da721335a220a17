import type { Edit } from "../text/edit.js";
import { indentationAt } from "../text/lines.js";
import { ts, type TS } from "./compiler.js";
import { swallows } from "./control-flow.js";
import { codeFingerprint, fingerprint } from "./fingerprint.js";
import type { AttachedEdit } from "./instrumentation.js";
import { reason, type Reason } from "./reason.js";
import type { Region } from "./region.js";
import { textOf, type Source } from "./source.js";
import { walk } from "./walk.js";
import { ownStatements } from "./wrapping.js";

/** Names for the span that a callback gets. */
export const SPAN_NAMES: readonly string[] = ["span", "sentrySpan"];

/** Catch blocks of the region's own try statements that do not pass the error on. */
export function swallowingCatches(region: Region): TS.Block[] {
  return ownStatements(region)
    .filter(ts.isTryStatement)
    .flatMap(({ catchClause }) =>
      catchClause && swallows(catchClause.block) ? [catchClause.block] : [],
    );
}

const FAILURE = '{ code: 2, message: "internal_error" }';

/** Marks a span as failed at the beginning of a catch block. */
export function markEdit(source: Source, block: TS.Block, parameter: string): AttachedEdit {
  const { style, text, file } = source;
  const status = FAILURE.replace(/"/g, style.quote);
  const call = `${parameter}.setStatus(${status})`;
  const [first] = block.statements;
  if (first) {
    const start = first.getStart(file);
    const semicolon = style.semicolons || /[;([`+\-/]/.test(text[start] ?? "") ? ";" : "";
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
  // Two marks on one line must be told apart.
  const semicolon = style.semicolons || isOneLine ? ";" : "";
  return { start, end: start, text: `${gap}${call}${semicolon}`, attach: "right" };
}

function isMark(node: TS.Node, parameter: string): node is TS.ExpressionStatement {
  if (!ts.isExpressionStatement(node) || !node.getText().startsWith(parameter)) return false;
  return fingerprint(node.expression) === codeFingerprint(`${parameter}.setStatus(${FAILURE})`);
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

/** Whether somebody uses the span of a callback beside our marks. */
export function parameterUse(
  source: Source,
  callback: TS.ArrowFunction,
  marks: readonly TS.Node[],
): Reason | null {
  const [parameter] = callback.parameters;
  if (!parameter) return null;
  if (!ts.isIdentifier(parameter.name)) return reason("span-in-use");
  const { name } = parameter;
  const isOurs = (use: TS.Node) => marks.some((mark) => mark.pos <= use.pos && use.end <= mark.end);
  const used = source.scope.references(name).some((use) => use !== name && !isOurs(use));
  return used ? reason("span-in-use", name.text) : null;
}

/** Takes a mark out with the white space it came with: behind it, or before it in an empty block. */
export function unmark({ file, text }: Source, mark: TS.ExpressionStatement): Edit {
  const block = mark.parent as TS.Block;
  const start = mark.getStart(file);
  const isEmpty = block.statements.every((each) => /^\w+\.setStatus\(/.test(each.getText(file)));
  if (!isEmpty && block.statements.at(-1) !== mark) {
    const behind = /^\s*/.exec(text.slice(mark.end))?.[0].length ?? 0;
    return { start, end: mark.end + behind, text: "" };
  }
  const before = text.slice(block.getStart(file) + 1, start);
  return { start: start - (before.length - before.trimEnd().length), end: mark.end, text: "" };
}
