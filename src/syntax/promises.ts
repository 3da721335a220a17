import { ts, type TS } from "./compiler.js";
import { isInAsync, isSettled } from "./control-flow.js";
import { isAsync, isGenerator, unwrapped, walkOwn } from "./walk.js";
import type { ReasonCode } from "./reason.js";
import type { Source } from "./source.js";
import type { Types } from "./value-kind.js";

/** How the code around takes an expression's value. */
export type Consumption = "awaited" | "returned" | "chained" | "void" | "unused" | "used";

const PROMISE_METHODS = new Set(["then", "catch", "finally"]);

/** Climbs from a call to the end of its chain (`db.update(t).set(x).where(y)`), up to `.then`. */
export function wholeChain(call: TS.CallExpression): TS.Expression {
  let node: TS.Expression = call;
  for (;;) {
    const { parent }: TS.Node = node;
    const isLink =
      (ts.isPropertyAccessExpression(parent) && !PROMISE_METHODS.has(parent.name.text)) ||
      ts.isElementAccessExpression(parent) ||
      ts.isCallExpression(parent) ||
      ts.isNonNullExpression(parent);
    if (!isLink || parent.expression !== node) return node;
    node = parent;
  }
}

/** How an expression's value is taken, looking through brackets and type assertions. */
export function consumptionOf(expression: TS.Expression): Consumption {
  const node = withoutAssertions(expression);
  const { parent } = node;
  if (ts.isAwaitExpression(parent)) return "awaited";
  if (ts.isReturnStatement(parent)) return "returned";
  if (ts.isArrowFunction(parent) && parent.body === node) return "returned";
  if (ts.isVoidExpression(parent)) return "void";
  if (ts.isExpressionStatement(parent)) return "unused";
  return isChained(node) || isPromiseElement(node) ? "chained" : "used";
}

function withoutAssertions(expression: TS.Expression): TS.Expression {
  let node = expression;
  while (
    ts.isParenthesizedExpression(node.parent) ||
    ts.isAsExpression(node.parent) ||
    ts.isSatisfiesExpression(node.parent) ||
    ts.isNonNullExpression(node.parent)
  ) {
    node = node.parent;
  }
  return node;
}

/**
 * Whether a value is used by `.then`, `.catch` and `.finally` alone: a promise of a library may have
 * more methods, which the promise of a span has not.
 */
function isChained(node: TS.Expression): boolean {
  const { parent } = node;
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== node) return false;
  if (!PROMISE_METHODS.has(parent.name.text)) return false;
  const call = parent.parent;
  if (!ts.isCallExpression(call) || call.expression !== parent) return false;
  const next = withoutAssertions(call);
  return !ts.isPropertyAccessExpression(next.parent) || isChained(next);
}

/** `Promise.all([a(), b()])` takes each element's promise on the spot. */
function isPromiseElement(node: TS.Node): boolean {
  const array = node.parent;
  const call = array.parent;
  if (!ts.isArrayLiteralExpression(array) || !ts.isCallExpression(call)) return false;
  const callee = call.expression;
  return (
    ts.isPropertyAccessExpression(callee) &&
    callee.expression.getText() === "Promise" &&
    ["all", "allSettled", "race", "any"].includes(callee.name.text)
  );
}

/**
 * Why a wrapped expression would not keep its meaning, given that `startSpan` returns a new promise:
 * null where its value is taken on the spot, or is certainly no promise.
 * @param awaits whether the expression itself awaits, so that its wrapper must be async
 */
export function hazardOf(
  source: Source,
  expression: TS.Expression,
  awaits: boolean,
  types: Types,
): ReasonCode | null {
  const consumption = consumptionOf(expression);
  if (consumption === "awaited") return null;
  if (consumption === "returned" && isInAsync(expression)) return ongoing(expression, types);
  if (awaits) return "not-awaited";
  if (isSynchronous(source, expression)) return null;
  switch (types.valueOf(expression)) {
    case "plain":
      return null;
    case "ongoing":
      return "outlives-span";
    case "thenable":
      return consumption === "unused" || consumption === "void"
        ? "not-awaited"
        : "may-return-thenable";
    case "promise":
      if (consumption === "returned" && isMadeHere(expression)) return null;
      return consumption === "chained" || consumption === "void" ? null : "not-awaited";
    case "unknown":
      return consumption === "chained" || consumption === "void" ? null : "not-awaited";
  }
}

