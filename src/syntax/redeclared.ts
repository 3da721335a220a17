import { ts, type TS } from "./compiler.js";
import { boundNames } from "./names.js";
import { ancestors, walk } from "./walk.js";

/**
 * Names that one block declares twice, which the compiler only says once it binds names: `let`,
 * `const`, a class or an import beside another one, beside a function, or around a `var`.
 */
export function redeclaredNames(file: TS.SourceFile): string[] {
  const found: string[] = [];
  walk(file, (node) => {
    if (isScope(node)) found.push(...twiceIn(node));
    if (ts.isVariableDeclarationList(node) && !isBlockScoped(node))
      found.push(...hoistedOver(node));
  });
  return found;
}

type Scope = TS.SourceFile | TS.Block | TS.CaseBlock;

function isScope(node: TS.Node): node is Scope {
  return ts.isSourceFile(node) || ts.isBlock(node) || ts.isCaseBlock(node);
}

function statementsOf(scope: Scope): readonly TS.Statement[] {
  return ts.isCaseBlock(scope)
    ? scope.clauses.flatMap(({ statements }) => [...statements])
    : scope.statements;
}

function twiceIn(scope: Scope): string[] {
  const statements = statementsOf(scope);
  const functions = statements.filter(ts.isFunctionDeclaration).map(({ name }) => name?.text);
  const seen = new Set(functions);
  return statements.flatMap(lexicalNames).filter((name) => seen.has(name) || !seen.add(name));
}

/** Names of a `var` that a block between it and its function declares by `let` or `const`. */
function hoistedOver(list: TS.VariableDeclarationList): string[] {
  const names = new Set(list.declarations.flatMap(({ name }) => boundNames(name)));
  const around: TS.Node[] = [];
  for (const each of ancestors(list)) {
    if (ts.isFunctionLike(each)) break;
    around.push(each);
  }
  return around.flatMap(lexicalIn).filter((name) => names.has(name));
}

function lexicalIn(node: TS.Node): string[] {
  if (isScope(node)) return statementsOf(node).flatMap(lexicalNames);
  const head =
    ts.isForStatement(node) || ts.isForInStatement(node) || ts.isForOfStatement(node)
      ? node.initializer
      : undefined;
  return head && ts.isVariableDeclarationList(head) ? namesOf(head) : [];
}

function lexicalNames(statement: TS.Statement): string[] {
  if (ts.isClassDeclaration(statement)) return statement.name ? [statement.name.text] : [];
  if (ts.isImportDeclaration(statement)) return importedBy(statement);
  return ts.isVariableStatement(statement) ? namesOf(statement.declarationList) : [];
}

/** The names of `let`, `const` and `using`. */
function namesOf(list: TS.VariableDeclarationList): string[] {
  return isBlockScoped(list) ? list.declarations.flatMap(({ name }) => boundNames(name)) : [];
}

function isBlockScoped({ flags }: TS.VariableDeclarationList): boolean {
  return (flags & ts.NodeFlags.BlockScoped) !== 0;
}

function importedBy({ importClause }: TS.ImportDeclaration): string[] {
  const bindings = importClause?.namedBindings;
  const own = importClause?.name ? [importClause.name.text] : [];
  if (!bindings) return own;
  const named = ts.isNamespaceImport(bindings) ? [bindings] : bindings.elements;
  return [...own, ...named.map(({ name }) => name.text)];
}
