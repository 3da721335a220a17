import { ts, type TS } from "../../src/syntax/compiler.js";
import { importedNames, type ImportedLocal } from "../../src/syntax/import-names.js";
import { isParseFailure, parseSource, type Source } from "../../src/syntax/source.js";
import { isFunctionBoundary, walk } from "../../src/syntax/walk.js";

/** The names that only variables inside functions of a text have. */
export function localNames(path: string, text: string): ReadonlySet<string> {
  const source = parse(path, text);
  const names = new Set(declaredVariables(source).map(({ text: name }) => name));
  return new Set(
    [...names].filter((name) => source.scope.declared(name).every((each) => isLocal(each))),
  );
}

/** A text whose local variables of some names have other ones, as an editor renames them. */
export function renamed(path: string, text: string, names: ReadonlySet<string>): string {
  const source = parse(path, text);
  const edits: Edits = new Map();
  for (const declared of declaredVariables(source)) {
    if (!names.has(declared.text)) continue;
    for (const each of source.scope.references(declared)) {
      edits.set(each.getStart(source.file), { end: each.end, text: inPlaceOf(each) });
    }
  }
  return withEdits(text, edits);
}

/** A text whose imports of some names have other ones, as an editor renames them. */
export function importsRenamed(path: string, text: string, names: ReadonlySet<string>): string {
  const source = parse(path, text);
  const edits: Edits = new Map();
  for (const { name, member, node } of importsOf(source, names)) {
    for (const each of source.scope.references(name)) {
      const isShort = each === name && member === name.text;
      const link = ts.isBindingElement(node) ? ": " : " as ";
      const renamed = isShort ? `${member}${link}${member}Renamed` : inPlaceOf(each);
      edits.set(each.getStart(source.file), { end: each.end, text: renamed });
    }
  }
  return withEdits(text, edits);
}

/** A text that imports the members one by one of what it imported as a whole, as an editor does it. */
export function importsSplit(path: string, text: string, names: ReadonlySet<string>): string {
  const source = parse(path, text);
  const edits: Edits = new Map();
  for (const { name, node } of importsOf(source, names).filter(({ member }) => member === null)) {
    const accesses = source.scope
      .references(name, (use) => use !== name)
      .map(({ parent }) => parent)
      .filter(ts.isPropertyAccessExpression);
    const members = [...new Set(accesses.map((access) => access.name.text))];
    const link = ts.isNamespaceImport(node) ? " as " : ": ";
    const list = members.map((member) => `${member}${link}${member}Alone`).join(", ");
    const isAssigned = ts.isImportEqualsDeclaration(node.parent);
    if (members.length === 0 || isAssigned) continue;
    edits.set(node.getStart(source.file), { end: node.end, text: `{ ${list} }` });
    for (const access of accesses) {
      const end = access.name.end;
      edits.set(access.getStart(source.file), { end, text: `${access.name.text}Alone` });
    }
  }
  return withEdits(text, edits);
}

function importsOf({ file }: Source, names: ReadonlySet<string>): ImportedLocal[] {
  const all = file.statements.flatMap((statement) => importedNames(statement)?.names ?? []);
  return all.filter(({ name }) => names.has(name.text));
}

type Edits = Map<number, { readonly end: number; readonly text: string }>;

function withEdits(text: string, edits: Edits): string {
  return [...edits]
    .sort(([a], [b]) => b - a)
    .reduce(
      (result, [start, edit]) => result.slice(0, start) + edit.text + result.slice(edit.end),
      text,
    );
}

function parse(path: string, text: string): Source {
  const source = parseSource(path, text);
  if (isParseFailure(source)) throw new Error(`${path} does not parse`);
  return source;
}

function inPlaceOf({ text, parent }: TS.Identifier): string {
  const isShorthand =
    ts.isShorthandPropertyAssignment(parent) ||
    (ts.isBindingElement(parent) &&
      ts.isObjectBindingPattern(parent.parent) &&
      !parent.propertyName &&
      !parent.dotDotDotToken);
  return isShorthand ? `${text}: ${text}Renamed` : `${text}Renamed`;
}

function declaredVariables({ file }: Source): TS.Identifier[] {
  const found: TS.Identifier[] = [];
  walk(file, (node) => {
    if (isVariable(node) && ts.isIdentifier(node.name) && isLocal(node)) found.push(node.name);
  });
  return found;
}

function isVariable(
  node: TS.Node,
): node is TS.VariableDeclaration | TS.ParameterDeclaration | TS.BindingElement {
  return ts.isVariableDeclaration(node) || ts.isParameter(node) || ts.isBindingElement(node);
}

function isLocal(node: TS.Node): boolean {
  for (let at = node.parent; at; at = at.parent) {
    if (isFunctionBoundary(at)) return "body" in at && at.body !== undefined;
  }
  return false;
}
