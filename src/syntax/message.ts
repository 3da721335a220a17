import { ts, type TS } from "./compiler.js";
import { fingerprint } from "./fingerprint.js";
import { propertyName } from "./names.js";
import { reason, type Reason } from "./reason.js";
import type { Source } from "./source.js";
import { enclosingFunction, findNode, unwrapped, walk } from "./walk.js";

/** What a call sends. */
export interface Message {
  readonly node: TS.Expression;
  /** Whether its receiver gets a copy in any case: as text, as a clone, or because it is made here. */
  readonly isCopied: boolean;
  /** Whether it is a member that is only named: `{ data }`. */
  readonly isShorthand?: boolean;
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
  const around = named ? stringifyAround(source, named) : null;
  const isAsIs = named !== undefined || isCloning(source, call);
  const direct = around ?? (isAsIs ? null : textIn(source, call, call.arguments));
  const given = direct ? undefined : (named ?? call.arguments.find(canBeObject));
  const text = direct ?? (given ? textOf(source, call, valueOf(source, given)) : null);
  if (text) return textMessage(source, call, text);
  if (!given || !canBeObject(given)) return reason("no-message");
  // What a rule names may well have headers, as long as it is no request that gets it.
  const mayBeRequest = named === undefined || REQUESTS.test(lastName(call));
  if (mayBeRequest && isRequest(given)) return reason("no-message");
  return { node: given, isCopied: isMadeHere(given) || isCloning(source, call) };
}

/** The `JSON.stringify` that makes text of what a rule names. */
function stringifyAround(source: Source, named: TS.Expression): TS.CallExpression | null {
  const { parent } = named;
  if (!ts.isCallExpression(parent) || parent.arguments[0] !== named) return null;
  return isStringify(source, parent) ? parent : null;
}

/** A message that is made into text, unless the text is needed as it is. */
function textMessage(
  source: Source,
  call: TS.CallExpression,
  stringify: TS.CallExpression,
): Message | Reason {
  const [node, replacer] = stringify.arguments;
  if (!node || ts.isSpreadElement(node)) return reason("no-message");
  if (replacer && !/^(null|undefined)$/.test(replacer.getText())) return reason("custom-text");
  return isNeededAsIs(source, call, stringify) ? reason("text-in-use") : { node, isCopied: true };
}

/** Whether the text of a message is used beside sending it: made again in the call, or kept by a name. */
function isNeededAsIs(
  source: Source,
  call: TS.CallExpression,
  stringify: TS.CallExpression,
): boolean {
  const own = fingerprint(stringify);
  let made = 0;
  for (const argument of call.arguments) {
    walk(argument, (node) => {
      if (ts.isCallExpression(node) && fingerprint(node) === own) made++;
    });
  }
  if (made > 1 || isMadeAgain(source, call, stringify, own)) return true;
  const declaration = [...declarationsAround(stringify)][0];
  if (!declaration || call.pos <= stringify.pos) return false;
  const uses = source.scope.references(
    declaration,
    (use) => use !== declaration && !isSending(use, call),
  );
  return uses.length > 0;
}

/** Whether the same text is made in the function once more, and neither sent nor logged: measured, signed. */
function isMadeAgain(
  source: Source,
  call: TS.CallExpression,
  stringify: TS.CallExpression,
  own: string,
): boolean {
  const around = enclosingFunction(call) ?? call.getSourceFile();
  const isOther = (node: TS.Node) =>
    ts.isCallExpression(node) &&
    node !== stringify &&
    node.expression.getText().endsWith("stringify") &&
    fingerprint(node) === own;
  const isKept = (node: TS.Node) =>
    isOther(node) && !isSentToo(source, node, call) && !isLogged(node);
  return findNode(around, isKept) !== undefined;
}

/** Whether a text only goes where that of the call goes: as it is, encoded, in an object or by a name. */
function isSentToo(source: Source, text: TS.Node, call: TS.CallExpression): boolean {
  for (let at = text; ; at = at.parent) {
    const { parent } = at;
    if (ts.isCallExpression(parent)) {
      if (lastName(parent) === lastName(call)) return true;
      if (parent.expression === at || !ENCODERS.test(parent.expression.getText())) return false;
    } else if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)) {
      const { name } = parent;
      const uses = source.scope.references(name).filter((use) => use !== name);
      return uses.every((use) => isSentToo(source, use, call));
    } else if (!isPassedOn(parent)) return false;
  }
}

