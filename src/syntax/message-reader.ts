import { ts, type TS } from "./compiler.js";
import { moduleOf } from "./imports.js";
import { dialectOf } from "./schemas.js";
import type { Source } from "./source.js";
import { unwrapped } from "./walk.js";

/** A message that has been made of data: the code that names it. */
export interface ReadMessage {
  readonly message: string;
  /** What the message is called where it arrives, to ask about its type; undefined for other code. */
  readonly named?: TS.Node | undefined;
  /** The name of the schema that has read it. */
  readonly schema?: TS.Identifier | undefined;
}

/** `JSON.parse(text)`. */
export function isParse(node: TS.Node): node is TS.CallExpression {
  return ts.isCallExpression(node) && node.expression.getText() === "JSON.parse";
}

/** What checks or reads data, and gives back the message that it is. */
const READER =
  /^(parse|decode|cast|coerce)(Async)?$|^(parse|decode|read|to|as|from|create)\w*(Message|Command|Event|Job|Request|Payload)$/;

/** What gives back whether data is a message, with the message. */
const CAREFUL_READER = /^safe(Parse|Decode)(Async)?$/;

/**
 * What a statement calls the message that a call makes: the constant, or the variable declared before
 * it, that gets it, through brackets, assertions and `await`, as it is or read by a schema.
 */
export function nameOf(
  source: Source,
  statement: TS.Statement,
  call: TS.CallExpression,
): ReadMessage | null {
  const target = constantIn(statement) ?? assignedIn(statement);
  const value = target && awaited(target.value);
  if (!target || !value || !ts.isCallExpression(value)) return null;
  const isRead = value.arguments.some((each) => awaited(each) === call);
  if (value !== call && !isRead) return null;
  const reader = lastNameOf(value.expression);
  const { name } = target;
  if (isRead && /Async$/.test(reader) && !isAwaited(value)) return null;
  const schema = schemaAsked(value);
  if (CAREFUL_READER.test(reader)) {
    const result = resultIn(source, name, value);
    return result && { ...result, schema };
  }
  if (!ts.isIdentifier(name) || (isRead && !READER.test(reader))) return null;
  return { message: name.text, named: name, schema: isRead ? schema : undefined };
}

/** The schema of `schema.parse(data)`, or of `parse(schema, data)`. */
function schemaAsked({
  expression,
  arguments: given,
}: TS.CallExpression): TS.Identifier | undefined {
  const callee = unwrapped(expression);
  const [first] = given;
  const isFunction = first !== undefined && !isParse(awaited(first));
  const owner = ts.isPropertyAccessExpression(callee) ? callee.expression : undefined;
  const schema = isFunction ? first : owner;
  return schema && ts.isIdentifier(schema) ? schema : undefined;
}

function isAwaited(value: TS.Expression): boolean {
  let node: TS.Node = value;
  while (ts.isParenthesizedExpression(node.parent)) node = node.parent;
  return ts.isAwaitExpression(node.parent);
}

/** The message in the result of a careful reader: Zod says `data` and Valibot `output`. */
function resultIn(
  source: Source,
  name: TS.BindingName,
  reading: TS.CallExpression,
): { message: string } | null {
  const member = resultMember(source, reading);
  // Nothing says that there is a result: what reads may be asked for by `?.`.
  if (ts.isIdentifier(name)) return member === null ? null : { message: `${name.text}?.${member}` };
  if (!ts.isObjectBindingPattern(name)) return null;
  const element = name.elements.find(
    (each) => !each.dotDotDotToken && (each.propertyName ?? each.name).getText() === member,
  );
  return element && ts.isIdentifier(element.name) ? { message: element.name.text } : null;
}

/** A schema's own method gets the data first, a function the schema. */
function resultMember(source: Source, { expression, arguments: given }: TS.CallExpression) {
  const [first] = given;
  if (first && isParse(awaited(first))) return "data";
  const root = ts.isPropertyAccessExpression(expression) ? expression.expression : expression;
  const dialect = ts.isIdentifier(root) ? dialectOf(moduleOf(source, root) ?? "") : null;
  if (dialect === null) return given.length === 1 ? "data" : null;
  return dialect === "valibot" ? "output" : "data";
}

interface Target {
  readonly name: TS.BindingName;
  readonly value: TS.Expression;
}

function constantIn(statement: TS.Statement): Target | null {
  if (!ts.isVariableStatement(statement)) return null;
  const { declarations, flags } = statement.declarationList;
  const [declaration, ...others] = declarations;
  const isConstant = (flags & ts.NodeFlags.Const) !== 0 && others.length === 0;
  if (!isConstant || !declaration?.initializer) return null;
  return { name: declaration.name, value: declaration.initializer };
}

/** `message = JSON.parse(text);` */
export function assignedIn(statement: TS.Statement): Target | null {
  const code = ts.isExpressionStatement(statement) ? unwrapped(statement.expression) : null;
  if (!code || !ts.isBinaryExpression(code) || !ts.isIdentifier(code.left)) return null;
  const isPlain = code.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  return isPlain ? { name: code.left, value: code.right } : null;
}

function awaited(expression: TS.Expression): TS.Expression {
  const code = unwrapped(expression);
  return ts.isAwaitExpression(code) ? unwrapped(code.expression) : code;
}

function lastNameOf(callee: TS.Expression): string {
  const code = unwrapped(callee);
  return ts.isPropertyAccessExpression(code) ? code.name.text : code.getText();
}
