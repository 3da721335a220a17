import { ts, type TS } from "./compiler.js";
import { canComplete } from "./completion.js";
import { flowOf, isInAsync, isTail, returnsMayBeCaught } from "./control-flow.js";
import { escapingDeclaration, hasUsing, redeclaredParameter } from "./declarations.js";
import type { NamedFunction } from "./names.js";
import { callBack } from "./recursion.js";
import { awaitHazard, hazardOf, isFloating, runsLater } from "./promises.js";
import { reason, type Reason } from "./reason.js";
import { resultHazard } from "./results.js";
import { directiveCount, type Region } from "./region.js";
import { textOf, type Source } from "./source.js";
import type { Types } from "./value-kind.js";
import { enclosingFunction, hasModifier, isAsync, isGenerator, unwrapped } from "./walk.js";

/** How a region becomes the body of a callback without changing what it does. */
export interface Wrapping {
  readonly strategy: "expression" | "statement" | "body";
  /** What must stand before the call. */
  readonly prefix: "" | "await " | "return " | "return await ";
  readonly isAsync: boolean;
  /** Whether the callback is an expression rather than a block. */
  readonly isConcise: boolean;
}

/**
 * What wraps: a span gives back a promise of its own and ends with the callback; a context gives back
 * what the callback gave, and what was started in it goes on in it.
 */
export type Wrapper = "span" | "context";

/** The safe way to wrap a region, or why there is none. */
export function wrappingFor(
  source: Source,
  region: Region,
  types: Types,
  wrapper: Wrapper = "span",
): Wrapping | Reason {
  if (region.kind === "expression") return expressionWrapping(source, region.node, types, wrapper);
  if (region.kind === "statements") return statementWrapping(source, region, types, wrapper);
  return bodyWrapping(source, region, types, wrapper);
}

const SHOWN = 60;

function expressionWrapping(
  source: Source,
  node: TS.Expression,
  types: Types,
  wrapper: Wrapper,
): Wrapping | Reason {
  if (ts.isFunctionLike(node) || ts.isClassExpression(node)) return reason("function-value");
  const { awaits, obstacle } = flowOf([node]);
  if (obstacle) return obstacle;
  const again = recursion(source, [node]);
  if (again) return again;
  const code = unwrapped(node);
  if (ts.isCallExpression(code)) {
    if (isSymbol(code)) return reason("function-value", textOf(source, code).slice(0, SHOWN));
    if (types.isTypeGuard(code)) return reason("type-guard");
  }
  if (ts.isOptionalChain(node) && ts.isOptionalChain(node.parent)) return reason("optional-chain");
  if (wrapper === "context" && runsLater(source, node, types)) {
    return reason("generator", textOf(source, node).slice(0, SHOWN));
  }
  const hazard =
    wrapper === "span" ? hazardOf(source, node, awaits, types) : awaitHazard(node, awaits);
  if (hazard) return reason(hazard, textOf(source, node).slice(0, SHOWN));
  return { strategy: "expression", prefix: "", isAsync: awaits, isConcise: true };
}

/** A symbol of a constant has a type of its own only where it is made. */
function isSymbol({ expression }: TS.CallExpression): boolean {
  return /^Symbol(\.for)?$/.test(expression.getText());
}

function statementWrapping(
  source: Source,
  region: Region & { kind: "statements" },
  types: Types,
  wrapper: Wrapper,
): Wrapping | Reason {
  const { statements, list } = region;
  const last = statements.at(-1);
  if (!last) return reason("empty-region");
  const { awaits, returns, obstacle } = flowOf(statements);
  if (obstacle) return obstacle;
  if (hasModuleStatement(statements)) return reason("module-statement");
  const again = recursion(source, statements);
  if (again) return again;
  const escaping = escapingDeclaration(source, statements, region);
  if (escaping) return escaping;
  if (hasUsing(statements) && list.statements.at(-1) !== last) return reason("escaping-using");
  const floating = wrapper === "span" ? floatingWork(source, statements, types) : null;
  if (floating) return floating;
  if (returns.length > 0) {
    return returningWrapping(source, region, { returns, awaits, last, types, wrapper });
  }
  const prefix = awaits ? "await " : "";
  return { strategy: "statement", prefix, isAsync: awaits, isConcise: false };
}

interface Returning {
  readonly returns: readonly TS.ReturnStatement[];
  readonly awaits: boolean;
  readonly last: TS.Statement;
  readonly types: Types;
  readonly wrapper: Wrapper;
}

/** A region that returns may be returned as a whole when nothing runs behind it. */
function returningWrapping(
  source: Source,
  { statements, list }: Region & { kind: "statements" },
  { returns, awaits, last, types, wrapper }: Returning,
): Wrapping | Reason {
  if (canComplete(statements) && !isTail(list, last)) return reason("escaping-return");
  const inAsync = isInAsync(list.parent);
  if (inAsync && returnsMayBeCaught(statements[0] ?? last, returns, types))
    return reason("return-in-try");
  const fn = enclosingFunction(list.parent);
  if (fn && isGenerator(fn)) return reason("generator");
  const hazard = fn && wrapper === "span" && resultHazard(source, fn, types);
  if (hazard) return reason(hazard);
  const prefix = inAsync ? "return await " : "return ";
  return { strategy: "statement", prefix, isAsync: awaits || inAsync, isConcise: false };
}

