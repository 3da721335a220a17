import type { Range } from "../text/edit.js";
import { ts, type TS } from "./compiler.js";
import type { Match, StatementList } from "./join-point.js";
import type { NamedFunction } from "./names.js";
import { wholeChain, consumptionOf } from "./promises.js";
import { ancestors, enclosingFunction, unwrapped } from "./walk.js";
import type { Source } from "./source.js";

export const REGION_KINDS = ["auto", "expression", "statement", "try", "rest", "body"] as const;
export type RegionKind = (typeof REGION_KINDS)[number];

/** A piece of code that one span covers. */
export type Region = Range &
  (
    | { readonly kind: "expression"; readonly node: TS.Expression }
    | {
        readonly kind: "statements";
        readonly statements: readonly TS.Statement[];
        readonly list: StatementList;
      }
    | { readonly kind: "body"; readonly node: NamedFunction }
  );

/**
 * The regions a match offers for what the rule asks, best first. None means that the matched code
 * has no such region, so that it is not what the rule means.
 */
export function regionsOf(source: Source, match: Match, wanted: RegionKind): Region[] {
  switch (wanted) {
    case "auto":
      return autoRegions(source, match);
    case "expression":
      return compact([expressionRegion(source, match)]);
    case "statement":
      return compact([ownStatements(source, match)]);
    case "try":
      return compact([tryRegion(source, match)]);
    case "rest":
      return compact([restRegion(source, match)]);
    case "body":
      return compact([bodyRegion(source, match)]);
  }
}

function compact(regions: (Region | null)[]): Region[] {
  return regions.filter((region) => region !== null);
}

function autoRegions(source: Source, match: Match): Region[] {
  if (match.kind === "clause") {
    return compact([ownStatements(source, match), tryRegion(source, match)]);
  }
  return compact([expressionRegion(source, match), ownStatements(source, match)]);
}

function expressionRegion(source: Source, match: Match): Region | null {
  if (match.kind === "call") {
    const chain = wholeChain(match.node);
    const node = consumptionOf(chain) === "used" ? match.node : chain;
    return regionOf(source, consumptionOf(node) === "used" ? chain : node);
  }
  if (match.kind === "constant") return regionOf(source, waitedFor(match.node.initializer));
  return match.kind === "assign" ? regionOf(source, waitedFor(match.node.right)) : null;
}

/** What a value is awaited of: the work that takes the time. */
function waitedFor(value: TS.Expression): TS.Expression {
  const code = unwrapped(value);
  return ts.isAwaitExpression(code) ? code.expression : value;
}

/** An expression as a region. */
export function regionOf(source: Source, node: TS.Expression): Region {
  return { kind: "expression", node, start: node.getStart(source.file), end: node.end };
}

function ownStatements(source: Source, match: Match): Region | null {
  if (match.kind === "clause") return statementsRegion(source, match.list, match.list.statements);
  if (match.kind === "function") return bodyRegion(source, match);
  const at = statementAround(match.node);
  return at ? statementsRegion(source, at.list, [at.statement]) : null;
}

function tryRegion(source: Source, match: Match): Region | null {
  const list = listOf(match);
  if (!list) return null;
  const [statement, ...others] = list.statements.filter(ts.isTryStatement);
  if (!statement || others.length > 0) return null;
  return statementsRegion(source, list, [statement]);
}

function restRegion(source: Source, match: Match): Region | null {
  const list = listOf(match);
  if (list) return statementsRegion(source, list, list.statements);
  const at = statementAround(match.node);
  if (!at) return null;
  const first = at.list.statements.indexOf(at.statement);
  return statementsRegion(source, at.list, at.list.statements.slice(first));
}

function bodyRegion(source: Source, match: Match): Region | null {
  if (match.kind === "clause") return ownStatements(source, match);
  const fn = match.kind === "function" ? match.node : enclosingFunction(match.node);
  return fn?.body ? bodyOf(source, fn as NamedFunction) : null;
}

