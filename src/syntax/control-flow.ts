import { ts, type TS } from "./compiler.js";
import { enclosingFunction, isAsync, isFunctionBoundary, walkOwn } from "./walk.js";
import type { StatementList } from "./join-point.js";
import { reason, type Reason } from "./reason.js";
import { isSettled } from "./settled.js";
import type { Types } from "./value-kind.js";

/** What leaves or suspends a piece of code, nested functions not counted. */
export interface Flow {
  readonly awaits: boolean;
  readonly returns: readonly TS.ReturnStatement[];
  /** The first thing that cannot cross a callback, if there is one. */
  readonly obstacle: Reason | null;
}

/** Looks through statements or an expression for jumps out of them. */
export function flowOf(nodes: readonly TS.Node[]): Flow {
  const returns: TS.ReturnStatement[] = [];
  let awaits = false;
  let obstacle: Reason | null = null;
  const inside = new Set<TS.Node>(nodes);
  const visit = (node: TS.Node): void => {
    if (isAwait(node)) awaits = true;
    if (ts.isReturnStatement(node)) returns.push(node);
    obstacle ??= obstacleAt(node, inside);
  };
  // A function among them is a value: what it does, it does when it is called.
  for (const node of nodes) if (!isFunctionBoundary(node)) walkOwn(node, visit);
  return { awaits, returns, obstacle };
}

function isAwait(node: TS.Node): boolean {
  if (ts.isAwaitExpression(node)) return true;
  if (ts.isForOfStatement(node)) return node.awaitModifier !== undefined;
  return ts.isVariableDeclarationList(node) && isAwaitUsing(node);
}

/** Whether a declaration's value is disposed when its block is left. */
export function isUsing(node: TS.Node): boolean {
  return ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.Using) !== 0;
}

function isAwaitUsing(list: TS.VariableDeclarationList): boolean {
  return Boolean(list.flags & ts.NodeFlags.Using) && Boolean(list.flags & ts.NodeFlags.Const);
}

function obstacleAt(node: TS.Node, inside: ReadonlySet<TS.Node>): Reason | null {
  if (ts.isYieldExpression(node)) return reason("escaping-yield");
  if (ts.isBreakStatement(node) && !targetIsInside(node, inside)) {
    return reason("escaping-break", node.label && `to label ${node.label.text}`);
  }
  if (ts.isContinueStatement(node) && !targetIsInside(node, inside)) {
    return reason("escaping-continue", node.label && `to label ${node.label.text}`);
  }
  if (ts.isWithStatement(node)) return reason("dynamic-scope");
  if (!ts.isCallExpression(node)) return null;
  if (node.expression.kind === ts.SyntaxKind.SuperKeyword) return reason("escaping-super-call");
  const isEval = ts.isIdentifier(node.expression) && node.expression.text === "eval";
  return isEval ? reason("dynamic-scope") : null;
}

function targetIsInside(jump: TS.BreakOrContinueStatement, inside: ReadonlySet<TS.Node>): boolean {
  for (let node: TS.Node = jump; node; node = node.parent) {
    if (isTarget(node, jump)) return true;
    if (inside.has(node)) return false;
  }
  return false;
}

function isTarget(node: TS.Node, jump: TS.BreakOrContinueStatement): boolean {
  if (jump.label) return ts.isLabeledStatement(node) && node.label.text === jump.label.text;
  if (ts.isIterationStatement(node, false)) return true;
  return ts.isBreakStatement(jump) && ts.isSwitchStatement(node);
}

/** Whether nothing of the function runs behind the last of these statements. */
export function isTail(list: StatementList, last: TS.Statement): boolean {
  const behind = list.statements.slice(list.statements.indexOf(last) + 1);
  if (behind.length === 1 && isBareReturn(behind[0])) return true;
  if (!behind.every(isPlainBreak)) return false;
  let broke = behind.length > 0;
  for (let node: TS.Node = list.parent; node; node = node.parent) {
    if (ts.isFunctionLike(node)) return true;
    if (isFlowBarrier(node)) return false;
    if (ts.isCaseOrDefaultClause(node)) {
      if (!broke && node.parent.clauses.at(-1) !== node) return false;
      broke = false;
      continue;
    }
    const following = statementsBehind(node);
    if (!following.every(isPlainBreak)) return false;
    if (following.length > 0) broke = true;
  }
  return false;
}

function isBareReturn(statement: TS.Statement | undefined): boolean {
  return statement !== undefined && ts.isReturnStatement(statement) && !statement.expression;
}

export function isPlainBreak(statement: TS.Statement): boolean {
  return ts.isBreakStatement(statement) && !statement.label;
}

/** Behind these, code goes on elsewhere: the next turn of a loop, or an error being rethrown. */
function isFlowBarrier(node: TS.Node): boolean {
  const isFinally = ts.isTryStatement(node.parent ?? node) && isFinallyBlock(node);
  return (
    isFinally ||
    ts.isIterationStatement(node, false) ||
    ts.isSourceFile(node) ||
    ts.isModuleBlock(node) ||
    ts.isClassStaticBlockDeclaration(node)
  );
}

function isFinallyBlock(node: TS.Node): boolean {
  return ts.isTryStatement(node.parent) && node.parent.finallyBlock === node;
}

function statementsBehind(node: TS.Node): readonly TS.Statement[] {
  const { parent } = node;
  if (!ts.isStatement(node)) return [];
  const isList = ts.isBlock(parent) || ts.isCaseOrDefaultClause(parent);
  return isList ? parent.statements.slice(parent.statements.indexOf(node) + 1) : [];
}

/**
 * Whether a `return` of these would change meaning under `return await` where something around
 * runs when it is left: a promise that is not awaited leaves at once, and is not caught there.
 * @param first the first of the statements that are wrapped
 */
export function returnsMayBeCaught(
  first: TS.Statement,
  returns: readonly TS.ReturnStatement[],
  types: Types,
): boolean {
  if (!isGuarded(first)) return false;
  return returns.some(
    ({ expression }) =>
      expression && !isSettled(expression) && types.valueOf(expression) !== "plain",
  );
}

/** Whether code of the same function runs when this is left: of a try, or what `using` disposes. */
export function isGuarded(node: TS.Node): boolean {
  for (let at = node; at.parent; at = at.parent) {
    if (at !== node && ts.isFunctionLike(at)) return false;
    if (isPartOfTry(at) || disposesBehind(at)) return true;
  }
  return false;
}

function isPartOfTry(node: TS.Node): boolean {
  const { parent } = node;
  if (!ts.isTryStatement(parent)) return false;
  return parent.tryBlock === node || (parent.finallyBlock ?? node) !== node;
}

function disposesBehind(node: TS.Node): boolean {
  const { parent } = node;
  if (ts.isForStatement(parent) || ts.isForOfStatement(parent)) {
    const { initializer } = parent;
    return initializer !== undefined && initializer !== node && isUsing(initializer);
  }
  if (!("statements" in parent)) return false;
  return (parent.statements as readonly TS.Statement[]).some(
    (each) => each.pos < node.pos && ts.isVariableStatement(each) && isUsing(each.declarationList),
  );
}

/** Whether code at this node may use `await` for its own function. */
export function isInAsync(node: TS.Node): boolean {
  const around = enclosingFunction(node);
  return around ? isAsync(around) : true;
}
