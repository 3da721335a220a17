import { ts, type TS } from "./compiler.js";
import { isInAsync, isSettled } from "./control-flow.js";
import { isAsync, isGenerator, unwrapped, walkOwn } from "./walk.js";
import type { Source } from "./source.js";

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
  let node: TS.Node = expression;
  while (
    ts.isParenthesizedExpression(node.parent) ||
    ts.isAsExpression(node.parent) ||
    ts.isSatisfiesExpression(node.parent) ||
    ts.isNonNullExpression(node.parent)
  ) {
    node = node.parent;
  }
  const { parent } = node;
  if (ts.isAwaitExpression(parent)) return "awaited";
  if (ts.isReturnStatement(parent)) return "returned";
  if (ts.isArrowFunction(parent) && parent.body === node) return "returned";
  if (ts.isVoidExpression(parent)) return "void";
  if (ts.isExpressionStatement(parent)) return "unused";
  const isChained =
    ts.isPropertyAccessExpression(parent) &&
    PROMISE_METHODS.has(parent.name.text) &&
    ts.isCallExpression(parent.parent);
  return isChained || isPromiseElement(node) ? "chained" : "used";
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
 * Whether a wrapped expression keeps its meaning although `startSpan` returns a new promise: its
 * value is taken on the spot, or it is certainly no promise.
 */
export function mayBeWrapped(source: Source, expression: TS.Expression): boolean {
  const consumption = consumptionOf(expression);
  if (consumption === "awaited" || consumption === "chained" || consumption === "void") return true;
  if (consumption === "returned" && isReturnedAsPromise(expression)) return true;
  return isSynchronous(source, expression);
}

/** In an async function, or one declared to return a plain promise, only the promise's value counts. */
function isReturnedAsPromise(expression: TS.Expression): boolean {
  if (isInAsync(expression)) return true;
  for (let node: TS.Node = expression; node; node = node.parent) {
    if (ts.isFunctionLike(node)) return returnsPlainPromise(node);
  }
  return false;
}

export function returnsPlainPromise(fn: TS.SignatureDeclaration): boolean {
  const { type } = fn;
  return (
    type !== undefined && ts.isTypeReferenceNode(type) && type.typeName.getText() === "Promise"
  );
}

const SYNCHRONOUS_GLOBALS = /^(JSON|Math|Number|String|Boolean|Object|Array|Date|console|Symbol)\b/;

/** Whether an expression certainly yields neither a promise nor a thenable. */
export function isSynchronous(source: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (isSettled(code)) return !ts.isAwaitExpression(code);
  if (!ts.isCallExpression(code)) return false;
  const callee = unwrapped(code.expression);
  if (ts.isPropertyAccessExpression(callee)) {
    const root = unwrapped(callee.expression);
    return (
      ts.isIdentifier(root) &&
      SYNCHRONOUS_GLOBALS.test(root.text) &&
      !source.scope.resolve(root.text, code)?.length
    );
  }
  if (!ts.isIdentifier(callee)) return false;
  const [declaration] = source.scope.resolve(callee.text, code) ?? [];
  const fn = declaration && functionDeclaredBy(declaration);
  return fn ? returnsNoThenable(fn) : false;
}

function functionDeclaredBy(declaration: TS.Declaration): TS.FunctionLikeDeclaration | null {
  if (ts.isFunctionDeclaration(declaration)) return declaration;
  if (!ts.isVariableDeclaration(declaration) || !declaration.initializer) return null;
  const value = unwrapped(declaration.initializer);
  return ts.isArrowFunction(value) || ts.isFunctionExpression(value) ? value : null;
}

/** Whether a function certainly returns neither a promise nor a thenable, told from its own text. */
export function returnsNoThenable(fn: TS.FunctionLikeDeclaration): boolean {
  if (isAsync(fn) || isGenerator(fn)) return false;
  if (fn.type && isPlainType(fn.type)) return true;
  if (!fn.body) return false;
  if (!ts.isBlock(fn.body)) return isSettled(fn.body);
  let settled = true;
  walkOwn(fn.body, (node) => {
    if (!ts.isReturnStatement(node) || !node.expression) return;
    if (!isSettled(node.expression) || ts.isAwaitExpression(node.expression)) settled = false;
  });
  return settled;
}

function isPlainType(type: TS.TypeNode): boolean {
  if (ts.isUnionTypeNode(type)) return type.types.every(isPlainType);
  if (ts.isArrayTypeNode(type) || ts.isTupleTypeNode(type) || ts.isLiteralTypeNode(type))
    return true;
  if (ts.isTypePredicateNode(type)) return true;
  switch (type.kind) {
    case ts.SyntaxKind.VoidKeyword:
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
