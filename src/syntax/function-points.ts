import { ts, type TS } from "./compiler.js";
import { sameCode } from "./fingerprint.js";
import { functionMeant } from "./function-meant.js";
import type { Matcher } from "./join-point.js";
import { functionMatch, hasBody } from "./named-points.js";
import { nameMatches, type NamedFunction } from "./names.js";
import { parseExpression } from "./pattern.js";
import type { Source } from "./source.js";
import { hasModifier, isInlineFunction, meansValue, unwrapped } from "./walk.js";

/** Names of the exports that a route file handles requests with. */
export const HTTP_METHODS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]);

/** Callbacks of event listeners, and of the workers of a queue. */
export function listenerMatcher(source: Source, event: string, on: string | undefined): Matcher {
  const emitter = on === undefined ? null : parseExpression(on);
  const isEmitter = (node: TS.Expression) => !emitter || sameCode(unwrapped(node), emitter);
  return (node) => {
    const callback = listenerCallback(node, event, isEmitter);
    const target = callback
      ? functionOf(source, callback)
      : jobCallback(source, node, event, emitter !== null, isEmitter);
    return target ? [functionMatch(target)] : [];
  };
}

const LISTENER_METHODS = new Set([
  "on",
  "once",
  "addListener",
  "prependListener",
  "addEventListener",
]);

function listenerCallback(
  node: TS.Node,
  event: string,
  isEmitter: (node: TS.Expression) => boolean,
): TS.Expression | undefined {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression;
    const [first, callback] = node.arguments;
    if (!LISTENER_METHODS.has(name.text) || !first || !callback) return undefined;
    return meansValue(first, event) && isEmitter(expression) ? callback : undefined;
  }
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) return;
  const { left, right } = node;
  if (!ts.isPropertyAccessExpression(left) || left.name.text !== `on${event}`) return undefined;
  return isEmitter(left.expression) ? right : undefined;
}

/**
 * Methods that take what does the jobs of a name: of Bull, pg-boss, Agenda, node-cron, node-schedule,
 * the steps of Inngest, and the tasks of Trigger.dev; or what handles the messages of a channel.
 */
export const WORK_TAKERS: ReadonlySet<string> = new Set([
  ...["process", "work", "define"],
  ...["schedule", "scheduleJob"],
  ...["run", "task"],
  ...["subscribe", "pSubscribe", "consume"],
]);

/**
 * What does the jobs of a queue: `new Worker("emails", async (job) => ...)`, `queue.process("emails",
 * async (job) => ...)`; without a name, `queue.process(async (job) => ...)` is called `process`.
 * @param isMeant whether a rule says what takes it, so that a function may: `Cron("0 * * * *", ...)`
 */
function jobCallback(
  source: Source,
  node: TS.Node,
  event: string,
  isMeant: boolean,
  isEmitter: (node: TS.Expression) => boolean,
): NamedFunction | null {
  const registered = registeredAt(node, isMeant);
  if (!registered || !isEmitter(registered.by)) return null;
  const [first, ...others] = registered.given;
  if (first && meansValue(first, event)) return functionAmong(source, others);
  if (first && ts.isObjectLiteralExpression(first) && jobName(first) === event) {
    const work = jobWork(first);
    return work ? functionOf(source, work) : null;
  }
  const isUnnamed = registered.method === "process" && event === "process";
  const hasName = first !== undefined && ts.isStringLiteralLike(first);
  return isUnnamed && !hasName ? functionAmong(source, registered.given) : null;
}

/** The name that an object says for a job: `{ id: "export", run: async () => ... }`. */
export function jobName({ properties }: TS.ObjectLiteralExpression): string | null {
  for (const each of properties) {
    const isName = each.name !== undefined && /^(id|name)$/.test(each.name.getText());
    if (!isName || !ts.isPropertyAssignment(each)) continue;
    const value = unwrapped(each.initializer);
    if (ts.isStringLiteralLike(value)) return value.text;
  }
  return null;
}

/** What does the job that an object describes. */
function jobWork({ properties }: TS.ObjectLiteralExpression): TS.Expression | undefined {
  const work = properties.find((each) => each.name && JOB_WORK.test(each.name.getText()));
  return work && ts.isPropertyAssignment(work) ? work.initializer : undefined;
}

/** What the function is called that does the job of an object. */
export const JOB_WORK = /^(run|process|handler|handle|perform|work)$/;

interface Registered {
  /** The queue, or the class of a worker, or a function that takes both. */
  readonly by: TS.Expression;
  readonly method: string;
  readonly given: readonly TS.Expression[];
}

function registeredAt(node: TS.Node, isMeant: boolean): Registered | null {
  if (ts.isNewExpression(node)) {
    return { by: node.expression, method: "new", given: node.arguments ?? [] };
  }
  if (!ts.isCallExpression(node)) return null;
  if (isMeant && ts.isIdentifier(node.expression)) {
    return { by: node.expression, method: "call", given: node.arguments };
  }
  if (!ts.isPropertyAccessExpression(node.expression)) return null;
  const { name, expression } = node.expression;
  if (!WORK_TAKERS.has(name.text)) return null;
  return { by: expression, method: name.text, given: node.arguments };
}

