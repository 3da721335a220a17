import { ts, type TS } from "../syntax/compiler.js";
import type { NamedFunction } from "../syntax/names.js";
import { ancestors, findNode, isInlineFunction, walk } from "../syntax/walk.js";

/** What a function does, as far as the look of its code tells. */
interface Work {
  linesOfListeners: number;
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
  const lines = linesOf(fn) - work.linesOfListeners;
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

/** Whether a function waits again and again, or for many at once, so that it takes as long as there is much. */
export function doesMany(fn: NamedFunction): boolean {
  const { waitsInLoops, gathers } = workOf(fn);
  return waitsInLoops + gathers > 0;
}

function workOf(fn: NamedFunction): Work {
  const work = {
    linesOfListeners: 0,
    waits: 0,
    waitsInLoops: 0,
    logs: 0,
    clocks: 0,
    handles: 0,
    gathers: 0,
  };
  walk(fn.body, (node) => {
    if (isOfItsOwn(node)) return false;
    if (isListener(node)) {
      work.linesOfListeners += linesOf(node) - 1;
      return false;
    }
    if (ts.isTryStatement(node)) work.handles++;
    if (ts.isAwaitExpression(node) && !READS_ANSWER.test(node.expression.getText())) {
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

function linesOf(node: TS.Node): number {
  return node.getText().split("\n").length;
}

/** Whether a function is handed over to be called when something happens, after what is around it. */
function isListener(node: TS.Node): boolean {
  const { parent } = node;
  if (!isInlineFunction(node) || !ts.isCallExpression(parent)) return false;
  return parent.expression !== node && LISTENS.test(parent.expression.getText());
}

const LISTENS =
  /(^|\.)(on|once|addListener|addEventListener|subscribe|expose(Function|Binding)|route|set(Timeout|Interval|Immediate))$/;

/** Whether what is waited for has a span by itself: a request, what is read of its answer, a call of a model. */
export function isTraced(code: TS.Expression): boolean {
  const text = code.getText();
  return READS_ANSWER.test(text) || TRACED.test(text);
}

const TRACED =
  /^(fetch|generateText|generateObject|streamText|streamObject|embed|embedMany)\(|\.(completions|messages|responses|embeddings)\.(create|parse|stream)\(/;

/** What was waited for before is only read. */
const READS_ANSWER = /\.(json|text|arrayBuffer|blob|formData)\(\)$/;

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
