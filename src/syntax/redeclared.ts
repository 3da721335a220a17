import { ts, type TS } from "./compiler.js";
import { boundNames } from "./names.js";
import { walk } from "./walk.js";

/**
 * A name that one block declares twice, which the compiler only says once it binds names: `let`,
 * `const`, a class or an import beside another one, or beside a function.
 */
export function redeclaredName(file: TS.SourceFile): string | undefined {
  let found: string | undefined;
  walk(file, (node) => {
    found ??=
      ts.isSourceFile(node) || ts.isBlock(node) || ts.isCaseBlock(node) ? twiceIn(node) : found;
    return found === undefined;
  });
  return found;
}

function twiceIn(scope: TS.SourceFile | TS.Block | TS.CaseBlock): string | undefined {
  const statements = ts.isCaseBlock(scope)
    ? scope.clauses.flatMap((clause) => [...clause.statements])
    : [...scope.statements];
  const names = statements.flatMap(lexicalNames);
  const functions = statements.filter(ts.isFunctionDeclaration).map(({ name }) => name?.text);
  return names.find((name, index) => names.indexOf(name) < index || functions.includes(name));
}

function lexicalNames(statement: TS.Statement): string[] {
  if (ts.isClassDeclaration(statement)) return statement.name ? [statement.name.text] : [];
  if (ts.isImportDeclaration(statement)) return importedBy(statement);
  if (!ts.isVariableStatement(statement)) return [];
  const { declarationList } = statement;
  const isVar = (declarationList.flags & ts.NodeFlags.BlockScoped) === 0;
  return isVar ? [] : declarationList.declarations.flatMap(({ name }) => boundNames(name));
}

/** The names that an import binds. */
export function importedBy({ importClause }: TS.ImportDeclaration): string[] {
  const bindings = importClause?.namedBindings;
  const own = importClause?.name ? [importClause.name.text] : [];
  if (!bindings) return own;
  const named = ts.isNamespaceImport(bindings) ? [bindings] : bindings.elements;
  return [...own, ...named.map(({ name }) => name.text)];
}
