import { ts, type TS } from "../syntax/compiler.js";
import type { NamedFunction } from "../syntax/names.js";
import { ancestors, walk } from "../syntax/walk.js";

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
    Math.min(lines / 40, 3) +
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

/** Whether a function goes on until somebody stops it: its span would never end. */
export function goesOnForEver({ body }: NamedFunction): boolean {
  let isEndless = false;
  walk(body, (node) => {
    if (isEndlessLoop(node) && !returnsFrom(node)) isEndless = true;
    return !isEndless;
  });
  return isEndless;
}

/** `while (true)`, `for (;;)`, `while (!this.stopped)`. */
function isEndlessLoop(node: TS.Node): boolean {
  if (ts.isForStatement(node)) return node.condition === undefined;
  if (!ts.isWhileStatement(node) && !ts.isDoStatement(node)) return false;
  const condition = node.expression.getText();
  return (
    condition === "true" || /^!?[\w.#]*(stop|shut|abort|running|clos|active)\w*$/i.test(condition)
  );
}

function returnsFrom(loop: TS.Node): boolean {
  let isLeft = false;
  walk(loop, (node) => {
    if (ts.isFunctionLike(node)) return false;
    if (ts.isReturnStatement(node)) isLeft = true;
    return !isLeft;
  });
  return isLeft;
}
