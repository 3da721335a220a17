import { ts, type TS } from "./compiler.js";
import { isSettled } from "./settled.js";
import type { ReasonCode } from "./reason.js";
import type { Source } from "./source.js";
import { packageOfCall } from "./traced-call.js";
import type { Types } from "./value-kind.js";
import { isAsync, isGenerator, isInlineFunction, unwrapped, walkOwn } from "./walk.js";

/**
 * Why a span around all that a function does would change what its callers get, or would end before
 * the work does; null where neither is so. Asked of the text first, and only then of the types.
 */
export function resultHazard(
  source: Source,
  fn: TS.FunctionLikeDeclaration,
  types: Types,
): ReasonCode | null {
  const returned = returnedBy(fn) ?? [];
  if (returned.some((each) => isOngoing(source, each, types))) return "outlives-span";
  if (isAsync(fn)) return null;
  if (returned.some((each) => isProxy(source, each))) return "may-return-thenable";
  if (returnsNoThenable(fn)) return null;
  const kind = types.resultOf(fn);
  // The type that is said may be wider than what is returned.
  if (returned.some((each) => types.valueOf(each) === "thenable")) return "may-return-thenable";
  if (kind === "plain") return null;
  if (kind === "ongoing") return returned.every(isThis) ? null : "outlives-span";
  const isPromise = kind === "promise" || (kind === "unknown" && saysPromise(fn));
  if (isPromise && returned.every((each) => isFreshOrPlain(source, each, types))) return null;
  const isPlain = (each: TS.Expression) => isPlainValue(each, types) || isSynchronous(source, each);
  return returned.every(isPlain) ? null : "may-return-thenable";
}

function saysPromise({ type }: TS.FunctionLikeDeclaration): boolean {
  return (
    type !== undefined && ts.isTypeReferenceNode(type) && type.typeName.getText() === "Promise"
  );
}

/** Whether an expression is neither a promise nor a thenable, as far as text and types tell. */
export function isPlainValue(expression: TS.Expression, types: Types): boolean {
  const code = unwrapped(expression);
  if (ts.isConditionalExpression(code)) {
    return isPlainValue(code.whenTrue, types) && isPlainValue(code.whenFalse, types);
  }
  if (isSettled(code)) return true;
  return types.valueOf(code) === "plain";
}

function isFreshOrPlain(source: Source, expression: TS.Expression, types: Types): boolean {
  const code = unwrapped(expression);
  if (ts.isConditionalExpression(code)) {
    return [code.whenTrue, code.whenFalse].every((each) => isFreshOrPlain(source, each, types));
  }
  return isPlainValue(code, types) || isFresh(source, code, types);
}

/** How many calls or names deep a value is followed to where it is made. */
const MAX_DEPTH = 4;

/**
 * Whether an expression yields a promise that nobody can know yet. One that was kept elsewhere may be
 * compared, or handled there, and a new promise beside it would not be.
 */
export function isFresh(
  source: Source,
  expression: TS.Expression,
  types: Types,
  depth = 0,
): boolean {
  const code = unwrapped(expression);
  if (types.valueOf(code) === "thenable") return false;
  if (ts.isNewExpression(code)) return true;
  if (!ts.isCallExpression(code) || depth === MAX_DEPTH) return false;
  const callee = unwrapped(code.expression);
  if (callee.getText() === "Promise.resolve") {
    // It gives back a promise that it is given.
    const [value] = code.arguments;
    return !value || isPlainValue(value, types) || isFresh(source, value, types, depth + 1);
  }
  if (makesPromise(callee)) return true;
  const fn = calledFunction(source, code);
  if (fn) {
    const returned = returnedBy(fn) ?? [];
    return isAsync(fn) || returned.every((each) => isFresh(source, each, types, depth + 1));
  }
  return packageOfCall(source, code) !== null || types.makesPromise(code);
}

export const PROMISE_METHODS: ReadonlySet<string> = new Set(["then", "catch", "finally"]);

