import { objectOnOneLine, objectOverLines, type Entries } from "../text/code.js";
import type { Edit, Range } from "../text/edit.js";
import { indentationAt } from "../text/lines.js";
import { failureCall, isMark } from "./caught-error.js";
import { clashingName } from "./clashing-name.js";
import { ts, type TS } from "./compiler.js";
import { flowOf, isInAsync } from "./control-flow.js";
import { isSettled } from "./settled.js";
import { declaredNames, escapingDeclaration, hasUsing, isVar } from "./declarations.js";
import { indentNeeded } from "./indent.js";
import { resultHazard } from "./results.js";
import { reason, type Reason, type ReasonCode } from "./reason.js";
import { needsBraces } from "./lone-statement.js";
import { isStatementList, type Region } from "./region.js";
import type { Source } from "./source.js";
import { addedIndent, declaresUsed, innerRange, wholeLine, type Unwrapping } from "./unwrapping.js";
import { isFunctionBoundary, isGenerator, walkOwn } from "./walk.js";
import type { Types } from "./value-kind.js";
import type { WrapperLayout } from "./wrapper-layout.js";
import { hasModuleStatement, nodesOf } from "./wrapping.js";

/** What keeps code out of a callback, but not out of a `try`. */
const CROSSABLE: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  "escaping-break",
  "escaping-continue",
  "escaping-return",
  "escaping-yield",
  "generator",
  "return-in-try",
]);

/**
 * Whether a region that no callback can take may stand in a `try` with an inactive span.
 * @param refusal why no callback can take it
 */
export function inactiveRefusal(
  source: Source,
  region: Region,
  refusal: Reason,
  types: Types,
): Reason | null {
  if (!CROSSABLE.has(refusal.code) || region.kind === "expression") return refusal;
  if (region.start >= region.end) return reason("empty-region");
  const nodes = nodesOf(region);
  if (yieldsAtTheEnd(nodes)) return refusal;
  if (region.kind === "body") {
    const isOngoing =
      !isGenerator(region.node) && resultHazard(source, region.node, types) !== null;
    return isOngoing || !ts.isBlock(region.node.body) ? refusal : leavesWork(nodes, region.node);
  }
  const { statements, list } = region;
  if (ts.isLabeledStatement(list.parent)) return refusal;
  if (hasModuleStatement(statements)) return reason("module-statement");
  if (hasUsing(statements) && list.statements.at(-1) !== statements.at(-1)) {
    return reason("escaping-using");
  }
  return escapingDeclaration(source, statements, region) ?? leavesWork(nodes, list.parent);
}

/** A generator that is left while its own `finally` yields never ends, and neither would its span. */
function yieldsAtTheEnd(nodes: readonly TS.Node[]): boolean {
  let found = false;
  const visit = (node: TS.Node): void => {
    const { parent } = node;
    if (ts.isBlock(node) && ts.isTryStatement(parent) && parent.finallyBlock === node) {
      walkOwn(node, (each) => {
        found ||= ts.isYieldExpression(each);
      });
    }
  };
  for (const node of nodes) if (!isFunctionBoundary(node)) walkOwn(node, visit);
  return found;
}

/** A promise that is returned without `await` goes on when the `finally` has run. */
function leavesWork(nodes: readonly TS.Node[], around: TS.Node): Reason | null {
  const { returns } = flowOf(nodes);
  const isAwaited = ts.isFunctionLike(around) ? isGenerator(around) : !isInAsync(around);
  const left = returns.find(({ expression }) => expression && !isSettled(expression));
  return left && !isAwaited ? reason("outlives-span", left.getText().slice(0, 60)) : null;
}

/** The call that starts an inactive span, and the name that the span gets. */
export interface InactiveCall {
  readonly callee: string;
  readonly options: Entries;
  readonly parameter: string;
}

/**
 * Lays out `const span = startInactiveSpan(...)` with a `try` whose `finally` ends it, and whose `catch`
 * says that it failed, as `startSpan` does. Statements get a block around all of it, so that the name
 * stays theirs.
 */
export function layOutInactive(
  source: Source,
  region: Region,
  call: InactiveCall,
): WrapperLayout & { readonly lead: string } {
  const { style, text, file } = source;
  const outer = indentationAt(text, region.start);
  const isBlock = region.kind !== "body";
  const base = isBlock ? outer + style.indent : outer;
  const end = style.semicolons ? ";" : "";
  const line = style.eol + base;
  const inner = `${line}${style.indent}`;
  const start = `const ${call.parameter} = ${call.callee}(`;
  const short = `${start}${objectOnOneLine(call.options, style)})${end}`;
  const fits = base.length + short.length <= style.width;
  const declaration = fits ? short : `${start}${objectOverLines(call.options, style, base)})${end}`;
  const open = `${declaration}${line}try {${inner}`;
  const failure = failureCall(source, call.parameter);
  const failed = `${line}} catch (error) {${inner}${failure}${end}${inner}throw error${end}`;
  const close = `${failed}${line}} finally {${inner}${call.parameter}.end()${end}${line}}`;
  const unit = indentNeeded(
    file,
    region,
    outer,
    isBlock ? style.indent + style.indent : style.indent,
  );
  const lead = leadOf(source, region);
  return isBlock
    ? {
        open: `${lead}{${line}${open}`,
        close: `${close}${style.eol}${outer}}`,
        unit,
        isBracketed: false,
        lead,
      }
    : { open, close, unit, isBracketed: false, lead: "" };
}

/** Without a semicolon, the compiler takes a brace behind brackets for an arrow function's body. */
function leadOf({ text }: Source, region: Region): "" | ";" {
  if (region.kind !== "statements") return "";
  const { list, statements } = region;
  const [first] = statements;
  const before = first && list.statements[list.statements.indexOf(first) - 1];
  return before && text[before.end - 1] === ")" ? ";" : "";
}

