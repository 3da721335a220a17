import { ts, type TS } from "./compiler.js";
import type { Match, StatementList } from "./join-point.js";
import { isStablePath } from "./purity.js";
import { isReason, reason, type Reason } from "./reason.js";
import { isReadTwice, type Receiving } from "./received.js";
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

/** Why a stage's name may be another one, or not be there yet, before the stage; null if it lasts. */
export function doubtAboutName(host: Receiving, match: Match): Reason | null {
  const key = keyNode(match);
  if (!key) return null;
  if (isReadTwice(host, key)) return reason("accessor-path", textOf(host.source, key));
  return isLasting(host.source, key) ? null : reason("passing-name", textOf(host.source, key));
}

/** The code that names a stage, where that is more than the name of a member. */
export function keyNode(match: Match): TS.Expression | null {
  if (match.kind === "call") return match.captures.name ?? match.node.arguments[0] ?? null;
  if (match.kind !== "assign") return null;
  const target = unwrapped(match.node.left);
  return ts.isElementAccessExpression(target) ? target.argumentExpression : null;
}

/** Whether an expression says the same all the time: literals, constants, members of literals. */
function isLasting(source: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (ts.isStringLiteralLike(code) || ts.isNumericLiteral(code)) return true;
  if (ts.isTemplateExpression(code)) {
    return code.templateSpans.every((span) => isLasting(source, span.expression));
  }
  if (ts.isPropertyAccessExpression(code)) return isTable(source, code.expression);
  if (ts.isElementAccessExpression(code)) {
    return isTable(source, code.expression) && isLasting(source, code.argumentExpression);
  }
  if (!ts.isIdentifier(code)) return false;
  const [declaration] = source.scope.resolve(code.text, code) ?? [];
  if (!declaration) return false;
  if (ts.isImportSpecifier(declaration) || isConstant(declaration)) return true;
  const name = ts.getNameOfDeclaration(declaration);
  return name !== undefined && ts.isIdentifier(name) && !isWrittenAgain(source, name);
}

/** Names of stages in a literal, an enum or a module that nobody is expected to change. */
function isTable({ scope }: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (!ts.isIdentifier(code)) return false;
  const [declaration] = scope.resolve(code.text, code) ?? [];
  if (!declaration) return false;
  if (ts.isVariableDeclaration(declaration)) {
    const value = declaration.initializer && unwrapped(declaration.initializer);
    const isLiteral =
      value !== undefined &&
      (ts.isObjectLiteralExpression(value) || ts.isArrayLiteralExpression(value));
    return isLiteral && isConstant(declaration) && enclosingFunction(declaration) === undefined;
  }
  return (
    ts.isEnumDeclaration(declaration) ||
    ts.isImportSpecifier(declaration) ||
    ts.isNamespaceImport(declaration) ||
    ts.isImportClause(declaration)
  );
}

function isConstant(declaration: TS.Declaration): boolean {
  return (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
}

function isWrittenAgain({ scope }: Source, name: TS.Identifier): boolean {
  return scope.references(name).some(({ parent, pos }) => {
    if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) return true;
    const isTarget = ts.isBinaryExpression(parent) && isAssignment(parent.operatorToken.kind);
    return isTarget && parent.left.pos <= pos && pos < parent.left.end;
  });
}

function passedName(source: Source, { node, captures }: Match & { kind: "call" }): string | Reason {
  const key = captures.name ?? node.arguments[0];
  if (!key) return reason("computed-key", "a name is expected");
  return isStablePath(key) ? textOf(source, key) : reason("computed-key", textOf(source, key));
}

// The work of a stage

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
function measuredBy(source: Source, { node, ...match }: Match): Measured {
  if (!ts.isBinaryExpression(node) && !ts.isCallExpression(node)) return { at: node, from: [] };
  const given = ts.isBinaryExpression(node) ? node.right : givenDuration(node, match.captures);
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

function givenDuration(
  { arguments: given }: TS.CallExpression,
  { duration }: Match["captures"],
): TS.Expression | undefined {
  return duration ?? given[1];
}

function isDifference(node: TS.Node): boolean {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.MinusToken;
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

const CLOCK =
  /(^|\.)(now|hrtime|bigint|getTime|start|begin|(start|begin)(Timer|Timing|Clock)|timer|stopwatch)$/i;

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

/** Whether an expression reads a clock, or starts one, and is no time that has passed. */
function readsClock(expression: TS.Expression): boolean {
  if (findNode(expression, isDifference) || findNode(expression, ts.isAwaitExpression))
    return false;
  const isReading = (node: TS.Node) => {
    if (ts.isNewExpression(node)) return /Date$|timer|stopwatch/i.test(node.expression.getText());
    if (!ts.isCallExpression(node) || !CLOCK.test(node.expression.getText())) return false;
    // With an argument it tells the time since then.
    return !node.expression.getText().endsWith("hrtime") || node.arguments.length === 0;
  };
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
  const isSame = ownerOf(call) === ownerOf(ended) && fingerprint(name) === fingerprint(begun);
  return isStart && isSame;
}

/** The object whose method is called. */
function ownerOf({ expression }: TS.CallExpression): string | null {
  return ts.isPropertyAccessExpression(expression) ? fingerprint(expression.expression) : null;
}
