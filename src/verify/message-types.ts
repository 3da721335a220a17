import type { TS } from "../syntax/compiler.js";
import type { MessageTypes } from "../syntax/value-kind.js";
import type { Compiler } from "./programs.js";
import type { AskedProgram } from "./value-kinds.js";

/**
 * What the types of a message are called: its own, those that it extends, the members of a union; and
 * apart from them the types of what it holds in arrays.
 */
export function messageTypes({ compiler, program }: AskedProgram, node: TS.Node): MessageTypes {
  const checker = program.getTypeChecker();
  const wanted = saidType(compiler, checker, node);
  const type = checker.getNonNullableType(wanted ?? checker.getTypeAtLocation(node));
  const own = namesOf(compiler, checker, [type]);
  const held = namesOf(
    compiler,
    checker,
    partsOf(type).flatMap((each) => arraysIn(checker, each, node)),
  );
  const kinds = type.isUnion() ? type.types : [type];
  const fields = kinds.map((each) => checker.getPropertiesOfType(each).map(({ name }) => name));
  return { own, held, fields };
}

/** What is said of a literal where it stands: what it satisfies, or what is wanted there. */
function saidType(compiler: Compiler, checker: TS.TypeChecker, node: TS.Node): TS.Type | undefined {
  if (compiler.isSatisfiesExpression(node)) return checker.getTypeFromTypeNode(node.type);
  if (compiler.isParenthesizedExpression(node)) return saidType(compiler, checker, node.expression);
  return compiler.isObjectLiteralExpression(node) ? checker.getContextualType(node) : undefined;
}

function namesOf(compiler: Compiler, checker: TS.TypeChecker, types: readonly TS.Type[]): string[] {
  const names = new Set<string>();
  const collecting = { compiler, checker, names, seen: new Set<TS.Type>() };
  for (const each of types) collect(collecting, each);
  return [...names];
}

interface Collecting {
  readonly compiler: Compiler;
  readonly checker: TS.TypeChecker;
  readonly names: Set<string>;
  readonly seen: Set<TS.Type>;
}

function partsOf(type: TS.Type): readonly TS.Type[] {
  return type.isUnionOrIntersection() ? type.types : [type];
}

function collect(collecting: Collecting, type: TS.Type): void {
  const { compiler, checker, names, seen } = collecting;
  if (seen.has(type)) return;
  seen.add(type);
  if (type.aliasSymbol) names.add(type.aliasSymbol.name);
  // `Partial<Message>` is made of messages as well as their kind is.
  for (const each of type.aliasTypeArguments ?? []) collect(collecting, each);
  if (type.isUnionOrIntersection()) {
    for (const each of type.types) collect(collecting, each);
    return;
  }
  if (checker.isArrayType(type) || checker.isTupleType(type)) {
    for (const each of checker.getTypeArguments(type as TS.TypeReference))
      collect(collecting, each);
    return;
  }
  for (const declaration of type.symbol?.declarations ?? []) {
    const name = nameOf(compiler, declaration);
    if (name) names.add(name);
  }
  const declared = "target" in type ? (type as TS.TypeReference).target : type;
  if (!declared.isClassOrInterface()) return;
  for (const base of checker.getBaseTypes(declared)) collect(collecting, base);
}

/** The arrays that are members of a type. */
function arraysIn(checker: TS.TypeChecker, type: TS.Type, node: TS.Node): TS.Type[] {
  if (!type.symbol) return [];
  return checker
    .getPropertiesOfType(type)
    .map((member) => checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(member, node)))
    .filter((each) => checker.isArrayType(each) || checker.isTupleType(each));
}

/** `Name` for what has one; for a literal, the names of the type and the members around it. */
function nameOf(compiler: Compiler, declaration: TS.Declaration): string | null {
  if (compiler.isInterfaceDeclaration(declaration)) return declaration.name.text;
  if (compiler.isClassDeclaration(declaration)) return declaration.name?.text ?? null;
  if (!compiler.isTypeLiteralNode(declaration)) return null;
  const names: string[] = [];
  for (let at: TS.Node = declaration; at; at = at.parent) {
    if (compiler.isPropertySignature(at) && compiler.isIdentifier(at.name)) {
      names.unshift(at.name.text);
    }
    if (compiler.isInterfaceDeclaration(at) || compiler.isTypeAliasDeclaration(at)) {
      return [at.name.text, ...names].join(".");
    }
  }
  return null;
}
