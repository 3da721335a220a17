import { ts, type TS } from "./compiler.js";
import { flowOf } from "./control-flow.js";
import { functionName, type NamedFunction } from "./names.js";
import { isStatementList } from "./region.js";
import type { Scope } from "./scope.js";
import type { Source } from "./source.js";
import { ancestors, callsIn, isAsync, isInlineFunction, listedNodes, unwrapped } from "./walk.js";

/** A call that is made while a function runs, on top of it on the stack. */
export interface CallEdge {
  readonly from: TS.Node;
  readonly to: TS.Node;
  readonly call: TS.CallExpression;
}

/** What takes a function for later, when the stack is another one. */
const LATER =
  /^(then|catch|finally|setTimeout|setInterval|setImmediate|nextTick|queueMicrotask|on|once|off|(add|remove|prepend)(Once)?(Event)?Listener)$/;

/** The calls between the functions of a file that have names, as far as their code tells. */
export function callEdges({ file, scope }: Source): CallEdge[] {
  const named = namedFunctions(file);
  if (named.byName.size === 0) return [];
  return callsIn(file).flatMap((call) => {
    const targets = targetsOf(scope, named, call);
    const from = targets.length === 0 ? null : callerOf(call);
    return from ? targets.map((to) => ({ from, to, call })) : [];
  });
}

/** The function with a name on whose behalf code runs; null where it runs at another time. */
export function callerOf(node: TS.Node): TS.Node | null {
  for (const around of ancestors(node)) {
    if (ts.isPropertyDeclaration(around) && !isFunction(around.initializer)) return null;
    if (ts.isClassStaticBlockDeclaration(around)) return null;
    if (!ts.isFunctionLike(around)) continue;
    if (isAsync(around) && isBehindAwait(node, around)) return null;
    if (functionName(around) !== null) return around;
    if (!runsAtOnce(around)) return null;
  }
  return null;
}

interface Named {
  readonly byName: ReadonlyMap<string, readonly NamedFunction[]>;
  /** The types that members of a name are said to have. */
  readonly memberTypes: ReadonlyMap<string, readonly string[]>;
}

function namedFunctions(file: TS.SourceFile): Named {
  const byName = new Map<string, NamedFunction[]>();
  const memberTypes = new Map<string, string[]>();
  const add = <T>(map: Map<string, T[]>, key: string, value: T) => {
    const known = map.get(key);
    if (known) known.push(value);
    else map.set(key, [value]);
  };
  for (const node of listedNodes(file).nodes) {
    if (hasBody(node)) add(byName, functionName(node) ?? "", node);
    const isMember =
      ts.isPropertyDeclaration(node) || ts.isPropertySignature(node) || ts.isParameter(node);
    if (!isMember || !node.type) continue;
    add(memberTypes, node.name.getText(file), node.type.getText(file));
  }
  return { byName, memberTypes };
}

function hasBody(node: TS.Node): node is NamedFunction {
  return ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
}

/** The functions of the file that a call runs: what it calls, and what it hands to somebody at once. */
function targetsOf(scope: Scope, named: Named, call: TS.CallExpression): TS.Node[] {
  const callee = unwrapped(call.expression);
  const called = ts.isIdentifier(callee)
    ? functionsMeant(scope, named, callee)
    : ts.isPropertyAccessExpression(callee)
      ? membersMeant(scope, named, callee)
      : [];
  if (isLater(call)) return called;
  const given = call.arguments.flatMap((argument): readonly TS.Node[] => {
    if (ts.isIdentifier(argument)) return functionsMeant(scope, named, argument);
    return ts.isObjectLiteralExpression(argument) ? functionsIn(argument) : [];
  });
  return [...called, ...given];
}

function isLater({ expression }: TS.CallExpression): boolean {
  const callee = unwrapped(expression);
  const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
  return ts.isIdentifier(name) && LATER.test(name.text);
}

function functionsMeant(scope: Scope, { byName }: Named, name: TS.Identifier): TS.Node[] {
  const alike = (byName.get(name.text) ?? []).filter((fn) => !isMember(fn));
  if (alike.length === 0) return [];
  const isOnlyOne = scope.declared(name.text).length === 1;
  const declared = isOnlyOne ? null : (scope.resolve(name.text, name) ?? []);
  return alike.filter((fn) => {
    if (!declared) return true;
    return declared.some((each) => each === fn || (each.pos <= fn.pos && fn.end <= each.end));
  });
}

function isMember({ parent, kind }: TS.Node): boolean {
  return (
    kind === ts.SyntaxKind.MethodDeclaration ||
    ts.isPropertyAssignment(parent) ||
    ts.isPropertyDeclaration(parent)
  );
}

