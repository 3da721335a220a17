import { ts, type TS } from "../syntax/compiler.js";
import { handlerIn, HTTP_METHODS } from "../syntax/function-points.js";
import { functionName } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { callsIn, hasModifier, isInlineFunction, unwrapped, walkOwn } from "../syntax/walk.js";

/** How what covers a place says what is called: as a function, and as a method of whatever class. */
export function calledAs(callee: TS.Expression): string[] {
  if (ts.isIdentifier(callee)) return [callee.text];
  return ts.isPropertyAccessExpression(callee) ? [`.${callee.name.text}`] : [];
}

/** The one function that a handler waits for, whatever it reads, checks, logs and reports beside. */
export function mostlyCalled(handler: TS.Node): string[] {
  const names = new Set<string>();
  walkOwn(handler, (node) => {
    // What a failure leads to is beside.
    if (ts.isCatchClause(node)) return false;
    // What is called again and again is a part of it each time.
    if (ts.isIterationStatement(node, false)) names.add("");
    const isWaiting = ts.isAwaitExpression(node) || ts.isReturnStatement(node);
    const call = isWaiting && node.expression ? unwrapped(node.expression) : undefined;
    if (!call || !ts.isCallExpression(call)) return undefined;
    for (const name of calledAs(call.expression)) if (!BESIDE.test(name)) names.add(name);
    return undefined;
  });
  const [only, ...others] = names;
  return only !== undefined && others.length === 0 && !ANY.test(only) ? [only] : [];
}

/** What tells of the work, reads what was asked, or looks who asks. */
const BESIDE =
  /^\.?((update|log|report|extendLock|emit|parse|safeParse|auth|require|validate|verify|check|assert)\w*|get\w*(Session|User)\w*|json|text|formData|html|redirect|send|status|headers|cookies|limit)$/;
/** Names that say nothing of what is called. */
const ANY = /^\.?(run|execute|process|handle|perform|call|send|add|get|start|all|allSettled|)$/;

/** What a file calls, by name, as often as it does. */
export interface Calls {
  readonly all: readonly string[];
  /** What is all that the handler of a request calls, each time that it is. */
  readonly thin: readonly string[];
}

/** Of a file that was not looked into. */
export const NO_CALLS: Calls = { all: [], thin: [] };

/** The calls of a file. */
export function callsOf(source: Source): Calls {
  return {
    all: callsIn(source.file).flatMap(({ expression }) => calledAs(expression)),
    thin: requestHandlers(source).flatMap(mostlyCalled),
  };
}

/** What routers and procedures call with a request. */
const TAKES_HANDLER =
  /^(get|post|put|patch|delete|all|openapi|mutation|query|action|subscription|handler)$/;

function requestHandlers(source: Source): TS.Node[] {
  const given = callsIn(source.file).flatMap(({ expression, arguments: all }) => {
    const last = all.at(-1);
    const isTaking =
      ts.isPropertyAccessExpression(expression) && TAKES_HANDLER.test(expression.name.text);
    return isTaking && last && isInlineFunction(last) ? [last] : [];
  });
  return [...given, ...source.file.statements.flatMap((each) => exportedHandler(source, each))];
}

/** `export async function POST(request)`, of a route of Next.js. */
function exportedHandler(source: Source, statement: TS.Statement): TS.Node[] {
  if (!hasModifier(statement, ts.SyntaxKind.ExportKeyword)) return [];
  if (ts.isFunctionDeclaration(statement)) {
    return HTTP_METHODS.has(functionName(statement) ?? "") ? [statement] : [];
  }
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.flatMap(({ name, initializer }) => {
    const isMethod = ts.isIdentifier(name) && HTTP_METHODS.has(name.text);
    return isMethod && initializer ? (handlerIn(source, initializer) ?? []) : [];
  });
}
