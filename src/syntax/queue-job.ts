import { ts, type TS } from "./compiler.js";
import { functionMeant } from "./function-meant.js";
import { importOf, moduleOf } from "./imports.js";
import type { NamedFunction } from "./names.js";
import type { Source } from "./source.js";
import { walk } from "./walk.js";

/** Queues whose jobs hold what was put in as their `data`. */
export const DATA_QUEUES: ReadonlySet<string> = new Set([
  "bullmq",
  "bull",
  "bee-queue",
  "@nestjs/bullmq",
  "@nestjs/bull",
]);

/** Whether what a function is given is a job of such a queue, by its type or by who takes it. */
export function takesJob(
  source: Source,
  fn: NamedFunction,
  { type }: TS.ParameterDeclaration,
): boolean {
  if (type) return isJob(source, type);
  let isTaken = false;
  walk(source.file, (node) => {
    const given = isWorker(source, node) ? (node.arguments ?? []) : [];
    isTaken ||= given.some((each) => each === fn || functionMeant(source, each) === fn);
    return !isTaken;
  });
  return isTaken;
}

/** `new Worker("mails", work)`, and `mails.process(work)` of Bull and its like. */
function isWorker(source: Source, node: TS.Node): node is TS.NewExpression | TS.CallExpression {
  if (ts.isNewExpression(node)) return isOfQueue(source, node.expression);
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  return node.expression.name.text === "process" && /["'](bull|bee-queue)["']/.test(source.text);
}

/** `Job<Data>`, `Bull.Job`. */
function isJob(source: Source, type: TS.TypeNode): boolean {
  if (ts.isUnionTypeNode(type)) return type.types.some((each) => isJob(source, each));
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
  return ts.isIdentifier(node) && DATA_QUEUES.has(moduleOf(source, node) ?? "");
}
