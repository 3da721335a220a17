import { ts, type TS } from "../syntax/compiler.js";
import { importOf, moduleOf } from "../syntax/imports.js";
import type { Source } from "../syntax/source.js";
import { elementOf } from "./list-type.js";
import { ancestors, unwrapped } from "../syntax/walk.js";

/** Over which messages go from one process or thread to another, as objects. */
const MODULES =
  /^(socket\.io|socket\.io-client|(node:)?worker_threads|(node:)?child_process|electron)$/;

/** What such modules call a channel, as a type or as a class. */
const TYPES =
  /^(Socket|Server|Namespace|Worker|MessagePort|ChildProcess|UtilityProcess|MessageChannel)$/;

/** What makes one, or is one. */
const MAKERS = /^(io|connect|fork)$/;
const ENDS = /^(parentPort|ipcRenderer|ipcMain)$/;

/** Links between a channel and what is done with it, that say to whom. */
const LINKS = /^(to|in|of|except|timeout|broadcast|volatile|local|compress)$/;

/** Events about the channel itself, and greetings. */
const LIFECYCLE =
  /^(connect(ion|_error)?|disconnect(ing)?|reconnect\w*|error|close|open|exit|online|listening|spawn|messageerror|drain|upgrade|ping|pong|ack|heartbeat|hello|welcome|ready)$/i;

/** Whether an event is about a channel and brings no work. */
export function isLifecycle(event: string): boolean {
  return LIFECYCLE.test(event);
}

