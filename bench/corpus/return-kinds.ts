import { join } from "node:path";
import ts from "typescript";
import { programOf } from "./compiler.js";
import type { Site } from "./tool.js";

/** What the compiler says a function returns, as far as it matters for wrapping its body. */
export type Kind =
  | "nothing"
  | "primitive"
  | "function"
  | "object"
  | "native promise"
  | "other thenable"
  | "maybe a promise"
  | "type parameter"
  | "any or unknown";

/** Sorts skipped functions by what the compiler says they return. */
export function returnKinds(tree: string, sites: readonly Site[]): Map<Site, Kind> {
  const program = programOf(tree);
  const checker = program.getTypeChecker();
  const kinds = new Map<Site, Kind>();
  for (const site of sites) {
    const file = program.getSourceFile(join(tree, site.file));
    const fn = file && functionAt(file, site);
    const signature = fn && checker.getSignatureFromDeclaration(fn);
    if (signature) kinds.set(site, kindOf(program, checker.getReturnTypeOfSignature(signature)));
  }
  return kinds;
}

/** The innermost function whose body holds a place. */
function functionAt(
  file: ts.SourceFile,
  { line, column }: Site,
): ts.FunctionLikeDeclaration | null {
  const at = file.getPositionOfLineAndCharacter(line - 1, column - 1);
  let found: ts.FunctionLikeDeclaration | null = null;
  const visit = (node: ts.Node) => {
    if (at < node.pos || node.end < at) return;
    if (isFunctionWithBody(node) && node.body.getStart(file) <= at && at <= node.body.end) {
      found = node;
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isFunctionWithBody(
  node: ts.Node,
): node is ts.FunctionLikeDeclaration & { body: ts.ConciseBody } {
  return ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
}

function kindOf(program: ts.Program, type: ts.Type): Kind {
  if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return "any or unknown";
  if (type.isUnion()) return kindOfUnion(type.types.map((each) => kindOf(program, each)));
  if (type.flags & (ts.TypeFlags.Void | ts.TypeFlags.Undefined | ts.TypeFlags.Never)) {
    return "nothing";
  }
  if (isPrimitive(type)) return "primitive";
  if (isOpen(type)) return isThenable(program, type) ? "other thenable" : "type parameter";
  if (isNativePromise(program, type)) return "native promise";
  if (isThenable(program, type)) return "other thenable";
  return type.getCallSignatures().length > 0 ? "function" : "object";
}

function kindOfUnion(kinds: readonly Kind[]): Kind {
  const has = (...wanted: Kind[]) => kinds.some((kind) => wanted.includes(kind));
  if (has("any or unknown")) return "any or unknown";
  if (has("type parameter")) return "type parameter";
  const isPromise = (kind: Kind) => kind === "native promise" || kind === "other thenable";
  if (kinds.every(isPromise)) return kinds[0] ?? "nothing";
  if (kinds.some(isPromise) || has("maybe a promise")) return "maybe a promise";
  if (has("function")) return "function";
  if (has("object")) return "object";
  return has("primitive") ? "primitive" : "nothing";
}

function isPrimitive({ flags }: ts.Type): boolean {
  return Boolean(
    flags &
    (ts.TypeFlags.StringLike |
      ts.TypeFlags.NumberLike |
      ts.TypeFlags.BigIntLike |
      ts.TypeFlags.BooleanLike |
      ts.TypeFlags.ESSymbolLike |
      ts.TypeFlags.Null),
  );
}

/** Whether a type has a `then`; that of a builder's `this` is known from its class. */
function isThenable(program: ts.Program, type: ts.Type): boolean {
  const checker = program.getTypeChecker();
  const known = checker.getBaseConstraintOfType(type) ?? type;
  return checker.getPropertyOfType(known, "then") !== undefined;
}

/** Whether what a type is depends on what a caller puts in. */
function isOpen({ flags }: ts.Type): boolean {
  return Boolean(
    flags &
    (ts.TypeFlags.TypeParameter |
      ts.TypeFlags.IndexedAccess |
      ts.TypeFlags.Conditional |
      ts.TypeFlags.Substitution),
  );
}

function isNativePromise(program: ts.Program, { symbol }: ts.Type): boolean {
  if (symbol?.name !== "Promise") return false;
  return (symbol.declarations ?? []).some((each) =>
    program.isSourceFileDefaultLibrary(each.getSourceFile()),
  );
}
