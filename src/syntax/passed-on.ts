import { ts, type TS } from "./compiler.js";
import { importOf } from "./imports.js";
import type { Source } from "./source.js";
import { hasModifier } from "./walk.js";

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
    return isExportOf(statement, local) ? [local] : [];
  });
}

function isExportOf(statement: TS.Statement, local: string): boolean {
  return (
    ts.isVariableStatement(statement) &&
    hasModifier(statement, ts.SyntaxKind.ExportKeyword) &&
    statement.declarationList.declarations.some(({ name }) => name.getText() === local)
  );
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
