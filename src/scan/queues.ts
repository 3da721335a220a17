import { ts, type TS } from "../syntax/compiler.js";
import { JOB_METHODS } from "../syntax/function-points.js";
import { importOf, moduleOf } from "../syntax/imports.js";
import { constantValue } from "../syntax/message.js";
import type { Source } from "../syntax/source.js";
import { callsIn, unwrapped, walk } from "../syntax/walk.js";
import type { Rule } from "../transform.js";
import { areaOf, idOf, proposal, type Detector, type Proposal } from "./detector.js";

/** Whose jobs are kept elsewhere until a worker, often of another process, does them. */
const QUEUES = new Set([
  "bullmq",
  "bull",
  "bee-queue",
  "pg-boss",
  "agenda",
  "@nestjs/bullmq",
  "@nestjs/bull",
]);
const QUEUE_IMPORT = new RegExp(`["'](?:${[...QUEUES].join("|")})["']`);

/** What a file contains that has to do with such a queue. */
export const QUEUE_NEEDLES: readonly string[] = ["bull", "bee-queue", "pg-boss", "agenda"];

/** SDK 11 traces BullMQ where it is told to. */
const BY_THE_SDK = "BullMQTelemetry";

/** Whether a file imports such a queue, and the SDK is not told of it. */
export function hasUntracedQueue(source: Source): boolean {
  return mayHaveQueue(source) && !isTracedBySdk(source);
}

function mayHaveQueue({ text }: Source): boolean {
  return QUEUE_IMPORT.test(text);
}

function isTracedBySdk({ text }: Source): boolean {
  return text.includes(BY_THE_SDK);
}

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
  readonly at: NonNullable<Rule["at"]>;
  readonly span: string;
}

