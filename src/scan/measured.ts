import { ts, type TS } from "../syntax/compiler.js";
import { findMatches, type Constant } from "../syntax/join-point.js";
import { functionName, type NamedFunction } from "../syntax/names.js";
import { catchAround } from "../syntax/run-exits.js";
import type { Source } from "../syntax/source.js";
import { stageStem } from "../syntax/stage.js";
import { stageWork } from "../syntax/stage-work.js";
import { findNode, unwrapped, walk, walkOwn } from "../syntax/walk.js";
import { groupedBy } from "../text/grouped.js";
import {
  areaOf,
  idOf,
  meansOnly,
  NO_PAGES,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";
import { namedFunctions, type Named } from "./named-functions.js";
import { hasOwnSpan } from "./own-span.js";
import { modulesFor } from "./runs.js";
import { isTraced } from "./weight.js";

export const CLOCKS = ["Date.now()", "performance.now()"];

/** Stages whose times are taken into constants: `const downloadMs = Date.now() - downloadStart`. */
export const measuredStages: Detector = {
  finds: "stages whose times are taken into constants",
  needles: CLOCKS,
  paths: NO_PAGES,
  find: (source) => {
    const bySuffix = groupedBy(timedConstants(source), ({ name: { text } }) => {
      const stem = stageStem(text);
      return stem === "" ? null : text.slice(stem.length);
    });
    return [...bySuffix].flatMap(([suffix, all]) =>
      suffix === null ? [] : staged(source, suffix, all),
    );
  },
};

/** The constants that get the time of a stage which waits for something. */
function timedConstants(source: Source): Constant[] {
  return findMatches(source, { assign: "*" }).flatMap((match) => {
    if (match.kind !== "constant" || !isTime(match.node.initializer)) return [];
    const work = stageWork(source, match) ?? [];
    const waits = work.flatMap(({ statements }) => statements.flatMap(waitedFor));
    return waits.some((each) => !isTraced(each)) ? [match.node] : [];
  });
}

/** A time as it is, or rounded; what is taken for debugging alone is not. */
function isTime(value: TS.Expression): boolean {
  const time = findNode(value, isTimeSince);
  return time !== undefined && toldAs(time) === value;
}

/** The outermost code that says the same time. */
export function toldAs(time: TS.Node): TS.Node {
  let node = time;
  while (isPassedOn(node.parent)) node = node.parent;
  return node;
}

function waitedFor(statement: TS.Statement): TS.Expression[] {
  const found: TS.Expression[] = [];
  walk(statement, (node) => {
    if (ts.isAwaitExpression(node)) found.push(unwrapped(node.expression));
  });
  return found;
}

/** `Date.now() - start`. */
export function isTimeSince(node: TS.Node): node is TS.BinaryExpression {
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.MinusToken) {
    return false;
  }
  return CLOCKS.includes(node.left.getText()) && ts.isIdentifier(unwrapped(node.right));
}

/** One rule for all stages of a file that are named alike, else one for each. */
function staged(source: Source, suffix: string, all: readonly Constant[]): Proposal[] {
  const places = all.map((node) => ({ node }));
  const pattern = `*${suffix}`;
  if (suffix !== "" && meansOnly(source, { assign: pattern }, places)) {
    return all.slice(0, 1).map((first) => stageRule(source, first, pattern, areaOf(source)));
  }
  return all.flatMap((node) => {
    const { text } = node.name;
    const isAlone = meansOnly(source, { assign: text }, [{ node }]);
    return isAlone ? [stageRule(source, node, text, stageStem(text))] : [];
  });
}

function stageRule(source: Source, node: TS.Node, assign: string, about: string): Proposal {
  const why = "a stage is timed, and no trace shows when it ran";
  return proposal(source, node, 2, why, {
    id: idOf(about, "stages"),
    use: "stage-span",
    phase: 2,
    at: { assign },
    dir: modulesFor(source),
  });
}

