import { readsClock } from "./clock.js";
import { ts, type TS } from "./compiler.js";
import type { Constant, Match } from "./join-point.js";
import { enclosingFunctionNames } from "./names.js";
import { isStablePath } from "./purity.js";
import { isReason, reason, type Reason } from "./reason.js";
import { isReadTwice, type Receiving } from "./received.js";
import { textOf, type Source } from "./source.js";
import { enclosingFunction, isAssignment, unwrapped } from "./walk.js";
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
  if (match.kind === "constant") {
    return { name: constantStage(source, match.node), duration: match.node.name.text };
  }
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

/**
 * Whether a match takes a time: a constant may also be the mark that a stage is measured from, a
 * limit, or what measures later.
 */
export function takesTime(source: Source, match: Match): boolean {
  return match.kind !== "constant" || isTimeTaken(source, match.node.initializer);
}

function isTimeTaken(source: Source, value: TS.Expression): boolean {
  const code = unwrapped(value);
  if (ts.isConditionalExpression(code)) return isTimeTaken(source, code.whenTrue);
  if (ts.isAwaitExpression(code)) return isTimeTaken(source, code.expression);
  if (ts.isCallExpression(code)) return isTimeOfCall(source, code);
  if (!ts.isBinaryExpression(code)) return false;
  const { left, right, operatorToken } = code;
  if (operatorToken.kind === ts.SyntaxKind.MinusToken) return true;
  const isPart = (each: TS.Expression) =>
    ts.isIdentifier(unwrapped(each)) || isTimeTaken(source, each);
  if (operatorToken.kind === ts.SyntaxKind.PlusToken) return isPart(left) && isPart(right);
  const isScaled = /^[*/]$/.test(operatorToken.getText(source.file));
  return isScaled && isTimeTaken(source, left);
}

/** A time that is rounded, or told by what has measured it. */
function isTimeOfCall(source: Source, call: TS.CallExpression): boolean {
  const callee = call.expression.getText(source.file);
  if (/^Math\.\w+$|^Number$/.test(callee)) {
    return call.arguments.some((each) => isTimeTaken(source, each));
  }
  const name = /[\w$]+$/.exec(callee)?.[0] ?? "";
  return TELLING.test(name) && !readsClock(call);
}

const TELLING = /elapsed|duration|took|since|measure|hrtime|(^|[a-z])(stop|end|lap|read)$/i;

/** What says no more than that a name is that of a time. */
const TIME = /^(duration|elapsed|took|time|latency|in|ms|millis|milliseconds|secs?|seconds)$/i;

/**
 * The stage that a constant's name tells, without what says that it is a time (`downloadMs`,
 * `download_duration`); where nothing is left, the function that measures itself.
 */
function constantStage({ style }: Source, { name }: Constant): string {
  const around = enclosingFunctionNames(name)[0]?.split(".").at(-1)?.replace(/^#/, "");
  return quoted(stageStem(name.text) || (around ?? name.text), style);
}

/** What a name says beside that it is a time; nothing where it says no more. */
export function stageStem(name: string): string {
  const words = [...name.matchAll(/\p{Lu}?[\p{Ll}\p{Lo}\p{N}$]+|\p{Lu}+(?!\p{Ll})|_+/gu)];
  const last = words.findLast(([word]) => !TIME.test(word) && !word.startsWith("_"));
  return last ? name.slice(0, last.index + last[0].length) : "";
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

/** The code whose value is the time that a stage took. */
export function timeGiven(match: Match): TS.Expression | undefined {
  if (match.kind === "constant") return match.node.initializer;
  if (match.kind === "assign") return match.node.right;
  return match.kind === "call" ? (match.captures.duration ?? match.node.arguments[1]) : undefined;
}

/** Code for the name of the stage whose timing is taken, which can be read twice. */
export function stageName(source: Source, match: Match): string | Reason {
  if (match.kind === "constant") return constantStage(source, match.node);
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
