import { ts, type TS } from "../syntax/compiler.js";
import type { Source } from "../syntax/source.js";
import { constantValue } from "../syntax/message.js";
import { functionName } from "../syntax/names.js";
import {
  callsIn,
  enclosingFunction,
  findNode,
  isInlineFunction,
  meansValue,
  unwrapped,
} from "../syntax/walk.js";
import { carriedType } from "./carried-types.js";
import { areaOf, idOf, proposal, type Detector, type Proposal } from "./detector.js";
import { isGivenQueue, isQueue, isTracedBySdk, QUEUE_NEEDLES } from "./queues.js";

/** Jobs that are put into a queue. */
export const jobSenders: Detector = {
  finds: "jobs that are put into a queue (BullMQ, Bull, bee-queue, pg-boss, Agenda)",
  needles: [...QUEUE_NEEDLES, "Queue", "queue"],
  find: (source) => {
    if (isTracedBySdk(source)) return [];
    return callsIn(source.file).flatMap((call): Proposal[] => {
      const pattern = putBy(source, call);
      const at = pattern === null ? passedOnBy(source, call) : { call: pattern };
      if (at === null) return [];
      const why = "a job leaves without the trace that it belongs to";
      const queue = at.call.slice(0, at.call.indexOf("(")).replace(/^this\.|^\$|\.\w+$/g, "");
      const found = proposal(source, call, 3, why, {
        id: idOf(areaOf(source), queue, "jobs-sent"),
        use: "trace-send",
        phase: 2,
        at,
        // The queue makes it into text.
        allowCopy: true,
      });
      const data = call.arguments[dataAt(at.call)];
      // What is put back brings the trace of whoever put it in first.
      if (data && (isOfJob(data) || isEmpty(data))) return [];
      // A job that comes again and again would be in the trace of the start for ever.
      if (call.arguments.some((each) => findNode(each, saysRepeat) !== undefined)) return [];
      return [{ ...found, channel: "jobs", carries: data ? carriedType(source, data) : null }];
    });
  },
};

function saysRepeat(node: TS.Node): boolean {
  if (!ts.isObjectLiteralExpression(node)) return false;
  return node.properties.some(({ name }) => name && /^repeat(Every)?$/.test(name.getText()));
}

/** A job without data is of whoever does it. */
function isEmpty(data: TS.Expression): boolean {
  const code = unwrapped(data);
  if (meansValue(code, "undefined")) return true;
  return ts.isObjectLiteralExpression(code) && code.properties.length === 0;
}

/** `job.data`, `{ ...job.data, isRetry: true }`. */
function isOfJob(data: TS.Expression): boolean {
  const code = unwrapped(data);
  if (ts.isPropertyAccessExpression(code)) return code.name.text === "data";
  if (!ts.isObjectLiteralExpression(code)) return false;
  return code.properties.some((each) => ts.isSpreadAssignment(each) && isOfJob(each.expression));
}

/** Which argument of such a call the data is. */
function dataAt(pattern: string): number {
  return /\((\$message|\{)/.test(pattern) ? 0 : 1;
}

const PUTTING = /^(add|addBulk|send|now|createJob)$/;

/** The pattern of a call that puts a job into a queue: its name and its data, or its data alone. */
function putBy(source: Source, call: TS.CallExpression): string | null {
  const callee = unwrapped(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || !PUTTING.test(callee.name.text)) return null;
  const [first, second] = call.arguments;
  if (callee.name.text === "addBulk" && isBulkTaker(source, callee.expression)) {
    return `${callee.getText(source.file)}($message, $$$)`;
  }
  const isPut =
    isQueue(source, callee.expression) ||
    isGivenOptions(callee, call.arguments) ||
    (first && looksPut(source, callee, first, second));
  if (!first || !isPut) return null;
  const code = callee.getText(source.file);
  const inside = !second && ts.isObjectLiteralExpression(first) ? dataIn(first) : null;
  if (inside) return `${code}({ data: $message, $$$ }, $$$)`;
  // What a queue of functions gets is done in the same process.
  const isAlone =
    !second && isGivenQueue(source, callee.expression) && !isInlineFunction(unwrapped(first));
  const isData = isAlone || ts.isObjectLiteralExpression(first) || (second && isOptions(second));
  if (isData && !isName(first)) return `${code}($message, $$$)`;
  if (!second) return null;
  const name = ts.isStringLiteralLike(first) ? first.getText(source.file) : "$name";
  return `${code}(${name}, $message, $$$)`;
}

function isBulkTaker(source: Source, expression: TS.Expression): boolean {
  return isQueue(source, expression) || isCalledQueue(expression);
}

/**
 * The one place where a queue of one's own gets its jobs: a function that is called so hands what it
 * is given on to something that is called a queue.
 */
function passedOnBy(source: Source, call: TS.CallExpression): Put | null {
  const callee = unwrapped(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || !/^(enqueue|add|send)$/.test(callee.name.text))
    return null;
  const fn = enclosingFunction(call);
  const within = fn && functionName(fn);
  if (!fn || !within || !PASSING.test(within) || !isCalledQueue(callee.expression)) return null;
  const given = new Set(fn.parameters.map(({ name }) => name.getText(source.file)));
  const index = call.arguments.findIndex(
    (each) => ts.isIdentifier(each) && given.has(each.text) && DATA.test(each.text),
  );
  if (index < 0 || index > 1) return null;
  const before = index === 1 ? "$name, " : "";
  return { call: `$queue.${callee.name.text}(${before}$message, $$$)`, within };
}

interface Put {
  readonly call: string;
  readonly within?: string;
}

const PASSING = /^(enqueue|trigger|dispatch|schedule|add|send|submit|publish|queue)(?=[A-Z]|$)/;
const DATA = /^(\w*payload|data|\w*(Data|Payload)|input|params|request|message|job|task)$/;

/** Whether something is called a queue, or what gives it is. */
function isCalledQueue(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (ts.isAwaitExpression(code)) return isCalledQueue(code.expression);
  if (ts.isCallExpression(code)) return isCalledQueue(code.expression);
  const name = ts.isPropertyAccessExpression(code) ? code.name.text : code.getText();
  return /queue$/i.test(name);
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
  const isData =
    second !== undefined && ts.isObjectLiteralExpression(constantValue(source, second));
  const isWhole = !second && ts.isObjectLiteralExpression(first) && dataIn(first) !== null;
  const isMeant = name.text === "add" && /queue/i.test(expression.getText());
  const isPut = isMeant && (isWhole || (isNamed && isData));
  return isPut && !isMadeHere(source, expression);
}

/** `getMailQueue().add(id, data, { jobId: id })`: what a queue is told beside the data tells it. */
function isGivenOptions(
  { name, expression }: TS.PropertyAccessExpression,
  [, , options]: readonly TS.Expression[],
): boolean {
  if (name.text !== "add" || !options || !isCalledQueue(expression)) return false;
  const code = unwrapped(options);
  if (!ts.isObjectLiteralExpression(code)) return false;
  return code.properties.some((each) => each.name && OPTIONS.test(each.name.getText()));
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