function ongoing(expression: TS.Expression, types: Types): ReasonCode | null {
  return types.valueOf(expression) === "ongoing" ? "outlives-span" : null;
}

const SYNCHRONOUS_GLOBALS =
  /^(?:(?:JSON|Math|Number|String|Boolean|Date|console)\.\w+|Object\.(?:keys|values|entries|is|hasOwn)|Array\.(?:isArray|of|from)|parseInt|parseFloat|isNaN|isFinite)$/;

/** Whether an expression certainly yields neither a promise nor a thenable. */
export function isSynchronous(source: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (isSettled(code)) return !ts.isAwaitExpression(code);
  if (!ts.isCallExpression(code)) return false;
  const callee = unwrapped(code.expression);
  const name = callee.getText(source.file);
  const root = /^\w+/.exec(name)?.[0] ?? "";
  if (SYNCHRONOUS_GLOBALS.test(name)) return !source.scope.resolve(root, code)?.length;
  if (!ts.isIdentifier(callee)) return false;
  const [declaration, ...overloads] = source.scope.resolve(callee.text, code) ?? [];
  if (!declaration || overloads.length > 0) return false;
  const fn = functionDeclaredBy(declaration);
  return fn !== null && !isReassigned(source, declaration) && returnsNoThenable(fn);
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
  return ts.isArrowFunction(value) || ts.isFunctionExpression(value) ? value : null;
}

/**
 * Why a span around a function's whole body would change what its callers get, or null. Asked of
 * the text first, and only then of the types.
 */
export function resultHazard(fn: TS.FunctionLikeDeclaration, types: Types): ReasonCode | null {
  if (isAsync(fn) || returnsNoThenable(fn) || returnsFreshPromise(fn)) return null;
  const returned = returnedBy(fn) ?? [];
  const kind = types.resultOf(fn);
  if (kind === "plain") return null;
  if (kind === "ongoing") return "outlives-span";
  if (kind === "promise" && returned.every((each) => isFreshOrPlain(each, types))) return null;
  return returned.every((each) => isPlainValue(each, types)) ? null : "may-return-thenable";
}

function isPlainValue(expression: TS.Expression, types: Types): boolean {
  const code = unwrapped(expression);
  if (ts.isConditionalExpression(code)) {
    return isPlainValue(code.whenTrue, types) && isPlainValue(code.whenFalse, types);
  }
  if (isSettled(code)) return !ts.isAwaitExpression(code);
  return types.valueOf(code) === "plain";
}

function isFreshOrPlain(expression: TS.Expression, types: Types): boolean {
  const code = unwrapped(expression);
  if (ts.isConditionalExpression(code)) {
    return isFreshOrPlain(code.whenTrue, types) && isFreshOrPlain(code.whenFalse, types);
  }
  if (isPlainValue(code, types)) return true;
  return isMadeHere(code) && types.valueOf(code) !== "thenable";
}

/** Whether a function certainly returns neither a promise nor a thenable, told from its own text. */
function returnsNoThenable(fn: TS.FunctionLikeDeclaration): boolean {
  if (isAsync(fn) || isGenerator(fn)) return false;
  const isVoid = fn.type?.kind === ts.SyntaxKind.VoidKeyword;
  if (fn.type && !isVoid && isPlainType(fn.type)) return true;
  return returnedBy(fn)?.every((each) => isSettled(each) && !ts.isAwaitExpression(each)) ?? false;
}

/**
 * Whether a function that is not async returns promises that nobody can know yet: declared as
 * `Promise`, and made where they are returned. One that was kept elsewhere may be handled there,
 * and a new promise beside it would not be.
 */
function returnsFreshPromise(fn: TS.FunctionLikeDeclaration): boolean {
  if (isGenerator(fn) || !fn.type || !ts.isTypeReferenceNode(fn.type)) return false;
  if (fn.type.typeName.getText() !== "Promise") return false;
  return returnedBy(fn)?.every(isMadeHere) ?? false;
}

function isMadeHere(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (ts.isConditionalExpression(code))
    return isMadeHere(code.whenTrue) && isMadeHere(code.whenFalse);
  return ts.isCallExpression(code) || ts.isNewExpression(code);
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
