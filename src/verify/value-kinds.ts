import { ts as own, type TS } from "../syntax/compiler.js";
import { UNKNOWN_MESSAGE, type Types, type ValueKind } from "../syntax/value-kind.js";
import { isFieldlessType } from "./fieldless.js";
import { hierarchyOf } from "./hierarchy.js";
import { messageTypes } from "./message-types.js";
import type { Compiler } from "./programs.js";

/** A program in which a file can be asked about. */
export interface AskedProgram {
  readonly compiler: Compiler;
  readonly program: TS.Program;
  /** Absolute path of the file. */
  readonly path: string;
}

/**
 * Answers about the types of one file.
 * @param load loads its program; called with the first question only
 */
export function answersFrom(load: () => AskedProgram): Types {
  let asked: AskedProgram | undefined;
  const ask = <T>(node: TS.Node, answer: (asked: AskedProgram, twin: TS.Node) => T, none: T): T => {
    asked ??= load();
    const file = asked.program.getSourceFile(asked.path);
    const twin = file && twinOf(asked.compiler, file, node);
    return twin ? answer(asked, twin) : none;
  };
  return {
    valueOf: (expression) => ask<ValueKind>(expression, valueKind, "unknown"),
    resultOf: (fn) => ask<ValueKind>(fn, resultKind, "unknown"),
    makesPromise: (call) => ask(call, callMakesPromise, false),
    isTypeGuard: (call) => ask(call, narrows, false),
    infersGuard: (fn) => ask(fn, infersGuard, false),
    isNarrowed: (path) => ask(path, isNarrowed, false),
    packageOf: (call) => ask(call, declaringPackage, null),
    isAccessor: (member) => ask(member, isAccessor, false),
    isFieldless: (value) => ask(value, isFieldless, false),
    messageTypes: (message) => ask(message, messageTypes, UNKNOWN_MESSAGE),
  };
}

/**
 * The node of another compiler's tree that stands for a node of ours. The versions number their
 * kinds differently, so that it is known by its name and its place.
 */
function twinOf(compiler: Compiler, file: TS.SourceFile, node: TS.Node): TS.Node | undefined {
  const name = own.SyntaxKind[node.kind];
  const start = node.getStart();
  let found: TS.Node | undefined;
  const visit = (at: TS.Node): void => {
    if (found || at.end < node.end || at.pos > start) return;
    const isTwin = at.end === node.end && at.getStart(file) === start;
    if (isTwin && compiler.SyntaxKind[at.kind] === name) found = at;
    else compiler.forEachChild(at, visit);
  };
  visit(file);
  return found;
}

function isAccessor({ compiler, program }: AskedProgram, node: TS.Node): boolean {
  if (!compiler.isPropertyAccessExpression(node)) return false;
  const symbol = program.getTypeChecker().getSymbolAtLocation(node.name);
  return ((symbol?.flags ?? 0) & compiler.SymbolFlags.Accessor) !== 0;
}

function isFieldless({ compiler, program }: AskedProgram, node: TS.Node): boolean {
  const checker = program.getTypeChecker();
  return isFieldlessType({ compiler, checker }, checker.getTypeAtLocation(node));
}

function valueKind({ compiler, program }: AskedProgram, node: TS.Node): ValueKind {
  const checker = program.getTypeChecker();
  const type = checker.getTypeAtLocation(node);
  const isVoid = (type.flags & compiler.TypeFlags.Void) !== 0;
  if (isVoid && compiler.isCallExpression(node)) return voidCallKind(compiler, checker, node);
  return kindOf({ compiler, program, checker }, type);
}

/**
 * A function that is called for its effects alone may still be given as one that returns a promise;
 * only one whose body is known certainly returns nothing.
 */
function voidCallKind(
  compiler: Compiler,
  checker: TS.TypeChecker,
  node: TS.CallExpression,
): ValueKind {
  const kinds = calledBy(compiler, checker, node).map((declaration): ValueKind => {
    if (!("body" in declaration) || !declaration.body) return "unknown";
    const modifiers = compiler.getCombinedModifierFlags(declaration);
    return modifiers & compiler.ModifierFlags.Async ? "promise" : "plain";
  });
  return kinds.length === 0 ? "unknown" : widest(kinds);
}