/** Whether a node holds a text as it is, or as a part of what it makes. */
function isPassedOn(node: TS.Node): boolean {
  return (
    ts.isNewExpression(node) ||
    ts.isObjectLiteralElement(node) ||
    ts.isObjectLiteralExpression(node) ||
    ts.isArrayLiteralExpression(node) ||
    ts.isParenthesizedExpression(node) ||
    ts.isConditionalExpression(node) ||
    ts.isTemplateSpan(node) ||
    ts.isTemplateExpression(node) ||
    (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
  );
}

function isLogged({ parent }: TS.Node): boolean {
  return ts.isCallExpression(parent) && LOGS.test(parent.expression.getText());
}

const LOGS = /(^|\.)(log|debug|info|warn|error|trace)$/;

/** The name that a constant has whose value a node is part of. */
function* declarationsAround(node: TS.Node): Generator<TS.Identifier> {
  for (let at = node.parent; at && !ts.isStatement(at); at = at.parent) {
    if (ts.isVariableDeclaration(at) && ts.isIdentifier(at.name)) yield at.name;
  }
}

/** Whether a value is used only in calls of the same function, such as another socket's `send`. */
function isSending(use: TS.Node, call: TS.CallExpression): boolean {
  for (let at: TS.Node = use; at && !ts.isStatement(at); at = at.parent) {
    if (at === call) return true;
    if (ts.isCallExpression(at)) {
      return isHandedOn(use, at) && lastName(at) === lastName(call);
    }
  }
  return false;
}

function isHandedOn(use: TS.Node, call: TS.CallExpression): boolean {
  return call.arguments.some((argument) => argument === use);
}

function lastName({ expression }: TS.CallExpression): string {
  return /[\w$]+$/.exec(expression.getText())?.[0] ?? "";
}

/** The `JSON.stringify` whose text some arguments hand on. */
function textIn(
  source: Source,
  call: TS.CallExpression,
  all: readonly TS.Node[],
): TS.CallExpression | null {
  for (const each of all) {
    const found = textOf(source, call, each);
    if (found) return found;
  }
  return null;
}

/**
 * The `JSON.stringify` whose text some code hands on: as it is, encoded, or as a member. What a
 * function makes of it, say a hash, is another value.
 */
function textOf(source: Source, call: TS.CallExpression, node: TS.Node): TS.CallExpression | null {
  const code = ts.isExpression(node) ? unwrapped(node) : node;
  const inside = (each: TS.Node) => textOf(source, call, each);
  const among = (all: readonly TS.Node[]) => textIn(source, call, all);
  if (ts.isCallExpression(code)) {
    const [first] = code.arguments;
    if (!first || ts.isSpreadElement(first)) return null;
    if (isStringify(source, code)) return code;
    return ENCODERS.test(code.expression.getText()) ? inside(first) : null;
  }
  if (ts.isNewExpression(code)) return among(code.arguments ?? []);
  if (ts.isArrayLiteralExpression(code)) return among(code.elements);
  // What says its own type is the message itself, whatever its members are made of.
  if (ts.isObjectLiteralExpression(code)) return saysType(code) ? null : among(code.properties);
  if (ts.isPropertyAssignment(code)) return inside(valueOf(source, code.initializer));
  if (ts.isShorthandPropertyAssignment(code)) {
    const value = valueOf(source, code.name);
    return value === code.name ? null : inside(value);
  }
  if (ts.isAwaitExpression(code)) return inside(code.expression);
  if (ts.isTemplateExpression(code)) {
    return among(code.templateSpans.map(({ expression }) => valueOf(source, expression)));
  }
  const isSum = ts.isBinaryExpression(code) && code.operatorToken.kind === ts.SyntaxKind.PlusToken;
  return isSum ? among([code.left, code.right]) : null;
}

function saysType({ properties }: TS.ObjectLiteralExpression): boolean {
  return properties.some(({ name }) => name && /^(type|kind)$/.test(propertyName(name) ?? ""));
}

/** The options of a request hold its message; they are none. */
function isRequest(given: TS.Expression): boolean {
  const code = unwrapped(given);
  if (!ts.isObjectLiteralExpression(code) || saysType(code)) return false;
  const names = code.properties.map(({ name }) => name && propertyName(name));
  return names.includes("body") && names.some((name) => /^(method|headers)$/.test(name ?? ""));
}

/** What makes requests, by its name. */
const REQUESTS = /^(fetch|request|axios|got|ky|ofetch|\$fetch)$/;

/** Functions that give the same text in another form. */
const ENCODERS = /^Buffer\.from$|(^|\.)(encode|gzip|deflate|brotliCompress|compress|pack)(Sync)?$/;

function isStringify({ scope }: Source, { expression }: TS.CallExpression): boolean {
  if (expression.getText() !== "JSON.stringify") return false;
  return (scope.resolve("JSON", expression) ?? []).length === 0;
}

/**
 * What a constant of the same function was given; any other expression is its own value. A constant
 * from outside has the context of another moment.
 */
export function valueOf(source: Source, expression: TS.Expression): TS.Expression {
  const value = constantValue(source, expression);
  return enclosingFunction(value) === enclosingFunction(expression) ? value : expression;
}

/** What a constant was given, wherever it stands; any other expression is its own value. */
export function constantValue({ scope }: Source, expression: TS.Expression): TS.Expression {
  const code = unwrapped(expression);
  if (!ts.isIdentifier(code)) return expression;
  const [declaration, ...others] = scope.resolve(code.text, code) ?? [];
  const isConstant =
    declaration !== undefined &&
    others.length === 0 &&
    ts.isVariableDeclaration(declaration) &&
    (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
  return (isConstant && declaration.initializer) || expression;
}

/** Whether a message may be meant, and not a name or a number. */
export function canBeObject(expression: TS.Expression): boolean {
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

/** A literal whose copy nobody can tell from it: an accessor would be read once and for all. */
export function isMadeHere(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (!ts.isObjectLiteralExpression(code)) return false;
  return code.properties.every(
    (each) => !ts.isAccessor(each) && each.name?.getText().replace(/["']/g, "") !== "__proto__",
  );
}

/** Ports, workers and child processes clone what they are given; a class of the file's own need not. */
function isCloning({ file }: Source, { expression }: TS.CallExpression): boolean {
  const callee = expression.getText().replace(/[?!]/g, "");
  if (!/(^|\.)postMessage$|^process\.send$|^structuredClone$/.test(callee)) return false;
  const name = /\w+$/.exec(callee)?.[0];
  const isOwn = (node: TS.Node) =>
    (ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node)) &&
    node.name?.getText() === name;
  return findNode(file, isOwn) === undefined;
}