/** The inside of a function's body: all but its braces and directives, comments included. */
function bodyOf(source: Source, node: NamedFunction): Region {
  const { body } = node;
  if (!ts.isBlock(body)) {
    return { kind: "body", node, start: body.getStart(source.file), end: body.end };
  }
  const directives = directiveCount(body.statements);
  const last = directives > 0 ? body.statements[directives - 1] : undefined;
  const from = last ? withTrailingComment(source, last) : body.getStart(source.file) + 1;
  const inner = source.text.slice(from, body.end - 1);
  const start = from + (inner.length - inner.trimStart().length);
  return { kind: "body", node, start, end: Math.max(start, from + inner.trimEnd().length) };
}

/** How many statements at the head of a list are directives such as `"use strict"`. */
export function directiveCount(statements: readonly TS.Statement[]): number {
  const first = statements.findIndex(
    (each) => !ts.isExpressionStatement(each) || !ts.isStringLiteral(each.expression),
  );
  return first < 0 ? statements.length : first;
}

function listOf(match: Match): StatementList | null {
  if (match.kind === "clause") return match.list;
  if (match.kind !== "function" || !ts.isBlock(match.node.body)) return null;
  const { body } = match.node;
  return { parent: body, statements: body.statements.slice(directiveCount(body.statements)) };
}

/** The statement a node belongs to, in the list it stands in; null for an expression of its own. */
export function statementAround(
  node: TS.Node,
): { statement: TS.Statement; list: StatementList } | null {
  for (const at of [node, ...ancestors(node)]) {
    if (at !== node && ts.isFunctionLike(at)) return null;
    if (ts.isStatement(at) && !ts.isBlock(at)) return { statement: at, list: listAround(at) };
  }
  return null;
}

/** Whether a node holds statements side by side, rather than one behind a condition. */
export function isStatementList(
  node: TS.Node,
): node is TS.Block | TS.SourceFile | TS.ModuleBlock | TS.CaseOrDefaultClause {
  return (
    ts.isBlock(node) ||
    ts.isSourceFile(node) ||
    ts.isModuleBlock(node) ||
    ts.isCaseOrDefaultClause(node)
  );
}

function listAround(statement: TS.Statement): StatementList {
  const { parent } = statement;
  return isStatementList(parent)
    ? { parent, statements: parent.statements }
    : { parent, statements: [statement] };
}

/** Statements without the jump that ends them: `break` stays outside the span. */
export function statementsRegion(
  source: Source,
  list: StatementList,
  statements: readonly TS.Statement[],
): Region | null {
  const kept = [...statements];
  while (isPlainJump(kept.at(-1))) kept.pop();
  const [first] = kept;
  const last = kept.at(-1);
  if (!first || !last) return null;
  const start = first.getStart(source.file);
  return {
    kind: "statements",
    statements: kept,
    list,
    start,
    end: withTrailingComment(source, last),
  };
}

function isPlainJump(statement: TS.Statement | undefined): boolean {
  if (!statement) return false;
  return ts.isBreakStatement(statement) || ts.isContinueStatement(statement);
}

/** The end of a node, with a comment that stands behind it on its line. */
export function withTrailingComment(source: Source, node: TS.Node): number {
  const comments = ts.getTrailingCommentRanges(source.text, node.end) ?? [];
  return comments.at(-1)?.end ?? node.end;
}

/** Whether a statement has a semicolon at its end, where its author writes any. */
export function isEndedBySemicolon(statement: TS.Statement): boolean {
  return (
    ts.isExpressionStatement(statement) ||
    ts.isVariableStatement(statement) ||
    ts.isReturnStatement(statement) ||
    ts.isThrowStatement(statement) ||
    ts.isBreakOrContinueStatement(statement) ||
    ts.isDoStatement(statement)
  );
}

/** Whether a statement ends without the semicolon that parts it from the next line. */
export function isOpenEnded({ text }: Source, statement: TS.Statement): boolean {
  return isEndedBySemicolon(statement) && text[statement.end - 1] !== ";";
}
