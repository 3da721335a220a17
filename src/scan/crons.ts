import { ts, type TS } from "../syntax/compiler.js";
import { moduleOf } from "../syntax/imports.js";
import { isAsync, unwrapped, walk } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import { areaOf, idOf, proposal, type Detector, type Proposal } from "./detector.js";

/** Libraries that run a function at the times of a cron expression. */
const MODULES = /^(node-cron|cron|croner)$/;

/** What nobody asks for and a clock starts: it is in no trace. */
export const crons: Detector = {
  finds: "functions that a clock starts (node-cron, cron, croner)",
  needles: ["cron"],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const planned = plannedAt(source, node);
      if (!planned) return;
      const name = planned.name ?? `${areaOf(source)} cron`;
      found.push(
        proposal(source, node, 2, "a clock starts it, and no trace tells of it", {
          id: idOf(name),
          use: "wrap-span",
          phase: 3,
          at: { listener: planned.time, on: planned.on },
          span: { name, op: "function" },
        }),
      );
    });
    return found;
  },
};

interface Planned {
  readonly time: string;
  /** What takes the function: an object's name, or that of a class. */
  readonly on: string;
  /** The variable that holds what was planned. */
  readonly name: string | null;
}

/** `cron.schedule("0 * * * *", async () => ...)`, `new CronJob("0 * * * *", async () => ...)`. */
function plannedAt(source: Source, node: TS.Node): Planned | null {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return null;
  const by = plannerOf(node);
  const [time, work] = node.arguments ?? [];
  if (!by || !time || !work || !ts.isStringLiteralLike(time)) return null;
  const fn = unwrapped(work);
  const isWork = (ts.isArrowFunction(fn) || ts.isFunctionExpression(fn)) && isAsync(fn);
  if (!isWork || !MODULES.test(moduleOf(source, by) ?? "")) return null;
  const { parent } = node;
  const name =
    ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) ? parent.name.text : null;
  return { time: time.text, on: by.text, name };
}

function plannerOf(node: TS.CallExpression | TS.NewExpression): TS.Identifier | null {
  const { expression } = node;
  if (ts.isNewExpression(node)) return ts.isIdentifier(expression) ? expression : null;
  if (!ts.isPropertyAccessExpression(expression)) return null;
  const isPlanning = expression.name.text === "schedule" && ts.isIdentifier(expression.expression);
  return isPlanning ? expression.expression : null;
}
