import { ts, type TS } from "./compiler.js";
import { ancestors } from "./walk.js";

/** What the binder leaves on nodes; the compiler keeps it to itself. */
interface Bound {
  readonly locals?: TS.SymbolTable;
  readonly symbol?: Symbol;
}

type Symbol = TS.Symbol & { readonly exportSymbol?: TS.Symbol };

interface Internals {
  readonly bindSourceFile: (file: TS.SourceFile, options: TS.CompilerOptions) => void;
  readonly isPartOfTypeNode: (node: TS.Node) => boolean;
}

const internals = () => ts as unknown as Internals;

/** What a name may mean where code runs. */
export const VALUE = "value";
const TYPE = "type";
type Meaning = typeof VALUE | typeof TYPE;

/** Binds a file: each scope then knows the names that it declares. */
export function bind(file: TS.SourceFile): void {
  const options: TS.CompilerOptions = { allowJs: true, target: ts.ScriptTarget.Latest };
  internals().bindSourceFile(file, options);
}

/**
 * What a name means at a place, by the scopes around it, as the compiler's `getSymbolsInScope` has
 * it; undefined where the file declares no such name.
 */
export function resolveSymbol(name: string, at: TS.Node, meaning: Meaning): Symbol | undefined {
  return firstAround(name, at, meaning, () => true);
}

/** The same as code at the place has it: parameters do not see what the body declares. */
function referredTo(name: string, at: TS.Node, meaning: Meaning): Symbol | undefined {
  return firstAround(name, at, meaning, ({ declarations }, node) => {
    const body = ts.isFunctionLike(node) && "body" in node ? node.body : undefined;
    const isOutside = body !== undefined && (at.pos < body.pos || at.end > body.end);
    return !isOutside || !declarations?.every(({ pos, end }) => body.pos <= pos && end <= body.end);
  });
}

function firstAround(
  name: string,
  at: TS.Node,
  meaning: Meaning,
  isSeen: (symbol: Symbol, scope: TS.Node) => boolean,
): Symbol | undefined {
  if (isInWith(at)) return undefined;
  const key = ts.escapeLeadingUnderscores(name);
  for (let node: TS.Node = at; node; node = node.parent) {
    const found = declaredIn(node, key, meaning);
    if (found && isSeen(found, node)) return found;
    if (ts.isSourceFile(node)) return undefined;
  }
  return undefined;
}

function declaredIn(node: TS.Node, key: TS.__String, meaning: Meaning): Symbol | undefined {
  const { locals, symbol } = node as unknown as Bound;
  const local = locals?.get(key) as Symbol | undefined;
  if (local && means(local, meaning)) return local;
  if (ts.isModuleDeclaration(node) || (ts.isSourceFile(node) && ts.isExternalModule(node))) {
    const exported = symbol?.exports?.get(key) as Symbol | undefined;
    return exported && isVisible(exported) && means(exported, meaning) ? exported : undefined;
  }
  if (ts.isEnumDeclaration(node)) return symbol?.exports?.get(key);
  if (ts.isClassLike(node) || ts.isInterfaceDeclaration(node)) {
    const member = meaning === TYPE ? symbol?.members?.get(key) : undefined;
    if (member && (member.flags & ts.SymbolFlags.Type) !== 0) return member;
  }
  const isNamed = ts.isClassExpression(node) || ts.isFunctionExpression(node);
  return isNamed && node.name?.escapedText === key ? symbol : undefined;
}

function means(symbol: Symbol, meaning: Meaning): boolean {
  const { Value, Type, Namespace, Alias } = ts.SymbolFlags;
  const wanted = meaning === VALUE ? Value | Alias : Type | Namespace | Alias;
  return ((symbol.flags | (symbol.exportSymbol?.flags ?? 0)) & wanted) !== 0;
}

/** What is only passed on by name is no name in the file. */
function isVisible({ declarations, escapedName }: Symbol): boolean {
  if (escapedName === ts.InternalSymbolName.Default) return false;
  return !declarations?.some((each) => ts.isExportSpecifier(each) || ts.isNamespaceExport(each));
}

/** What an identifier declares or refers to; undefined for a property and for what no file declares. */
export function symbolOf(identifier: TS.Identifier): TS.Symbol | undefined {
  const symbol = boundTo(identifier);
  return symbol?.exportSymbol ?? symbol;
}

function boundTo(identifier: TS.Identifier): Symbol | undefined {
  const { parent, text } = identifier;
  if (ts.isShorthandPropertyAssignment(parent)) return referredTo(text, parent, VALUE);
  if (ts.isExportSpecifier(parent)) {
    if (parent.parent.parent.moduleSpecifier) return undefined;
    const { text: local } = parent.propertyName ?? parent.name;
    return resolveSymbol(local, parent, VALUE) ?? resolveSymbol(local, parent, TYPE);
  }
  if ("name" in parent && parent.name === identifier) return declaredBy(parent);
  if (isOnlyName(identifier)) return undefined;
  const isType = !ts.isTypePredicateNode(parent) && internals().isPartOfTypeNode(identifier);
  return referredTo(text, identifier, isType && !isInQuery(identifier) ? TYPE : VALUE);
}

/** The symbol of a declaration; a member's, of what is accessed by a name, is nobody's here. */
function declaredBy(parent: TS.Node): Symbol | undefined {
  if (ts.isPropertyAccessExpression(parent)) return undefined;
  const { symbol } = parent as unknown as Bound;
  // A parameter that is also a member is known as that; code of the constructor means the parameter.
  const isMember = ts.isParameter(parent) && ts.isIdentifier(parent.name) && parent.modifiers;
  return isMember ? resolveSymbol(parent.name.text, parent, VALUE) : symbol;
}

/** Whether an identifier names something that no scope declares: a member, a label. */
function isOnlyName(identifier: TS.Identifier): boolean {
  const { parent } = identifier;
  if (ts.isQualifiedName(parent)) return parent.right === identifier;
  if (ts.isBindingElement(parent) || ts.isImportSpecifier(parent)) {
    return parent.propertyName === identifier;
  }
  if (ts.isBreakOrContinueStatement(parent) || ts.isLabeledStatement(parent)) return true;
  if (ts.isJsxAttribute(parent) || ts.isMetaProperty(parent)) return true;
  const isTag = ts.isJsxOpeningLikeElement(parent) || ts.isJsxClosingElement(parent);
  return isTag && /^[a-z]/.test(identifier.text);
}

/** `typeof a.b` asks for a value among types. */
function isInQuery(identifier: TS.Identifier): boolean {
  let node: TS.Node = identifier.parent;
  while (ts.isQualifiedName(node)) node = node.parent;
  return ts.isTypeQueryNode(node);
}

export function isInWith(node: TS.Node): boolean {
  let child = node;
  for (const parent of ancestors(node)) {
    if (ts.isWithStatement(parent) && parent.statement === child) return true;
    child = parent;
  }
  return false;
}