/** `fetch`, `Promise.all` and its like, and what `then` returns. */
function makesPromise(callee: TS.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === "fetch";
  if (!ts.isPropertyAccessExpression(callee)) return false;
  const isPlatform = callee.expression.getText() === "Promise";
  return isPlatform || PROMISE_METHODS.has(callee.name.text);
}

/**
 * Whether work goes on behind a value when it is there: a stream, also as a response's body, a
 * generator, a subprocess.
 */
export function isOngoing(
  source: Source,
  expression: TS.Expression,
  types: Types,
  depth = 0,
): boolean {
  const code = unwrapped(expression);
  if (isSettled(code) || isThis(code) || depth === MAX_DEPTH) return false;
  const goesOn = (each: TS.Expression | undefined) =>
    each !== undefined && isOngoing(source, each, types, depth + 1);
  if (ts.isConditionalExpression(code)) return goesOn(code.whenTrue) || goesOn(code.whenFalse);
  if (ts.isNewExpression(code)) {
    const name = code.expression.getText();
    if (/Stream$|^PassThrough$/.test(name)) return true;
    return name.endsWith("Response") && goesOn(code.arguments?.[0]);
  }
  if (ts.isIdentifier(code) && mayGoOn(source.scope.declared(code.text), goesOn)) {
    if (goesOn(initialiserOf(source, code))) return true;
  }
  if (ts.isCallExpression(code) && startsWork(source, code)) return true;
  return types.valueOf(code) === "ongoing";
}

/** Of more than so many it takes less time to find out which one is meant. */
const MANY = 50;

/** Whether a variable of that name, wherever it is, says so: most questions end with these. */
function mayGoOn(
  declarations: readonly TS.Declaration[],
  goesOn: (initialiser: TS.Expression | undefined) => boolean,
): boolean {
  if (declarations.length > MANY) return true;
  return declarations.some((each) => ts.isVariableDeclaration(each) && goesOn(each.initializer));
}

/** `startSpan` looks for a `then` in what it returns, which a proxy notices. */
function isProxy(source: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  const made = ts.isIdentifier(code) ? initialiserOf(source, code) : code;
  return made !== undefined && ts.isNewExpression(made) && made.expression.getText() === "Proxy";
}

/** Whether an expression makes a proxy, or calls a function of the file that does. */
export function yieldsProxy(source: Source, expression: TS.Expression): boolean {
  if (isProxy(source, expression)) return true;
  const code = unwrapped(expression);
  const fn = ts.isCallExpression(code) ? calledFunction(source, code) : null;
  return (
    fn !== null && !isAsync(fn) && (returnedBy(fn) ?? []).some((each) => isProxy(source, each))
  );
}

/** A method that gives back its own object starts nothing. */
function isThis(expression: TS.Expression): boolean {
  return unwrapped(expression).kind === ts.SyntaxKind.ThisKeyword;
}

function initialiserOf(source: Source, name: TS.Identifier): TS.Expression | undefined {
  const [declaration, ...others] = source.scope.resolve(name.text, name) ?? [];
  if (!declaration || others.length > 0 || !ts.isVariableDeclaration(declaration)) return undefined;
  return declaration.initializer;
}

const SUBPROCESSES = new Set(["spawn", "fork", "exec", "execFile"]);

function startsWork(source: Source, call: TS.CallExpression): boolean {
  const callee = unwrapped(call.expression);
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
  if (name === "pipeThrough" || /Stream\w*Response$/.test(name)) return true;
  if (SUBPROCESSES.has(name)) return packageOfCall(source, call) === "child_process";
  const fn = calledFunction(source, call);
  return fn !== null && isGenerator(fn);
}

const SYNCHRONOUS_GLOBALS =
  /^(?:(?:JSON|Math|Number|String|Boolean|Date|console)\.\w+|Object\.(?:keys|values|entries|is|hasOwn)|Array\.(?:isArray|of|from)|parseInt|parseFloat|isNaN|isFinite)$/;

