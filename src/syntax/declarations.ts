import { encloses, type Range } from "../text/edit.js";
import { ts, type TS } from "./compiler.js";
import { isUsing } from "./control-flow.js";
import { ancestors, findNode, isAssignment, isFunctionBoundary, walk } from "./walk.js";
import { boundIdentifiers, type NamedFunction } from "./names.js";
import { reason, type Reason } from "./reason.js";
import type { Source } from "./source.js";

/**
 * Names that a list of statements declares for the code around: its own block-scoped ones, and every
 * `var` below it.
 */
export function declaredNames(statements: readonly TS.Statement[]): TS.Identifier[] {
  const names: TS.Identifier[] = [];
  for (const statement of statements) {
    if (isNamedDeclaration(statement) && statement.name && ts.isIdentifier(statement.name)) {
      names.push(statement.name);
    }
    if (ts.isVariableStatement(statement)) addVariables(statement.declarationList, names);
    walk(statement, (node) => {
      if (isFunctionBoundary(node)) return false;
      if (ts.isVariableDeclarationList(node) && !(node.flags & ts.NodeFlags.BlockScoped)) {
        addVariables(node, names);
      }
      return true;
    });
  }
  return names;
}

function isNamedDeclaration(
  node: TS.Node,
): node is
  | TS.FunctionDeclaration
  | TS.ClassDeclaration
  | TS.InterfaceDeclaration
  | TS.TypeAliasDeclaration
  | TS.EnumDeclaration
  | TS.ModuleDeclaration {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isModuleDeclaration(node)
  );
}

function addVariables(list: TS.VariableDeclarationList, names: TS.Identifier[]): void {
  const bound = list.declarations.flatMap(({ name }) => boundIdentifiers(name));
  names.push(...bound.filter((each) => !names.includes(each)));
}

/** A declaration of the region that code outside it uses, if there is one. */
export function escapingDeclaration(
  source: Source,
  statements: readonly TS.Statement[],
  region: Range,
): Reason | null {
  for (const name of declaredNames(statements)) {
    const isOutside = (use: TS.Node) =>
      !encloses(region, { start: use.getStart(source.file), end: use.end });
    if (source.scope.references(name, isOutside).length > 0)
      return reason("declaration-escapes", name.text);
    if (isVar(name) && isInLoop(name)) {
      return reason("declaration-escapes", `${name.text}, in the next turn of the loop`);
    }
  }
  return null;
}

/** Whether code is run again and again by a loop of its function: a `var` keeps its value there. */
function isInLoop(node: TS.Node): boolean {
  for (const around of ancestors(node)) {
    if (ts.isFunctionLike(around)) return false;
    if (ts.isIterationStatement(around, false)) return true;
  }
  return false;
}

/** Where a file says a variable's name. */
export interface VariableUses {
  readonly declared: Range;
  readonly used: readonly Range[];
  readonly assigned: readonly Range[];
}

/** The variable whose name stands at a place; null where there is none. */
export function usesOfVariableAt(source: Source, offset: number): VariableUses | null {
  const { file } = source;
  const name = findNode(file, (node) => ts.isIdentifier(node) && node.getStart(file) === offset);
  return name && ts.isIdentifier(name) ? usesOf(source, name) : null;
}

/** Where a constructor gives a value to the property that is declared at a place. */
export function initialisationsOf({ file }: Source, offset: number): Range[] {
  const name = findNode(file, (node) => node.getStart(file) === offset && isPropertyName(node));
  const owner = name?.parent.parent;
  const found: Range[] = [];
  if (!name || !owner) return found;
  walk(owner, (node) => {
    const isOwn =
      ts.isPropertyAccessExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ThisKeyword &&
      node.name.text === name.getText(file);
    if (isOwn && isWritten(node)) found.push({ start: node.getStart(file), end: node.end });
  });
  return found;
}

function isPropertyName({ parent }: TS.Node): boolean {
  return parent !== undefined && ts.isPropertyDeclaration(parent);
}

/** The variables whose names a piece of code says. */
export function variablesIn(source: Source, { start, end }: Range): VariableUses[] {
  const found: VariableUses[] = [];
  walk(source.file, (node) => {
    if (node.end <= start || node.pos >= end) return false;
    const isInside = ts.isIdentifier(node) && node.getStart(source.file) >= start;
    const uses = isInside ? usesOf(source, node) : null;
    if (uses) found.push(uses);
    return true;
  });
  return found;
}

function usesOf({ file, scope }: Source, name: TS.Identifier): VariableUses | null {
  const rangeOf = (node: TS.Node): Range => ({ start: node.getStart(file), end: node.end });
  const [declared, ...uses] = scope.references(name);
  if (!declared) return null;
  return {
    declared: rangeOf(declared),
    used: uses.map(rangeOf),
    assigned: uses.filter(isWritten).map(rangeOf),
  };
}

/** Whether an expression is a place that is given a value, also as a part of a pattern. */
export function isWritten(node: TS.Node): boolean {
  const { parent } = node;
  if (ts.isBinaryExpression(parent)) {
    return parent.left === node && isAssignment(parent.operatorToken.kind);
  }
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) {
    return /^(\+\+|--)$/.test(ts.tokenToString(parent.operator) ?? "");
  }
  if (ts.isForInStatement(parent) || ts.isForOfStatement(parent))
    return parent.initializer === node;
  const isPart =
    ts.isArrayLiteralExpression(parent) ||
    ts.isObjectLiteralExpression(parent) ||
    ts.isSpreadElement(parent) ||
    ts.isSpreadAssignment(parent) ||
    (ts.isPropertyAssignment(parent) && parent.initializer === node);
  return isPart && isWritten(parent);
}

/** Whether a `using` at this level would be disposed before the block that held it ends. */
export function hasUsing(statements: readonly TS.Statement[]): boolean {
  return statements.some((each) => ts.isVariableStatement(each) && isUsing(each.declarationList));
}

/** The names that parameters declare, those in patterns included. */
export function namesOfParameters(
  parameters: readonly TS.ParameterDeclaration[],
): readonly TS.Identifier[] {
  return parameters.flatMap(({ name }) => boundIdentifiers(name));
}

/** A `var` in the body that shares its value with a parameter, which a callback would cut. */
export function redeclaredParameter(fn: NamedFunction): Reason | null {
  if (!ts.isBlock(fn.body)) return null;
  const taken = new Set(namesOfParameters(fn.parameters).map(({ text }) => text));
  taken.add("arguments");
  const clash = declaredNames(fn.body.statements).find(
    (name) => taken.has(name.text) && isVar(name),
  );
  return clash ? reason("redeclared-parameter", clash.text) : null;
}

/** Whether a name is declared with `var`. */
export function isVar(name: TS.Identifier): boolean {
  let node: TS.Node = name;
  while (ts.isBindingElement(node.parent) || ts.isBindingName(node.parent)) node = node.parent;
  const { parent } = node;
  if (!ts.isVariableDeclaration(parent)) return false;
  return (ts.getCombinedNodeFlags(parent) & ts.NodeFlags.BlockScoped) === 0;
}
