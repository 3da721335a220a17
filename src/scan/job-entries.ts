import { ts, type TS } from "../syntax/compiler.js";
import { JOB_WORK, jobName } from "../syntax/function-points.js";
import { constantValue } from "../syntax/message.js";
import type { NamedFunction } from "../syntax/names.js";
import { findNode, hasModifier, isAsync, unwrapped, walk } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import {
  areaOf,
  functionAround,
  idOf,
  meansOnly,
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
      .map((each) => job(source, each, "a job begins here, and nothing tells it from others")),
};

/** A rule for all jobs whose functions have one name: they are told by their files. */
function job(source: Source, { node, name }: Named, why: string): Proposal {
  return proposal(source, node, 2, why, {
    id: idOf("jobs", name),
    use: "wrap-span",
    phase: 3,
    at: { function: name },
    span: { name: "{{file}}", op: "function" },
  });
}

function isEntry({ file }: Source, { node, at }: Named): boolean {
  const lines = node.getText(file).split("\n").length;
  const holder = ts.isFunctionDeclaration(node) ? node : statementOf(node);
  const isExported = holder && hasModifier(holder, ts.SyntaxKind.ExportKeyword);
  return at.function !== undefined && isAsync(node) && isExported === true && lines >= LONG;
}

/** What tells such jobs apart. */
const TELLS_JOB = /^(id|name|queue\w*|job|jobName|event|topic|cron|schedule)$/;

/** Jobs that are objects with a name and a function, for whoever runs them. */
export const jobObjects: Detector = {
  finds: "jobs that are objects with a name and a function (also tasks of Trigger.dev)",
  needles: ["run", "process", "handler", "handle", "perform", "work"].flatMap((name) => [
    `${name}: async`,
    `async ${name}(`,
  ]),
  paths: /\.[cm]?[jt]s$/,
  find: (source) => {
    const named = namedFunctions(source, (name) => JOB_WORK.test(name));
    const jobs = named.filter((each) => isJob(source, each));
    const registered = jobs.flatMap((each) => registeredJob(source, each) ?? []);
    const known = new Set(registered.map(({ job }) => job));
    const others = jobs.filter((each) => !known.has(each));
    // A rule means all functions of that name in the file.
    const alike = (name: string) => jobs.filter((each) => each.name === name);
    return [
      ...registered.map(({ rule }) => rule),
      ...others
        .filter(({ name }) => meansOnly(source, { function: name }, alike(name)))
        .map((each) => job(source, each, WHY)),
    ];
  },
};

const WHY = "a job that is an object: whoever runs it tells nothing of it";

/** The rule for a job whose object says its name where it is registered: `task({ id: "mail", run })`. */
function registeredJob(source: Source, job: Named): { job: Named; rule: Proposal } | null {
  const object = job.node.parent.parent;
  if (!ts.isPropertyAssignment(job.node.parent) || !ts.isObjectLiteralExpression(object))
    return null;
  const call = object.parent;
  const name = jobName(object);
  if (!ts.isCallExpression(call) || call.arguments[0] !== object || name === null) return null;
  const { expression } = call;
  const on = ts.isPropertyAccessExpression(expression) ? expression.expression : expression;
  const at = { listener: name, on: on.getText(source.file) };
  if (!meansOnly(source, at, [job])) return null;
  const said = { id: idOf("jobs", name), use: "wrap-span", phase: 3, at };
  const rule = proposal(source, job.node, 2, WHY, { ...said, span: { name, op: "function" } });
  return { job, rule };
}

/** Whether a function is a member of an object that also says which job it is. */
function isJob({ file }: Source, { node, at }: Named): boolean {
  const member = ts.isMethodDeclaration(node) ? node : node.parent;
  const object = member.parent as TS.Node | undefined;
  if (!isAsync(node) || !object || !ts.isObjectLiteralExpression(object)) return false;
  if (at.function === undefined) return false;
  const isTold = object.properties.some((each) => {
    const isNamed = each.name !== undefined && TELLS_JOB.test(each.name.getText(file));
    return isNamed && (ts.isPropertyAssignment(each) || ts.isShorthandPropertyAssignment(each));
  });
  const isTool = object.properties.some((each) => TELLS_TOOL.test(each.name?.getText(file) ?? ""));
  const lines = node.getText(file).split("\n").length;
  return isTold && !isTool && lines >= SHORT && findNode(node, isLoading) === undefined;
}

/** A tool that a model calls: what calls it is traced by the SDK, as `gen_ai` and `mcp` spans. */
const TELLS_TOOL = /^(inputSchema|outputSchema|parameters)$/;

/** `await import("./send-mail.js")`: the file that is loaded does the job. */
function isLoading(node: TS.Node): boolean {
  return ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
}

const SHORT = 3;

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