/** Whether an expression certainly yields neither a promise nor a thenable. */
export function isSynchronous(source: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (ts.isConditionalExpression(code)) {
    return isSynchronous(source, code.whenTrue) && isSynchronous(source, code.whenFalse);
  }
  if (isSettled(code)) return !ts.isAwaitExpression(code);
  if (!ts.isCallExpression(code)) return false;
  const callee = unwrapped(code.expression);
  const name = callee.getText(source.file);
  const root = /^\w+/.exec(name)?.[0] ?? "";
  if (SYNCHRONOUS_GLOBALS.test(name)) return !source.scope.resolve(root, code)?.length;
  const fn = calledFunction(source, code);
  return fn !== null && returnsNoThenable(fn);
}

/** The function of this file that a call by name calls, if it is certain. */
export function calledFunction(
  source: Source,
  call: TS.CallExpression,
): TS.FunctionLikeDeclaration | null {
  const callee = unwrapped(call.expression);
  if (!ts.isIdentifier(callee) || !source.scope.declared(callee.text).some(functionDeclaredBy)) {
    return null;
  }
  const [declaration, ...overloads] = source.scope.resolve(callee.text, callee) ?? [];
  if (!declaration || overloads.length > 0) return null;
  const fn = functionDeclaredBy(declaration);
  return fn !== null && !isReassigned(source, declaration) ? fn : null;
}

function isReassigned(source: Source, declaration: TS.Declaration): boolean {
  const name = ts.getNameOfDeclaration(declaration);
  if (!name || !ts.isIdentifier(name)) return true;
  return source.scope.references(name).some(({ parent }) => {
    const target =
      ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
    return target && parent.left.getText() === name.text;
  });
}

function functionDeclaredBy(declaration: TS.Declaration): TS.FunctionLikeDeclaration | null {
  if (ts.isFunctionDeclaration(declaration)) return declaration;
  if (!ts.isVariableDeclaration(declaration) || !declaration.initializer) return null;
  const value = unwrapped(declaration.initializer);
  return isInlineFunction(value) ? value : null;
}

/** Whether a function certainly returns neither a promise nor a thenable, told from its own text. */
export function returnsNoThenable(fn: TS.FunctionLikeDeclaration): boolean {
  if (isAsync(fn) || isGenerator(fn)) return false;
  const isVoid = fn.type?.kind === ts.SyntaxKind.VoidKeyword;
  if (fn.type && !isVoid && isPlainType(fn.type)) return true;
  return returnedBy(fn)?.every((each) => isSettled(each) && !ts.isAwaitExpression(each)) ?? false;
}

/** The expressions a function returns; null without a body. */
function returnedBy(fn: TS.FunctionLikeDeclaration): TS.Expression[] | null {
  if (!fn.body) return null;
  if (!ts.isBlock(fn.body)) return [fn.body];
  const returned: TS.Expression[] = [];
  walkOwn(fn.body, (node) => {
    if (ts.isReturnStatement(node) && node.expression) returned.push(node.expression);
  });
  return returned;
}

function isPlainType(type: TS.TypeNode): boolean {
  if (ts.isUnionTypeNode(type)) return type.types.every(isPlainType);
  if (ts.isArrayTypeNode(type) || ts.isTupleTypeNode(type) || ts.isLiteralTypeNode(type))
    return true;
  if (ts.isTypePredicateNode(type)) return true;
  switch (type.kind) {
    case ts.SyntaxKind.StringKeyword:
    case ts.SyntaxKind.NumberKeyword:
    case ts.SyntaxKind.BooleanKeyword:
    case ts.SyntaxKind.BigIntKeyword:
    case ts.SyntaxKind.SymbolKeyword:
    case ts.SyntaxKind.UndefinedKeyword:
    case ts.SyntaxKind.NeverKeyword:
      return true;
    default:
      return false;
  }
}
