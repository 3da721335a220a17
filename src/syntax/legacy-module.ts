import { ts, type TS } from "./compiler.js";
import { functionName, type NamedFunction } from "./names.js";
import { isEffectFree } from "./purity.js";
import { reason, type Reason } from "./reason.js";
import { directiveCount } from "./region.js";
import type { Source } from "./source.js";
import { walk, walkOwn } from "./walk.js";

/** Whether loading a module with this statement shows nowhere. */
export function onlyDeclares(statement: TS.Statement): boolean {
  if (ts.isExpressionStatement(statement)) return ts.isStringLiteral(statement.expression);
  if (ts.isImportDeclaration(statement)) return loadsNothing(statement);
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.every(
      ({ initializer }) => !initializer || isEffectFree(initializer),
    );
  }
  return (
    ts.isFunctionDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    (ts.isExportDeclaration(statement) && !statement.moduleSpecifier)
  );
}

/** Types are erased, and Node's own modules do nothing that shows when they are loaded. */
function loadsNothing({ importClause, moduleSpecifier }: TS.ImportDeclaration): boolean {
  const isBuiltIn = ts.isStringLiteral(moduleSpecifier) && moduleSpecifier.text.startsWith("node:");
  return importClause?.isTypeOnly === true || (importClause !== undefined && isBuiltIn);
}

/** The first function of a name in a module. */
export function exportedFunction({ file }: Source, name: string): NamedFunction | null {
  let found: NamedFunction | null = null;
  walk(file, (node) => {
    const isNamed = ts.isFunctionLike(node) && functionName(node) === name;
    if (!found && isNamed && "body" in node && node.body) found = node as NamedFunction;
  });
  return found;
}

/**
 * How many statements at the head of a function are its switch: declarations and then
 * `if (...) return;`.
 */
export function guardLength(statements: readonly TS.Statement[]): number {
  const first = directiveCount(statements);
  for (const [index, statement] of statements.entries()) {
    if (index < first || ts.isVariableStatement(statement)) continue;
    return ts.isIfStatement(statement) && isBareExit(statement) ? index + 1 : first;
  }
  return first;
}

function isBareExit({ thenStatement, elseStatement }: TS.IfStatement): boolean {
  if (elseStatement) return false;
  const [only, ...others] = ts.isBlock(thenStatement) ? thenStatement.statements : [thenStatement];
  return (
    only !== undefined && others.length === 0 && ts.isReturnStatement(only) && !only.expression
  );
}

/** What a wrapper that only leaves a breadcrumb would lose: another switch, an error, a jump. */
export function lostWork(rest: readonly TS.Statement[]): Reason | null {
  let lost: Reason | null = null;
  for (const statement of rest) {
    if (ts.isFunctionDeclaration(statement))
      return reason("legacy-switch", "it declares a function");
    walkOwn(statement, (node) => {
      const isJump = ts.isReturnStatement(node) || ts.isThrowStatement(node);
      const isSwitch = ts.isIfStatement(node) && !/NODE_ENV/.test(node.expression.getText());
      if (isJump || isSwitch) lost ??= reason("legacy-switch", textOfFirstLine(node));
    });
  }
  return lost;
}

function textOfFirstLine(node: TS.Node): string {
  return node.getText().split("\n", 1)[0] ?? "";
}
