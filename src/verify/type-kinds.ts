import type { TS } from "../syntax/compiler.js";
import type { ValueKind } from "../syntax/value-kind.js";
import { hierarchyOf } from "./hierarchy.js";
import type { Compiler } from "./programs.js";

interface Asking {
  readonly compiler: Compiler;
  readonly program: TS.Program;
  readonly checker: TS.TypeChecker;
}

/** What a type is to `startSpan`. */
export function kindOf(asking: Asking, type: TS.Type): ValueKind {
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

/** Of several kinds the one that promises least. */
export function widest(kinds: readonly ValueKind[]): ValueKind {
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
