import { applyEdits, type Edit } from "../text/edit.js";
import { ts, type TS } from "./compiler.js";
import { fingerprint } from "./fingerprint.js";
import { ledgerText, type Shape } from "./instrumentation.js";
import { reason, type Reason } from "./reason.js";
import { isParseFailure, parseSource, type Source } from "./source.js";
import { walk } from "./walk.js";

/** New names of variables by their old ones. */
export type Renaming = ReadonlyMap<string, string>;

const WORDS = /[\p{ID_Continue}$]+|[^\p{ID_Continue}$]/gu;
const NAME = /^[\p{ID_Start}$_]/u;

/**
 * How variables were renamed, if code is what a fingerprint says but for that: each has one other
 * name, and no old one means anything there any more. Null where more than that is different.
 */
export function renamingSince(source: Source, before: string, code: TS.Node): Renaming | null {
  const variables = new Set(variableNamesIn(code).map(({ text }) => text));
  const [old, now] = [before.match(WORDS) ?? [], fingerprint(code).match(WORDS) ?? []];
  if (old.length !== now.length) return null;
  const renames = new Map<string, string>();
  for (const [index, word] of now.entries()) {
    const was = old[index] ?? "";
    if (!variables.has(word) && was !== word) return null;
    if (!variables.has(word)) continue;
    if (!NAME.test(was) || (renames.get(was) ?? word) !== word) return null;
    renames.set(was, word);
  }
  if (new Set(renames.values()).size < renames.size) return null;
  const isGone = (name: string) => !source.scope.resolve(name, code)?.length;
  const changed = [...renames].filter(([was, word]) => was !== word);
  return changed.every(([was]) => isGone(was)) ? new Map(changed) : null;
}

/** A fingerprint with the names that variables had before they were renamed. */
export function namedAsBefore(print: string, renames: Renaming): string {
  const before = new Map([...renames].map(([was, now]) => [now, was]));
  return print.replace(WORDS, (word) => before.get(word) ?? word);
}

/** What is said of variables, and not of members. */
function variableNamesIn(code: TS.Node): TS.Identifier[] {
  const found: TS.Identifier[] = [];
  const visit = (node: TS.Node): void => {
    if (ts.isIdentifier(node) && !isMemberName(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(code);
  return found;
}

function isMemberName(name: TS.Identifier): boolean {
  const { parent } = name;
  return (
    (ts.isPropertyAccessExpression(parent) ||
      ts.isPropertyAssignment(parent) ||
      ts.isMethodDeclaration(parent)) &&
    parent.name === name
  );
}

/**
 * The names that code says of what its file declares around it, as a shape keeps them.
 * @param except one that comes back by itself
 */
export function namesOfFile(source: Source, nodes: readonly TS.Node[], except?: string): string {
  const isInside = (declared: TS.Node) =>
    nodes.some((node) => node.pos <= declared.pos && declared.end <= node.end);
  const names = nodes.flatMap(variableNamesIn).filter((name) => {
    const declared = source.scope.resolve(name.text, name) ?? [];
    return name.text !== except && declared.length > 0 && !declared.some(isInside);
  });
  return [...new Set(names.map(({ text }) => text))].join(" ");
}

/**
 * The code of a shape (`original`) as it comes back at a place: with the names that variables got
 * since. What it says of the file (`names`) has to be there, or it would come back broken.
 */
export function restoredCode(
  source: Source,
  place: TS.Node,
  shape: Shape,
  renames: Renaming,
): string | Reason {
  const code = ledgerText(source, shape, "original");
  const names = (shape.names ?? "").split(" ").filter((name) => name !== "");
  const gone = names.find(
    (name) => !renames.has(name) && !source.scope.resolve(name, place)?.length,
  );
  if (gone !== undefined) return reason("legacy-gone", gone);
  const { local } = shape;
  const meant = local === undefined ? [] : (source.scope.resolve(local, place) ?? []);
  if (!meant.every(isImported)) return reason("legacy-gone", local);
  const renamed = names.filter((name) => renames.has(name));
  return renamed.length === 0 ? code : withNames(source.path, code, renamed, renames);
}

function isImported(declaration: TS.Declaration): boolean {
  const variable = ts.isBindingElement(declaration) ? declaration.parent.parent : declaration;
  const value = ts.isVariableDeclaration(variable) ? variable.initializer : undefined;
  const isRequired =
    value !== undefined && ts.isCallExpression(value) && value.expression.getText() === "require";
  return (
    isRequired ||
    ts.isImportSpecifier(declaration) ||
    ts.isImportClause(declaration) ||
    ts.isNamespaceImport(declaration)
  );
}

const AROUND = "async function* around() {";

function withNames(
  path: string,
  code: string,
  names: readonly string[],
  renames: Renaming,
): string | Reason {
  const source = parseSource(path, `${AROUND}${code}\n}`);
  if (isParseFailure(source)) return reason("legacy-gone", names[0]);
  const edits: Edit[] = [];
  walk(source.file, (node) => {
    if (!ts.isIdentifier(node) || isMemberName(node) || !names.includes(node.text)) return;
    if (source.scope.resolve(node.text, node)?.length) return;
    const name = renames.get(node.text) ?? node.text;
    const isShort = ts.isShorthandPropertyAssignment(node.parent);
    const text = isShort ? `${node.text}: ${name}` : name;
    const start = node.getStart(source.file) - AROUND.length;
    edits.push({ start, end: start + node.text.length, text });
  });
  return applyEdits(code, edits);
}