function bodyWrapping(
  source: Source,
  region: Region & { kind: "body" },
  types: Types,
  wrapper: Wrapper,
): Wrapping | Reason {
  const { node, start, end } = region;
  if (isGenerator(node)) return reason("generator");
  if (ts.isConstructorDeclaration(node)) return reason("escaping-super-call", "constructor");
  const { body } = node;
  if (start >= end || isEmptyBlock(body)) return reason("empty-region");
  const clash = redeclaredParameter(node);
  if (clash) return clash;
  const { awaits, obstacle } = flowOf(ts.isBlock(body) ? body.statements : [body]);
  if (obstacle) return obstacle;
  const again = recursion(source, [body], node);
  if (again) return again;
  if (mayInferGuard(node) && types.infersGuard(node)) return reason("type-guard");
  const hazard = wrapper === "span" && resultHazard(source, node, types);
  if (hazard) return reason(hazard);
  if (wrapper === "span" && onlyFloats(source, nodesOf(region), types)) {
    return reason("not-awaited");
  }
  if (!ts.isBlock(body)) return { strategy: "body", prefix: "", isAsync: awaits, isConcise: true };
  return { strategy: "body", prefix: "return ", isAsync: isAsync(node), isConcise: false };
}

/** Code by which the function around it comes to run again before it is done. */
function recursion(source: Source, nodes: readonly TS.Node[], fn?: TS.Node): Reason | null {
  for (const node of nodes) {
    const call = callBack(source, node, fn);
    if (call) return reason("recursive", textOf(source, call).slice(0, SHOWN));
  }
  return null;
}

/** The compiler infers a guard where a function's only statement returns a test of a parameter. */
function mayInferGuard({ body, parameters, type }: NamedFunction): boolean {
  if (type || parameters.length === 0) return false;
  const [only, ...others] = ts.isBlock(body) ? body.statements : [];
  return !ts.isBlock(body) || (others.length === 0 && !!only && ts.isReturnStatement(only));
}

function isEmptyBlock(body: TS.ConciseBody): boolean {
  return ts.isBlock(body) && directiveCount(body.statements) === body.statements.length;
}

/** Whether a list holds an import or an export, which stand at the top of a file only. */
export function hasModuleStatement(statements: readonly TS.Statement[]): boolean {
  return statements.some(isModuleStatement);
}

function isModuleStatement(statement: TS.Statement): boolean {
  return (
    ts.isImportDeclaration(statement) ||
    ts.isExportDeclaration(statement) ||
    ts.isExportAssignment(statement) ||
    ts.isImportEqualsDeclaration(statement) ||
    hasModifier(statement, ts.SyntaxKind.ExportKeyword)
  );
}

/** Work that nobody waits for, where that is all a region does: its span would end before. */
function floatingWork(
  source: Source,
  statements: readonly TS.Statement[],
  types: Types,
): Reason | null {
  const floating = floatingCall(source, statements, types);
  if (floating) return floating;
  return onlyFloats(source, statements, types) ? reason("not-awaited") : null;
}

/** A lone call whose promise nobody waits for: its span would end before its work. */
function floatingCall(
  source: Source,
  statements: readonly TS.Statement[],
  types: Types,
): Reason | null {
  const [statement, ...others] = statements;
  if (others.length > 0 || !statement || !ts.isExpressionStatement(statement)) return null;
  const { expression } = statement;
  if (!ts.isCallExpression(expression)) return null;
  const hazard = hazardOf(source, expression, flowOf([expression]).awaits, types);
  return hazard && reason(hazard, textOf(source, expression).slice(0, SHOWN));
}

/** Whether all that a region does is to start work that nobody waits for. */
function onlyFloats(source: Source, nodes: readonly TS.Node[], types: Types): boolean {
  return nodes.every((node) => ts.isStatement(node) && isFloating(source, node, types));
}

/** The code of a region, for looking through it. */
export function nodesOf(region: Region): readonly TS.Node[] {
  if (region.kind === "expression") return [region.node];
  if (region.kind === "statements") return region.statements;
  const { body } = region.node;
  return ts.isBlock(body) ? body.statements : [body];
}

/** The statements of a region's own level; none in an expression. */
export function ownStatements(region: Region): readonly TS.Statement[] {
  if (region.kind === "statements") return region.statements;
  if (region.kind === "expression" || !ts.isBlock(region.node.body)) return [];
  return region.node.body.statements;
}

/** The node whose fingerprint and surroundings identify a region. */
export function firstNode(region: Region): TS.Node {
  if (region.kind === "expression") return region.node;
  if (region.kind === "statements") return region.statements[0] ?? region.list.parent;
  return firstOfBody(region.node);
}

function firstOfBody({ body }: NamedFunction): TS.Node {
  if (!ts.isBlock(body)) return body;
  return body.statements[directiveCount(body.statements)] ?? body;
}
