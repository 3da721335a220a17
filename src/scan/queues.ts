import { ts, type TS } from "../syntax/compiler.js";
import { moduleOf } from "../syntax/imports.js";
import type { Source } from "../syntax/source.js";
import { callsIn, unwrapped, walk } from "../syntax/walk.js";
import type { Rule } from "../transform.js";
import { areaOf, idOf, proposal, type Detector, type Proposal } from "./detector.js";

/** Whose jobs are kept elsewhere until a worker, often of another process, does them. */
const QUEUES = /^(bullmq|bull|bee-queue|pg-boss|agenda|@nestjs\/bull(mq)?)$/;
const QUEUE_IMPORT = /["'](bullmq|bull|bee-queue|pg-boss|agenda|@nestjs\/bull(?:mq)?)["']/;
const NEEDLES = ["bull", "bee-queue", "pg-boss", "agenda"];

/** SDK 11 traces BullMQ where it is told to. */
function whyHandled({ text }: Source): string {
  const own = /["']bullmq["']/.test(text) ? "; SDK 11 has `BullMQTelemetry` for it" : "";
  return `a job is done that brings no trace along${own}`;
}

/** Whether a file has to do with queues that nobody traces yet. */
function isAsked({ text }: Source): boolean {
  return QUEUE_IMPORT.test(text) && !text.includes("BullMQTelemetry");
}

/** What does the jobs of a queue. */
export const jobHandlers: Detector = {
  name: "job handlers",
  needles: NEEDLES,
  find: (source) => {
    if (!isAsked(source)) return [];
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const handled = handledAt(source, node);
      if (!handled) return;
      const { name, on, message } = handled;
      found.push(
        proposal(source, node, 3, whyHandled(source), {
          id: idOf(areaOf(source), name, "jobs"),
          use: "trace-receive",
          phase: 2,
          at: { listener: name, on },
          message: `\${${message}}`,
          span: { name: name === "process" ? `${on} job` : name, op: "queue.process" },
        }),
      );
    });
    return found;
  },
};

interface Handled {
  readonly name: string;
  readonly on: string;
  /** The data of the job as code. */
  readonly message: string;
}

const WORKER_METHODS = /^(process|work|define)$/;

function handledAt(source: Source, node: TS.Node): Handled | null {
  if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return null;
  const given = node.arguments ?? [];
  const by = ts.isNewExpression(node) ? workerClass(source, node) : workedQueue(source, node);
  const handler = given.find((each) => ts.isArrowFunction(each) || ts.isFunctionExpression(each));
  const [first] = given;
  if (!by || !first || !handler) return null;
  const message = dataOf(handler as TS.ArrowFunction, source);
  if (message === null) return null;
  if (ts.isStringLiteralLike(first)) return { name: first.text, on: by, message };
  if (ts.isNewExpression(node)) return { name: first.getText(), on: by, message };
  return /\.process$/.test(node.expression.getText()) ? { name: "process", on: by, message } : null;
}

/** `Worker`, as the file calls it. */
function workerClass(source: Source, { expression }: TS.NewExpression): string | null {
  if (!ts.isIdentifier(expression)) return null;
  return QUEUES.test(moduleOf(source, expression) ?? "") ? expression.text : null;
}

function workedQueue(source: Source, { expression }: TS.CallExpression): string | null {
  const callee = unwrapped(expression);
  if (!ts.isPropertyAccessExpression(callee) || !WORKER_METHODS.test(callee.name.text)) return null;
  return isQueue(source, callee.expression) ? callee.expression.getText(source.file) : null;
}

