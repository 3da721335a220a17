import { ts, type TS } from "./compiler.js";
import {
  enclosingFunction,
  hasModifier,
  isAsync,
  isFunctionBoundary,
  unwrapped,
  walk,
  walkOwn,
} from "./walk.js";
import { perFile } from "./per-file.js";
import type { StatementList } from "./join-point.js";
import { propertyName } from "./names.js";
import { reason, type Reason } from "./reason.js";
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

/** Whether code can run off the end of these statements; true where that is not certain. */
export function canComplete(statements: readonly TS.Statement[]): boolean {
  return statements.every(statementCanComplete);
}

function statementCanComplete(statement: TS.Statement): boolean {
  if (ts.isReturnStatement(statement) || ts.isThrowStatement(statement)) return false;
  if (ts.isBlock(statement)) return canComplete(statement.statements);
  if (ts.isIfStatement(statement)) {
    if (!statement.elseStatement) return true;
    return (
      statementCanComplete(statement.thenStatement) || statementCanComplete(statement.elseStatement)
    );
  }
  if (ts.isExpressionStatement(statement)) return callCanComplete(statement.expression);
  if (!ts.isTryStatement(statement)) return true;
  const { tryBlock, catchClause, finallyBlock } = statement;
  if (finallyBlock && !statementCanComplete(finallyBlock)) return false;
  if (statementCanComplete(tryBlock)) return true;
  return catchClause ? statementCanComplete(catchClause.block) : false;
}

/** Functions that call a callback once, at once, and end as it ends. */
const TRANSPARENT =
  /(^|\.)(startSpan|startPipelineTransaction|startStage|continueTrace|((continue(Trace|Span)|forwardSpan)From(Batch)?))$/;

/** Whether a function of the file itself is called, which may do anything with its callback. */
function isOfTheFile({ expression }: TS.CallExpression): boolean {
  return (
    ts.isIdentifier(expression) && functionsOf(expression.getSourceFile()).has(expression.text)
  );
}

const functionsOf = perFile((file): ReadonlySet<string> => {
  const names = new Set<string>();
  walk(file, (node) => {
    const isOne =
      ts.isFunctionDeclaration(node) ||
      (ts.isVariableDeclaration(node) && node.initializer && ts.isFunctionLike(node.initializer));
    if (isOne && node.name && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
});

/** A span around code that always throws does not complete either. */
function callCanComplete(expression: TS.Expression): boolean {
  const isAwaited = ts.isAwaitExpression(expression);
  const call = isAwaited ? expression.expression : expression;
  if (!ts.isCallExpression(call) || !TRANSPARENT.test(call.expression.getText())) return true;
  if (isOfTheFile(call)) return true;
  const callback = call.arguments.at(-1);
  if (!callback || !ts.isArrowFunction(callback) || !ts.isBlock(callback.body)) return true;
  if (hasModifier(callback, ts.SyntaxKind.AsyncKeyword) && !isAwaited) return true;
  return !alwaysThrows(callback.body.statements);
}

/** Whether statements throw for sure: they cannot complete, and they do not return either. */
export function alwaysThrows(statements: readonly TS.Statement[]): boolean {
  return !canComplete(statements) && flowOf(statements).returns.length === 0;
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

/** Whether an expression is certainly no promise and no thenable. */
export function isSettled(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (ts.isConditionalExpression(code))
    return isSettled(code.whenTrue) && isSettled(code.whenFalse);
  if (ts.isBinaryExpression(code)) return isSettledOperation(code);
  return (
    ts.isAwaitExpression(code) ||
    ts.isLiteralExpression(code) ||
    ts.isTemplateExpression(code) ||
    ts.isArrayLiteralExpression(code) ||
    (ts.isObjectLiteralExpression(code) && !hasThen(code)) ||
    ts.isFunctionExpression(code) ||
    ts.isArrowFunction(code) ||
    ts.isClassExpression(code) ||
    ts.isPrefixUnaryExpression(code) ||
    ts.isPostfixUnaryExpression(code) ||
    ts.isTypeOfExpression(code) ||
    ts.isVoidExpression(code) ||
    ts.isDeleteExpression(code) ||
    ts.isJsxElement(code) ||
    ts.isJsxSelfClosingElement(code) ||
    ts.isJsxFragment(code) ||
    code.kind === ts.SyntaxKind.TrueKeyword ||
    code.kind === ts.SyntaxKind.FalseKeyword ||
    code.kind === ts.SyntaxKind.NullKeyword ||
    (ts.isIdentifier(code) && code.text === "undefined")
  );
}

function isSettledOperation(code: TS.BinaryExpression): boolean {
  const operator = code.operatorToken.kind;
  if (operator === ts.SyntaxKind.CommaToken || operator === ts.SyntaxKind.EqualsToken) {
    return isSettled(code.right);
  }
  const picksOperand =
    operator === ts.SyntaxKind.AmpersandAmpersandToken ||
    operator === ts.SyntaxKind.BarBarToken ||
    operator === ts.SyntaxKind.QuestionQuestionToken ||
    operator === ts.SyntaxKind.AmpersandAmpersandEqualsToken ||
    operator === ts.SyntaxKind.BarBarEqualsToken ||
    operator === ts.SyntaxKind.QuestionQuestionEqualsToken;
  return picksOperand ? isSettled(code.left) && isSettled(code.right) : true;
}

function hasThen(object: TS.ObjectLiteralExpression): boolean {
  return object.properties.some(
    ({ name }) => !name || ts.isComputedPropertyName(name) || propertyName(name) === "then",
  );
}

/** Whether code at this node may use `await` for its own function. */
export function isInAsync(node: TS.Node): boolean {
  const around = enclosingFunction(node);
  return around ? isAsync(around) : true;
}

/** Whether a catch block keeps the error from going on: some way through it does not throw. */
export function swallows(block: TS.Block): boolean {
  return flowOf([block]).returns.length > 0 || canComplete(block.statements);
}
