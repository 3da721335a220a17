import { ts, type TS } from "./compiler.js";
import type { Match, StatementList } from "./join-point.js";
import { isStablePath } from "./purity.js";
import { isReason, reason, type Reason } from "./reason.js";
import { statementAround } from "./region.js";
import { textOf, type Source } from "./source.js";
import { enclosingFunction, findNode, isAssignment, unwrapped, walk } from "./walk.js";
import { constantValue } from "./message.js";
import { fingerprint } from "./fingerprint.js";
import { quoted } from "../text/style.js";

/** What the taking of a timing says about a stage. */
export interface Stage {
  /** Code for the stage's name and for the duration it took. */
  readonly name: string;
  readonly duration: string;
}

/** Takes name and duration from the code itself, so that nothing is measured twice. */
export function stageOf(source: Source, match: Match): Stage | Reason {
  if (match.kind === "assign") return assignedStage(source, match.node);
  if (match.kind === "call") return passedStage(source, match);
  return reason("not-a-statement");
}

function assignedStage(source: Source, node: TS.BinaryExpression): Stage | Reason {
  if (node.operatorToken.kind !== ts.SyntaxKind.EqualsToken) {
    return reason("compound-assignment", textOf(source, node));
  }
  const target = unwrapped(node.left);
  const name = keyOf(source, target);
  if (isReason(name)) return name;
  if (isFixed(node.right)) return { name, duration: textOf(source, node.right) };
  if (!isStablePath(target)) return reason("computed-key", textOf(source, target));
  return { name, duration: textOf(source, target) };
}

/** A name or a number: nothing that a getter could make anew. */
function isFixed(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  return ts.isIdentifier(code) || ts.isNumericLiteral(code);
}

function keyOf(source: Source, target: TS.Expression): string | Reason {
  if (ts.isPropertyAccessExpression(target)) return quoted(target.name.text, source.style);
  if (ts.isIdentifier(target)) return quoted(target.text, source.style);
  if (!ts.isElementAccessExpression(target)) return reason("computed-key");
  const key = target.argumentExpression;
  return isStablePath(key) ? textOf(source, key) : reason("computed-key", textOf(source, key));
}

/** `timings.set("x", ms)` and the like: what the pattern calls so, else the first two arguments. */
function passedStage(source: Source, match: Match & { kind: "call" }): Stage | Reason {
  const name = passedName(source, match);
  if (isReason(name)) return name;
  const { node, captures } = match;
  const duration = captures.duration ?? node.arguments[1];
  if (!duration) return reason("computed-key", "name and duration are expected");
  if (isFixed(duration)) return { name, duration: textOf(source, duration) };
  const callee = unwrapped(node.expression);
  const isMap = ts.isPropertyAccessExpression(callee) && callee.name.text === "set";
  if (isMap && isStablePath(callee.expression)) {
    return { name, duration: `${textOf(source, callee.expression)}.get(${name}) ?? 0` };
  }
  return isStablePath(duration)
    ? { name, duration: textOf(source, duration) }
    : reason("measured-inline");
}

/** Code for the name of the stage whose timing is taken, which can be read twice. */
export function stageName(source: Source, match: Match): string | Reason {
  if (match.kind === "assign") return keyOf(source, unwrapped(match.node.left));
  return match.kind === "call" ? passedName(source, match) : reason("not-a-statement");
}

function passedName(source: Source, { node, captures }: Match & { kind: "call" }): string | Reason {
  const key = captures.name ?? node.arguments[0];
  if (!key) return reason("computed-key", "a name is expected");
  return isStablePath(key) ? textOf(source, key) : reason("computed-key", textOf(source, key));
}

// The work of a stage

/**
 * What runs between the start mark of a stage and its timing, in source order: from the last
 * statement that sets what the timing measures from, down to the timing, by way of a block whose
 * end or failure the timing tells. Null where no such mark stands in the same function.
 */
