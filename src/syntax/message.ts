import { ts, type TS } from "./compiler.js";
import { propertyName } from "./names.js";
import { reason, type Reason } from "./reason.js";
import type { Source } from "./source.js";
import { unwrapped } from "./walk.js";

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
  const direct = named || isCloning(call) ? null : stringifiedIn(call.arguments);
  const given = named ?? (direct ? undefined : call.arguments.find(canBeObject));
  const text = direct ?? (given ? stringified(valueOf(source, given)) : null);
  if (text) return { node: text, isCopied: true };
  if (!given || !canBeObject(given)) return reason("no-message");
  return { node: given, isCopied: isMadeHere(given) || isCloning(call) };
}

/** What the text among some arguments was made of. */
function stringifiedIn(all: readonly TS.Node[]): TS.Expression | null {
  for (const each of all) {
    const found = stringified(each);
    if (found) return found;
  }
  return null;
}

/**
 * The argument of the `JSON.stringify` whose text some code hands on: as it is, encoded, or as a
 * member. What a function makes of it, say a hash, is another value.
 */
function stringified(node: TS.Node): TS.Expression | null {
  const code = ts.isExpression(node) ? unwrapped(node) : node;
  if (ts.isCallExpression(code)) {
    const [first] = code.arguments;
    if (!first || ts.isSpreadElement(first)) return null;
    if (isStringify(code)) return first;
    return ENCODERS.test(code.expression.getText()) ? stringified(first) : null;
  }
  if (ts.isNewExpression(code)) return stringifiedIn(code.arguments ?? []);
  if (ts.isArrayLiteralExpression(code)) return stringifiedIn(code.elements);
  // What says its own type is the message itself, whatever its members are made of.
  if (ts.isObjectLiteralExpression(code))
    return saysType(code) ? null : stringifiedIn(code.properties);
  if (ts.isPropertyAssignment(code)) return stringified(code.initializer);
  if (ts.isAwaitExpression(code)) return stringified(code.expression);
  if (ts.isTemplateExpression(code)) {
    return stringifiedIn(code.templateSpans.map(({ expression }) => expression));
  }
  const isSum = ts.isBinaryExpression(code) && code.operatorToken.kind === ts.SyntaxKind.PlusToken;
  return isSum ? stringifiedIn([code.left, code.right]) : null;
}

function saysType({ properties }: TS.ObjectLiteralExpression): boolean {
  return properties.some(({ name }) => name && /^(type|kind)$/.test(propertyName(name) ?? ""));
}

/** Functions that give the same text in another form. */
const ENCODERS = /^Buffer\.from$|(^|\.)(encode|gzip|deflate|brotliCompress|compress|pack)(Sync)?$/;

function isStringify({ expression }: TS.CallExpression): boolean {
  return expression.getText() === "JSON.stringify";
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
