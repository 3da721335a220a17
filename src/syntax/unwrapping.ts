import { commentsIn } from "../text/comments.js";
import type { Edit, Range } from "../text/edit.js";
import { indentationAt, lineStart } from "../text/lines.js";
import { needsBrackets } from "./brackets.js";
import { clashingName } from "./clashing-name.js";
import { ts, type TS } from "./compiler.js";
import { canComplete } from "./completion.js";
import { flowOf, isGuarded, isInAsync, isTail, isUsing } from "./control-flow.js";
import { declaredNames } from "./declarations.js";
import type { Reindent } from "./indent.js";
import { isReason, reason, type Reason } from "./reason.js";
import { needsBraces } from "./lone-statement.js";
import { isOpenEnded, isStatementList, statementAround } from "./region.js";
import { isSettled } from "./settled.js";
import type { Source } from "./source.js";
import { findNode, isAsync } from "./walk.js";
import { mayGoOn, needsSemicolon } from "./wrapper-layout.js";

/** A call of ours around code of the user's. */
export interface WrapperNode {
  readonly call: TS.CallExpression;
  readonly callback: TS.ArrowFunction;
}

/** How it was put there. */
export interface WrapperShape {
  readonly strategy: string;
  readonly prefix: string;
  readonly isConcise: boolean;
  readonly isBracketed: boolean;
  /** The white space that the wrapped lines got. */
  readonly unit: string;
}

/** The edits that leave only the wrapped code. */
export interface Unwrapping {
  readonly edits: readonly Edit[];
  readonly dedent: Reindent | null;
}

/** Takes a wrapper off, or says why that would change what the code does by now. */
export function unwrap(
  source: Source,
  node: WrapperNode,
  given: WrapperShape,
): Unwrapping | Reason {
  const statement = given.isConcise ? grownStatement(node) : null;
  const shape = statement ? { ...given, isConcise: false, unit: source.style.indent } : given;
  const outer = statement ?? outerNode(node.call, shape);
  if (!outer) return reason("changed-by-hand", "the call stands in another place now");
  const kept = shape.isConcise
    ? keptExpression(source, node, shape)
    : keptStatements(source, node, outer);
  if (isReason(kept)) return kept;
  const start = outer.getStart(source.file);
  // A semicolon on a line of its own belongs to what comes behind.
  const isOwnEnd = !source.text.slice(node.call.end, outer.end).includes("\n");
  const end = isOwnEnd ? outer.end : node.call.end;
  if (kept.start >= kept.end) {
    return { edits: [wholeLine(source.text, start, end)], dedent: null };
  }
  const [open, close] = partsAround(source, node, outer, shape, kept, end);
  // An expression that was a block may go on on the lines of the call; a block that stays as one
  // keeps its lines where they are.
  const { body } = node.callback;
  const isMoved = shape.isConcise || (ts.isBlock(body) && !isWhole(source, body, kept));
  const inserted = isMoved ? shape.unit : "";
  return {
    edits: [
      { start, end: kept.start, text: open },
      { start: kept.end, end, text: close },
    ],
    dedent: { range: kept, unit: addedIndent(source, kept, { start, end }, inserted) },
  };
}

/**
 * The statement around an expression's wrapper whose callback has got statements of its own since:
 * they can stand where it stands, if nothing takes its value but a `return`.
 */
function grownStatement({ call, callback }: WrapperNode): TS.Statement | null {
  const { body } = callback;
  if (!ts.isBlock(body) || onlyReturned(body)) return null;
  const value = awaitedAround(call);
  const { parent } = value;
  if (!ts.isExpressionStatement(parent) && !ts.isReturnStatement(parent)) return null;
  // What comes behind does not wait for it, and would by then.
  if (isAsync(callback) && ts.isExpressionStatement(parent) && value === call) return null;
  // What belongs to the callback would belong to all of the function.
  if (findNode(body, isHoisted)) return null;
  // Without the `await`, what a return gives back would leave its `try` before it is done.
  const { returns } = flowOf(body.statements);
  const isDone = returns.every(({ expression }) => !expression || isSettled(expression));
  if (ts.isReturnStatement(parent)) {
    const isLate = value === call ? isAsync(callback) : !isDone;
    if (isLate && isGuarded(parent)) return null;
    // It gave back a promise, and would not by then.
    if (isAsync(callback) && !isInAsync(parent)) return null;
  }
  return statementAround(parent)?.statement === parent ? parent : null;
}

/**
 * What must stand around the code that is kept, where a linter has changed the kind of the callback,
 * or where lines without semicolons would go on with what they stood apart from.
 */
