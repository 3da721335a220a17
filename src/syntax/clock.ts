import { ts, type TS } from "./compiler.js";
import { findNode } from "./walk.js";

const CLOCK =
  /(^|\.)(now|hrtime|bigint|getTime|start|begin|(start|begin)(Timer|Timing|Clock)|timer|stopwatch)$/i;

/** Whether an expression reads a clock, or starts one, and is no time that has passed. */
export function readsClock(expression: TS.Expression): boolean {
  if (findNode(expression, isDifference) || findNode(expression, ts.isAwaitExpression))
    return false;
  const isReading = (node: TS.Node) => {
    if (ts.isNewExpression(node)) return /Date$|timer|stopwatch/i.test(node.expression.getText());
    if (!ts.isCallExpression(node) || !CLOCK.test(node.expression.getText())) return false;
    // With an argument it tells the time since then.
    return !node.expression.getText().endsWith("hrtime") || node.arguments.length === 0;
  };
  return findNode(expression, isReading) !== undefined;
}

/** `end - start`. */
export function isDifference(node: TS.Node): boolean {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.MinusToken;
}
