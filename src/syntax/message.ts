import { ts, type TS } from "./compiler.js";
import { reason, type Reason } from "./reason.js";
import type { Source } from "./source.js";
import { findNode, unwrapped } from "./walk.js";

/** What a call sends. */
export interface Message {
  readonly node: TS.Expression;
  /** Whether its receiver gets a copy in any case: as text, as a clone, or because it is made here. */
  readonly isCopied: boolean;
}

/**
 * Finds the message of a call: what is made into text in it, else the argument that a rule names,
 * else the first one that can be an object. A name is followed to the `JSON.stringify` it stands for.
 * @param named the argument that the rule captures as `$message`
 */
export function messageOf(
  source: Source,
  call: TS.CallExpression,
  named: TS.Expression | undefined,
): Message | Reason {
  const given = named ?? (stringified(call) ? undefined : call.arguments.find(canBeObject));
  const text = stringified(given ? valueOf(source, given) : call);
  if (text) return { node: text, isCopied: true };
  if (!given || !canBeObject(given)) return reason("no-message");
  return { node: given, isCopied: isMadeHere(given) || isCloning(call) };
}

/** The argument of the one `JSON.stringify` in some code. */
function stringified(code: TS.Node): TS.Expression | null {
  const found = findNode(code, isStringify);
  const [value] = found && ts.isCallExpression(found) ? found.arguments : [];
  return value && !ts.isSpreadElement(value) ? value : null;
}

function isStringify(node: TS.Node): boolean {
  return ts.isCallExpression(node) && node.expression.getText() === "JSON.stringify";
}

/** What a constant was given; any other expression is its own value. */
function valueOf(source: Source, expression: TS.Expression): TS.Expression {
  const code = unwrapped(expression);
  if (!ts.isIdentifier(code)) return expression;
  const [declaration, ...others] = source.scope.resolve(code.text, code) ?? [];
  const isConstant =
    declaration !== undefined &&
    others.length === 0 &&
    ts.isVariableDeclaration(declaration) &&
    (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
  return (isConstant && declaration.initializer) || expression;
}

function canBeObject(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  return (
    ts.isObjectLiteralExpression(code) ||
    ts.isIdentifier(code) ||
    ts.isPropertyAccessExpression(code) ||
    ts.isElementAccessExpression(code) ||
    ts.isCallExpression(code) ||
    ts.isAwaitExpression(code)
  );
}

function isMadeHere(expression: TS.Expression): boolean {
  return ts.isObjectLiteralExpression(unwrapped(expression));
}

/** Ports, workers and child processes clone what they are given. */
function isCloning({ expression }: TS.CallExpression): boolean {
  return /(^|\.)postMessage$|^process\.send$|^structuredClone$/.test(
    expression.getText().replace(/[?!]/g, ""),
  );
}
