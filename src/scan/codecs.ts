import { ts, type TS } from "../syntax/compiler.js";
import type { NamedFunction } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { findNode, unwrapped, walkOwn } from "../syntax/walk.js";
import type { Rule } from "../transform.js";
import { functionAround, meansOnly } from "./detector.js";

/** What makes a message into what a channel takes. */
const ENCODER =
  /^(encode|serialize|stringify|pack|marshal)(?=[A-Z]|$)|^to(Json|JSON|Wire|Frame|Text)$/;

/** What makes it a message again. */
const DECODER =
  /^(decode|parse(?!Int$|Float$)|deserialize|unpack|unmarshal)(?=[A-Z]|$)|^from(Json|JSON|Wire|Frame|Text)$/;

/** A message that a function of the user's makes into text where it is sent. */
export interface Encoded {
  readonly message: TS.Expression;
  /** The argument as a rule says it. */
  readonly pattern: string;
}

/** `encodeFrame({ kind: "command", command })`, `this.codec.encode(message)`. */
export function encodedIn({ file }: Source, argument: TS.Expression): Encoded | null {
  const code = unwrapped(argument);
  if (!ts.isCallExpression(code) || !ENCODER.test(lastNameOf(code))) return null;
  const [message, ...others] = code.arguments;
  const callee = code.expression.getText(file);
  if (!message || callee === "JSON.stringify" || !mayBeMessage(message)) return null;
  return { message, pattern: `${callee}($message${others.length > 0 ? ", $$$" : ""})` };
}

/** An object, or a name for one. */
function mayBeMessage(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  return (
    ts.isObjectLiteralExpression(code) ||
    ts.isIdentifier(code) ||
    ts.isPropertyAccessExpression(code)
  );
}

function lastNameOf({ expression }: TS.CallExpression): string {
  const callee = unwrapped(expression);
  if (ts.isPropertyAccessExpression(callee)) return callee.name.text;
  return ts.isIdentifier(callee) ? callee.text : "";
}

/** How a rule means the handling of a message. */
export interface Handling {
  readonly at: NonNullable<Rule["at"]>;
  readonly region?: "rest";
  /** The code that names the message, where the rule does not find it. */
  readonly message?: string;
}

/**
 * How a rule means the handling of what a function decodes of its parameters: all that follows the
 * constant that gets it. Null where it decodes nothing, or more than a rule can tell apart.
 */
export function decodedBy(source: Source, fn: NamedFunction): Handling | null {
  const names = new Set(fn.parameters.map(({ name }) => name.getText(source.file)));
  const isGiven = (node: TS.Node) => ts.isIdentifier(node) && names.has(node.text);
  return decodedOf(source, fn, (given) => findNode(given, isGiven) !== undefined);
}

/** The same of what a function decodes of anything that passes a test. */
export function decodedOf(
  source: Source,
  fn: NamedFunction,
  isMeant: (given: TS.Expression) => boolean,
): Handling | null {
  const calls: TS.CallExpression[] = [];
  walkOwn(fn.body, (node) => {
    const call = ts.isVariableDeclaration(node) ? decodingIn(node) : null;
    if (call?.arguments.some(isMeant)) calls.push(call);
  });
  const [call, ...others] = calls;
  if (!call || others.length > 0) return null;
  const within = functionAround(call);
  const callee = call.expression.getText(source.file);
  const at = { call: `${callee}($$$)`, ...(within === undefined ? {} : { within }) };
  return meansOnly(source, at, [{ node: call }]) ? { at, region: "rest" } : null;
}

/** `const frame = decodeFrame(text)`, through assertions and `await`. */
function decodingIn({ name, initializer, parent }: TS.VariableDeclaration) {
  const isConstant = (ts.getCombinedNodeFlags(parent) & ts.NodeFlags.Const) !== 0;
  if (!initializer || !isConstant || !ts.isIdentifier(name)) return null;
  const value = unwrapped(initializer);
  const code = ts.isAwaitExpression(value) ? unwrapped(value.expression) : value;
  return ts.isCallExpression(code) && DECODER.test(lastNameOf(code)) ? code : null;
}
