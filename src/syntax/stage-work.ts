import { isDifference, readsClock } from "./clock.js";
import { ts, type TS } from "./compiler.js";
import { fingerprint } from "./fingerprint.js";
import type { Match, StatementList } from "./join-point.js";
import { constantValue } from "./message.js";
import { statementAround } from "./region.js";
import type { Source } from "./source.js";
import { timeGiven } from "./stage.js";
import { enclosingFunction, findNode, isAssignment, unwrapped, walk } from "./walk.js";

/** Statements of a stage that follow one another, in the list that they stand in. */
export interface Segment {
  readonly list: StatementList;
  readonly statements: readonly TS.Statement[];
}

/**
 * What runs between the start mark of a stage and its timing, in source order: from the last
 * statement that sets what the timing measures from, down to the timing, by way of a block whose
 * end or failure the timing tells. Null where no such mark stands in the same function.
 */
export function stageWork(source: Source, match: Match): Segment[] | null {
  const measured = measuredBy(source, match);
  const isMark = markOf(source, match, measured);
  const segments: Segment[] = [];
  let node: TS.Node = measured.at;
  for (;;) {
    const around = statementAround(node);
    if (!around) return null;
    const { list, statement } = around;
    const end = list.statements.indexOf(statement);
    const before = list.statements.slice(0, end);
    const mark = before.findLastIndex(isMark);
    segments.unshift({ list, statements: before.slice(mark + 1) });
    if (mark >= 0) return segments.filter(({ statements }) => statements.length > 0);
    node = list.parent;
    if (ts.isSourceFile(node) || ts.isFunctionLike(node.parent)) return null;
    const tried = triedBefore(node);
    if (tried) segments.unshift(tried);
  }
}

/** What was tried before a `catch` or a `finally`. */
function triedBefore(block: TS.Node): Segment | null {
  const clause = ts.isCatchClause(block.parent) ? block.parent : block;
  const { parent } = clause;
  if (!ts.isTryStatement(parent) || parent.tryBlock === clause) return null;
  const { statements } = parent.tryBlock;
  return { list: { parent: parent.tryBlock, statements }, statements };
}

/** Where the end of a stage is read off the clock, and what it is measured from. */
interface Measured {
  readonly at: TS.Node;
  readonly from: readonly TS.Node[];
}

/** `const ms = end - start` measures at `end`, whenever somebody says `ms`. */
function measuredBy(source: Source, match: Match): Measured {
  const { node } = match;
  const given = timeGiven(match);
  const value = given && measurementOf(source, given);
  if (!value) {
    const from = ts.isCallExpression(node) ? [node.expression, ...node.arguments] : [];
    return { at: node, from };
  }
  const isFar = value !== unwrapped(given);
  const minus = findNode(value, isDifference);
  if (!minus || !ts.isBinaryExpression(minus)) return { at: isFar ? value : node, from: [value] };
  const end = constantValue(source, minus.left);
  const isRead = end !== minus.left && readsClock(end);
  return { at: isRead ? end : isFar ? value : node, from: [minus.right] };
}

/** The code that measures: of a constant what it was given, unless that is a start mark. */
function measurementOf(source: Source, given: TS.Expression): TS.Expression | null {
  const value = constantValue(source, given);
  const isFar = value !== given && enclosingFunction(value) === enclosingFunction(given);
  const code = unwrapped(isFar && !readsClock(value) ? value : given);
  return ts.isIdentifier(code) && !isFar ? null : code;
}

/** Whether a statement sets what a timing measures from. */
function markOf(
  source: Source,
  match: Match,
  { from }: Measured,
): (statement: TS.Statement) => boolean {
  const names = variablesIn(source, from, enclosingFunction(match.node));
  const paired = match.kind === "call" ? match.node : null;
  return (statement) => setsOne(source, statement, names) || begins(statement, paired);
}

/** The variables of a function's own that code reads. */
function variablesIn(
  source: Source,
  parts: readonly TS.Node[],
  fn: TS.Node | undefined,
): Set<TS.Declaration> {
  const found = new Set<TS.Declaration>();
  for (const part of parts) {
    walk(part, (each) => {
      if (!ts.isIdentifier(each) || isMemberName(each)) return;
      const [declaration] = source.scope.resolve(each.text, each) ?? [];
      if (!declaration || !ts.isVariableDeclaration(declaration)) return;
      if (enclosingFunction(declaration) === fn) found.add(declaration);
    });
  }
  return found;
}

function isMemberName(name: TS.Identifier): boolean {
  return ts.isPropertyAccessExpression(name.parent) && name.parent.name === name;
}

function setsOne(
  source: Source,
  statement: TS.Statement,
  declarations: ReadonlySet<TS.Declaration>,
): boolean {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.some(
      (each) => declarations.has(each) && each.initializer && readsClock(each.initializer),
    );
  }
  if (!ts.isExpressionStatement(statement)) return false;
  const code = unwrapped(statement.expression);
  if (!ts.isBinaryExpression(code) || !isAssignment(code.operatorToken.kind)) return false;
  if (!ts.isIdentifier(code.left) || !readsClock(code.right)) return false;
  const [declaration] = source.scope.resolve(code.left.text, code) ?? [];
  return declaration !== undefined && declarations.has(declaration);
}

/** `timer.start("x")` begins what `timer.end("x")` ends. */
function begins(statement: TS.Statement, ended: TS.CallExpression | null): boolean {
  if (!ended || !ts.isExpressionStatement(statement)) return false;
  const call = unwrapped(statement.expression);
  const [name] = ended.arguments;
  const [begun] = ts.isCallExpression(call) ? call.arguments : [];
  if (!ts.isCallExpression(call) || !name || !begun) return false;
  const isStart = /start|begin|(^|\.)time$|mark/i.test(call.expression.getText());
  const isSame = ownerOf(call) === ownerOf(ended) && fingerprint(name) === fingerprint(begun);
  return isStart && isSame;
}

/** The object whose method is called. */
function ownerOf({ expression }: TS.CallExpression): string | null {
  return ts.isPropertyAccessExpression(expression) ? fingerprint(expression.expression) : null;
}
