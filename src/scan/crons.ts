import { ts, type TS } from "../syntax/compiler.js";
import { findMatches } from "../syntax/join-point.js";
import { moduleOf } from "../syntax/imports.js";
import { className, functionName, qualifiedName } from "../syntax/names.js";
import { isAsync, isInlineFunction, unwrapped, walk } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import type { Rule } from "../transform.js";
import {
  areaOf,
  functionAround,
  idOf,
  isOfPages,
  meansOnly,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";
import { functionMeant } from "../syntax/function-meant.js";
import { onlyCall, pointOf, startedBy } from "./named-functions.js";

/** Libraries that run a function at the times of a cron expression. */
const MODULES = /^(node-cron|cron|croner|node-schedule|@nestjs\/schedule)$/;

/** What nobody asks for and a clock starts: it is in no trace. */
export const crons: Detector = {
  finds:
    "functions that a clock starts (node-cron, cron, croner, node-schedule, Nest, `setInterval`)",
  needles: ["cron", "Cron", "node-schedule", "@nestjs/schedule", "setInterval("],
  paths: /\.[cm]?[jt]s$/,
  find: (source) => {
    if (isOfPages(source)) return [];
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const planned = plannedAt(source, node) ?? markedAt(source, node);
      for (const { name, at } of planned ? [planned] : repeatedAt(source, node)) {
        found.push(
          proposal(source, node, 2, "a clock starts it, and no trace tells of it", {
            id: idOf(name),
            use: "wrap-span",
            phase: 3,
            at,
            span: { name, op: "function" },
          }),
        );
      }
    });
    return found;
  },
};

interface Planned {
  readonly name: string;
  readonly at: NonNullable<Rule["at"]>;
}

/** `cron.schedule("0 * * * *", async () => ...)`, `new CronJob(TIME, async () => ...)`. */
function plannedAt(source: Source, node: TS.Node): Planned | null {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return null;
  const by = plannerOf(node);
  const [time, ...others] = node.arguments ?? [];
  const when = time && meant(time);
  if (!by || !when || !MODULES.test(moduleOf(source, by) ?? "")) return null;
  if (!others.some((each) => isWork(source, each))) return startedThrough(source, others);
  const { parent } = node;
  const isNamed = ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name);
  const name = isNamed ? parent.name.getText() : `${areaOf(source)} cron`;
  const at = { listener: when, on: by.text };
  // Two that begin at one time a rule cannot tell apart.
  return findMatches(source, at).length > 1 ? null : { name, at };
}

/** `() => sweep().catch(...)`, `safely("sweep", sweep)`: what of the file a clock starts through others. */
function startedThrough(source: Source, given: readonly TS.Expression[]): Planned | null {
  for (const each of given) {
    const code = unwrapped(each);
    const inner = ts.isArrowFunction(code) ? [onlyCall(code)?.expression] : [];
    const handed = ts.isCallExpression(code) ? code.arguments : inner;
    for (const expression of handed) {
      const [planned] = (expression && whatFileHas(source, expression)) ?? [];
      if (planned) return planned;
    }
  }
  return null;
}

/** What a rule can say for an argument: its text, or a path. */
function meant(given: TS.Expression): string | null {
  if (ts.isStringLiteralLike(given)) return given.text;
  return /^[\w$]+(\.[\w$]+)*$/.test(given.getText()) ? given.getText() : null;
}

/** An async function, there or by the name that it has in the file. */
function isWork(source: Source, given: TS.Expression): boolean {
  const fn = unwrapped(given);
  if (isInlineFunction(fn)) return isAsync(fn);
  const [declared] = ts.isIdentifier(fn) ? (source.scope.resolve(fn.text, fn) ?? []) : [];
  if (declared && ts.isFunctionDeclaration(declared)) return isAsync(declared);
  const value = declared && ts.isVariableDeclaration(declared) ? declared.initializer : undefined;
  return value !== undefined && ts.isArrowFunction(value) && isAsync(value);
}

/** What takes the function: an object's name, or that of a class or a function. */
function plannerOf(node: TS.CallExpression | TS.NewExpression): TS.Identifier | null {
  const { expression } = node;
  if (ts.isIdentifier(expression)) return expression;
  if (ts.isNewExpression(node) || !ts.isPropertyAccessExpression(expression)) return null;
  const isPlanning = /^schedule(Job)?$/.test(expression.name.text);
  return isPlanning && ts.isIdentifier(expression.expression) ? expression.expression : null;
}

/** `@Cron("0 * * * *") async sweep() { ... }` of a class. */
function markedAt(source: Source, node: TS.Node): Planned | null {
  if (!ts.isMethodDeclaration(node) || !isAsync(node)) return null;
  const isMarked = (ts.getDecorators(node) ?? []).some(({ expression }) => {
    const called = ts.isCallExpression(expression) ? expression.expression : null;
    return called && ts.isIdentifier(called) && MODULES.test(moduleOf(source, called) ?? "");
  });
  const [owner, name] = [className(node), functionName(node)];
  if (!isMarked || owner === null || name === null) return null;
  return { name: `${owner}.${name}`, at: { method: `${owner}.${name}` } };
}

/** What only keeps something open, or looks whether there is something to do. */
const NO_WORK = /ping|heartbeat|keep_?alive|poll|refresh|renew|extend|lease|active|health|tick$/i;

/** `setInterval(() => void this.sweep(), EVERY)`, `setInterval(sweep, EVERY)`: what it runs. */
function repeatedAt(source: Source, node: TS.Node): Planned[] {
  if (!ts.isCallExpression(node) || node.expression.getText(source.file) !== "setInterval") {
    return [];
  }
  const [run] = node.arguments;
  const fn = run && unwrapped(run);
  if (!fn) return [];
  if (!ts.isArrowFunction(fn)) return whatFileHas(source, fn) ?? [];
  return callsOf(fn).flatMap((call) => {
    return whatFileHas(source, call.expression) ?? calledThere(source, call);
  });
}

/** The function of the file that an expression means; null where it means none of the file's. */
function whatFileHas(source: Source, expression: TS.Expression): Planned[] | null {
  const target = functionMeant(source, expression);
  if (!target) return null;
  const [name, at] = [qualifiedName(target), pointOf(target)];
  if (!isAsync(target) || name === null || !at || NO_WORK.test(name)) return [];
  return meansOnly(source, at, [{ node: target }]) ? [{ name, at }] : [];
}

/** The call of a function that is imported, where the clock makes it and waits for it. */
function calledThere(source: Source, call: TS.CallExpression): Planned[] {
  const { expression } = call;
  const isWaited = ts.isAwaitExpression(call.parent);
  if (!isWaited || !ts.isIdentifier(expression) || NO_WORK.test(expression.text)) return [];
  if (moduleOf(source, expression) === null) return [];
  const within = functionAround(call);
  const at = { call: `${expression.text}($$$)`, ...(within ? { within } : {}) };
  return meansOnly(source, at, [{ node: call }]) ? [{ name: expression.text, at }] : [];
}

/** The calls that a callback begins and does nothing else with, those of its outermost statements. */
function callsOf(fn: TS.ArrowFunction): TS.CallExpression[] {
  const only = onlyCall(fn);
  if (only) return [only];
  if (!ts.isBlock(fn.body)) return [];
  const bodies = fn.body.statements.flatMap((each) =>
    ts.isTryStatement(each) ? [...each.tryBlock.statements] : [each],
  );
  return bodies.flatMap((each) => {
    const call = ts.isExpressionStatement(each) ? startedBy(each.expression) : null;
    return call ?? [];
  });
}
