import { ts, type TS } from "./compiler.js";
import { fingerprint, sameCode } from "./fingerprint.js";
import { enclosingFunctionNames, nameMatches, purposeOf, type NamedFunction } from "./names.js";
import { functionMatcher, methodMatcher } from "./named-points.js";
import { matchPattern, parseExpression, type Captures } from "./pattern.js";
import { listenerMatcher, routeMatcher } from "./function-points.js";
import {
  ancestors,
  enclosingFunction,
  isAssignment,
  meansValue,
  unwrapped,
  walk,
  walkOwn,
} from "./walk.js";
import type { Source } from "./source.js";

/** A rule's `at`: which places of the code it means. */
export interface JoinPoint {
  readonly case?: string | undefined;
  readonly switch?: string | undefined;
  readonly call?: string | undefined;
  readonly function?: string | undefined;
  readonly method?: string | undefined;
  readonly route?: string | undefined;
  readonly listener?: string | undefined;
  readonly assign?: string | undefined;
  readonly type?: string | undefined;
  /** Narrows `case` to a switch over this expression, `listener` to this emitter. */
  readonly on?: string | undefined;
  /** Only inside a function or method of this name. */
  readonly within?: string | undefined;
}

export type JoinPointForm = Exclude<keyof JoinPoint, "on" | "within">;

/** A list of statements that belongs together: a block, a clause, a file. */
export interface StatementList {
  readonly parent: TS.Node;
  readonly statements: readonly TS.Statement[];
}

/** One place that `at` matched. */
export type Match = {
  /** The node that `at` names; its start is the site's anchor. */
  readonly node: TS.Node;
  /** The offset that the site's `anchor` line is taken from. */
  readonly anchor: number;
  readonly captures: Captures;
} & (
  | { readonly kind: "clause"; readonly value: string; readonly list: StatementList }
  | { readonly kind: "switch"; readonly node: TS.SwitchStatement }
  | { readonly kind: "call"; readonly node: TS.CallExpression }
  | { readonly kind: "function"; readonly node: NamedFunction; readonly name: string }
  | { readonly kind: "assign"; readonly node: TS.BinaryExpression }
  | { readonly kind: "constant"; readonly node: Constant }
);

/** A name that gets its only value where it is declared. */
export type Constant = TS.VariableDeclaration & {
  readonly name: TS.Identifier;
  readonly initializer: TS.Expression;
};

const NO_CAPTURES: Captures = {};

/** Finds all places of a file that a join point means, in source order. */
export function findMatches(source: Source, at: JoinPoint): Match[] {
  const matcher = createMatcher(source, at);
  const found: Match[] = [];
  const seen = new Set<TS.Node>();
  walk(source.file, (node) => {
    for (const match of matcher(node)) {
      if (seen.has(match.node) || !isWithin(match.node, at.within)) continue;
      seen.add(match.node);
      found.push(match);
    }
  });
  return found.sort((a, b) => a.anchor - b.anchor);
}

/** Literals one of which a file must contain for a join point to match in it; empty if unknown. */
export function joinPointNeedles(at: JoinPoint): string[] {
  if (at.case !== undefined) return [lastName(at.case)];
  if (at.listener !== undefined) return [at.listener];
  const pattern = at.switch ?? at.call ?? at.assign;
  if (pattern !== undefined) return [longestWord(pattern)];
  const name = at.function ?? at.method ?? at.route ?? at.type;
  if (name === undefined) return [];
  if (name === "default") return ["export default"];
  const literal = longestWord(name.split(".").at(-1) ?? name);
  return literal ? [literal] : ["function", "=>", "class", "async", "("];
}

function lastName(text: string): string {
  return /^[\w$]+(\.[\w$]+)+$/.test(text) ? (text.split(".").at(-1) ?? text) : text;
}

/** The longest run of name characters that any match must contain: captures and wildcards end it. */
function longestWord(pattern: string): string {
  const words = pattern.replace(/\$\$?\$?\w*/g, " ").split(/[^\w-]+|(?<=\W)-|-(?=\W)/);
  return words.reduce((best, word) => (word.length > best.length ? word : best), "");
}