/** What the handler calls the data of its job: Agenda keeps it deeper, pg-boss hands out a list. */
function dataOf({ parameters: [first] }: TS.SignatureDeclaration, { text }: Source): string | null {
  if (!first || first.dotDotDotToken) return null;
  const { name } = first;
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

/** What does jobs by its type, wherever it is handed to a worker. */
export const jobProcessors: Detector = {
  name: "job processors",
  needles: ["Processor", "WorkerHost"],
  find: (source) => {
    if (!isAsked(source)) return [];
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const name = processorAt(source, node);
      const message = name && dataOf(name.node, source);
      if (!name || !message) return;
      const { at, kind } = name;
      found.push(
        proposal(source, node, 3, whyHandled(source), {
          id: idOf(areaOf(source), kind, "jobs"),
          use: "trace-receive",
          phase: 2,
          at,
          message: `\${${message}}`,
          span: { name: "{{function}}", op: "queue.process" },
        }),
      );
    });
    return found;
  },
};

interface ProcessorFunction {
  readonly node: TS.SignatureDeclaration;
  readonly at: NonNullable<Rule["at"]>;
  /** What functions like it are called. */
  readonly kind: string;
}

/** A function of the type that queues have for it, or the method of a class that they know. */
function processorAt(source: Source, node: TS.Node): ProcessorFunction | null {
  if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)) {
    const value = node.initializer && unwrapped(node.initializer);
    const isOne = isTypeOf(source, node.type, "Processor");
    if (!isOne || !value || !ts.isArrowFunction(value)) return null;
    const { text } = node.name;
    const kind = /[A-Z][a-z]+$/.exec(text)?.[0];
    return { node: value, at: { function: kind ? `*${kind}` : text }, kind: kind ?? text };
  }
  if (!ts.isMethodDeclaration(node) || !ts.isClassDeclaration(node.parent)) return null;
  const { name: owner, heritageClauses = [] } = node.parent;
  const bases = heritageClauses.flatMap(({ types }) => types.map(({ expression }) => expression));
  const isHost = bases.some(
    (base) =>
      ts.isIdentifier(base) &&
      base.text === "WorkerHost" &&
      QUEUES.test(moduleOf(source, base) ?? ""),
  );
  if (!isHost || !owner || node.name.getText() !== "process") return null;
  return { node, at: { method: `${owner.text}.process` }, kind: owner.text };
}

function isTypeOf(source: Source, type: TS.TypeNode | undefined, name: string): boolean {
  if (!type || !ts.isTypeReferenceNode(type) || !ts.isIdentifier(type.typeName)) return false;
  return type.typeName.text === name && QUEUES.test(moduleOf(source, type.typeName) ?? "");
}

/** Jobs that are put into a queue. */
export const jobSenders: Detector = {
  name: "job senders",
  needles: [...NEEDLES, "Queue", "queue"],
  find: (source) => {
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
  if (!first || !(isQueue(source, callee.expression) || looksPut(callee, first, second)))
    return null;
  const code = callee.getText(source.file);
  if (second && !ts.isObjectLiteralExpression(first)) return `${code}($name, $message, $$$)`;
  return ts.isObjectLiteralExpression(first) ? `${code}($message, $$$)` : null;
}

/** A queue of somebody else's: called so, and given a name and an object. */
function looksPut(
  { expression, name }: TS.PropertyAccessExpression,
  first: TS.Expression,
  second: TS.Expression | undefined,
): boolean {
  const isName = ts.isStringLiteralLike(first) || ts.isPropertyAccessExpression(first);
  const isData = second !== undefined && ts.isObjectLiteralExpression(second);
  return name.text === "add" && /queue/i.test(expression.getText()) && isName && isData;
}

/** Whether an expression is a queue, by what the file declares it as. */
function isQueue({ text }: Source, expression: TS.Expression): boolean {
  if (!QUEUE_IMPORT.test(text)) return false;
  const code = unwrapped(expression);
  const name = ts.isPropertyAccessExpression(code) ? code.name.text : code.getText();
  if (!/^[\w$]+$/.test(name)) return false;
  const kind = "(?:\\w+\\.)?(?:Queue|Bull|PgBoss|Agenda)\\b";
  const declared = new RegExp(
    `\\b${name.replace(/\$/g, "\\$")}\\s*[!?]?\\s*(?::\\s*${kind}|=\\s*new\\s+${kind})`,
  );
  return declared.test(text);
}