export function stageWork(source: Source, match: Match): StatementList[] | null {
  const isMark = markOf(source, match);
  const segments: StatementList[] = [];
  let node: TS.Node = match.node;
  for (;;) {
    const around = statementAround(node);
    if (!around) return null;
    const { list, statement } = around;
    const end = list.statements.indexOf(statement);
    const before = list.statements.slice(0, end);
    const mark = before.findLastIndex(isMark);
    segments.unshift({ parent: list.parent, statements: before.slice(mark + 1) });
    if (mark >= 0) return segments.filter(({ statements }) => statements.length > 0);
    const tried = triedBefore(list.parent);
    if (tried) segments.unshift(tried);
    node = list.parent;
    if (ts.isSourceFile(node)) return null;
    if (ts.isFunctionLike(node.parent)) return null;
  }
}

/** What was tried before a `catch` or a `finally`. */
function triedBefore(block: TS.Node): StatementList | null {
  const clause = ts.isCatchClause(block.parent) ? block.parent : block;
  const { parent } = clause;
  if (!ts.isTryStatement(parent) || parent.tryBlock === clause) return null;
  return { parent: parent.tryBlock, statements: parent.tryBlock.statements };
}

/** Whether a statement sets what a timing measures from. */
function markOf(source: Source, match: Match): (statement: TS.Statement) => boolean {
  const names = namesIn(source, match);
  const paired = match.kind === "call" ? match.node : null;
  return (statement) => setsOne(source, statement, names) || begins(statement, paired);
}

/** The variables that a timing reads, also by way of a constant. */
function namesIn(source: Source, match: Match): Set<TS.Declaration> {
  const found = new Set<TS.Declaration>();
  const { node } = match;
  const parts = ts.isBinaryExpression(node)
    ? [node.right]
    : ts.isCallExpression(node)
      ? [node.expression, ...node.arguments]
      : [];
  const read = (part: TS.Node, depth: number) => {
    walk(part, (each) => {
      if (!ts.isIdentifier(each) || isMemberName(each)) return;
      const [declaration] = source.scope.resolve(each.text, each) ?? [];
      if (!declaration || !ts.isVariableDeclaration(declaration)) return;
      if (enclosingFunction(declaration) !== enclosingFunction(node)) return;
      found.add(declaration);
      const value = constantValue(source, each);
      if (value !== each && depth > 0) read(value, depth - 1);
    });
  };
  for (const part of parts) read(part, 1);
  return found;
}

function isMemberName(name: TS.Identifier): boolean {
  return ts.isPropertyAccessExpression(name.parent) && name.parent.name === name;
}

const CLOCK = /(^|\.)(now|hrtime|bigint|getTime)$|start|begin|timer|stopwatch|clock/i;

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

/** Whether an expression reads a clock and is no difference of two readings. */
function readsClock(expression: TS.Expression): boolean {
  const isDifference = (node: TS.Node) =>
    ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.MinusToken;
  if (findNode(expression, isDifference)) return false;
  const isReading = (node: TS.Node) =>
    (ts.isCallExpression(node) && CLOCK.test(node.expression.getText())) ||
    (ts.isNewExpression(node) && /Date$|timer|stopwatch/i.test(node.expression.getText()));
  return findNode(expression, isReading) !== undefined;
}

/** `timer.start("x")` begins what `timer.end("x")` ends. */
function begins(statement: TS.Statement, ended: TS.CallExpression | null): boolean {
  if (!ended || !ts.isExpressionStatement(statement)) return false;
  const call = unwrapped(statement.expression);
  const [name] = ended.arguments;
  const [begun] = ts.isCallExpression(call) ? call.arguments : [];
  if (!ts.isCallExpression(call) || !name || !begun) return false;
  const isStart = /start|begin|(^|\.)time$|mark/i.test(call.expression.getText());
  return isStart && fingerprint(name) === fingerprint(begun);
}