/** An inactive span with its `try`, as {@link layOutInactive} writes it. */
export interface InactiveSpan extends Range {
  readonly name: TS.Identifier;
  readonly call: TS.CallExpression;
  readonly options: TS.ObjectLiteralExpression;
  readonly declaration: TS.VariableStatement;
  readonly attempt: TS.TryStatement;
  /** Whether nothing was written beside the two since. */
  readonly isAlone: boolean;
  /** The node that goes when the span does: the block around it, or the `try` alone. */
  readonly outer: TS.Statement;
}

/**
 * Reads an inactive span off the declaration that starts it.
 * @param lead what was put in front of its block
 */
export function inactiveSpanAt(
  source: Source,
  node: TS.Node,
  isInBlock: boolean,
  lead: string,
): InactiveSpan | null {
  if (!ts.isVariableStatement(node) || !ts.isBlock(node.parent)) return null;
  const [declaration, ...others] = node.declarationList.declarations;
  if (!declaration || others.length > 0 || !ts.isIdentifier(declaration.name)) return null;
  const call = declaration.initializer;
  if (!call || !ts.isCallExpression(call)) return null;
  const [options] = call.arguments;
  if (!/(^|\.)startInactiveSpan$/.test(call.expression.getText(source.file))) return null;
  if (!options || !ts.isObjectLiteralExpression(options)) return null;
  const { statements } = node.parent;
  const { name } = declaration;
  const behind = statements.slice(statements.indexOf(node) + 1);
  const attempt = behind.find((each) => endsOnly(source, each, name)) ?? behind[0];
  if (!attempt || !ts.isTryStatement(attempt)) return null;
  const isAlone = attempt === behind[0] && (!isInBlock || statements.length === 2);
  const outer = isInBlock && isAlone ? node.parent : attempt;
  const own = (outer === attempt ? node : outer).getStart(source.file);
  const start = source.text.startsWith(lead, own - lead.length) ? own - lead.length : own;
  const end = outer.end;
  return { name, call, options, declaration: node, attempt, isAlone, outer, start, end };
}

/** Whether a statement is a `try` whose `finally` ends a span and does nothing else. */
function endsOnly({ file }: Source, statement: TS.Statement, { text }: TS.Identifier): boolean {
  if (!ts.isTryStatement(statement)) return false;
  const [only, ...others] = statement.finallyBlock?.statements ?? [];
  return only?.getText(file).replace(/;$/, "") === `${text}.end()` && others.length === 0;
}

/** Whether a `try` has no `catch`, or one that marks the span as failed and passes the error on. */
function marksOnly({ catchClause }: TS.TryStatement, { text }: TS.Identifier): boolean {
  if (!catchClause) return true;
  const [mark, thrown, ...others] = catchClause.block.statements;
  const name = catchClause.variableDeclaration?.name.getText();
  const isPassedOn = thrown && ts.isThrowStatement(thrown) && thrown.expression.getText() === name;
  return mark !== undefined && isMark(mark, text) && isPassedOn === true && others.length === 0;
}

/** Takes an inactive span off again, or says why that would change what the code does by now. */
export function unwrapInactive(
  source: Source,
  span: InactiveSpan,
  unit: string,
): Unwrapping | Reason {
  const { attempt, outer, name, isAlone, end } = span;
  const { tryBlock, finallyBlock } = attempt;
  if (!finallyBlock || !endsOnly(source, attempt, name) || !marksOnly(attempt, name)) {
    return reason("changed-by-hand", "the try became another one");
  }
  const isEnding = ({ pos, end }: TS.Node) => tryBlock.end <= pos && end <= finallyBlock.end;
  const used = source.scope.references(name, (use) => use !== name && !isEnding(use));
  if (used.length > 0) return reason("span-in-use", name.text);
  const around = isStatementList(outer.parent) ? outer.parent.statements : [outer];
  const isShared = ts.isCaseOrDefaultClause(outer.parent) || around.at(-1) !== outer;
  if (tryBlock.statements.some(declaresUsed) && isShared) {
    return reason("changed-by-hand", "what is used would be disposed of later");
  }
  const [only, ...others] = tryBlock.statements;
  const isOne = only !== undefined && others.length === 0 && !needsBraces(outer, only);
  const isWhole = !isStatementList(outer.parent) && !isOne;
  const kept = isWhole
    ? { start: tryBlock.getStart(source.file), end: tryBlock.end }
    : innerRange(source.text, tryBlock.getStart(source.file) + 1, tryBlock.end - 1);
  // A `var` belongs to the function already.
  const names = declaredNames(tryBlock.statements).filter((name) => !isVar(name));
  const clash = clashingName(source, names, outer, around);
  if (clash) return reason("changed-by-hand", `${clash} would be declared twice`);
  const start = isAlone ? span.start : attempt.getStart(source.file);
  const declaration = isAlone ? [] : [declarationRemoval(source, span)];
  if (kept.start >= kept.end) {
    return { edits: [...declaration, wholeLine(source.text, start, end)], dedent: null };
  }
  return {
    edits: [
      ...declaration,
      { start, end: kept.start, text: "" },
      { start: kept.end, end, text: "" },
    ],
    dedent: { range: kept, unit: addedIndent(source, kept, { start, end }, unit) },
  };
}

/** The declaration alone goes where other code stands between it and its `try`, or beside that. */
function declarationRemoval({ text, file }: Source, { declaration }: InactiveSpan): Edit {
  return wholeLine(text, declaration.getStart(file), declaration.end);
}