function partsAround(
  source: Source,
  { callback: { body }, call }: WrapperNode,
  outer: TS.Node,
  { isConcise }: WrapperShape,
  kept: Range,
  end: number,
): readonly [open: string, close: string] {
  const { text } = source;
  if (!isConcise && isArrowBody(outer)) return ["", ""];
  if (!isConcise && !ts.isBlock(body)) return ["return ", text[outer.end - 1] === ";" ? ";" : ""];
  if (!isConcise && ts.isBlock(body)) {
    if (isWhole(source, body, kept)) return ["", ""];
    const list = statementAround(outer)?.list.statements ?? [];
    const before = list[list.indexOf(outer as TS.Statement) - 1];
    const [first] = body.statements;
    const last = body.statements.at(-1);
    const isParted =
      !before ||
      !first ||
      !isOpenEnded(source, before) ||
      !mayGoOn(text[first.getStart(source.file)] ?? "");
    const isEnded = !last || !isOpenEnded(source, last) || !needsSemicolon(text, end);
    return [isParted ? "" : ";", isEnded ? "" : ";"];
  }
  const code = ts.isBlock(body) ? (onlyReturned(body) ?? body) : body;
  const isAll = kept.start <= code.getStart();
  return isAll && needsBrackets(code, call) ? ["(", ")"] : ["", ""];
}

/** Whether a block is kept with its braces. */
function isWhole({ file }: Source, body: TS.Block, kept: Range): boolean {
  return kept.start === body.getStart(file);
}

/** `() => { return value; }` says what `() => value` says, if no comment is lost by it. */
function onlyReturned(block: TS.Block): TS.Expression | undefined {
  const [statement, ...others] = block.statements;
  if (!statement || others.length > 0 || !ts.isReturnStatement(statement)) return undefined;
  const { expression } = statement;
  return expression && !hasCommentAround(block, expression) ? expression : undefined;
}

/** Whether a comment stands in a piece of code, but not in the expression that is kept of it. */
function hasCommentAround(code: TS.Node, kept: TS.Expression): boolean {
  const { text } = code.getSourceFile();
  const before = text.slice(code.getStart(), kept.getStart());
  return commentsIn([before, text.slice(kept.end, code.end)]) > 0;
}

/** The node that our prefix and the call make up together; null if they are apart. */
function outerNode(
  call: TS.CallExpression,
  { strategy, prefix, isConcise }: WrapperShape,
): TS.Node | null {
  const { parent } = call;
  if (strategy === "expression") return call;
  if (prefix === "") {
    if (ts.isArrowFunction(parent)) return parent.body === call ? call : null;
    // The arrow has got a block since, or has become a function.
    if (isConcise && ts.isReturnStatement(parent)) return call;
    return ts.isExpressionStatement(parent) ? parent : null;
  }
  const value = awaitedAround(call);
  const isReturned = prefix.startsWith("return");
  if (isReturned && ts.isReturnStatement(value.parent)) return value.parent;
  // `() => { return startSpan(...); }` says what `() => startSpan(...)` says.
  if (isReturned && isArrowBody(value)) return value;
  const isAwaited = ts.isAwaitExpression(parent);
  if (!isReturned && isAwaited !== prefix.includes("await")) return null;
  return ts.isExpressionStatement(value.parent) ? value.parent : null;
}

/** An expression with the `await` and the brackets that linters put around it. */
function awaitedAround(expression: TS.Expression): TS.Expression {
  const { parent } = expression;
  const isAround = ts.isAwaitExpression(parent) || ts.isParenthesizedExpression(parent);
  return isAround ? awaitedAround(parent) : expression;
}

function isArrowBody(node: TS.Node): boolean {
  return ts.isArrowFunction(node.parent) && node.parent.body === node;
}

function keptExpression(
  { file }: Source,
  { callback, call }: WrapperNode,
  { isBracketed }: WrapperShape,
): Range | Reason {
  const body = ts.isBlock(callback.body) ? onlyReturned(callback.body) : callback.body;
  if (!body) return reason("changed-by-hand", "the callback became a block");
  if (flowOf([body]).awaits && !isInAsync(call)) {
    return reason("changed-by-hand", "an await stands in it that the function around cannot have");
  }
  const start = body.getStart(file);
  const isOurs = isBracketed && ts.isParenthesizedExpression(body);
  return isOurs ? { start: start + 1, end: body.end - 1 } : { start, end: body.end };
}

