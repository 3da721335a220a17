import { ts, type TS } from "./compiler.js";
import { bind, isInWith, resolveSymbol, symbolOf, VALUE } from "./binding.js";
import { ancestors, identifiersIn } from "./walk.js";

/** Names and references of one file, answered from what TypeScript's own binder finds. */
export interface Scope {
  /** The declarations a name means at a place, or undefined where the file declares no such name. */
  resolve(name: string, at: TS.Node): readonly TS.Declaration[] | undefined;
  /** Whether a name can be read at a place: declared around it and, if it is a variable, above it. */
  isReadable(name: string, at: TS.Node, offset: number): boolean;
  /** What declares a name anywhere in the file: what none of these is, the name means nowhere. */
  declared(name: string): readonly TS.Declaration[];
  /**
   * All identifiers that refer to what this identifier or declaration name declares.
   * @param counts leaves out those that the caller knows about
   */
  references(
    declared: TS.Identifier,
    counts?: (identifier: TS.Identifier) => boolean,
  ): readonly TS.Identifier[];
  /** Every identifier text in the file, for finding an unused name. */
  names(): ReadonlySet<string>;
}

/**
 * Binds one file alone, as the compiler does before it checks anything; types are not asked. As that
 * takes half as long as the parse, it is done for what the identifiers alone cannot tell.
 */
export function createScope(file: TS.SourceFile): Scope {
  let index: Map<string, TS.Identifier[]> | undefined;
  const identifiers = () => (index ??= indexIdentifiers(file));
  let names: ReadonlySet<string> | undefined;

  const declarations = new Map<string, readonly TS.Declaration[]>();
  const declared = (name: string) => {
    const known = declarations.get(name);
    if (known) return known;
    const found = (identifiers().get(name) ?? []).flatMap((each) => declaredBy(each) ?? []);
    declarations.set(name, found);
    return found;
  };

  const resolve = (name: string, at: TS.Node) => {
    if (declared(name).length === 0) return undefined;
    bind(file);
    return resolveSymbol(name, at, VALUE)?.declarations;
  };

  const referencesAmong = (declared: TS.Identifier, alike: readonly TS.Identifier[]) => {
    if (alike.length === 0) return alike;
    bind(file);
    const symbol = symbolOf(declared);
    const home = homeOf(declared);
    return alike.filter((identifier) => {
      // Nobody knows what a name means inside a `with`: there, any such name may be meant.
      if (isInWith(identifier)) return identifier === declared || mayRead(identifier, home);
      return symbol !== undefined && symbolOf(identifier) === symbol;
    });
  };

  const all = new Map<TS.Identifier, readonly TS.Identifier[]>();
  const references: Scope["references"] = (declared, counts) => {
    const alike = identifiers().get(declared.text) ?? [];
    if (counts) return referencesAmong(declared, alike.filter(counts));
    const found = all.get(declared) ?? referencesAmong(declared, alike);
    all.set(declared, found);
    return found;
  };

  return {
    resolve,
    declared,
    isReadable: (name, at, offset) => {
      const declarations = resolve(name, at);
      const callsOf = (fn: TS.Identifier) => references(fn);
      return declarations?.some((each) => isReadableAt(each, at, offset, callsOf)) ?? false;
    },
    references,
    names: () => (names ??= new Set(identifiers().keys())),
  };
}

function indexIdentifiers(file: TS.SourceFile): Map<string, TS.Identifier[]> {
  const index = new Map<string, TS.Identifier[]>();
  for (const node of identifiersIn(file)) {
    const known = index.get(node.text);
    if (known) known.push(node);
    else index.set(node.text, [node]);
  }
  return index;
}

/** What an identifier is the name of; null for one that names a member or declares nothing. */
function declaredBy(identifier: TS.Identifier): TS.Declaration | null {
  const { parent } = identifier;
  if (!("name" in parent) || parent.name !== identifier) return null;
  const isMember = ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent);
  return isMember ? null : (parent as TS.Node as TS.Declaration);
}

/** The node in which a declared name is known: a function for its parameters, else a block. */
function homeOf(declared: TS.Identifier): TS.Node {
  for (const parent of ancestors(declared)) {
    if (ts.isFunctionLike(parent) || ts.isBlock(parent) || ts.isSourceFile(parent)) return parent;
  }
  return declared.getSourceFile();
}

/** Whether an identifier stands where a name is read, and in a certain node. */
function mayRead(identifier: TS.Identifier, { pos, end }: TS.Node): boolean {
  const { parent } = identifier;
  if (identifier.pos < pos || identifier.end > end) return false;
  const isName = "name" in parent && parent.name === identifier;
  return !isName || ts.isShorthandPropertyAssignment(parent);
}

/**
 * Variables and classes are readable below their declaration: above it, a `var` has no value yet. A
 * function that is declared below it can still be called above it, where the name cannot be read yet.
 */
function isReadableAt(
  declaration: TS.Declaration,
  at: TS.Node,
  offset: number,
  usesOf: (name: TS.Identifier) => readonly TS.Identifier[],
): boolean {
  const root = rootDeclaration(declaration);
  if (ts.isParameter(root)) return !isInList(at, root) || root.end <= offset;
  const home = functionAround(declaration);
  if (!isBlockScoped(declaration)) return !isVarBelow(root, offset) || functionAround(at) !== home;
  if (root.end > offset || isInHead(at, root)) return false;
  for (const fn of ancestors(at)) {
    if (fn === home) return true;
    if (!ts.isFunctionDeclaration(fn) || !fn.name || fn.pos < declaration.pos) continue;
    if (usesOf(fn.name).some((use) => use.pos < declaration.end)) return false;
  }
  return true;
}

function isVarBelow(root: TS.Node, offset: number): boolean {
  return ts.isVariableDeclaration(root) && root.end > offset;
}

/** Whether a place is among the parameters themselves, where only those before are readable. */
function isInList(at: TS.Node, { parent }: TS.ParameterDeclaration): boolean {
  return parent.parameters.some((each) => each.pos <= at.pos && at.end <= each.end);
}

/** Whether a place is what a loop goes through, where the loop's own variable is not there yet. */
function isInHead(at: TS.Node, declaration: TS.Node): boolean {
  // A class or an enum may stand at the top of the file.
  const loop = declaration.parent.parent as TS.Node | undefined;
  if (!loop || (!ts.isForOfStatement(loop) && !ts.isForInStatement(loop))) return false;
  return loop.expression.pos <= at.pos && at.end <= loop.expression.end;
}

function isBlockScoped(declaration: TS.Declaration): boolean {
  if (ts.isClassDeclaration(declaration) || ts.isEnumDeclaration(declaration)) return true;
  const root = rootDeclaration(declaration);
  if (!ts.isVariableDeclaration(root)) return false;
  return (ts.getCombinedNodeFlags(root) & ts.NodeFlags.BlockScoped) !== 0;
}

/** The variable or parameter that a name in a destructuring pattern belongs to. */
function rootDeclaration(declaration: TS.Node): TS.Node {
  let root = declaration;
  while (ts.isBindingElement(root)) root = root.parent.parent;
  return root;
}

function functionAround(node: TS.Node): TS.Node | undefined {
  for (const parent of ancestors(node)) if (ts.isFunctionLike(parent)) return parent;
  return undefined;
}
