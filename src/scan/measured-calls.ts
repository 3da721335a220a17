import { ts, type TS } from "../syntax/compiler.js";
import { constantValue } from "../syntax/message.js";
import type { Source } from "../syntax/source.js";
import { unwrapped, walk, walkOwn } from "../syntax/walk.js";
import {
  functionAround,
  idOf,
  meansOnly,
  NO_PAGES,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";
import { CLOCKS, isTimeSince, isToldTime, toldAs, WAITING } from "./measured.js";

/** Calls that have a clock of their own around them, somewhere inside a function. */
export const measuredCalls: Detector = {
  finds: "calls that are timed one by one",
  needles: CLOCKS,
  paths: NO_PAGES,
  find: (source) => {
    const marks = timedMarks(source);
    return marks.flatMap(({ mark, time }): Proposal[] => {
      const call = onlyCallBetween(mark, time);
      const within = call && functionAround(call);
      if (!call || !within || WAITING.test(within)) return [];
      const callee = call.expression.getText(source.file);
      const at = { call: `${callee}($$$)`, within };
      if (!/^[\w$.]+$/.test(callee) || !meansOnly(source, at, [{ node: call }])) return [];
      const why = "a call is timed, and no trace shows when it ran";
      const list = listOf(source, call);
      const found = proposal(source, call, 2, why, {
        id: idOf(within, callee.split(".").at(-1) ?? callee),
        use: "wrap-span",
        phase: 2,
        at,
        span: spanOf(list, within, callee),
      });
      return [{ ...found, isSecond: true, covers: list ? functionsIn(source, list) : [] }];
    });
  },
};

/** What is called in turn is told by its own name, which varies. */
function spanOf(list: TS.Expression | null, within: string, callee: string) {
  if (!list) return { name: `${within}.{{callee}}`, op: "function" };
  const attributes = { [callee]: `\${${callee}.name}` };
  return { name: `${within}.${callee}`, op: "function", attributes };
}

/** The list whose functions a call calls in turn: `for (const step of steps) await step(...)`. */
function listOf({ scope }: Source, { expression }: TS.CallExpression): TS.Expression | null {
  const [declared] = ts.isIdentifier(expression)
    ? (scope.resolve(expression.text, expression) ?? [])
    : [];
  if (!declared || !ts.isVariableDeclaration(declared)) return null;
  const loop = declared.parent.parent;
  return ts.isForOfStatement(loop) ? unwrapped(loop.expression) : null;
}

/** The functions of a list that the file has. */
function functionsIn(source: Source, list: TS.Expression): string[] {
  const value = ts.isIdentifier(list) ? unwrapped(constantValue(source, list)) : list;
  if (!ts.isArrayLiteralExpression(value)) return [];
  return value.elements.filter(ts.isIdentifier).map(({ text }) => text);
}

interface TimedMark {
  /** `const started = Date.now();` */
  readonly mark: TS.Statement;
  /** The first `Date.now() - started`, in the same block or deeper. */
  readonly time: TS.Node;
}

/** The marks that a time is told from. */
function timedMarks(source: Source): TimedMark[] {
  const found: TimedMark[] = [];
  walk(source.file, (node) => {
    if (!ts.isVariableStatement(node) || !ts.isBlock(node.parent)) return;
    const [declaration, ...others] = node.declarationList.declarations;
    if (!declaration?.initializer || others.length > 0 || !ts.isIdentifier(declaration.name))
      return;
    if (!CLOCKS.includes(unwrapped(declaration.initializer).getText())) return;
    const times = source.scope.references(declaration.name).map(({ parent }) => parent);
    const time = times.find((each) => isTimeSince(each) && isToldTime(source, each));
    if (time && !ts.isVariableDeclaration(toldAs(time).parent)) found.push({ mark: node, time });
  });
  return found;
}

/** The one call that is waited for between a mark and the statement of its block that tells the time. */
function onlyCallBetween(mark: TS.Statement, time: TS.Node): TS.CallExpression | null {
  const { statements } = mark.parent as TS.Block;
  const [from, to] = [statements.indexOf(mark), statements.findIndex((each) => isIn(time, each))];
  // A mark at the beginning of a function is the function's, unless its time is told right behind.
  const isOfFunction = ts.isFunctionLike(mark.parent.parent) && to > from + 2;
  const between = isOfFunction ? [] : statements.slice(from + 1, Math.max(from + 1, to));
  const calls: TS.CallExpression[] = [];
  for (const statement of between) {
    walkOwn(statement, (node) => {
      if (!ts.isAwaitExpression(node)) return;
      const call = unwrapped(node.expression);
      if (ts.isCallExpression(call)) calls.push(call);
    });
  }
  const [call, ...others] = calls;
  return call && others.length === 0 ? call : null;
}

function isIn(node: TS.Node, around: TS.Node): boolean {
  return around.pos <= node.pos && node.end <= around.end;
}