/** What is a function, or the name of one of the file, or is made of one: `traced(async () => ...)`. */
export function functionAmong(
  source: Source,
  given: readonly TS.Expression[],
): NamedFunction | null {
  const inline = given.find(isInlineFunction);
  if (inline) return functionOf(source, inline);
  const first = (of: (each: TS.Expression) => NamedFunction | null): NamedFunction | null =>
    given.flatMap((each) => of(each) ?? [])[0] ?? null;
  return first((each) => functionOf(source, each)) ?? first((each) => wrapped(source, each));
}

/**
 * The one function that wrappers are given, `traced({ ... })(async () => ...)`, where nothing else may
 * be one: what else does jobs may come from another file. Of a route that would be middleware.
 */
function wrapped(source: Source, given: TS.Expression, depth = 0): NamedFunction | null {
  const code = unwrapped(given);
  if (!ts.isCallExpression(code) || depth > MAX_WRAPPERS) return null;
  const others = code.arguments.filter((each) => !isNoFunction(source, each));
  const [only, ...more] = others;
  if (!only || more.length > 0) return null;
  return functionOf(source, only) ?? wrapped(source, only, depth + 1);
}

/** Whether an argument is data: written out, or a constant of the file that is. */
function isNoFunction(source: Source, given: TS.Expression): boolean {
  const code = unwrapped(given);
  if (ts.isLiteralExpression(code) || ts.isTemplateExpression(code)) return true;
  if (ts.isObjectLiteralExpression(code) || ts.isArrayLiteralExpression(code)) return true;
  if (!ts.isIdentifier(code)) return false;
  const [declared] = source.scope.resolve(code.text, code) ?? [];
  const value = declared && ts.isVariableDeclaration(declared) ? declared.initializer : undefined;
  return value !== undefined && !ts.isIdentifier(value) && isNoFunction(source, value);
}

/** The function an expression is, or names in this file. */
function functionOf(source: Source, expression: TS.Expression): NamedFunction | null {
  const code = unwrapped(expression);
  return isInlineFunction(code) ? code : (functionMeant(source, code) ?? null);
}

/** Exported HTTP handlers. */
export function routeMatcher(source: Source, method: string): Matcher {
  const isHandler = (name: string) => HTTP_METHODS.has(name) && nameMatches(method, name);
  return (node) => {
    if (node.parent !== source.file) return [];
    const targets = exportedValues(node).filter(({ name }) => isHandler(name));
    return targets.flatMap(({ name, value }) => {
      const handler = handlerIn(source, value);
      return handler ? [functionMatch(handler, name)] : [];
    });
  };
}

/** The handler that an export is, names, or is made of: `withAuth(async (request) => ...)`. */
export function handlerIn(source: Source, value: TS.Node, depth = 0): NamedFunction | null {
  if (hasBody(value)) return value;
  if (!ts.isExpression(value) || depth > MAX_WRAPPERS) return null;
  const code = unwrapped(value);
  const handler = functionOf(source, code);
  if (handler || !ts.isCallExpression(code)) return handler ?? madeOf(source, code, depth);
  const functions = code.arguments.flatMap((each) => functionOf(source, each) ?? []);
  const [given, ...others] = functions;
  // Of two functions, none says that it is the handler.
  if (given) return others.length === 0 ? given : null;
  const behind = code.arguments.flatMap((each) => handlerIn(source, each, depth + 1) ?? []);
  return behind.length === 1 ? (behind[0] ?? null) : null;
}

const MAX_WRAPPERS = 8;

/** The same of a constant that a wrapper gave. */
function madeOf(source: Source, code: TS.Expression, depth: number): NamedFunction | null {
  if (!ts.isIdentifier(code)) return null;
  const [declared] = source.scope.resolve(code.text, code) ?? [];
  const made = declared && ts.isVariableDeclaration(declared) ? declared.initializer : undefined;
  return made && ts.isCallExpression(unwrapped(made)) ? handlerIn(source, made, depth + 1) : null;
}

function exportedValues(node: TS.Node): { name: string; value: TS.Node }[] {
  if (ts.isExportDeclaration(node) && node.exportClause && ts.isNamedExports(node.exportClause)) {
    return node.exportClause.elements.map(({ name, propertyName }) => ({
      name: name.text,
      value: propertyName ?? name,
    }));
  }
  if (!hasModifier(node, ts.SyntaxKind.ExportKeyword)) return [];
  if (ts.isFunctionDeclaration(node) && node.name) return [{ name: node.name.text, value: node }];
  if (!ts.isVariableStatement(node)) return [];
  return node.declarationList.declarations.flatMap(({ name, initializer }) =>
    ts.isIdentifier(name) && initializer
      ? [{ name: name.text, value: unwrapped(initializer) }]
      : [],
  );
}
