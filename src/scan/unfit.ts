import { ts, type TS } from "../syntax/compiler.js";
import { findMatches, type Match } from "../syntax/join-point.js";
import { className, type NamedFunction } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { ancestors, findNode, walk, walkOwn } from "../syntax/walk.js";
import type { Proposal } from "./detector.js";

/** What has a span of its own for all of the code that it is about. */
const SPANS: ReadonlySet<string> = new Set(["wrap-span", "run-lifecycle", "trace-receive"]);

/** What a rule fills in by itself. */
const FILLED = /^(case|function|callee|file)$/;

/** Whether a proposal is about what no span fits around, or says what a rule cannot say. */
export function isUnfit(source: Source, { rule }: Proposal): boolean {
  const said = JSON.stringify(rule).matchAll(/\{\{(.*?)\}\}/g);
  if ([...said].some(([, name = ""]) => !FILLED.test(name))) return true;
  if (!rule.at || !rule.span || !SPANS.has(rule.use)) return false;
  return findMatches(source, rule.at).some((match) => isUnfitMatch(match, rule.use));
}

function isUnfitMatch(match: Match, use: string): boolean {
  if (match.kind === "clause") return match.list.statements.some(goesOnForEver);
  if (match.kind !== "function") return false;
  const { node } = match;
  const isOfRequest = use !== "trace-receive" && answersRequest(node);
  return isOfRequest || goesOnForEver(node.body) || comesBackLater(node) || endsProcess(node);
}

/** Whether a function is called with a request: the SDK has a span for that. */
export function answersRequest(fn: NamedFunction): boolean {
  const { parameters } = fn;
  const [first, second] = parameters;
  if (/Controller$/.test(className(fn) ?? "")) return true;
  const [name, next] = [first?.name.getText() ?? "", second?.name.getText() ?? ""];
  if (/^_?(req|request|c)$/.test(name)) return true;
  if (/^_?(res|response|reply|next|done)$/.test(next)) return true;
  return parameters.some(
    ({ type, name: own }) =>
      type &&
      (REQUEST.test(type.getText()) ||
        (/^_?(c|ctx)$/.test(own.getText()) && CONTEXT.test(type.getText()))),
  );
}

const REQUEST = /^((express|Express|Koa|NodeJS)\.)?(Fastify|NextApi|Next|Api)?Request(<|$)|^Koa\./;
/** What Koa, Hono and their like call a request with its answer. */
const CONTEXT = /^(\w+\.)?(API|App|Koa|Hono|Router|Default|Parameterized)?Context(<|$)/;

/** Whether a function ends the process: its span would not be sent. */
function endsProcess({ body }: NamedFunction): boolean {
  const isExit = (node: TS.Node) =>
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    node.expression.name.text === "exit" &&
    node.expression.expression.getText() === "process";
  return findNode(body, isExit) !== undefined;
}

/** Whether a function comes back to something in it later by itself: that would be in no span. */
function comesBackLater({ body }: NamedFunction): boolean {
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
function goesOnForEver(code: TS.Node): boolean {
  return findNode(code, (node) => isEndlessLoop(node) && !endsByItself(node)) !== undefined;
}

/** What says that somebody wants an end. */
const STOPPED =
  /^[\w.#!?()"'=&|\s-]*(stop|shut|abort|cancell?ed|running|clos|alive|draining)[\w.#!?()"'=&|\s-]*$/i;

/** What goes on bringing more. */
const SOURCES = /(subscription|sub|consumer|watcher|events|messages)$/i;

/** `while (true)`, `for (;;)`, `while (!this.stopped)`, `for await (const each of subscription)`. */
function isEndlessLoop(node: TS.Node): boolean {
  if (ts.isForStatement(node)) return node.condition === undefined;
  if (ts.isForOfStatement(node)) {
    return node.awaitModifier !== undefined && SOURCES.test(node.expression.getText());
  }
  if (!ts.isWhileStatement(node) && !ts.isDoStatement(node)) return false;
  const condition = node.expression.getText();
  return condition === "true" || condition === "1" || STOPPED.test(condition);
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