/** Functions that take their own time, and tell it. */
export const measuredFunctions: Detector = {
  finds: "functions that measure themselves",
  needles: CLOCKS,
  paths: NO_PAGES,
  find: (source) =>
    namedFunctions(source, (name) => !WAITING.test(name)).flatMap((each): Proposal[] => {
      const { node, name, at } = each;
      if (!measuresItself(source, each) || hasOwnSpan(node)) return [];
      if (!meansOnly(source, at, [each])) return [];
      const why = "it measures itself, and no trace shows when it ran";
      const found = proposal(source, node, 2, why, {
        id: idOf(name),
        use: "wrap-span",
        phase: 1,
        at,
        span: { name: "{{function}}", op: "function" },
      });
      return [{ ...found, isSecond: true }];
    }),
};

/** Functions whose time says how long something else took. */
export const WAITING = /^_|^(use|wait|poll|ping|retry|sleep|init)(?=[A-Z]|$)/;

/** How much a function must wait for to be more than one call with a clock around it. */
const WAITS = 2;

/** Parts of a run, each of which is worth its own line however little is in it. */
const PART = /(Stage|Step|Phase|Task|Tool)$/;

function measuresItself(source: Source, { node }: Named): boolean {
  let waits = 0;
  let isTold = false;
  walkOwn(node.body, (each) => {
    if (ts.isAwaitExpression(each) && !isTraced(unwrapped(each.expression))) waits++;
    if (isTimeSince(each)) isTold ||= isToldTime(source, each) && isSinceBegin(source, node, each);
  });
  const least = PART.test(functionName(node) ?? "") ? 1 : WAITS;
  return isTold && waits >= least && !runsWhatItIsGiven(node);
}

/** Whether a time is kept or told, and not just compared with a limit, or told of a failure. */
export function isToldTime({ scope }: Source, time: TS.Expression): boolean {
  const { parent } = toldAs(time);
  if (catchAround(time)) return false;
  if (ts.isVariableDeclaration(parent)) {
    const { name } = parent;
    if (!ts.isIdentifier(name) || stageStem(name.text) !== "") return false;
    return !scope.references(name).some((use) => isCompared(use.parent));
  }
  return (
    ts.isPropertyAssignment(parent) ||
    ts.isArrayLiteralExpression(parent) ||
    ts.isTemplateSpan(parent) ||
    ts.isCallExpression(parent)
  );
}

function isCompared(node: TS.Node): boolean {
  return ts.isBinaryExpression(node) && /^[<>]=?$/.test(node.operatorToken.getText());
}

/** Code around a time that says the same: rounded, in seconds, as text. */
function isPassedOn(node: TS.Node): boolean {
  if (ts.isParenthesizedExpression(node) || ts.isPrefixUnaryExpression(node)) return true;
  if (ts.isPropertyAccessExpression(node)) return node.name.text === "toFixed";
  if (ts.isCallExpression(node)) return /^Math\.|\.toFixed$/.test(node.expression.getText());
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.SlashToken;
}

/** Whether a time is taken from a mark among the outermost statements of a function. */
function isSinceBegin(
  { scope }: Source,
  fn: NamedFunction,
  { right }: TS.BinaryExpression,
): boolean {
  const start = unwrapped(right);
  const [declared] = ts.isIdentifier(start) ? (scope.resolve(start.text, start) ?? []) : [];
  if (!declared || !ts.isVariableDeclaration(declared) || !declared.initializer) return false;
  const list = declared.parent.parent.parent;
  // A mark of the module's own has nothing around it.
  const isOutermost =
    list === fn.body ||
    (ts.isBlock(list) && ts.isTryStatement(list.parent) && list.parent.parent === fn.body);
  return isOutermost && CLOCKS.includes(unwrapped(declared.initializer).getText());
}

/** What measures others is given them. */
function runsWhatItIsGiven(fn: NamedFunction): boolean {
  const given = new Set(fn.parameters.map(({ name }) => name.getText()));
  const isRun = (node: TS.Node) =>
    ts.isCallExpression(node) && given.has(node.expression.getText());
  return findNode(fn.body, isRun) !== undefined;
}