function keptStatements(source: Source, { callback }: WrapperNode, outer: TS.Node): Range | Reason {
  const { body } = callback;
  if (isArrowBody(outer)) return keptBody(source, body, outer);
  if (!ts.isBlock(body)) return keptReturn(source, body, outer);
  const list = statementAround(outer)?.list;
  if (!list || !ts.isStatement(outer)) return reason("changed-by-hand");
  const { awaits, returns } = flowOf(body.statements);
  const isReturned = ts.isReturnStatement(outer);
  if (awaits && !isInAsync(outer)) {
    return reason("changed-by-hand", "an await stands in it that the function around cannot have");
  }
  const leaves = returns.some(({ expression }) => expression) || !isTail(list, outer);
  if (returns.length > 0 && !isReturned && leaves) {
    return reason("changed-by-hand", "a return was added that would leave the function");
  }
  if (isReturned && canComplete(body.statements) && !isTail(list, outer)) {
    return reason("changed-by-hand", "code behind the call would run that did not run before");
  }
  const [only, ...others] = body.statements;
  if (!isStatementList(list.parent) && (!only || others.length > 0 || needsBraces(outer, only))) {
    return { start: body.getStart(source.file), end: body.end };
  }
  const isShared = ts.isCaseOrDefaultClause(list.parent) || list.statements.at(-1) !== outer;
  if (body.statements.some(declaresUsed) && !isReturned && isShared) {
    return reason("changed-by-hand", "what is used would be disposed of later");
  }
  const names = declaredNames(body.statements);
  const clash = clashingName(source, names, outer, list.statements);
  if (clash) return reason("changed-by-hand", `${clash} would be declared twice`);
  return innerRange(source.text, body.getStart(source.file) + 1, body.end - 1);
}

/** The body of a callback as the body of the arrow around it, braces and brackets included. */
function keptBody({ file }: Source, body: TS.ConciseBody, outer: TS.Node): Range | Reason {
  const { awaits } = flowOf(ts.isBlock(body) ? body.statements : [body]);
  if (awaits && !isInAsync(outer)) {
    return reason("changed-by-hand", "an await stands in it that the function around cannot have");
  }
  return { start: body.getStart(file), end: body.end };
}

/** The value of a callback that was a block with a `return` and became an expression. */
function keptReturn({ file }: Source, body: TS.Expression, outer: TS.Node): Range | Reason {
  if (!ts.isReturnStatement(outer)) {
    return reason("changed-by-hand", "the callback became an expression");
  }
  if (flowOf([body]).awaits && !isInAsync(outer)) {
    return reason("changed-by-hand", "an await stands in it that the function around cannot have");
  }
  const inner = ts.isParenthesizedExpression(body) ? body.expression : body;
  const isBare = ts.isObjectLiteralExpression(inner) && !hasCommentAround(body, inner);
  const code = isBare ? inner : body;
  return { start: code.getStart(file), end: code.end };
}

/** A `var`, or a function by its name, in the callback itself or in a block of it. */
function isHoisted(node: TS.Node): boolean {
  if (ts.isFunctionDeclaration(node)) return true;
  return ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.BlockScoped) === 0;
}

export function declaresUsed(statement: TS.Statement): boolean {
  return ts.isVariableStatement(statement) && isUsing(statement.declarationList);
}

/** A range without the white space at its ends. */
export function innerRange(text: string, from: number, to: number): Range {
  const inner = text.slice(from, to);
  const start = from + (inner.length - inner.trimStart().length);
  return { start, end: Math.max(start, from + inner.trimEnd().length) };
}

/** What the wrapped lines stand deeper than the call, whatever a formatter made of it since. */
export function addedIndent({ text }: Source, kept: Range, outer: Range, unit: string): string {
  if (unit === "") return "";
  const inner = text.slice(lineStart(text, kept.start), kept.start);
  if (inner.trim() !== "") return unit;
  const base = baseIndent(text, outer);
  return inner.startsWith(base) ? inner.slice(base.length) : unit;
}

/**
 * The indentation of the line that closes the wrapper, where it has one: the call may stand behind
 * the end of a text that spans lines, which stays when all around it moves.
 */
function baseIndent(text: string, { start, end }: Range): string {
  const closing = indentationAt(text, end);
  const first = lineStart(text, end) + closing.length;
  const hasOwnLine = first > start && /[)}]/.test(text[first] ?? "");
  return hasOwnLine ? closing : indentationAt(text, start);
}

/** A wrapper whose code was deleted by hand goes with its whole line. */
export function wholeLine(text: string, start: number, end: number): Edit {
  const from = lineStart(text, start);
  const isAlone = text.slice(from, start).trim() === "" && /^[ \t]*(\r?\n|$)/.test(text.slice(end));
  if (!isAlone) return { start, end, text: "" };
  const behind = /^[ \t]*\r?\n?/.exec(text.slice(end))?.[0].length ?? 0;
  return { start: from, end: end + behind, text: "" };
}
