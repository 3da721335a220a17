import { ts, type TS } from "../syntax/compiler.js";
import { moduleOf } from "../syntax/imports.js";
import { constantValue } from "../syntax/message.js";
import type { NamedFunction } from "../syntax/names.js";
import { callsIn, findNode, hasModifier, isAsync, unwrapped, walk } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import {
  areaOf,
  functionAround,
  idOf,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";
import { namedFunctions, statementOf, type Named } from "./named-functions.js";

/** What the files of jobs export for whoever runs them. */
const ENTRY = /^(run|handler|handle|perform|execute|process)$/;
const LONG = 15;

/** Entry points of jobs, each in a file of its own. */
export const jobEntries: Detector = {
  finds: "the entry points of jobs, each in a file of its own",
  needles: ["export"],
  paths:
    /(^|\/)(jobs?|workers?|tasks?|crons?)\/.*\.[cm]?[jt]s$|\.(handler|job|worker|task|cron)\.[cm]?[jt]s$/,
  find: (source) =>
    namedFunctions(source, (name) => ENTRY.test(name))
      .filter((each) => isEntry(source, each))
      .map(({ node, name }) =>
        proposal(source, node, 2, "a job begins here, and nothing tells it from others", {
          id: idOf("jobs", name),
          use: "wrap-span",
          phase: 3,
          at: { function: name },
          span: { name: "{{file}}", op: "function" },
        }),
      ),
};

function isEntry({ file }: Source, { node, at }: Named): boolean {
  const lines = node.getText(file).split("\n").length;
  const holder = ts.isFunctionDeclaration(node) ? node : statementOf(node);
  const isExported = holder && hasModifier(holder, ts.SyntaxKind.ExportKeyword);
  return at.function !== undefined && isAsync(node) && isExported === true && lines >= LONG;
}

/** What a service runs for us: in no trace of the process that asked for it. */
export const tasks: Detector = {
  finds: "tasks that a service runs (Trigger.dev)",
  needles: ["@trigger.dev/sdk"],
  find: (source) =>
    callsIn(source.file)
      .filter(({ expression }) => {
        const root = rootOf(expression);
        return root !== null && /^@trigger\.dev\/sdk/.test(moduleOf(source, root) ?? "");
      })
      .flatMap(({ arguments: [given] }) => (given ? (runOf(given) ?? []) : []))
      .map((run) =>
        proposal(source, run, 2, "a service runs it, and nothing tells of it", {
          id: idOf("tasks", "run"),
          use: "wrap-span",
          phase: 3,
          at: { function: "run" },
          span: { name: "{{file}}", op: "function" },
        }),
      ),
};

/** The async `run` of `task({ id, run: async (payload) => ... })`. */
function runOf(given: TS.Expression): TS.Node | null {
  if (!ts.isObjectLiteralExpression(given)) return null;
  const run = given.properties.find((each) => each.name?.getText() === "run");
  if (!run) return null;
  const fn = ts.isPropertyAssignment(run) ? unwrapped(run.initializer) : run;
  return ts.isFunctionLike(fn) && isAsync(fn) ? fn : null;
}

/** The name that a callee begins with. */
function rootOf(callee: TS.Expression): TS.Identifier | null {
  if (ts.isPropertyAccessExpression(callee)) return rootOf(callee.expression);
  return ts.isIdentifier(callee) ? callee : null;
}

/** Tables of what is to be done, of which one entry is looked up and called. */
export const jobTables: Detector = {
  finds: "what a table has for a kind of work, where it is looked up and called",
  // What a page looks up it does at once.
  paths: /^(?!.*(\/hooks\/|\/use-)).*\.[cm]?[jt]s$/,
  needles: [".handler(", ".handle(", ".run(", ".perform(", ".execute(", ".process("],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      if (!ts.isAwaitExpression(node)) return;
      const call = unwrapped(node.expression);
      const key = ts.isCallExpression(call) ? lookedUpBy(source, call) : null;
      const within = functionAround(node);
      if (key === null || !ts.isCallExpression(call) || within === undefined) return;
      found.push(
        proposal(source, call, 2, "one call does every kind of work, under no name", {
          id: idOf(areaOf(source), within, "kinds"),
          use: "wrap-span",
          phase: 1,
          at: { call: `${call.expression.getText(source.file)}($$$)`, within },
          span: { name: within, op: "function", attributes: { [key]: `\${${key}}` } },
        }),
      );
    });
    return found;
  },
};

/** The path by which `table[path]` or `table.get(path)` was looked up, of which a method is called. */
function lookedUpBy(source: Source, { expression }: TS.CallExpression): string | null {
  if (!ts.isPropertyAccessExpression(expression) || !ENTRY.test(expression.name.text)) return null;
  const entry = unwrapped(constantValue(source, expression.expression));
  const key = ts.isElementAccessExpression(entry)
    ? entry.argumentExpression
    : ts.isCallExpression(entry) && /\.get$/.test(entry.expression.getText(source.file))
      ? entry.arguments[0]
      : undefined;
  const text = key?.getText(source.file) ?? "";
  return /^[A-Za-z_$][\w$]*(\.[\w$]+)*$/.test(text) ? text : null;
}

const STEP = /(task|step|stage)(Name)?$/i;

/** Functions that run the steps of others by name: one span in them tells all of those. */
export const stepRunners: Detector = {
  finds: "functions that run the named steps of others",
  needles: ["Task", "Step", "Stage", "step", "task", "stage"],
  find: (source) =>
    namedFunctions(source, () => true).flatMap(({ node, name }) => {
      const step = stepOf(node, name);
      if (!step) return [];
      return [
        proposal(source, step.call, 2, "every step of a run passes here with its name", {
          id: idOf(areaOf(source), name),
          use: "wrap-span",
          phase: 2,
          at: { call: `${step.callee}($$$)`, within: name },
          span: {
            name,
            op: "function",
            attributes: { [step.name]: `\${${step.name}}` },
          },
        }),
      ];
    }),
};

interface Step {
  readonly name: string;
  readonly callee: string;
  readonly call: TS.Node;
}

/** `async (name: string, work: () => Promise<T>)` that waits for `work()`, and has no span of its own. */
function stepOf(fn: NamedFunction, called: string): Step | null {
  const [name, work] = fn.parameters;
  if (!isAsync(fn) || !name || !work?.type || !ts.isFunctionTypeNode(work.type)) return null;
  const isNamed = name.type?.kind === ts.SyntaxKind.StringKeyword && ts.isIdentifier(name.name);
  const isStep = STEP.test(called) || STEP.test(name.name.getText());
  if (/(id|url|path|file|email|user)$/i.test(name.name.getText())) return null;
  if (!isNamed || !isStep || !ts.isIdentifier(work.name)) return null;
  if (/start(Active)?Span|withSpan/.test(fn.body.getText())) return null;
  const callee = work.name.text;
  const call = findNode(fn.body, (node) => {
    const awaited = ts.isAwaitExpression(node) ? unwrapped(node.expression) : null;
    return (
      awaited !== null && ts.isCallExpression(awaited) && awaited.expression.getText() === callee
    );
  });
  return call ? { name: name.name.getText(), callee, call } : null;
}
