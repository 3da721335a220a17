import { ts, type TS } from "./compiler.js";
import type { Match, Matcher } from "./join-point.js";
import {
  className,
  functionName,
  nameMatches,
  qualifiedName,
  type NamedFunction,
} from "./names.js";
import { enclosingFunction, hasModifier, unwrapped, walkOwn } from "./walk.js";

/** Functions by the name they are bound to. */
export function functionMatcher(pattern: string): Matcher {
  return orGivenBack(pattern, (name) => (node) => {
    if (!hasBody(node) || ts.isConstructorDeclaration(node) || ts.isAccessor(node)) return [];
    if (ts.isMethodDeclaration(node) && ts.isClassLike(node.parent)) return [];
    const own = functionName(node) ?? calledItself(node, name);
    if (own === null) return [];
    const isDefault = name === "default" && hasModifier(node, ts.SyntaxKind.DefaultKeyword);
    return isDefault || nameMatches(name, own) ? [functionMatch(node, own)] : [];
  });
}

/** The name that a callback has of its own, for rules that say it: a wildcard means no callbacks. */
function calledItself(node: TS.Node, pattern: string): string | null {
  const isMeant = ts.isFunctionExpression(node) && !pattern.includes("*");
  return isMeant ? (node.name?.text ?? null) : null;
}

/** `createHandler()` means the functions that a function of that name gives back. */
function orGivenBack(pattern: string, matcherOf: (name: string) => Matcher): Matcher {
  if (!pattern.endsWith("()")) return matcherOf(pattern);
  const matchMaker = orGivenBack(pattern.slice(0, -"()".length), matcherOf);
  return (node) => {
    const maker = hasBody(node) ? makerOf(node) : undefined;
    const isMade = maker !== undefined && matchMaker(maker).length > 0;
    return isMade && hasBody(node) ? [functionMatch(node, qualifiedName(maker) ?? undefined)] : [];
  };
}

/** The function that gives a function back, on the spot or by its name. */
export function makerOf(fn: NamedFunction): NamedFunction | undefined {
  const maker = enclosingFunction(fn);
  if (!maker?.body) return undefined;
  const name = isDeclaredIn(fn, maker.body) ? functionName(fn) : null;
  const isIt = (value: TS.Expression | undefined): boolean => {
    const code = value && unwrapped(value);
    if (code && ts.isConditionalExpression(code))
      return isIt(code.whenTrue) || isIt(code.whenFalse);
    return code === fn || (code !== undefined && ts.isIdentifier(code) && code.text === name);
  };
  if (!ts.isBlock(maker.body)) return isIt(maker.body) ? (maker as NamedFunction) : undefined;
  let isGiven = false;
  walkOwn(maker.body, (node) => {
    if (ts.isReturnStatement(node) && isIt(node.expression)) isGiven = true;
  });
  return isGiven ? (maker as NamedFunction) : undefined;
}

/** A function as a match. */
export function functionMatch(node: NamedFunction, called = "anonymous"): Match {
  const name = qualifiedName(node) ?? called;
  return { kind: "function", node, anchor: node.getStart(), captures: {}, name };
}

/** Whether a function is declared by a body's own statements, and not in a block of one. */
function isDeclaredIn(fn: NamedFunction, body: TS.Node): boolean {
  if (fn.parent === body) return true;
  const declared = ts.isVariableDeclaration(fn.parent) ? fn.parent.parent.parent : undefined;
  return declared?.parent === body;
}

/** Methods of classes by `Class.method`. */
export function methodMatcher(pattern: string): Matcher {
  return orGivenBack(pattern, (path) => {
    const dot = path.lastIndexOf(".");
    const owner = dot < 0 ? "*" : path.slice(0, dot);
    const member = path.slice(dot + 1);
    return (node) => {
      if (!ts.isMethodDeclaration(node) || !ts.isClassLike(node.parent) || !hasBody(node))
        return [];
      const name = functionName(node) ?? "";
      if (!nameMatches(member, name) || !nameMatches(owner, className(node) ?? "")) return [];
      return [functionMatch(node)];
    };
  });
}

/** Whether a node is a function with code in it. */
export function hasBody(node: TS.Node): node is NamedFunction {
  return ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
}
