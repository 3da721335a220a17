import type { TS } from "../syntax/compiler.js";
import { hierarchyOf } from "./hierarchy.js";
import type { Compiler } from "./programs.js";
import { kindOf } from "./type-kinds.js";
import type { AskedProgram } from "./value-kinds.js";

/** How many calls deep a promise is followed to where it is made. */
const MAX_DEPTH = 4;

/**
 * Whether a called function makes the promise that it returns: one that is async, one whose returned
 * expressions do, or one of a library that says `Promise`, which keeps its own to itself. So must
 * whatever may be called in its place.
 */
export function callMakesPromise(asked: AskedProgram, node: TS.Node, depth = 0): boolean {
  const { compiler, program } = asked;
  if (!compiler.isCallExpression(node) || depth === MAX_DEPTH) return false;
  const checker = program.getTypeChecker();
  if (node.expression.getText() === "Promise.resolve") {
    return node.arguments.every((each) => isNew(asked, each, depth + 1));
  }
  const called = calledBy(compiler, checker, node);
  return (
    called.length > 0 &&
    called.every(
      (each) =>
        makesPromise(asked, each, depth) &&
        overridesOf(asked, each).every((other) => makesPromise(asked, other, depth)),
    )
  );
}

/** Whether nobody else can have a promise that an expression yields, if it yields one. */
function isNew(asked: AskedProgram, node: TS.Expression, depth: number): boolean {
  const { compiler, program } = asked;
  const checker = program.getTypeChecker();
  const kind = kindOf({ compiler, program, checker }, checker.getTypeAtLocation(node));
  if (kind === "plain") return true;
  if (kind !== "promise") return false;
  return compiler.isNewExpression(node) || callMakesPromise(asked, node, depth);
}

/** The members that are in the place of a method in what extends its class or interface. */
function overridesOf(
  { compiler, program }: AskedProgram,
  method: TS.Declaration,
): TS.Declaration[] {
  const { parent } = method;
  const isType = compiler.isClassLike(parent) || compiler.isInterfaceDeclaration(parent);
  const name = compiler.getNameOfDeclaration(method);
  if (!isType || !name) return [];
  const checker = program.getTypeChecker();
  const owner = checker.getTypeAtLocation(parent).symbol;
  const key = checker.getSymbolAtLocation(name)?.escapedName;
  const isStatic =
    (compiler.getCombinedModifierFlags(method) & compiler.ModifierFlags.Static) !== 0;
  return [...hierarchyOf(compiler, program).derivedFrom(owner)].flatMap((heir) => {
    const members = isStatic ? heir.exports : heir.members;
    return (key !== undefined && members?.get(key)?.declarations) || [];
  });
}

function makesPromise(asked: AskedProgram, declaration: TS.Node, depth: number): boolean {
  const { compiler } = asked;
  if (compiler.isPropertyDeclaration(declaration)) {
    const { initializer } = declaration;
    return initializer !== undefined && makesPromise(asked, initializer, depth);
  }
  if (!compiler.isFunctionLike(declaration)) return false;
  if (declaration.getSourceFile().isDeclarationFile) return saysPromise(declaration);
  if (!("body" in declaration) || !declaration.body || mayBeAnother(compiler, declaration))
    return false;
  const modifiers = compiler.getCombinedModifierFlags(declaration);
  if (modifiers & compiler.ModifierFlags.Async) return true;
  return returnedFrom(compiler, declaration.body).every((each) => isNew(asked, each, depth + 1));
}

/** Whether another function may be called in the place of one: it was assigned, or a decorator made it. */
function mayBeAnother(compiler: Compiler, fn: TS.SignatureDeclaration): boolean {
  const { parent } = fn;
  const isDecorated = (node: TS.Node) =>
    compiler.canHaveModifiers(node) && node.modifiers?.some(compiler.isDecorator) === true;
  if (compiler.isVariableDeclaration(parent)) {
    return (compiler.getCombinedNodeFlags(parent) & compiler.NodeFlags.Const) === 0;
  }
  if (compiler.isPropertyDeclaration(parent)) {
    const isFixed = compiler.getCombinedModifierFlags(parent) & compiler.ModifierFlags.Readonly;
    return !isFixed || isDecorated(parent);
  }
  return isDecorated(fn);
}

/** A collection of promises says the type of its elements; what makes one says so itself. */
function saysPromise({ type }: TS.SignatureDeclaration | TS.JSDocSignature): boolean {
  return type !== undefined && /\bPromise</.test(type.getText());
}

function returnedFrom(compiler: Compiler, body: TS.ConciseBody): TS.Expression[] {
  if (!compiler.isBlock(body)) return [body];
  const returned: TS.Expression[] = [];
  const visit = (node: TS.Node): void => {
    if (compiler.isFunctionLike(node)) return;
    if (compiler.isReturnStatement(node) && node.expression) returned.push(node.expression);
    compiler.forEachChild(node, visit);
  };
  visit(body);
  return returned;
}

/** What a call may call: one function, or one of each member of a union. */
export function calledBy(
  compiler: Compiler,
  checker: TS.TypeChecker,
  call: TS.CallExpression,
): TS.SignatureDeclaration[] {
  const callee = checker.getNonNullableType(checker.getTypeAtLocation(call.expression));
  const resolved = checker.getResolvedSignature(call);
  const signatures = callee.isUnion()
    ? callee.types.flatMap((each) => [...each.getCallSignatures()])
    : resolved
      ? [resolved]
      : [];
  // What JSDoc alone declares has no body to be asked.
  return signatures.flatMap(({ declaration }) =>
    declaration && !compiler.isJSDocSignature(declaration) ? [declaration] : [],
  );
}
