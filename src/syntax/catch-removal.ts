import type { Edit } from "../text/edit.js";
import { capturesIn, unbound } from "./captured-error.js";
import { marksIn, spanName } from "./caught-error.js";
import { ts, type TS } from "./compiler.js";
import type { Shape } from "./instrumentation.js";
import { isReason, reason, type Reason } from "./reason.js";
import type { Source } from "./source.js";
import { findNode } from "./walk.js";

/** What may be a mark or a capture. */
const REPORT = /(^|\.)(capture(Exception|Error)|setStatus)$/;

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
