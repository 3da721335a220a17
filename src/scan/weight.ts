import { ts, type TS } from "../syntax/compiler.js";
import type { NamedFunction } from "../syntax/names.js";
import { ancestors, findNode, walk, walkOwn } from "../syntax/walk.js";

/** What a function does, as far as the look of its code tells. */
interface Work {
  waits: number;
  waitsInLoops: number;
  logs: number;
  clocks: number;
  handles: number;
  gathers: number;
}

/**
 * How much an async function does, whatever it is called: about 5 and more is an operation that
 * people would look for in a trace. What is long, waits often, does so in loops, handles failures and
 * tells a log of its steps is one; found by comparison with what reviewers of services chose.
 */
export function weightOf(fn: NamedFunction): number {
  const work = workOf(fn);
  const lines = fn.getText().split("\n").length;
  return (
    // What is long and waits once works out something, or handles what went wrong.
    Math.min(lines / 40, work.waits > 1 ? 3 : 1.5) +
    Math.min(work.waits / 3, 3) +
    Math.min(work.logs / 3, 1.5) +
    (work.waitsInLoops > 0 ? 1 : 0) +
    (work.handles > 0 ? 0.5 : 0) +
    (work.gathers > 0 ? 0.5 : 0) +
    (work.clocks > 0 ? 0.5 : 0)
  );
}

function workOf(fn: NamedFunction): Work {
  const work = { waits: 0, waitsInLoops: 0, logs: 0, clocks: 0, handles: 0, gathers: 0 };
  walk(fn.body, (node) => {
    if (isOfItsOwn(node)) return false;
    if (ts.isTryStatement(node)) work.handles++;
    if (ts.isAwaitExpression(node)) {
      work.waits++;
      if (isInLoop(node, fn)) work.waitsInLoops++;
    }
    if (!ts.isCallExpression(node)) return undefined;
    const callee = node.expression.getText();
    if (LOG.test(callee)) work.logs++;
    if (/^(Date|performance)\.now$/.test(callee)) work.clocks++;
    if (/^Promise\.all/.test(callee)) work.gathers++;
    return undefined;
  });
  return work;
}

/** Whether a function inside another is called by others: it is no callback of a call there. */
function isOfItsOwn(node: TS.Node): boolean {
  return ts.isFunctionLike(node) && !ts.isCallExpression(node.parent);
}

const LOG = /(^|\.)(log|logger|console)\.(log|info|warn|error|debug)$/i;

function isInLoop(node: TS.Node, fn: TS.Node): boolean {
  for (const around of ancestors(node)) {
    if (around === fn) return false;
    if (ts.isIterationStatement(around, false)) return true;
  }
  return false;
}

/** Whether a function calls itself: each call would be a span inside the last one. */
export function callsItself(fn: NamedFunction, name: string): boolean {
  const isItself = (node: TS.Node) =>
    ts.isCallExpression(node) &&
    /^(?:this\.)?([\w$]+)$/.exec(node.expression.getText())?.[1] === name;
  return findNode(fn.body, isItself) !== undefined;
}

/** Whether a function comes back to something in it later by itself: that would be in no span. */
export function comesBackLater({ body }: NamedFunction): boolean {
  const own = new Set<string>();
  walk(body, (node) => {
    const isOne = ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node);
    if (isOne && node.name && ts.isIdentifier(node.name)) own.add(node.name.text);
  });
  const isLater = (node: TS.Node) =>
    ts.isCallExpression(node) &&
    /^set(Timeout|Interval|Immediate)$/.test(node.expression.getText()) &&
    node.arguments[0] !== undefined &&
    own.has(node.arguments[0].getText());
  return findNode(body, isLater) !== undefined;
}

/** Whether a function goes on until somebody stops it: its span would never end. */
export function goesOnForEver({ body }: NamedFunction): boolean {
  return findNode(body, (node) => isEndlessLoop(node) && !endsByItself(node)) !== undefined;
}

/** What says that somebody wants an end. */
const STOPPED = /^!?[\w.#?()]*(stop|shut|abort|cancel|running|clos|active|alive|exit)\w*(\(\))?$/i;

/** `while (true)`, `for (;;)`, `while (!this.stopped)`. */
function isEndlessLoop(node: TS.Node): boolean {
  if (ts.isForStatement(node)) return node.condition === undefined;
  if (!ts.isWhileStatement(node) && !ts.isDoStatement(node)) return false;
  const condition = node.expression.getText();
  return condition === "true" || STOPPED.test(condition);
}

/** Whether a loop is left for more than being told to stop. */
function endsByItself(loop: TS.Node): boolean {
  let isLeft = false;
  walkOwn(loop, (node) => {
    const leaves =
      ts.isReturnStatement(node) || (ts.isBreakStatement(node) && breaksOut(node, loop));
    if (leaves && !isToldToStop(node, loop)) isLeft = true;
    return !isLeft;
  });
  return isLeft;
}

/** Whether a `break` leaves this loop: one with a label leaves it, or what is around it. */
function breaksOut(node: TS.BreakStatement, loop: TS.Node): boolean {
  if (node.label) return true;
  const holds = (each: TS.Node) =>
    ts.isIterationStatement(each, false) || ts.isSwitchStatement(each);
  return [...ancestors(node)].find(holds) === loop;
}

function isToldToStop(node: TS.Node, loop: TS.Node): boolean {
  for (const around of ancestors(node)) {
    if (around === loop) return false;
    if (ts.isIfStatement(around)) return STOPPED.test(around.expression.getText());
  }
  return false;
}
