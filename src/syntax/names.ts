import { ts, type TS } from "./compiler.js";
import { ancestors } from "./walk.js";

export type NamedFunction = TS.FunctionLikeDeclaration & { body: TS.ConciseBody };

/**
 * The name a function is known by: its own, or that of the variable, property or export it is bound
 * to. An inline callback has none.
 */
export function functionName(node: TS.Node): string | null {
  if (ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node)) {
    return node.name ? memberName(node.name) : "default";
  }
  if (ts.isGetAccessor(node) || ts.isSetAccessor(node)) return propertyName(node.name);
  if (ts.isConstructorDeclaration(node)) return "constructor";
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return null;
  return boundName(node);
}

/** A name for people: a computed one is said as it is written. */
function memberName(name: TS.PropertyName): string {
  if (!ts.isComputedPropertyName(name)) return propertyName(name) ?? name.getText();
  const { expression } = name;
  return ts.isStringLiteralLike(expression) ? expression.text : name.getText();
}

function boundName(node: TS.Expression): string | null {
  const outer = withoutWrapping(node);
  const { parent } = outer;
  if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)) return parent.name.text;
  if (ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent)) {
    return propertyName(parent.name);
  }
  if (ts.isExportAssignment(parent)) return "default";
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    if (parent.right !== outer) return null;
    if (ts.isPropertyAccessExpression(parent.left)) return parent.left.name.text;
    if (ts.isIdentifier(parent.left)) return parent.left.text;
  }
  return null;
}

function withoutWrapping(node: TS.Expression): TS.Expression {
  let outer = node;
  while (
    ts.isParenthesizedExpression(outer.parent) ||
    ts.isAsExpression(outer.parent) ||
    ts.isSatisfiesExpression(outer.parent) ||
    givesBack(outer.parent, outer)
  ) {
    outer = outer.parent;
  }
  return outer;
}

/** `useCallback(fn, [...])` is the very function. */
function givesBack(node: TS.Node, fn: TS.Expression): node is TS.CallExpression {
  if (!ts.isCallExpression(node) || node.arguments[0] !== fn) return false;
  return /^(React\.)?useCallback$/.test(node.expression.getText());
}

export function propertyName(name: TS.PropertyName | TS.BindingName): string | null {
  if (ts.isIdentifier(name) || ts.isPrivateIdentifier(name)) return name.text;
  if (ts.isStringLiteralLike(name) || ts.isNumericLiteral(name)) return name.text;
  return null;
}

/** The names that a variable or a parameter binds. */
export function boundIdentifiers(name: TS.BindingName): TS.Identifier[] {
  if (ts.isIdentifier(name)) return [name];
  return name.elements.flatMap((each) =>
    ts.isBindingElement(each) ? boundIdentifiers(each.name) : [],
  );
}

/** The same as texts. */
export function boundNames(name: TS.BindingName): string[] {
  return boundIdentifiers(name).map(({ text }) => text);
}

/** The name of the class a member belongs to. */
export function className(node: TS.Node): string | null {
  const parent = ts.isPropertyDeclaration(node.parent) ? node.parent.parent : node.parent;
  if (!ts.isClassLike(parent)) return null;
  if (parent.name) return parent.name.text;
  return ts.isVariableDeclaration(parent.parent) && ts.isIdentifier(parent.parent.name)
    ? parent.parent.name.text
    : null;
}

/** A function's name for people: `Class.method`, or the plain name. */
export function qualifiedName(node: TS.Node): string | null {
  const name = functionName(node);
  const owner = name ? className(node) : null;
  return owner ? `${owner}.${name}` : name;
}

/** Matches a name against a pattern in which `*` stands for any characters. */
export function nameMatches(pattern: string, name: string): boolean {
  if (!pattern.includes("*")) return pattern === name;
  const source = pattern.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}$`).test(name);
}

/** The nearest named function around a node, for `within` and `{{function}}`. */
export function enclosingFunctionNames(node: TS.Node): string[] {
  const names: string[] = [];
  for (const parent of ancestors(node)) {
    const name = ts.isFunctionLike(parent) ? qualifiedName(parent) : null;
    if (name) names.push(name);
  }
  return names;
}

/** What a callback around a node is for: `create` of `create: procedure.mutation(async () => ...)`. */
export function purposeAround(node: TS.Node): string | null {
  for (const parent of ancestors(node)) {
    const name = ts.isFunctionLike(parent) ? purposeOf(parent) : null;
    if (name !== null) return name;
  }
  return null;
}

/** What a function is for that is handed to others: the name of what they make of it. */
export function purposeOf(fn: TS.Node): string | null {
  const holder = [...ancestors(fn)].find((each) => !isHandingOn(each));
  const isBound =
    holder &&
    (ts.isPropertyAssignment(holder) ||
      ts.isPropertyDeclaration(holder) ||
      ts.isVariableDeclaration(holder));
  return isBound ? propertyName(holder.name) : null;
}

/** Whether an expression hands what is in it on to what takes it in the end. */
function isHandingOn(node: TS.Node): boolean {
  return (
    ts.isCallExpression(node) ||
    ts.isNewExpression(node) ||
    ts.isPropertyAccessExpression(node) ||
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node)
  );
}

/**
 * Where a node stands, as a path of names from the outside in: `Server/connect/case "open"`. It
 * survives edits around and inside, and formatting.
 */
export function containerOf(node: TS.Node): string {
  const path: string[] = [];
  for (const parent of ancestors(node)) {
    const name = containerName(parent);
    if (name) path.unshift(name);
  }
  return path.join("/");
}

function containerName(node: TS.Node): string | null {
  if (ts.isFunctionLike(node)) return functionName(node);
  if (ts.isClassLike(node) || ts.isModuleDeclaration(node)) return node.name?.text ?? null;
  if (ts.isCaseClause(node)) return `case ${node.expression.getText()}`;
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return node.name.text;
  return null;
}
