import { encloses, type Edit } from "../text/edit.js";
import { endOfLine } from "../text/lines.js";
import { indexRanges, type RangeIndex } from "../text/range-index.js";
import { ts, type TS } from "../syntax/compiler.js";
import { specifierOf } from "../syntax/imports.js";
import type { Source } from "../syntax/source.js";
import type { LedgerImport } from "./ledger.js";

/** An import of ours in the current text, and who still needs it. */
export interface OwnImport {
  readonly entry: LedgerImport;
  readonly removal: Edit;
  /** Uses of its name that the given removals leave. */
  readonly uses: readonly TS.Identifier[];
  /** Whether it names another module by now: then what uses it may mean the user's own. */
  readonly isMoved: boolean;
}

/** Finds the ledger's imports of a file; those the user took out are not among the result. */
export function findOwnImports(
  source: Source,
  entries: readonly LedgerImport[],
  removed: readonly Edit[],
): OwnImport[] {
  const near = indexRanges(removed);
  return entries.flatMap((entry) => {
    const found = findImport(source, entry);
    if (!found) return [];
    const { name, statement, text, isMoved } = found;
    const uses = source.scope.references(
      name,
      (use) => use !== name && !isRemoved(source, use, near),
    );
    return [{ entry, removal: importRemoval(source, statement, text), uses, isMoved }];
  });
}

function isRemoved(source: Source, use: TS.Identifier, removed: RangeIndex<Edit>): boolean {
  const range = { start: use.getStart(source.file), end: use.end };
  return removed.near(range).some((edit) => encloses(edit, range));
}

function findImport(source: Source, entry: LedgerImport) {
  for (const each of [entry, ...movedFrom(source, entry)]) {
    for (const statement of source.file.statements) {
      const name = declaredName(statement, each);
      if (name) return { statement, name, text: each.text, isMoved: each !== entry };
    }
  }
  return null;
}

/** The import as it reads once its module or the file was moved, which editors write by themselves. */
function movedFrom({ file }: Source, entry: LedgerImport): LedgerImport[] {
  if (!entry.module.startsWith(".")) return [];
  return file.statements.filter(ts.isImportDeclaration).flatMap((statement) => {
    const module = specifierOf(statement);
    const bindings = statement.importClause?.namedBindings;
    if (!module.startsWith(".") || !bindings) return [];
    const [element] = ts.isNamedImports(bindings) ? bindings.elements : [];
    const member = element ? (element.propertyName ?? element.name).text : null;
    const text = entry.text.replace(entry.module, module);
    return member === entry.member ? [{ ...entry, module, text }] : [];
  });
}

function declaredName(statement: TS.Statement, entry: LedgerImport): TS.Identifier | null {
  if (ts.isImportDeclaration(statement)) {
    if (specifierOf(statement) !== entry.module) return null;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings) return null;
    const names = ts.isNamespaceImport(bindings)
      ? [bindings.name]
      : bindings.elements.map((element) => element.name);
    return names.length === 1 && names[0]?.text === entry.local ? names[0] : null;
  }
  if (ts.isImportEqualsDeclaration(statement)) {
    const isOurs =
      statement.getText().includes(entry.module) && statement.name.text === entry.local;
    return isOurs ? statement.name : null;
  }
  if (!ts.isVariableStatement(statement)) return null;
  const [declaration, ...others] = statement.declarationList.declarations;
  if (!declaration || others.length > 0 || !declaration.initializer) return null;
  if (!/^require\(/.test(declaration.initializer.getText())) return null;
  if (!declaration.initializer.getText().includes(entry.module)) return null;
  const { name } = declaration;
  if (ts.isIdentifier(name)) return name.text === entry.local ? name : null;
  const [element] = name.elements;
  if (!element || !ts.isBindingElement(element) || !ts.isIdentifier(element.name)) return null;
  return name.elements.length === 1 && element.name.text === entry.local ? element.name : null;
}

/** The statement with the line breaks it was inserted with, as far as they are still there. */
function importRemoval({ text, file }: Source, statement: TS.Statement, added: string): Edit {
  const start = statement.getStart(file);
  const inserted = added.replace(/\r?\n/g, endOfLine(text));
  const from = start - (inserted.length - inserted.trimStart().length);
  if (from >= 0 && text.startsWith(inserted, from)) {
    return { start: from, end: from + inserted.length, text: "" };
  }
  // A formatter wrote it anew: as many line breaks as came with it go with it, where there are any.
  const [lead, tail] = [breaksIn(/^\s*/, inserted), breaksIn(/\s*$/, inserted)];
  const before = new RegExp(`(?:\\r?\\n){0,${lead}}$`).exec(text.slice(0, start));
  const behind = new RegExp(`^[ \\t]*(?:\\r?\\n){0,${tail}}`).exec(text.slice(statement.end));
  // What was written behind it on its line stays, from its first character.
  return {
    start: start - (before?.[0].length ?? 0),
    end: statement.end + (behind?.[0].length ?? 0),
    text: "",
  };
}

function breaksIn(place: RegExp, text: string): number {
  return place.exec(text)?.[0].match(/\n/g)?.length ?? 0;
}