/** Whether an event is a message: over a socket it has a name of its own, else it is called so. */
export function isMessage(source: Source, event: string, channel: TS.Expression): boolean {
  if (event === "message") return true;
  const hasNames = /["']socket\.io(-client)?["']/.test(source.text);
  return hasNames && !isLifecycle(event) && channel.getText(source.file) !== "process";
}

/** Whether an expression is one end of a channel that takes objects. */
export function isChannel(source: Source, expression: TS.Expression, depth = 0): boolean {
  const code = withoutLinks(unwrapped(expression));
  if (depth > MAX_DEPTH) return false;
  if (ts.isNewExpression(code)) return isOfModule(source, code.expression, TYPES);
  if (ts.isCallExpression(code)) {
    return isOfModule(source, code.expression, MAKERS) || isTakenFrom(source, code, depth);
  }
  if (ts.isIdentifier(code)) {
    if (code.text === "process") return true;
    if (isOfModule(source, code, ENDS)) return true;
    const declarations = source.scope.resolve(code.text, code) ?? [];
    return declarations.some((each) => declaresChannel(source, each, depth));
  }
  if (isOwnPort(code)) return true;
  const member = ownMember(code);
  return member !== undefined && declaresChannel(source, member, depth);
}

/** `process.parentPort`, by which a utility process of Electron is told something. */
export function isOwnPort(code: TS.Expression): boolean {
  return (
    ts.isPropertyAccessExpression(code) &&
    code.name.text === "parentPort" &&
    unwrapped(code.expression).getText() === "process"
  );
}

/** What `this.name` is declared as. */
function ownMember(code: TS.Expression): TS.Declaration | undefined {
  const isOwn =
    ts.isPropertyAccessExpression(code) && code.expression.kind === ts.SyntaxKind.ThisKeyword;
  return isOwn ? memberNamed(code, code.name.text) : undefined;
}

const MAX_DEPTH = 3;

function withoutLinks(code: TS.Expression): TS.Expression {
  const inner = ts.isCallExpression(code) ? code.expression : code;
  if (!ts.isPropertyAccessExpression(inner) || !LINKS.test(inner.name.text)) return code;
  return withoutLinks(unwrapped(inner.expression));
}

interface Declared {
  readonly type?: TS.TypeNode;
  readonly initializer?: TS.Expression;
}

/** What a declaration's type or value says, or the listener that it is handed to. */
function declaresChannel(source: Source, declaration: TS.Declaration, depth: number): boolean {
  const { type, initializer } = declaration as Declared;
  if (type) return isChannelType(source, type, depth);
  if (initializer) return isChannel(source, initializer, depth + 1);
  const loop = declaration.parent.parent as TS.Node | undefined;
  if (loop && ts.isForOfStatement(loop)) return holdsChannels(source, loop.expression, depth);
  return ts.isParameter(declaration) && comesIn(source, declaration, depth);
}

function isChannelType(source: Source, type: TS.TypeNode, depth: number): boolean {
  if (ts.isUnionTypeNode(type)) {
    return type.types.some((each) => isChannelType(source, each, depth));
  }
  if (!ts.isTypeReferenceNode(type) || depth > MAX_DEPTH) return false;
  const { typeName } = type;
  if (isOfModule(source, typeName, TYPES)) return true;
  return source.file.statements.filter(ts.isTypeAliasDeclaration).some(({ name, type: meant }) => {
    return name.text === typeName.getText() && isChannelType(source, meant, depth + 1);
  });
}

const TAKING = /^(shift|pop|at|get|find|values)$/;

/** `this.waiting.shift()` gives what the list holds. */
function isTakenFrom(source: Source, { expression }: TS.CallExpression, depth: number): boolean {
  if (!ts.isPropertyAccessExpression(expression) || !TAKING.test(expression.name.text))
    return false;
  return holdsChannels(source, expression.expression, depth);
}

/** Whether a list, a set or a map is declared to hold channels. */
function holdsChannels(source: Source, expression: TS.Expression, depth: number): boolean {
  const code = unwrapped(expression);
  if (ts.isCallExpression(code)) return isTakenFrom(source, code, depth);
  const declarations = ts.isIdentifier(code)
    ? (source.scope.resolve(code.text, code) ?? [])
    : [ownMember(code)];
  return declarations.some((each) => {
    const { type, initializer } = (each ?? {}) as Declared;
    const made = initializer && ts.isNewExpression(initializer) ? initializer.typeArguments : null;
    const held = type && ts.isTypeReferenceNode(type) ? type.typeArguments : made;
    const element = (type && elementOf(type)) ?? held?.at(-1);
    return element !== undefined && isChannelType(source, element, depth + 1);
  });
}

/** `io.on("connection", (socket) => ...)` hands out a channel. */
function comesIn(source: Source, parameter: TS.ParameterDeclaration, depth: number): boolean {
  const call = parameter.parent.parent;
  if (!ts.isCallExpression(call) || !ts.isPropertyAccessExpression(call.expression)) return false;
  const [event] = call.arguments;
  const isNew = event && ts.isStringLiteralLike(event) && /^connect(ion)?$/.test(event.text);
  return isNew === true && isChannel(source, call.expression.expression, depth + 1);
}

/** A field of the class around, or a parameter that is one. */
function memberNamed(node: TS.Node, name: string): TS.Declaration | undefined {
  for (const around of ancestors(node)) {
    if (!ts.isClassLike(around)) continue;
    const isNamed = (each: { readonly name?: TS.Node }) => each.name?.getText() === name;
    const given = around.members.find(ts.isConstructorDeclaration)?.parameters.find(isNamed);
    return around.members.find((each) => ts.isPropertyDeclaration(each) && isNamed(each)) ?? given;
  }
  return undefined;
}

/** Whether a name, or the last part of a path, means what a module of channels calls so. */
function isOfModule(source: Source, path: TS.Node, pattern: RegExp): boolean {
  const root = rootOf(path);
  const module = root && moduleOf(source, root);
  if (!root || !module || !MODULES.test(module)) return false;
  const name = root === path ? (importOf(source, root)?.exported ?? root.text) : lastOf(path);
  return pattern.test(name);
}

function rootOf(path: TS.Node): TS.Identifier | null {
  if (ts.isPropertyAccessExpression(path)) return rootOf(path.expression);
  if (ts.isQualifiedName(path)) return rootOf(path.left);
  return ts.isIdentifier(path) ? path : null;
}

function lastOf(path: TS.Node): string {
  if (ts.isPropertyAccessExpression(path)) return path.name.text;
  return ts.isQualifiedName(path) ? path.right.text : "";
}
