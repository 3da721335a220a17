import { ts, type TS } from "./compiler.js";
import { isStatementList } from "./region.js";

/** Whether a statement can stand at a place only in braces, or would change there what is around. */
export function needsBraces(place: TS.Statement, statement: TS.Statement): boolean {
  if (isStatementList(place.parent)) return false;
  return isDeclaration(statement) || (takesElse(statement) && hasElseBehind(place));
}

/** A declaration stands in lists of statements only. */
function isDeclaration(statement: TS.Statement): boolean {
  if (ts.isVariableStatement(statement)) {
    return (statement.declarationList.flags & ts.NodeFlags.BlockScoped) !== 0;
  }
  return ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
}

/** Whether an `else` behind a statement would belong to an `if` inside it. */
function takesElse(statement: TS.Statement): boolean {
  if (ts.isIfStatement(statement)) {
    return !statement.elseStatement || takesElse(statement.elseStatement);
  }
  const isOpen =
    ts.isIterationStatement(statement, false) ||
    ts.isLabeledStatement(statement) ||
    ts.isWithStatement(statement);
  return isOpen && !ts.isDoStatement(statement) && takesElse(statement.statement);
}

/** Whether an `else` stands behind a place, of whatever `if` around it. */
function hasElseBehind(place: TS.Statement): boolean {
  const { parent } = place;
  if (ts.isIfStatement(parent) && parent.thenStatement === place && parent.elseStatement)
    return true;
  const isLast = ts.isStatement(parent) && !ts.isBlock(parent) && !ts.isDoStatement(parent);
  return isLast && hasElseBehind(parent);
}
