import { ts, type TS } from "../syntax/compiler.js";
import { functionAmong, WORK_TAKERS } from "../syntax/function-points.js";
import { constantValue } from "../syntax/message.js";
import { boundNames } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { findNode, unwrapped, walk } from "../syntax/walk.js";
import type { Rule } from "../transform.js";
import { areaOf, idOf, JOB_NAME, proposal, type Detector, type Proposal } from "./detector.js";
import { calledAs, mostlyCalled } from "./mostly-called.js";
import {
  BY_THE_SDK,
  hasUntracedQueue,
  isOfQueues,
  isQueue,
  namesQueueType,
  QUEUE_NEEDLES,
} from "./queues.js";

/** What does the jobs of a queue. */
export const jobHandlers: Detector = {
  finds: "what does such jobs",
  needles: QUEUE_NEEDLES,
  find: (source) => {
    if (!hasUntracedQueue(source)) return [];
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const handled = registeredAt(source, node) ?? processorAt(source, node);
      if (!handled) return;
      const id = idOf(areaOf(source), handled.name, "jobs");
      found.push(...jobDone(source, node, id, handled));
    });
    return found;
  },
};

/** What does a job, and how a rule means it. */
export interface JobDoer {
  readonly handler: TS.SignatureDeclaration;
  /** The parameter that is the job, where it is not the first. */
  readonly job?: TS.ParameterDeclaration;
  readonly at: NonNullable<Rule["at"]>;
  readonly span: string;
}

