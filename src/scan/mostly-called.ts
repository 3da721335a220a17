import { ts, type TS } from "../syntax/compiler.js";
import { findNode, unwrapped, walkOwn } from "../syntax/walk.js";
import { onlyCall } from "./named-functions.js";

/** How what covers a place says what is called: as a function, and as a method of whatever class. */
export function calledAs(callee: TS.Expression): string[] {
  if (ts.isIdentifier(callee)) return [callee.text];
  return ts.isPropertyAccessExpression(callee) ? [`.${callee.name.text}`] : [];
}

/** The one function that a handler waits for, whatever it reads, checks, logs and reports beside. */
export function mostlyCalled(handler: TS.Node): string[] {
  const names = calleeOf(handler).flatMap(calledAs);
  return names.filter((name) => !ANY.test(name));
}

/** What a handler mostly calls, if that is one function. */
export function calleeOf(handler: TS.Node): TS.Expression[] {
  const callees = new Map<string, TS.Expression | null>();
  walkOwn(handler, (node) => {
    // What a failure leads to is beside, and what is done in the end.
    if (ts.isCatchClause(node) || isFinally(node)) return false;
    // What is called again and again is a part of it each time.
    if (ts.isIterationStatement(node, false)) callees.set("", null);
    const isWaiting = ts.isAwaitExpression(node) || ts.isReturnStatement(node);
    const call = isWaiting && node.expression ? waitedFor(node.expression) : null;
    for (const name of call ? calledAs(call.expression) : []) {
      if (call && !BESIDE.test(name)) callees.set(name, call.expression);
    }
    return undefined;
  });
  const [only, ...others] = callees;
  return only?.[1] && others.length === 0 ? [only[1]] : [];
}

function isFinally(node: TS.Node): boolean {
  return ts.isTryStatement(node.parent) && node.parent.finallyBlock === node;
}

/** The call that an expression waits for, also by way of what measures it, limits its time or tries it again. */
function waitedFor(expression: TS.Expression): TS.CallExpression | null {
  const code = unwrapped(expression);
  if (!ts.isCallExpression(code)) return null;
  const [name = ""] = calledAs(code.expression);
  const isPassing = PASSES_ON.test(name);
  for (const given of code.arguments) {
    const inner = ts.isArrowFunction(given) ? onlyCall(given) : isPassing ? firstCall(given) : null;
    if (inner) return inner;
  }
  return code;
}

function firstCall(code: TS.Node): TS.CallExpression | null {
  const call = findNode(code, ts.isCallExpression);
  return call && ts.isCallExpression(call) ? call : null;
}

/** What waits for what it is given. */
const PASSES_ON = /^\.?(race|with[A-Z]\w*|p?[rR]etry|timeout)$/;

/** What tells of the work, reads what was asked, or looks who asks. */
const BESIDE =
  /^\.?((update|log|report|extendLock|moveTo|emit|parse|safeParse|auth|require|validate|verify|check|assert)\w*|get\w*(Session|User)\w*|json|text|formData|html|redirect|send|status|headers|cookies|limit)$/;
/** Names that say nothing of what is called. */
const ANY = /^\.?(run|execute|process|handle|perform|call|send|add|get|start|all|allSettled|)$/;