/** What a call may call: one function, or one of each member of a union. */
function calledBy(
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

function resultKind({ compiler, program }: AskedProgram, node: TS.Node): ValueKind {
  if (!compiler.isFunctionLike(node)) return "unknown";
  const checker = program.getTypeChecker();
  const signature = checker.getSignatureFromDeclaration(node);
  return signature
    ? kindOf({ compiler, program, checker }, checker.getReturnTypeOfSignature(signature))
    : "unknown";
}

interface Asking {
  readonly compiler: Compiler;
  readonly program: TS.Program;
  readonly checker: TS.TypeChecker;
}

function kindOf(asking: Asking, type: TS.Type): ValueKind {
  const { compiler, checker } = asking;
  if (type.isUnion()) return widest(type.types.map((each) => kindOf(asking, each)));
  const { TypeFlags } = compiler;
  // `void` promises no more than that nobody looks at the value.
  if (type.flags & (TypeFlags.Any | TypeFlags.Unknown | TypeFlags.Void)) return "unknown";
  if (type.flags & (TypeFlags.Object | TypeFlags.Intersection)) return objectKind(asking, type);
  if (type.flags & (TypeFlags.NonPrimitive | TypeFlags.Instantiable)) {
    const constraint = checker.getBaseConstraintOfType(type);
    if (!constraint || constraint === type) return "unknown";
    const kind = kindOf(asking, constraint);
    // What is given for a parameter may be more than its constraint says, save what is no object.
    const isOwn = type.flags & TypeFlags.TypeParameter && isThisType(compiler, type);
    return kind !== "plain" || isOwn || isPrimitive(compiler, constraint) ? kind : "unknown";
  }
  return "plain";
}

/** The type of `this` is a parameter that has its class for a symbol. */
function isThisType({ SymbolFlags }: Compiler, { symbol }: TS.Type): boolean {
  return symbol !== undefined && (symbol.flags & SymbolFlags.TypeParameter) === 0;
}

function isPrimitive(compiler: Compiler, type: TS.Type): boolean {
  const { TypeFlags } = compiler;
  const parts = type.isUnion() ? type.types : [type];
  const other = TypeFlags.Object | TypeFlags.Intersection | TypeFlags.Instantiable;
  return parts.every(({ flags }) => (flags & (other | TypeFlags.NonPrimitive)) === 0);
}

const RANKS: readonly ValueKind[] = ["plain", "promise", "ongoing", "thenable", "unknown"];

function widest(kinds: readonly ValueKind[]): ValueKind {
  return kinds.reduce((a, b) => (RANKS.indexOf(b) > RANKS.indexOf(a) ? b : a), "plain");
}

function objectKind(asking: Asking, type: TS.Type): ValueKind {
  const { checker } = asking;
  if (isPlatformPromise(asking, type)) return "promise";
  const has = (name: string) => checker.getPropertyOfType(type, name) !== undefined;
  if (has("then")) return "thenable";
  if (isOngoing(asking, type, has)) return "ongoing";
  return saysNothing(checker, type) || isBelowThenable(asking, type) ? "unknown" : "plain";
}

/** Whether something of the program that extends a type has a `then`. */
function isBelowThenable({ compiler, program }: Asking, type: TS.Type): boolean {
  const parts = type.isIntersection() ? type.types : [type];
  return parts.some(({ symbol }) => {
    const isNamed =
      symbol && symbol.flags & (compiler.SymbolFlags.Class | compiler.SymbolFlags.Interface);
    return isNamed && hierarchyOf(compiler, program).mayBeThenable(symbol);
  });
}

/** `{}` and `object` are what any value is. */
function saysNothing(checker: TS.TypeChecker, type: TS.Type): boolean {
  return (
    type.getProperties().length === 0 &&
    type.getCallSignatures().length === 0 &&
    type.getConstructSignatures().length === 0 &&
    checker.getIndexInfosOfType(type).length === 0 &&
    type.symbol?.name !== "Function"
  );
}

function isPlatformPromise({ program }: Asking, type: TS.Type): boolean {
  if (type.symbol?.name !== "Promise" || type.isIntersection()) return false;
  return (type.symbol.declarations ?? []).some((each) =>
    program.isSourceFileDefaultLibrary(each.getSourceFile()),
  );
}

/** Subprocesses, streams of Node and of the web, and what generators return. */
function isOngoing({ checker }: Asking, type: TS.Type, has: (name: string) => boolean): boolean {
  return (
    (has("kill") && has("pid")) ||
    (has("pipe") && has("on")) ||
    (has("getReader") && has("cancel")) ||
    (has("next") && has("return") && isIterated(checker, type))
  );
}

function isIterated(checker: TS.TypeChecker, type: TS.Type): boolean {
  return checker
    .getPropertiesOfType(type)
    .some(({ name }) => /^__@(asyncIterator|iterator)/.test(name));
}

/** How many calls deep a promise is followed to where it is made. */
const MAX_DEPTH = 4;

/**
 * Whether a called function makes the promise that it returns: one that is async, one whose returned
 * expressions do, or one of a library that says `Promise`, which keeps its own to itself. So must
 * whatever may be called in its place.
 */
function callMakesPromise(asked: AskedProgram, node: TS.Node, depth = 0): boolean {
  const { compiler, program } = asked;
  if (!compiler.isCallExpression(node) || depth === MAX_DEPTH) return false;
  const checker = program.getTypeChecker();
  if (node.expression.getText() === "Promise.resolve") {
    return node.arguments.every((each) => isOwn(asked, each, depth + 1));
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
function isOwn(asked: AskedProgram, node: TS.Expression, depth: number): boolean {
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
  return returnedFrom(compiler, declaration.body).every((each) => isOwn(asked, each, depth + 1));
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

/** Whether a call tells the flow behind it something: a type, or that it is not reached. */
function narrows({ compiler, program }: AskedProgram, node: TS.Node): boolean {
  const checker = program.getTypeChecker();
  const signature = compiler.isCallExpression(node) && checker.getResolvedSignature(node);
  if (!signature) return false;
  const { flags } = checker.getReturnTypeOfSignature(signature);
  const isEnd = compiler.isExpressionStatement(node.parent) && flags & compiler.TypeFlags.Never;
  return Boolean(isEnd || checker.getTypePredicateOfSignature(signature));
}

function infersGuard({ compiler, program }: AskedProgram, node: TS.Node): boolean {
  if (!compiler.isFunctionLike(node) || node.type) return false;
  const checker = program.getTypeChecker();
  const signature = checker.getSignatureFromDeclaration(node);
  return Boolean(signature && checker.getTypePredicateOfSignature(signature));
}

function isNarrowed({ compiler, program }: AskedProgram, node: TS.Node): boolean {
  const checker = program.getTypeChecker();
  const symbol = checker.getSymbolAtLocation(node);
  if (!symbol) return false;
  const textOf = (type: TS.Type) =>
    checker.typeToString(type, undefined, compiler.TypeFormatFlags.NoTruncation);
  return textOf(checker.getTypeOfSymbol(symbol)) !== textOf(checker.getTypeAtLocation(node));
}

/** The package in whose folder below `node_modules` the called function is declared. */
function declaringPackage({ compiler, program }: AskedProgram, node: TS.Node): string | null {
  if (!compiler.isCallExpression(node)) return null;
  const called = calledBy(compiler, program.getTypeChecker(), node);
  const [file = "", ...others] = new Set(called.map((each) => each.getSourceFile().fileName));
  if (others.length > 0) return null;
  const inside = file.split("/node_modules/").at(-1);
  if (inside === undefined || inside === file) return null;
  const name = inside.split("/").slice(0, inside.startsWith("@") ? 2 : 1);
  if (name[0] !== "@types") return name.join("/");
  // Node declares each of its modules in a file of that name.
  return name[1] === "node" ? (/([^/]+)\.d\.ts$/.exec(file)?.[1] ?? null) : (name[1] ?? null);
}
