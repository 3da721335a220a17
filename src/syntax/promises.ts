import { ts, type TS } from "./compiler.js";
import { isGuarded, isInAsync } from "./control-flow.js";
import {
  calledFunction,
  isFresh,
  isOngoing,
  isSynchronous,
  PROMISE_METHODS,
  yieldsProxy,
} from "./results.js";
import { isWritten } from "./declarations.js";
import { isEffectFree } from "./purity.js";
import { findNode, isAsync, isGenerator, isInlineFunction, unwrapped } from "./walk.js";
import type { ReasonCode } from "./reason.js";
import type { Source } from "./source.js";
import type { Types } from "./value-kind.js";

/** How the code around takes an expression's value. */
export type Consumption = "awaited" | "returned" | "chained" | "void" | "unused" | "used";

/**
 * Climbs from a call to the end of its chain (`db.update(t).set(x).where(y)`), up to `.then` and up
 * to a member that is more than a value.
 */
export function wholeChain(call: TS.CallExpression): TS.Expression {
  let node: TS.Expression = call;
  for (;;) {
    const { parent }: TS.Node = node;
    const isLink =
      (ts.isPropertyAccessExpression(parent) && !PROMISE_METHODS.has(parent.name.text)) ||
      ts.isElementAccessExpression(parent) ||
      ts.isCallExpression(parent) ||
      ts.isNonNullExpression(parent);
    if (!isLink || parent.expression !== node || isPlace(parent)) return node;
    node = parent;
  }
}

/**
 * Whether the code around needs the place that an expression names and not its value: it is written
 * or deleted there, or the object before it becomes `this`.
 */
function isPlace(expression: TS.Expression): boolean {
  const node = withoutAssertions(expression);
  const { parent } = node;
  if (ts.isCallExpression(parent)) return node !== expression && parent.expression === node;
  if (ts.isTaggedTemplateExpression(parent)) return parent.tag === node;
  return ts.isDeleteExpression(parent) || isWritten(node);
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
  // What is called only if it is there says nothing about what it is called on.
  if (call.questionDotToken) return false;
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
 * Whether what may be a lazy builder starts where it stands: nothing that can fail or be seen comes
 * between the expression and the call of its `then`.
 */
function isTakenAtOnce(source: Source, expression: TS.Expression): boolean {
  const node = withoutAssertions(expression);
  const array = node.parent;
  if (!ts.isArrayLiteralExpression(array)) {
    const call = array.parent;
    return ts.isCallExpression(call) && call.arguments.every((each) => isOnlyRead(source, each));
  }
  const combined = array.parent as TS.CallExpression;
  const behind = array.elements.slice(array.elements.indexOf(node) + 1);
  const isAwaited = ["awaited", "returned"].includes(consumptionOf(combined));
  return (
    isAwaited && [...behind, ...combined.arguments.slice(1)].every((e) => isOnlyRead(source, e))
  );
}

/** Names that are there in every program. */
const PLATFORM =
  /^(console|process|JSON|Math|String|Number|Boolean|Object|Array|Promise|undefined)$/;

/** Whether an expression neither acts nor fails: a function, a literal, a name that is declared. */
function isOnlyRead(source: Source, expression: TS.Expression): boolean {
  if (!isEffectFree(expression)) return false;
  const code = unwrapped(expression);
  if (isInlineFunction(code)) return true;
  const unknown = findNode(code, (node) => {
    if (!ts.isIdentifier(node) || PLATFORM.test(node.text)) return false;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
    return !source.scope.resolve(node.text, node)?.length;
  });
  return unknown === undefined;
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
  if (yieldsProxy(source, expression)) return "may-return-thenable";
  if (consumption === "awaited") return null;
  if (isOngoing(source, expression, types)) return "outlives-span";
  if (consumption === "returned" && isInAsync(expression)) {
    return isGuarded(expression) ? guardedHazard(source, expression, awaits, types) : null;
  }
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
      if (consumption === "returned" && isFresh(source, expression, types)) return null;
      return consumption === "chained" || consumption === "void" ? null : "not-awaited";
    case "unknown":
      if (consumption === "chained") {
        const isSafe = isAsyncCall(source, expression) || isTakenAtOnce(source, expression);
        return isSafe ? null : "may-return-thenable";
      }
      // A lazy builder that is left alone does nothing; a span would run it.
      return consumption === "void" && isAsyncCall(source, expression) ? null : "not-awaited";
  }
}

/**
 * Why an expression that awaits cannot move into an async callback: its value must be awaited, or
 * returned where nothing around sees when it fails.
 */
export function awaitHazard(expression: TS.Expression, awaits: boolean): ReasonCode | null {
  const consumption = consumptionOf(expression);
  if (!awaits || consumption === "awaited") return null;
  if (consumption !== "returned" || !isInAsync(expression)) return "not-awaited";
  return isGuarded(expression) ? "return-in-try" : null;
}

/** Whether an expression only makes what does its work elsewhere: the iterator of a generator. */
export function runsLater(source: Source, expression: TS.Expression, types: Types): boolean {
  const code = unwrapped(expression);
  const fn = ts.isCallExpression(code) ? calledFunction(source, code) : null;
  if (fn) return isGenerator(fn);
  const { parent } = withoutAssertions(expression);
  if (ts.isYieldExpression(parent)) return parent.asteriskToken !== undefined;
  const isIterated = ts.isForOfStatement(parent) || ts.isSpreadElement(parent);
  return isIterated && types.valueOf(code) === "ongoing";
}

/**
 * Where something around runs before a returned promise settles: what fails before the promise is
 * there must still fail outside it, and a lazy builder must not start before.
 */
function guardedHazard(
  source: Source,
  expression: TS.Expression,
  awaits: boolean,
  types: Types,
): ReasonCode | null {
  if (awaits) return "return-in-try";
  if (isSynchronous(source, expression) || isAsyncCall(source, expression)) return null;
  const kind = types.valueOf(expression);
  return kind === "plain" || kind === "promise" ? null : "return-in-try";
}

function isAsyncCall(source: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  const fn = ts.isCallExpression(code) ? calledFunction(source, code) : null;
  return fn !== null && isAsync(fn);
}

/** Whether a statement starts work that nobody waits for. */
export function isFloating(source: Source, statement: TS.Statement, types: Types): boolean {
  if (!ts.isExpressionStatement(statement)) return false;
  const code = unwrapped(statement.expression);
  if (ts.isVoidExpression(code)) return ts.isCallExpression(unwrapped(code.expression));
  if (!ts.isCallExpression(code)) return false;
  const callee = unwrapped(code.expression);
  const isHandled = ts.isPropertyAccessExpression(callee) && PROMISE_METHODS.has(callee.name.text);
  if (isHandled) return true;
  const fn = calledFunction(source, code);
  return fn ? isAsync(fn) : types.valueOf(code) === "promise";
}
