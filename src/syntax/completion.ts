import { ts, type TS } from "./compiler.js";
import { flowOf } from "./control-flow.js";
import { perFile } from "./per-file.js";
import { hasModifier, walk } from "./walk.js";

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

/** Whether a catch block keeps the error from going on: some way through it does not throw. */
export function swallows(block: TS.Block): boolean {
  return flowOf([block]).returns.length > 0 || canComplete(block.statements);
}
