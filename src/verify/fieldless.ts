import type { TS } from "../syntax/compiler.js";
import type { Compiler } from "./programs.js";

interface Asking {
  readonly compiler: Compiler;
  readonly checker: TS.TypeChecker;
}

/**
 * Whether values of a type have no fields of their own: texts and numbers, lists, and dictionaries,
 * of which whoever reads them takes every key for one of theirs.
 */
export function isFieldlessType(asking: Asking, type: TS.Type): boolean {
  const { compiler, checker } = asking;
  if (type.isUnion()) return type.types.every((each) => isFieldlessType(asking, each));
  const { TypeFlags } = compiler;
  const primitive =
    TypeFlags.StringLike |
    TypeFlags.NumberLike |
    TypeFlags.BigIntLike |
    TypeFlags.BooleanLike |
    TypeFlags.Null |
    TypeFlags.Undefined;
  if (type.flags & primitive) return true;
  if (!(type.flags & TypeFlags.Object)) return false;
  return isList(checker, type) || isDictionary(asking, type);
}

function isList(checker: TS.TypeChecker, type: TS.Type): boolean {
  return checker.isArrayType(type) || checker.isTupleType(type);
}

/** Any key, whose values are of a kind: `Record<string, number>`. With any values it is a message. */
function isDictionary(asking: Asking, type: TS.Type): boolean {
  const { compiler, checker } = asking;
  const values = checker.getIndexTypeOfType(type, compiler.IndexKind.String);
  if (!values || checker.getPropertiesOfType(type).length > 0) return false;
  return !takesAnything(asking, values);
}

function takesAnything(asking: Asking, type: TS.Type): boolean {
  const { compiler, checker } = asking;
  if (type.isUnion()) return type.types.some((each) => takesAnything(asking, each));
  const { TypeFlags } = compiler;
  if (type.flags & (TypeFlags.Any | TypeFlags.Unknown | TypeFlags.NonPrimitive)) return true;
  if (!(type.flags & TypeFlags.Object)) return (type.flags & TypeFlags.Instantiable) !== 0;
  const hasKeys = checker.getIndexTypeOfType(type, compiler.IndexKind.String) !== undefined;
  return hasKeys || checker.getPropertiesOfType(type).length === 0;
}
