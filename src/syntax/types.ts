import { ts, type TS } from "./compiler.js";
import { nameMatches, propertyName } from "./names.js";
import { unwrapped, walk } from "./walk.js";
import type { Source } from "./source.js";

/** A type that can take a member: an interface or a type literal. */
export type ObjectType = TS.InterfaceDeclaration | TS.TypeLiteralNode;

type ObjectDeclaration = TS.InterfaceDeclaration | TS.TypeAliasDeclaration;

/** A type that `at.type` names: where it can take a member, or null where it is of another kind. */
export interface TypeMatch {
  readonly declaration: ObjectDeclaration;
  readonly target: ObjectType | null;
}

/** Finds `Name`, or the element type of a member with `Name.member`. */
export function findTypes(source: Source, wanted: string): TypeMatch[] {
  const [name = "", ...members] = wanted.split(".");
  const found: TypeMatch[] = [];
  const seen = new Set<string>();
  walk(source.file, (node) => {
    if (!ts.isInterfaceDeclaration(node) && !ts.isTypeAliasDeclaration(node)) return;
    if (!nameMatches(name, node.name.text) || seen.has(node.name.text)) return;
    const own = ts.isInterfaceDeclaration(node) ? node : objectIn(source, node.type);
    const target = members.reduce((type, member) => type && elementType(source, type, member), own);
    // Of an interface declared in several parts, the part that has the member is meant.
    if (members.length > 0 && !target && hasOtherPart(source, node)) return;
    seen.add(node.name.text);
    found.push({ declaration: node, target });
  });
  return found;
}

function hasOtherPart(source: Source, node: ObjectDeclaration): boolean {
  return source.file.statements.some(
    (other) =>
      other !== node && ts.isInterfaceDeclaration(other) && other.name.text === node.name.text,
  );
}

/** The type literal that a type node is, holds in brackets, an intersection or an array, or names. */
function objectIn(source: Source, type: TS.TypeNode): ObjectType | null {
  if (ts.isTypeLiteralNode(type)) return type;
  if (ts.isParenthesizedTypeNode(type)) return objectIn(source, type.type);
  if (ts.isArrayTypeNode(type)) return objectIn(source, type.elementType);
  if (ts.isTypeOperatorNode(type)) {
    return type.operator === ts.SyntaxKind.ReadonlyKeyword ? objectIn(source, type.type) : null;
  }
  if (ts.isIntersectionTypeNode(type)) {
    return type.types.find(ts.isTypeLiteralNode) ?? null;
  }
  return ts.isTypeReferenceNode(type) ? objectOfReference(source, type) : null;
}

const CONTAINERS = new Set([
  "Array",
  "ReadonlyArray",
  "Set",
  "ReadonlySet",
  "Promise",
  "Readonly",
  "Partial",
  "Required",
]);
const MAPS = new Set(["Map", "ReadonlyMap", "Record"]);

function objectOfReference(source: Source, type: TS.TypeReferenceNode): ObjectType | null {
  const name = type.typeName.getText(source.file);
  const [first, second] = type.typeArguments ?? [];
  if (CONTAINERS.has(name) && first) return objectIn(source, first);
  if (MAPS.has(name) && second) return objectIn(source, second);
  const declared = source.file.statements.find(
    (each) =>
      (ts.isInterfaceDeclaration(each) || ts.isTypeAliasDeclaration(each)) &&
      each.name.text === name,
  );
  if (!declared) return null;
  if (ts.isInterfaceDeclaration(declared)) return declared;
  return ts.isTypeAliasDeclaration(declared) && ts.isTypeLiteralNode(declared.type)
    ? declared.type
    : null;
}

function elementType(source: Source, type: ObjectType, member: string): ObjectType | null {
  const found = type.members.find((each) => each.name && propertyName(each.name) === member);
  return found && ts.isPropertySignature(found) && found.type ? objectIn(source, found.type) : null;
}

/** The member of that name, if a type declares it itself. */
export function ownMember(type: ObjectType, name: string): TS.TypeElement | undefined {
  return type.members.find((each) => each.name && propertyName(each.name) === name);
}

/**
 * The name of a type that this one extends and that declares the member, or null.
 * @param read opens the module that a specifier means
 */
export function inheritedFrom(
  source: Source,
  type: ObjectType,
  member: string,
  read: (from: Source, specifier: string) => Source | null,
  seen: ReadonlySet<string> = new Set(),
): string | null {
  for (const name of parentNames(type)) {
    if (seen.has(name)) continue;
    const parent = declarationOf(source, name, read);
    if (!parent) continue;
    if (ownMember(parent.type, member)) return name;
    const above = inheritedFrom(parent.source, parent.type, member, read, new Set([...seen, name]));
    if (above) return above;
  }
  return null;
}

/** What an interface extends, and what a literal is intersected with. */
function parentNames(type: ObjectType): string[] {
  if (ts.isInterfaceDeclaration(type)) {
    const clauses = type.heritageClauses?.flatMap((clause) => [...clause.types]) ?? [];
    return clauses.map(({ expression }) => unwrapped(expression).getText());
  }
  const { parent } = type;
  if (!ts.isIntersectionTypeNode(parent)) return [];
  return parent.types.filter(ts.isTypeReferenceNode).map((each) => each.typeName.getText());
}

function declarationOf(
  source: Source,
  name: string,
  read: (from: Source, specifier: string) => Source | null,
): { source: Source; type: ObjectType } | null {
  const [match] = findTypes(source, name);
  if (match?.target) return { source, type: match.target };
  for (const statement of source.file.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    const element = bindings.elements.find((each) => each.name.text === name);
    if (!element || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const module = read(source, statement.moduleSpecifier.text);
    if (!module) return null;
    return declarationOf(module, (element.propertyName ?? element.name).text, read);
  }
  return null;
}