/** The rule that what does a job suggests; none where the data of the job has no name there. */
export function jobDone(
  source: Source,
  node: TS.Node,
  id: string,
  { handler, at, span }: JobDoer,
): Proposal[] {
  const data = dataOf(handler, source);
  if (data === null) return [];
  const own = /["']bullmq["']/.test(source.text) ? `; SDK 11 has \`${BY_THE_SDK}\` for it` : "";
  const why = `a job is done that brings no trace along${own}`;
  const found = proposal(source, node, 3, why, {
    id,
    use: "trace-receive",
    phase: 2,
    at,
    message: `\${${data}}`,
    span: { name: span, op: "queue.process" },
  });
  return [{ ...found, covers: handedTo(handler) }];
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
  const handler = given.find((each) => ts.isArrowFunction(each) || ts.isFunctionExpression(each));
  const [first] = given;
  if (!on || !first || !handler) return null;
  const isNamed = ts.isStringLiteralLike(first) || ts.isNewExpression(node);
  if (!isNamed && !/\.process$/.test(node.expression.getText())) return null;
  const name = ts.isStringLiteralLike(first) ? first.text : isNamed ? first.getText() : "process";
  const called = constantValue(source, first);
  const isKnown = isNamed && ts.isStringLiteralLike(called);
  const span = isKnown ? called.text : `${on} job`;
  return { handler: handler as TS.ArrowFunction, at: { listener: name, on }, name, span };
}

/** `Worker`, as the file calls it. */
function workerClass(source: Source, { expression }: TS.NewExpression): string | null {
  return isOfQueues(source, expression) ? expression.text : null;
}

function workedQueue(source: Source, { expression }: TS.CallExpression): string | null {
  const callee = unwrapped(expression);
  if (!ts.isPropertyAccessExpression(callee) || !JOB_METHODS.has(callee.name.text)) return null;
  return isQueue(source, callee.expression) ? callee.expression.getText(source.file) : null;
}

/** What the handler calls the data of its job: Agenda keeps it deeper, pg-boss hands out a list. */
function dataOf({ parameters: [first] }: TS.SignatureDeclaration, { text }: Source): string | null {
  if (!first || first.dotDotDotToken) return null;
  const { name } = first;
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
  const [job] = name.elements;
  const isOne = job !== undefined && ts.isBindingElement(job) && ts.isIdentifier(job.name);
  return isOne ? `${job.name.getText()}.data` : null;
}

/** The functions and methods that are given the job in turn. */
function handedTo(handler: TS.SignatureDeclaration): string[] {
  const job = handler.parameters[0]?.name.getText();
  const names: string[] = [];
  walk(handler, (node) => {
    if (!ts.isCallExpression(node)) return;
    const { expression } = node;
    const isGiven = node.arguments.some((each) => each.getText() === job);
    if (!isGiven) return;
    if (ts.isIdentifier(expression)) names.push(expression.text);
    if (ts.isPropertyAccessExpression(expression)) names.push(`.${expression.name.text}`);
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

/** Whether a type, or what is made with `new`, is what a queue calls by such a name. */
export function namesQueueType(source: Source, type: TS.Node, name: RegExp): boolean {
  const code = ts.isTypeReferenceNode(type) ? type.typeName : type;
  const [root, last] =
    ts.isQualifiedName(code) && ts.isIdentifier(code.left)
      ? [code.left, code.right.text]
      : [code, ts.isIdentifier(code) ? (importOf(source, code)?.exported ?? code.text) : ""];
  return name.test(last) && isOfQueues(source, root);
}

function isOfQueues(source: Source, node: TS.Node): node is TS.Identifier {
  return ts.isIdentifier(node) && QUEUES.has(moduleOf(source, node) ?? "");
}

/** Jobs that are put into a queue. */
export const jobSenders: Detector = {
  finds: "jobs that are put into a queue (BullMQ, Bull, bee-queue, pg-boss, Agenda)",
  needles: [...QUEUE_NEEDLES, "Queue", "queue"],
  find: (source) => {
    if (isTracedBySdk(source)) return [];
    return callsIn(source.file).flatMap((call): Proposal[] => {
      const pattern = putBy(source, call);
      if (pattern === null) return [];
      const why = "a job leaves without the trace that it belongs to";
      const queue = pattern.slice(0, pattern.indexOf("("));
      return [
        proposal(source, call, 3, why, {
          id: idOf(areaOf(source), queue.replace(/^this\.|\.\w+$/g, ""), "jobs-sent"),
          use: "trace-send",
          phase: 2,
          at: { call: pattern },
          // The queue makes it into text.
          allowCopy: true,
        }),
      ];
    });
  },
};

const PUTTING = /^(add|send|now|createJob)$/;

/** The pattern of a call that puts a job into a queue: its name and its data, or its data alone. */
function putBy(source: Source, call: TS.CallExpression): string | null {
  const callee = unwrapped(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || !PUTTING.test(callee.name.text)) return null;
  const [first, second] = call.arguments;
  if (!first || !(isQueue(source, callee.expression) || looksPut(source, callee, first, second)))
    return null;
  const code = callee.getText(source.file);
  const inside = !second && ts.isObjectLiteralExpression(first) ? dataIn(first) : null;
  if (inside) return `${code}({ data: $message, $$$ }, $$$)`;
  const isData = ts.isObjectLiteralExpression(first) || (second && isOptions(second));
  if (isData && !isName(first)) return `${code}($message, $$$)`;
  if (!second) return null;
  const name = ts.isStringLiteralLike(first) ? first.getText(source.file) : "$name";
  return `${code}(${name}, $message, $$$)`;
}

/** What an object says that is data and how it is to be done: `{ data, groupId, delay }`. */
function dataIn({ properties }: TS.ObjectLiteralExpression): TS.ObjectLiteralElementLike | null {
  const isNamed = (each: TS.ObjectLiteralElementLike) => each.name?.getText() === "data";
  const others = properties.filter((each) => !isNamed(each));
  const isTold = others.some(
    ({ name }) => name && (OPTIONS.test(name.getText()) || GROUP.test(name.getText())),
  );
  return isTold ? (properties.find(isNamed) ?? null) : null;
}

const GROUP = /^(groupId|orderMs|queue|singletonKey)$/;

const OPTIONS =
  /^(attempts|backoff|delay|jobId|lifo|priority|removeOn(Complete|Fail)|repeat|timeout|timestamp|keepLogs)$/;

/** What a queue is told about a job, beside its data. */
function isOptions(given: TS.Expression): boolean {
  const code = unwrapped(given);
  if (!ts.isObjectLiteralExpression(code) || code.properties.length === 0) return false;
  return code.properties.every(({ name }) => name && OPTIONS.test(name.getText()));
}

function isName(given: TS.Expression): boolean {
  return ts.isStringLiteralLike(given) || ts.isTemplateExpression(given);
}

/** A queue of somebody else's: called so, and given a name and an object. */
function looksPut(
  source: Source,
  { expression, name }: TS.PropertyAccessExpression,
  first: TS.Expression,
  second: TS.Expression | undefined,
): boolean {
  const isNamed = ts.isStringLiteralLike(first) || ts.isPropertyAccessExpression(first);
  const isData = second !== undefined && ts.isObjectLiteralExpression(second);
  const isWhole = !second && ts.isObjectLiteralExpression(first) && dataIn(first) !== null;
  const isMeant = name.text === "add" && /queue/i.test(expression.getText());
  const isPut = isMeant && (isWhole || (isNamed && isData));
  return isPut && !isMadeHere(source, expression);
}

/** Whether something is of a class of the file's own, which keeps what it is given as it is. */
function isMadeHere({ file, scope }: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (!ts.isIdentifier(code)) return false;
  const classes = file.statements.filter(ts.isClassDeclaration).map((each) => each.name?.text);
  return (scope.resolve(code.text, code) ?? []).some((each) => {
    const value = ts.isVariableDeclaration(each) ? each.initializer : undefined;
    return value && ts.isNewExpression(value) && classes.includes(value.expression.getText());
  });
}

/** Whether an expression is a queue, by what the file declares it as. */
function isQueue(source: Source, expression: TS.Expression): boolean {
  const { text } = source;
  if (!mayHaveQueue(source)) return false;
  const code = unwrapped(expression);
  const name = ts.isPropertyAccessExpression(code) ? code.name.text : code.getText();
  if (!/^[\w$]+$/.test(name)) return false;
  const kind = "(?:\\w+\\.)?(?:Queue|Bull|PgBoss|Agenda)\\b";
  const declared = new RegExp(
    `\\b${name.replace(/\$/g, "\\$")}\\s*[!?]?\\s*(?::\\s*${kind}|=\\s*new\\s+${kind})`,
  );
  return declared.test(text);
}
