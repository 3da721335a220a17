import { lineStart, nextLine } from "../text/lines.js";
import { quoted } from "../text/style.js";
import { ts, type TS } from "./compiler.js";
import { boundNames } from "./names.js";
import { fingerprint, statementFingerprint } from "./fingerprint.js";
import type { AttachedEdit, Candidate, Removal, Shape } from "./instrumentation.js";
import { reason, type Reason } from "./reason.js";
import type { Source } from "./source.js";
import { hasModifier } from "./walk.js";

/** An export declaration that is added, and what it is known by later. */
export interface AddedExport {
  readonly edit: AttachedEdit;
  readonly shape: Shape;
}

/** Adds `export { names } from "specifier"` below the last of a module's exports, else at its end. */
export function addExport(
  source: Source,
  names: readonly string[],
  specifier: string,
): AddedExport {
  const { text, style } = source;
  const end = style.semicolons ? ";" : "";
  const line = `export { ${names.join(", ")} } from ${quoted(specifier, style)}${end}`;
  const last = source.file.statements.findLast(ts.isExportDeclaration);
  const below = last ? nextLine(text, last.end) : text.length;
  const isBehind = below > 0 && text[below - 1] !== "\n";
  const edit: AttachedEdit = {
    start: below,
    end: below,
    text: isBehind ? style.eol + line : line + style.eol,
    attach: "right",
  };
  const shape = { key: statementFingerprint(line), layout: isBehind ? "behind" : "below" };
  return { edit, shape };
}

/** The names that a module exports, as far as it says them one by one. */
export function exportedNames({ file }: Source): Set<string> {
  const names = file.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) return namesOf(statement);
    const isExported = ts.canHaveModifiers(statement)
      ? ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
      : false;
    return isExported ? declaredBy(statement) : [];
  });
  return new Set(names);
}

function namesOf({ exportClause }: TS.ExportDeclaration): string[] {
  if (!exportClause) return [];
  if (ts.isNamespaceExport(exportClause)) return [exportClause.name.text];
  return exportClause.elements.map(({ name }) => name.text);
}

function declaredBy(statement: TS.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  }
  const { name } = statement as TS.Statement & { readonly name?: TS.Node };
  return name && ts.isIdentifier(name) ? [name.text] : [];
}

/** The modules that a module passes on as they are. */
export function starExports({ file }: Source): string[] {
  return file.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.exportClause) return [];
    const { moduleSpecifier } = statement;
    return moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? [moduleSpecifier.text] : [];
  });
}

/** Whether a module exports a name, as far as its own text tells. */
export function mayExport(source: Source, name: string): boolean {
  const isDefault = (each: TS.Statement) =>
    ts.isExportAssignment(each) || hasModifier(each, ts.SyntaxKind.DefaultKeyword);
  if (name === "default") return source.file.statements.some(isDefault);
  return exportedNames(source).has(name) || starExports(source).length > 0;
}

/** Whether a module's one export is a value: nothing can be exported beside that. */
export function isExportAssigned({ file }: Source): boolean {
  return file.statements.some(
    (each) => ts.isExportAssignment(each) && each.isExportEquals === true,
  );
}

/** Export declarations that look like one that was added. */
export function addedExports(source: Source, shape: Shape): Candidate[] {
  return source.file.statements
    .filter(ts.isExportDeclaration)
    .filter((each) => fingerprint(each) === shape.key)
    .map((each) => ({
      range: { start: each.getStart(source.file), end: each.end },
      container: "",
      head: "",
      key: shape.key ?? "",
      exact: true,
      similar: true,
      removal: removalOf(source, each, shape),
    }));
}

const SHARED = reason("changed-by-hand", "it shares its line");

function removalOf(
  { file, text }: Source,
  statement: TS.ExportDeclaration,
  { layout }: Shape,
): Removal | Reason {
  const start = statement.getStart(file);
  const line = lineStart(text, start);
  const next = nextLine(text, statement.end);
  if ((text.slice(line, start) + text.slice(statement.end, next)).trim() !== "") return SHARED;
  if (layout === "below") return { edits: [{ start: line, end: next, text: "" }], dedent: null };
  const before = text.slice(0, line).replace(/\r?\n$/, "").length;
  return { edits: [{ start: before, end: statement.end, text: "" }], dedent: null };
}