/** The rule that what does a job suggests; none where the job has data without a name there. */
export function jobDone(
  source: Source,
  node: TS.Node,
  id: string,
  { handler, at, span, job = handler.parameters[0] }: JobDoer,
): Proposal[] {
  const data = dataOf(job, source);
  const name = nameOfJob(source, handler, job);
  const attributes = name === null ? {} : { attributes: { [JOB_NAME]: `\${${name}}` } };
  const common = { id, phase: 2, at, span: { name: span, op: "queue.process", ...attributes } };
  if (handler.parameters.length === 0) {
    return [
      proposal(source, node, 2, "a job without data is done", { ...common, use: "wrap-span" }),
    ];
  }
  if (data === null) return [];
  const own = /["']bullmq["']/.test(source.text) ? `; SDK 11 has \`${BY_THE_SDK}\` for it` : "";
  const why = `a job is done that brings no trace along${own}`;
  const message = `\${${data}}`;
  const found = proposal(source, node, 3, why, { ...common, use: "trace-receive", message });
  const covers = handedTo(handler, job);
  return [{ ...found, channel: "jobs", covers, mostly: mostlyCalled(handler) }];
}

/** What tells jobs of one queue apart: what the handler itself reads a name from, or the job's own. */
function nameOfJob(
  { text }: Source,
  handler: TS.SignatureDeclaration,
  job: TS.ParameterDeclaration | undefined,
): string | null {
  if (!job || !ts.isIdentifier(job.name)) return null;
  const { text: own } = job.name;
  const taken = findNode(handler, (node) => {
    const isData = ts.isVariableDeclaration(node) && isDataOf(own, node.initializer);
    return isData && ts.isObjectBindingPattern(node.name) && boundNames(node.name).includes("name");
  });
  if (taken) return `${own}.data?.name`;
  const isRead = findNode(handler, (node) => node.getText() === `${own}.name`) !== undefined;
  return isRead && /["']bull(mq)?["']/.test(text) ? `${own}.name` : null;
}

/** `job.data`, `job.data ?? {}`. */
function isDataOf(job: string, value: TS.Expression | undefined): boolean {
  const text = value?.getText() ?? "";
  return text === `${job}.data` || text.startsWith(`${job}.data ??`);
}

interface Handled extends JobDoer {
  /** What the jobs are called, or the functions like it. */
  readonly name: string;
}

/** A function that is handed to a queue or to a worker on the spot. */
function registeredAt(source: Source, node: TS.Node): Handled | null {
  if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return null;
  const given = node.arguments ?? [];
  const on = ts.isNewExpression(node) ? workerClass(source, node) : workedQueue(source, node);
  const [first, ...others] = given;
  const handler = functionAmong(source, given.length > 1 ? others : given);
  if (!on || !first || !handler) return null;
  const isNamed = ts.isStringLiteralLike(first) || ts.isNewExpression(node);
  if (!isNamed && !/\.process$/.test(node.expression.getText())) return null;
  const name = ts.isStringLiteralLike(first) ? first.text : isNamed ? first.getText() : "process";
  const called = constantValue(source, first);
  const isKnown = isNamed && ts.isStringLiteralLike(called);
  const span = isKnown ? called.text : `${on.replace(/\(\)/g, "")} job`;
  return { handler, at: { listener: name, on }, name, span };
}

/** `Worker`, as the file calls it. */
function workerClass(source: Source, { expression }: TS.NewExpression): string | null {
  return isOfQueues(source, expression) ? expression.text : null;
}

function workedQueue(source: Source, { expression }: TS.CallExpression): string | null {
  const callee = unwrapped(expression);
  if (!ts.isPropertyAccessExpression(callee) || !WORK_TAKERS.has(callee.name.text)) return null;
  return isQueue(source, callee.expression) ? callee.expression.getText(source.file) : null;
}

/** What the handler calls the data of its job: Agenda keeps it deeper, pg-boss hands out a list. */
function dataOf(job: TS.ParameterDeclaration | undefined, { text }: Source): string | null {
  if (!job || job.dotDotDotToken) return null;
  const { name } = job;
  // A list of jobs has no data of its own.
  if (ts.isIdentifier(name) && /["']pg-boss["']/.test(text)) return null;
  if (ts.isIdentifier(name)) {
    return /["']agenda["']/.test(text) ? `${name.text}.attrs.data` : `${name.text}.data`;
  }
  if (ts.isObjectBindingPattern(name)) {
    const data = name.elements.find(
      (each) => (each.propertyName ?? each.name).getText() === "data",
    );
    return data && ts.isIdentifier(data.name) ? data.name.text : null;
  }
  const [first] = name.elements;
  const isOne = first !== undefined && ts.isBindingElement(first) && ts.isIdentifier(first.name);
  return isOne ? `${first.name.getText()}.data` : null;
}

/** The functions and methods that are given the job in turn, or something that was in it. */
export function handedTo(
  handler: TS.SignatureDeclaration,
  parameter: TS.ParameterDeclaration | undefined,
): string[] {
  const given = namesIn(handler, parameter);
  const names: string[] = [];
  walk(handler, (node) => {
    if (!ts.isCallExpression(node)) return;
    const { expression } = node;
    const isGiven = node.arguments.some((each) =>
      given.has(/^[\w$]+/.exec(each.getText())?.[0] ?? ""),
    );
    if (isGiven) names.push(...calledAs(expression));
  });
  return names;
}

/** What a handler calls its job, and what it takes out of it into constants. */
function namesIn(
  handler: TS.SignatureDeclaration,
  parameter: TS.ParameterDeclaration | undefined,
): ReadonlySet<string> {
  const names = new Set(parameter ? boundNames(parameter.name) : []);
  walk(handler, (node) => {
    const isTaken =
      ts.isVariableDeclaration(node) &&
      node.initializer !== undefined &&
      names.has(/^[\w$]+/.exec(node.initializer.getText())?.[0] ?? "");
    if (isTaken) for (const name of boundNames(node.name)) names.add(name);
  });
  return names;
}

/** A function of the type that queues have for it, or the method of a class that they know. */
function processorAt(source: Source, node: TS.Node): Handled | null {
  if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)) {
    const value = node.initializer && unwrapped(node.initializer);
    const isOne = node.type && namesQueueType(source, node.type, /^Processor$/);
    if (!isOne || !value || !ts.isArrowFunction(value)) return null;
    const { text } = node.name;
    const kind = /[A-Z][a-z]+$/.exec(text)?.[0];
    const at = { function: kind ? `*${kind}` : text };
    return { handler: value, at, name: kind ?? text, span: "{{function}}" };
  }
  if (!ts.isMethodDeclaration(node) || !ts.isClassDeclaration(node.parent)) return null;
  const { name: owner, heritageClauses = [] } = node.parent;
  const bases = heritageClauses.flatMap(({ types }) => types.map(({ expression }) => expression));
  const isHost = bases.some((base) => isOfQueues(source, base) && base.getText() === "WorkerHost");
  if (!isHost || !owner || node.name.getText() !== "process") return null;
  const at = { method: `${owner.text}.process` };
  return { handler: node, at, name: owner.text, span: "{{function}}" };
}
