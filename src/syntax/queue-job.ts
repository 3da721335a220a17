import { ts, type TS } from "./compiler.js";
import { importOf, moduleOf } from "./imports.js";
import type { NamedFunction } from "./names.js";
import type { Source } from "./source.js";

/** Queues whose jobs hold what was put in as their `data`. */
const QUEUES: ReadonlySet<string> = new Set([
  "bullmq",
  "bull",
  "bee-queue",
  "@nestjs/bullmq",
  "@nestjs/bull",
]);

/** Whether the first parameter of a function is a job of such a queue, by its type or by who takes it. */
export function takesJob(source: Source, fn: NamedFunction): boolean {
  const type = fn.parameters[0]?.type;
  if (type) return isJob(source, type);
  const { parent } = fn;
  return ts.isNewExpression(parent) && isOfQueue(source, parent.expression);
}

/** `Job<Data>`, `Bull.Job`. */
function isJob(source: Source, type: TS.TypeNode): boolean {
  if (!ts.isTypeReferenceNode(type)) return false;
  const { typeName } = type;
  const root = ts.isQualifiedName(typeName) ? typeName.left : typeName;
  if (!isOfQueue(source, root)) return false;
  const name = ts.isQualifiedName(typeName)
    ? typeName.right.text
    : (importOf(source, typeName)?.exported ?? typeName.text);
  return /^(Sandboxed)?Job$/.test(name);
}

function isOfQueue(source: Source, node: TS.Node): boolean {
  return ts.isIdentifier(node) && QUEUES.has(moduleOf(source, node) ?? "");
}
