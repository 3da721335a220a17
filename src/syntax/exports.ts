import { ts, type TS } from "./compiler.js";
import { importOf } from "./imports.js";
import { boundNames } from "./names.js";
import type { Source } from "./source.js";
import { hasModifier } from "./walk.js";

/** The names that a module exports, as far as it says them one by one. */
export function exportedNames({ file }: Source): Set<string> {
  const names = file.statements.flatMap((statement) => {
    return ts.isExportDeclaration(statement) ? namesOf(statement) : exportedBy(statement);
  });
  return new Set(names);
}

function namesOf({ exportClause }: TS.ExportDeclaration): string[] {
  if (!exportClause) return [];
  if (ts.isNamespaceExport(exportClause)) return [exportClause.name.text];
  return exportClause.elements.map(({ name }) => name.text);
}

/** The names that a statement declares and exports. */
function exportedBy(statement: TS.Statement): string[] {
  if (!hasModifier(statement, ts.SyntaxKind.ExportKeyword)) return [];
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

/** The names under which a module exports what it calls so itself. */
export function exportsOf({ file }: Source, local: string): string[] {
  return file.statements.flatMap((statement) => {
    if (ts.isExportAssignment(statement)) {
      return statement.expression.getText(file) === local ? ["default"] : [];
    }
    if (ts.isExportDeclaration(statement)) {
      if (statement.moduleSpecifier) return [];
      return specifiersOf(statement).flatMap(({ name, propertyName }) =>
        (propertyName ?? name).text === local ? [name.text] : [],
      );
    }
    return exportedBy(statement).includes(local) ? [local] : [];
  });
}

function specifiersOf({ exportClause }: TS.ExportDeclaration): readonly TS.ExportSpecifier[] {
  return exportClause && ts.isNamedExports(exportClause) ? exportClause.elements : [];
}

/**
 * The names under which a module passes on an export of another.
 * @param isOther whether a specifier means that other module
 */
export function passedOn(
  source: Source,
  exported: string,
  isOther: (specifier: string) => boolean,
): string[] {
  const names = source.file.statements.filter(ts.isExportDeclaration).flatMap((statement) => {
    const { moduleSpecifier, exportClause } = statement;
    if (!moduleSpecifier) return importedAndExported(source, statement, exported, isOther);
    if (!ts.isStringLiteral(moduleSpecifier) || !isOther(moduleSpecifier.text)) return [];
    if (!exportClause) return exported === "default" ? [] : [exported];
    return specifiersOf(statement).flatMap(({ name, propertyName }) =>
      (propertyName ?? name).text === exported ? [name.text] : [],
    );
  });
  return [...new Set(names)];
}

/** `import { a } from "./a"; export { a };` */
function importedAndExported(
  source: Source,
  statement: TS.ExportDeclaration,
  exported: string,
  isOther: (specifier: string) => boolean,
): string[] {
  return specifiersOf(statement).flatMap(({ name, propertyName }) => {
    const local = propertyName ?? name;
    const imported = ts.isIdentifier(local) ? importOf(source, local) : null;
    return imported?.exported === exported && isOther(imported.module) ? [name.text] : [];
  });
}

/** Where an export is declared: in the module under a name of its own, or in others that are named. */
export interface ExportOrigin {
  readonly local: string | null;
  /** Modules that may have it, and what it is called there. */
  readonly passedFrom: readonly { readonly module: string; readonly name: string }[];
}

/** Where a module has an export from. */
export function originIn(source: Source, exported: string): ExportOrigin {
  const passedFrom: { readonly module: string; readonly name: string }[] = [];
  for (const statement of source.file.statements) {
    if (exportedBy(statement).includes(exported)) return { local: exported, passedFrom: [] };
    if (!ts.isExportDeclaration(statement)) continue;
    const { moduleSpecifier } = statement;
    for (const { name, propertyName } of specifiersOf(statement)) {
      if (name.text !== exported) continue;
      const local = propertyName ?? name;
      if (moduleSpecifier && ts.isStringLiteral(moduleSpecifier)) {
        return { local: null, passedFrom: [{ module: moduleSpecifier.text, name: local.text }] };
      }
      const imported = ts.isIdentifier(local) ? importOf(source, local) : null;
      if (!imported) return { local: local.text, passedFrom: [] };
      return { local: null, passedFrom: [{ module: imported.module, name: imported.exported }] };
    }
  }
  for (const module of starExports(source)) passedFrom.push({ module, name: exported });
  return { local: null, passedFrom };
}
