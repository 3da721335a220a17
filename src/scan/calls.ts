import { ts, type TS } from "../syntax/compiler.js";
import { declaredNames } from "../syntax/declarations.js";
import { handlerIn, HTTP_METHODS } from "../syntax/function-points.js";
import { functionName } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { callsIn, hasModifier, identifiersIn, isInlineFunction } from "../syntax/walk.js";
import { calledAs, calleeOf } from "./mostly-called.js";
import { namedFunctions } from "./named-functions.js";
import { isSpanHelper } from "./own-span.js";
import { answersRequest } from "./unfit.js";

/** How often something is called, by its name. */
type Times = ReadonlyMap<string, number>;

/** What a file calls, and what it names. */
export interface Calls {
  readonly all: Times;
  /** What is all that something with a span calls, each time that it is: a handler of requests, the work of a helper. */
  readonly thin: Times;
  /** Functions that are given by their names to what calls them with a request. */
  readonly given: ReadonlySet<string>;
  /** The functions and methods (`.name`) that it hands over as values. */
  readonly values: ReadonlySet<string>;
}

/** The calls of a file. */
export function callsOf(source: Source): Calls {
  const calls = callsIn(source.file);
  const taking = calls.flatMap((call) => requestHandler(call) ?? []);
  const named = taking.filter(ts.isIdentifier);
  const held = new Set<TS.Node>([
    ...taking.filter(isInlineFunction),
    ...calls.flatMap((call) => workOf(call) ?? []),
    ...source.file.statements.flatMap((each) => exportedHandler(source, each)),
    ...namedFunctions(source, () => true).flatMap(({ node }) =>
      answersRequest(node) || isMarked(node) ? [node] : [],
    ),
  ]);
  const known = new Set<TS.Node>(named);
  return {
    all: timesOf(calls.map(({ expression }) => expression)),
    thin: timesOf([...held].flatMap(calleeOf)),
    given: new Set(named.map(({ text }) => text)),
    values: valuesIn(source, known),
  };
}

function timesOf(callees: readonly TS.Expression[]): Times {
  const times = new Map<string, number>();
  for (const name of callees.flatMap(calledWithClass)) times.set(name, (times.get(name) ?? 0) + 1);
  return times;
}

/** How what is called is named, for a static method also with its class: `Tag.merge`. */
function calledWithClass(callee: TS.Expression): string[] {
  const isOfClass =
    ts.isPropertyAccessExpression(callee) &&
    ts.isIdentifier(callee.expression) &&
    /^[A-Z]/.test(callee.expression.text);
  return [...calledAs(callee), ...(isOfClass ? [callee.getText()] : [])];
}

/** What routers and procedures call with a request. */
const TAKES_HANDLER =
  /^(get|post|put|patch|delete|all|openapi|mutation|query|action|subscription|handler)$/;
/** What gives a model its tools, each of which has a span where they are called. */
const TAKES_TOOL = /^(register|add|server)?[tT]ool$/;

/** The function that a call takes for requests: written there, by its name, or in what handles its errors. */
function requestHandler({ expression, arguments: given }: TS.CallExpression): TS.Node | null {
  const name = ts.isPropertyAccessExpression(expression) ? expression.name.text : null;
  const called = name ?? (ts.isIdentifier(expression) ? expression.text : "");
  const takesTool = TAKES_TOOL.test(called);
  if (!takesTool && (name === null || !TAKES_HANDLER.test(name))) return null;
  const last = given.at(-1);
  if (!last) return null;
  if (ts.isIdentifier(last)) return last;
  if (isInlineFunction(last)) return last;
  const inner =
    takesTool && ts.isCallExpression(last) ? last.arguments.find(isInlineFunction) : null;
  return inner ?? null;
}

/** Whether a method is marked as what answers requests, as controllers and resolvers are. */
function isMarked(node: TS.Node): boolean {
  const marks = ts.canHaveDecorators(node) ? (ts.getDecorators(node) ?? []) : [];
  return marks.some(({ expression }) => {
    const [name = ""] = ts.isCallExpression(expression) ? calledAs(expression.expression) : [];
    return ANSWERS.test(name);
  });
}

const ANSWERS = /^(Get|Post|Put|Patch|Delete|All|Sse|Query|Mutation|ResolveField|GrpcMethod)$/;

/** What a helper is given to run in a span. */
function workOf({ expression, arguments: given }: TS.CallExpression): TS.Node | null {
  return isSpanHelper(expression) ? (given.find(isInlineFunction) ?? null) : null;
}

/** The functions and methods (`.name`) that a file hands over as values, whatever becomes of them. */
function valuesIn(source: Source, known: ReadonlySet<TS.Node>): Set<string> {
  const names = identifiersIn(source.file);
  const imported = names.filter(({ parent }) => isImport(parent));
  const own = new Set([...declaredNames(source.file.statements), ...imported].map(textOf));
  const values = new Set<string>();
  for (const name of names) {
    const { parent } = name;
    const isMember = ts.isPropertyAccessExpression(parent) && parent.name === name;
    if (isMember && isHandedOver(parent)) values.add(`.${name.text}`);
    if (!isMember && own.has(name.text) && isRead(name) && !known.has(name)) values.add(name.text);
  }
  return values;
}

function isImport(node: TS.Node): boolean {
  return ts.isImportSpecifier(node) || ts.isImportClause(node) || ts.isNamespaceImport(node);
}

function textOf({ text }: TS.Identifier): string {
  return text;
}

/** Whether a name is read, and not called, declared, imported or passed on by an export. */
function isRead(name: TS.Identifier): boolean {
  const { parent } = name;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return parent.expression !== name;
  if (isImport(parent) || ts.isExportSpecifier(parent)) return false;
  return !("name" in parent && parent.name === name) || ts.isShorthandPropertyAssignment(parent);
}

/** Whether a member is given to somebody as it is, or bound. */
function isHandedOver(member: TS.PropertyAccessExpression): boolean {
  const { parent } = member;
  if (ts.isCallExpression(parent)) return parent.expression !== member;
  if (ts.isPropertyAccessExpression(parent)) return /^(bind|call|apply)$/.test(parent.name.text);
  return (
    ts.isPropertyAssignment(parent) ||
    ts.isVariableDeclaration(parent) ||
    ts.isArrayLiteralExpression(parent) ||
    ts.isReturnStatement(parent)
  );
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
