import type { TS } from "../syntax/compiler.js";
import type { Compiler } from "./programs.js";

/** What extends the classes and interfaces of a program, which their types do not tell. */
export interface Hierarchy {
  /** Whether a value may have a `then` that its class or interface has not, from what extends it. */
  readonly mayBeThenable: (symbol: TS.Symbol) => boolean;
  /** What extends or implements a class or an interface, at whatever distance. */
  readonly derivedFrom: (symbol: TS.Symbol) => ReadonlySet<TS.Symbol>;
}

const hierarchies = new WeakMap<TS.Program, Hierarchy>();

/** The hierarchy of a program, built with the first question. */
export function hierarchyOf(compiler: Compiler, program: TS.Program): Hierarchy {
  const known = hierarchies.get(program);
  if (known) return known;
  const made = createHierarchy(compiler, program);
  hierarchies.set(program, made);
  return made;
}

function createHierarchy(compiler: Compiler, program: TS.Program): Hierarchy {
  const checker = program.getTypeChecker();
  const heirsOf = new Map<TS.Symbol, TS.Symbol[]>();
  for (const heir of program.getSourceFiles().flatMap((file) => heirsIn(compiler, file))) {
    const own =
      checker.getSymbolAtLocation(heir.name ?? heir) ?? checker.getTypeAtLocation(heir).symbol;
    for (const base of basesOf(compiler, checker, heir)) {
      heirsOf.set(base, [...(heirsOf.get(base) ?? []), own]);
    }
  }
  const derivedFrom = (symbol: TS.Symbol) => {
    const all = new Set(heirsOf.get(symbol));
    for (const each of all) for (const heir of heirsOf.get(each) ?? []) all.add(heir);
    return all;
  };
  const hasThen = (symbol: TS.Symbol) =>
    checker.getPropertyOfType(checker.getDeclaredTypeOfSymbol(symbol), "then") !== undefined;
  const answers = new Map<TS.Symbol, boolean>();
  const mayBeThenable = (symbol: TS.Symbol) => {
    const answer = answers.get(symbol) ?? [...derivedFrom(symbol)].some(hasThen);
    answers.set(symbol, answer);
    return answer;
  };
  return { mayBeThenable, derivedFrom };
}

type Heir = TS.ClassLikeDeclaration | TS.InterfaceDeclaration;

const heirs = new WeakMap<TS.SourceFile, readonly Heir[]>();

/** The classes and interfaces of a file that extend or implement something. */
function heirsIn(compiler: Compiler, file: TS.SourceFile): readonly Heir[] {
  const known = heirs.get(file);
  if (known) return known;
  const found: Heir[] = [];
  const visit = (node: TS.Node): void => {
    const isType = compiler.isClassLike(node) || compiler.isInterfaceDeclaration(node);
    if (isType && node.heritageClauses) found.push(node);
    if (!file.isDeclarationFile || holdsTypes(compiler, node)) compiler.forEachChild(node, visit);
  };
  if (/\b(?:extends|implements)\b/.test(file.text)) visit(file);
  heirs.set(file, found);
  return found;
}

/** In a declaration file, which has no code, only modules and namespaces hold more of them. */
function holdsTypes(compiler: Compiler, node: TS.Node): boolean {
  return (
    compiler.isSourceFile(node) ||
    compiler.isModuleDeclaration(node) ||
    compiler.isModuleBlock(node)
  );
}

function basesOf(compiler: Compiler, checker: TS.TypeChecker, heir: Heir): TS.Symbol[] {
  const { SymbolFlags } = compiler;
  const named = (heir.heritageClauses ?? []).flatMap(({ types }) => [...types]);
  return named.flatMap((base) => {
    const found = checker.getSymbolAtLocation(base.expression);
    const isAlias = found && found.flags & SymbolFlags.Alias;
    const symbol = isAlias ? checker.getAliasedSymbol(found) : found;
    if (symbol && symbol.flags & (SymbolFlags.Class | SymbolFlags.Interface)) return [symbol];
    // What a mixin returns, and types that other types are made of.
    const type = checker.getTypeAtLocation(base);
    const parts = type.isIntersection() ? type.types : [type];
    return parts.flatMap((part) => part.symbol ?? []);
  });
}
