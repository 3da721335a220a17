import { ts as own, type TS } from "../syntax/compiler.js";
import { UNKNOWN_MESSAGE, type Types, type ValueKind } from "../syntax/value-kind.js";
import { isFieldlessType } from "./fieldless.js";
import { messageTypes } from "./message-types.js";
import { calledBy, callMakesPromise } from "./promise-makers.js";
import type { Compiler } from "./programs.js";
import { kindOf, widest } from "./type-kinds.js";

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
    accessorsOf: (value) => ask(value, accessorsOf, []),
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

function accessorsOf({ compiler, program }: AskedProgram, node: TS.Node): readonly string[] {
  const checker = program.getTypeChecker();
  const type = checker.getNonNullableType(checker.getTypeAtLocation(node));
  const members = checker.getPropertiesOfType(type);
  const isRun = ({ flags }: TS.Symbol) => (flags & compiler.SymbolFlags.Accessor) !== 0;
  return members.filter(isRun).map(({ name }) => name);
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

function resultKind({ compiler, program }: AskedProgram, node: TS.Node): ValueKind {
  if (!compiler.isFunctionLike(node)) return "unknown";
  const checker = program.getTypeChecker();
  const signature = checker.getSignatureFromDeclaration(node);
  return signature
    ? kindOf({ compiler, program, checker }, checker.getReturnTypeOfSignature(signature))
    : "unknown";
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
