import { ts, type TS } from "../syntax/compiler.js";
import { importOf, moduleOf } from "../syntax/imports.js";
import { DATA_QUEUES } from "../syntax/queue-job.js";
import type { Source } from "../syntax/source.js";
import { unwrapped } from "../syntax/walk.js";

/** Whose jobs are kept elsewhere until a worker, often of another process, does them. */
const QUEUES = new Set([...DATA_QUEUES, "pg-boss", "agenda"]);
const QUEUE_IMPORT = new RegExp(`["'](?:${[...QUEUES].join("|")})["']`);

/** What a file contains that has to do with such a queue. */
export const QUEUE_NEEDLES: readonly string[] = [
  "bull",
  "bee-queue",
  "pg-boss",
  "agenda",
  "ueue()",
];

/** SDK 11 traces BullMQ where it is told to. */
export const BY_THE_SDK = "BullMQTelemetry";

/** Whether a file imports such a queue, and the SDK is not told of it. */
export function hasUntracedQueue(source: Source): boolean {
  return mayHaveQueue(source) && !isTracedBySdk(source);
}

function mayHaveQueue({ text }: Source): boolean {
  return QUEUE_IMPORT.test(text) || /\b\w*ueue\(\)\s*\.(process|add)\(/.test(text);
}

/** Whether the SDK is told of the queue. */
export function isTracedBySdk({ text }: Source): boolean {
  return text.includes(BY_THE_SDK);
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

/** Whether a name comes from a module of queues. */
export function isOfQueues(source: Source, node: TS.Node): node is TS.Identifier {
  return ts.isIdentifier(node) && QUEUES.has(moduleOf(source, node) ?? "");
}

/** `mailQueue()`: a function of another file that is called a queue gives one. */
export function isGivenQueue(source: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (!ts.isCallExpression(code) || code.arguments.length > 0) return false;
  const callee = unwrapped(code.expression);
  if (!ts.isIdentifier(callee) || !/queue$/i.test(callee.text)) return false;
  return moduleOf(source, callee) !== null;
}

/** Whether an expression is a queue, by what the file declares it as, or by what gives it. */
export function isQueue(source: Source, expression: TS.Expression): boolean {
  const { text } = source;
  if (isGivenQueue(source, expression)) return true;
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