function isWithin(node: TS.Node, within: string | undefined): boolean {
  if (within === undefined) return true;
  const handedOn = [...ancestors(node)]
    .filter(ts.isFunctionLike)
    .flatMap((fn) => purposeOf(fn) ?? []);
  return [...enclosingFunctionNames(node), ...handedOn].some(
    (name) => nameMatches(within, name) || nameMatches(within, name.split(".").at(-1) ?? name),
  );
}

/** Answers, for one node, which matches it is. */
export type Matcher = (node: TS.Node) => Match[];

function createMatcher(source: Source, at: JoinPoint): Matcher {
  if (at.case !== undefined) return caseMatcher(at.case, at.on);
  if (at.switch !== undefined) return switchMatcher(at.switch);
  if (at.call !== undefined) return callMatcher(at.call);
  if (at.assign !== undefined) return assignMatcher(at.assign);
  if (at.listener !== undefined) return listenerMatcher(source, at.listener, at.on);
  if (at.route !== undefined) return routeMatcher(source, at.route);
  if (at.function !== undefined) return functionMatcher(at.function);
  if (at.method !== undefined) return methodMatcher(at.method);
  return () => [];
}

function caseMatcher(value: string, on: string | undefined): Matcher {
  const subject = on === undefined ? null : parseExpression(on);
  return (node) => {
    if (ts.isCaseClause(node)) {
      if (!meansValue(node.expression, value)) return [];
      if (subject && !sameCode(unwrapped(node.parent.parent.expression), subject)) return [];
      return [clause(node, value, blockContent(node, node.statements))];
    }
    const tested = ts.isIfStatement(node) ? testedFor(node.expression, value, subject) : null;
    if (!tested || !ts.isIfStatement(node) || isLookedAhead(node, tested, value)) return [];
    const body = node.thenStatement;
    const list = ts.isBlock(body) ? body.statements : [body];
    return [clause(node, value, { parent: body, statements: list })];
  };
}

/** Whether an `if` only looks at what a switch of the same function is about to do. */
function isLookedAhead(node: TS.IfStatement, tested: TS.Expression, value: string): boolean {
  const fn = enclosingFunction(node) ?? node.getSourceFile();
  let isAhead = false;
  walkOwn(fn, (each) => {
    if (!ts.isSwitchStatement(each) || each.pos < node.end) return;
    const isSame = sameCode(unwrapped(each.expression), unwrapped(tested));
    const values = each.caseBlock.clauses.filter(ts.isCaseClause);
    if (isSame && values.some(({ expression }) => meansValue(expression, value))) isAhead = true;
  });
  return isAhead;
}

function clause(node: TS.Node, value: string, list: StatementList): Match {
  return { kind: "clause", node, anchor: node.getStart(), captures: NO_CAPTURES, value, list };
}

/** The statements of a clause; of `case x: { ... }` those of the block. */
function blockContent(parent: TS.Node, statements: readonly TS.Statement[]): StatementList {
  const [block, ...rest] = statements;
  const onlyJumpFollows = rest.every((statement) => ts.isBreakStatement(statement));
  if (block && ts.isBlock(block) && onlyJumpFollows) {
    return { parent: block, statements: block.statements };
  }
  return { parent, statements };
}

/** What a condition compares, if it holds only where that has the value: `x === v`, also with `&&`. */
function testedFor(
  condition: TS.Expression,
  value: string,
  subject: TS.Expression | null,
): TS.Expression | null {
  const test = unwrapped(condition);
  if (!ts.isBinaryExpression(test)) return null;
  const operator = test.operatorToken.kind;
  if (operator === ts.SyntaxKind.AmpersandAmpersandToken) {
    return testedFor(test.left, value, subject) ?? testedFor(test.right, value, subject);
  }
  const equals =
    operator === ts.SyntaxKind.EqualsEqualsEqualsToken ||
    operator === ts.SyntaxKind.EqualsEqualsToken;
  if (!equals) return null;
  const sides = [
    [test.left, test.right],
    [test.right, test.left],
  ] as const;
  const [tested = null] = sides.flatMap(([left, right]) => {
    const isTested = meansValue(right, value) && (!subject || sameCode(unwrapped(left), subject));
    return isTested ? [left] : [];
  });
  return tested;
}