function membersMeant(
  scope: Scope,
  named: Named,
  { expression, name }: TS.PropertyAccessExpression,
): TS.Node[] {
  const alike = (named.byName.get(name.text) ?? []).filter(isMember);
  return alike.filter((fn) => {
    const owner = ts.isMethodDeclaration(fn) ? fn.parent : fn.parent.parent;
    const receiver = unwrapped(expression);
    if (receiver.kind === ts.SyntaxKind.ThisKeyword) return ownerAround(receiver) === owner;
    const called = nameOfOwner(owner);
    return called !== null && mayBe(scope, named, receiver, called, 0);
  });
}

/** The class or the object whose member a `this` stands in. */
function ownerAround(node: TS.Node): TS.Node | undefined {
  for (const around of ancestors(node)) {
    if (ts.isClassLike(around)) return around;
    if (ts.isMethodDeclaration(around)) return around.parent;
    if (ts.isFunctionDeclaration(around)) return undefined;
    if (!ts.isFunctionExpression(around)) continue;
    return ts.isPropertyAssignment(around.parent) ? around.parent.parent : undefined;
  }
  return undefined;
}

function nameOfOwner(owner: TS.Node): string | null {
  if (ts.isClassLike(owner) && owner.name) return owner.name.text;
  const { parent } = owner;
  if (!ts.isVariableDeclaration(parent) || !ts.isIdentifier(parent.name)) return null;
  return parent.name.text;
}

/** So many constants are followed to what they were given. */
const MAX_STEPS = 5;

/** Whether code may be the object of a name or an instance of the class, as declarations say. */
function mayBe(
  scope: Scope,
  named: Named,
  expression: TS.Expression,
  owner: string,
  steps: number,
): boolean {
  const says = (type: string) => new RegExp(`\\b${owner.replace(/\$/g, "\\$")}\\b`).test(type);
  const code = unwrapped(expression);
  if (steps > MAX_STEPS) return false;
  if (ts.isNewExpression(code)) return says(code.expression.getText());
  if (ts.isElementAccessExpression(code))
    return mayBe(scope, named, code.expression, owner, steps + 1);
  if (ts.isPropertyAccessExpression(code)) {
    return (named.memberTypes.get(code.name.text) ?? []).some(says);
  }
  if (!ts.isIdentifier(code)) return false;
  if (code.text === owner) return true;
  return (scope.resolve(code.text, code) ?? []).some((each) => {
    if (!ts.isVariableDeclaration(each) && !ts.isParameter(each)) return false;
    if (each.type) return says(each.type.getText());
    const loop = each.parent.parent;
    const value = ts.isForOfStatement(loop) ? loop.expression : each.initializer;
    return value !== undefined && mayBe(scope, named, value, owner, steps + 1);
  });
}

function functionsIn({ properties }: TS.ObjectLiteralExpression): TS.Node[] {
  return properties.flatMap((each): TS.Node[] => {
    if (ts.isMethodDeclaration(each)) return [each];
    const value = ts.isPropertyAssignment(each) ? each.initializer : undefined;
    return value && isFunction(value) ? [value] : [];
  });
}

function isFunction(node: TS.Node | undefined): boolean {
  return node !== undefined && isInlineFunction(node);
}

/** Whether a function without a name runs where it stands: called, or handed to what calls it. */
function runsAtOnce(fn: TS.Node): boolean {
  let outer = fn;
  while (ts.isParenthesizedExpression(outer.parent)) outer = outer.parent;
  const { parent } = outer;
  if (ts.isNewExpression(parent)) return true;
  return ts.isCallExpression(parent) && (parent.expression === outer || !isLater(parent));
}

/** Whether an `await` comes before code in any case, so that it begins with a stack of its own. */
function isBehindAwait(node: TS.Node, fn: TS.Node): boolean {
  let inner = node;
  for (const around of ancestors(node)) {
    if (isStatementList(around)) {
      const before = around.statements.filter(({ end }) => end <= inner.pos);
      if (before.some(awaitsInAnyCase)) return true;
    }
    const isTried = ts.isTryStatement(around) && inner !== around.tryBlock;
    if (isTried && flowOf(around.tryBlock.statements).awaits) return true;
    if (around === fn) return false;
    inner = around;
  }
  return false;
}

function awaitsInAnyCase(statement: TS.Statement): boolean {
  const isPlain = ts.isVariableStatement(statement) || ts.isExpressionStatement(statement);
  return isPlain && flowOf([statement]).awaits;
}