function switchMatcher(pattern: string): Matcher {
  const wanted = parseExpression(pattern);
  return (node) => {
    if (!wanted || !ts.isSwitchStatement(node)) return [];
    const captures = matchPattern(wanted, node.expression);
    return captures ? [{ kind: "switch", node, anchor: node.getStart(), captures }] : [];
  };
}

function callMatcher(pattern: string): Matcher {
  const wanted = parseExpression(pattern);
  return (node) => {
    if (!wanted || !ts.isCallExpression(node)) return [];
    const captures = matchPattern(wanted, node);
    return captures ? [{ kind: "call", node, anchor: node.getStart(), captures }] : [];
  };
}

/**
 * `timing[*]` means any member of `timing`, by dot or by bracket; a name, in which `*` is a wildcard,
 * also a constant that is declared with its value.
 */
function assignMatcher(pattern: string): Matcher {
  return isNamePattern(pattern) ? nameMatcher(pattern) : targetMatcher(pattern);
}

/** Whether a text is a name, perhaps with wildcards. */
export function isNamePattern(pattern: string): boolean {
  return /^[\w$*]+$/.test(pattern);
}

function nameMatcher(pattern: string): Matcher {
  const isNamed = (node: TS.Node) => ts.isIdentifier(node) && nameMatches(pattern, node.text);
  return (node) => {
    const match = { node, anchor: node.getStart(), captures: NO_CAPTURES };
    if (isConstant(node)) return isNamed(node.name) ? [{ ...match, kind: "constant", node }] : [];
    if (!ts.isBinaryExpression(node) || !isAssignment(node.operatorToken.kind)) return [];
    return isNamed(unwrapped(node.left)) ? [{ ...match, kind: "assign", node }] : [];
  };
}

/** `const name = value` alone in its statement. */
function isConstant(node: TS.Node): node is Constant {
  if (!ts.isVariableDeclaration(node) || !node.initializer || !ts.isIdentifier(node.name)) {
    return false;
  }
  const { parent } = node;
  if (ts.isCatchClause(parent) || !ts.isVariableStatement(parent.parent)) return false;
  const isConst = (parent.flags & ts.NodeFlags.Const) !== 0;
  return isConst && parent.declarations.length === 1;
}

function targetMatcher(pattern: string): Matcher {
  const object = pattern.endsWith("[*]") ? parseExpression(pattern.slice(0, -3)) : null;
  const target = object ? null : parseExpression(pattern);
  const wanted = target && memberKey(target);
  const hits = (left: TS.Expression) => {
    if (object) {
      return (
        (ts.isElementAccessExpression(left) || ts.isPropertyAccessExpression(left)) &&
        sameCode(unwrapped(left.expression), object)
      );
    }
    return target !== null && (wanted ? memberKey(left) === wanted : sameCode(left, target));
  };
  return (node) => {
    if (!ts.isBinaryExpression(node) || !isAssignment(node.operatorToken.kind)) return [];
    if (!hits(unwrapped(node.left))) return [];
    return [{ kind: "assign", node, anchor: node.getStart(), captures: NO_CAPTURES }];
  };
}

/** Equal for `a.b` and `a["b"]`. */
function memberKey(node: TS.Expression): string | null {
  if (ts.isPropertyAccessExpression(node)) {
    return `${fingerprint(node.expression)}.${JSON.stringify(node.name.text)}`;
  }
  if (!ts.isElementAccessExpression(node)) return null;
  return `${fingerprint(node.expression)}.${fingerprint(node.argumentExpression)}`;
}
