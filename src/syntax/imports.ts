import { ts, type TS } from "./compiler.js";
import { leadingImports, requiredSpecifier, type ImportNeed } from "./import-place.js";
import type { Source } from "./source.js";
import { walk } from "./walk.js";

/** How a file can say a module's member, and what it must import for that. */
export interface Binding {
  /** The code for a member, for example `Sentry.startSpan`. */
  readonly access: (member: string) => string;
  /** The import that must be added first, or null when the file has it. */
  readonly need: ImportNeed | null;
}

/** Packages whose namespace is the SDK; others of the scope are plugins, types or tools. */
const SDK_PACKAGES = new Set(
  [
    ...["angular", "astro", "aws-serverless", "browser", "bun", "capacitor", "cloudflare", "core"],
    ...[
      "deno",
      "electron",
      "electron/main",
      "elysia",
      "ember",
      "gatsby",
      "google-cloud-serverless",
    ],
    ...["nestjs", "nextjs", "node", "node-core", "nuxt", "react", "react-native", "react-router"],
    ...["remix", "serverless", "solid", "solidstart", "svelte", "sveltekit", "tanstackstart-react"],
    ...["vercel-edge", "vue"],
  ].map((name) => `@sentry/${name}`),
);

/** Modules whose namespace is the Sentry SDK. */
export function isSentryModule(specifier: string): boolean {
  return SDK_PACKAGES.has(specifier);
}

/**
 * Finds how a file names the SDK: an existing namespace import or `require` is reused under its
 * local name; else an import is needed, under a name the file does not use.
 * @param isSdkExport answers whether a relative module's export is the SDK's namespace
 * @param standing what was imported before, of which the source does not tell
 */
export function sentryBinding(
  source: Source,
  packageName: string,
  isSdkExport: (specifier: string, member: string) => boolean,
  standing: readonly ImportNeed[],
): Binding {
  const local = namespaceLocal(source, isSdkExport);
  if (local) return { access: (member) => `${local}.${member}`, need: null };
  const named = new Map([...namedLocals(source)].filter(([, name]) => !isShadowed(source, name)));
  const { wishes, taken } = besideStanding(standing, packageName, null);
  const fresh = freshName(source, [...wishes, "Sentry", "SentrySdk", "sentrySdk"], taken);
  const need: ImportNeed = { module: packageName, local: fresh, member: null };
  return { access: (member) => named.get(member) ?? `${fresh}.${member}`, need };
}

/** The name that an import stands under already, and those that it cannot have. */
function besideStanding(standing: readonly ImportNeed[], module: string, member: string | null) {
  const isSame = (each: ImportNeed) => each.module === module && each.member === member;
  const [same, others] = [standing.filter(isSame), standing.filter((each) => !isSame(each))];
  return {
    wishes: same.map(({ local }) => local),
    taken: new Set(others.map(({ local }) => local)),
  };
}

/** Whether an access goes through the import that a binding would add. */
export function usesNeed(binding: Binding, member: string): boolean {
  return binding.need !== null && binding.access(member).startsWith(`${binding.need.local}.`);
}

/**
 * The binding of one named export of a module, for example a recorder.
 * @param standing what was imported before, or is to be, of which the source does not tell
 */
export function memberBinding(
  source: Source,
  module: string,
  member: string,
  standing: readonly ImportNeed[],
  namespace?: string,
): Binding {
  for (const statement of source.file.statements) {
    if (!ts.isImportDeclaration(statement) || specifierOf(statement) !== module) continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || statement.importClause?.isTypeOnly) continue;
    if (ts.isNamespaceImport(bindings)) {
      const local = bindings.name.text;
      return { access: () => `${local}.${member}`, need: null };
    }
    const found = bindings.elements.find(
      (element) => (element.propertyName ?? element.name).text === member && !element.isTypeOnly,
    );
    if (found) return { access: () => found.name.text, need: null };
  }
  const { wishes, taken } = besideStanding(
    standing,
    module,
    namespace === undefined ? member : null,
  );
  const local = freshName(source, [...wishes, namespace ?? member], taken);
  return namespace === undefined
    ? { access: () => local, need: { module, local, member } }
    : { access: (name) => `${local}.${name}`, need: { module, local, member: null } };
}

export function specifierOf(statement: TS.ImportDeclaration): string {
  return ts.isStringLiteral(statement.moduleSpecifier) ? statement.moduleSpecifier.text : "";
}

function namespaceLocal(
  source: Source,
  isSdkExport: (specifier: string, member: string) => boolean,
): string | null {
  for (const statement of source.file.statements) {
    const local = ts.isImportDeclaration(statement)
      ? importedNamespace(statement, isSdkExport)
      : requiredNamespace(statement);
    if (!local || isShadowed(source, local)) continue;
    // What is required further down is not there yet when the code above runs.
    if (ts.isImportDeclaration(statement) || leadingImports(source.file).includes(statement)) {
      return local;
    }
  }
  return null;
}

/** Whether a name is declared a second time somewhere in the file. */
function isShadowed({ file }: Source, name: string): boolean {
  let declared = 0;
  walk(file, (node) => {
    const own = "name" in node ? (node.name as TS.Node | undefined) : undefined;
    if (!own || !ts.isIdentifier(own) || own.text !== name) return;
    if (!isMember(node)) declared++;
  });
  return declared > 1;
}

/** A member that has a name takes it from nobody. */
function isMember(node: TS.Node): boolean {
  return (
    ts.isPropertyAccessExpression(node) ||
    ts.isTypeElement(node) ||
    ts.isClassElement(node) ||
    ts.isObjectLiteralElement(node) ||
    ts.isEnumMember(node) ||
    ts.isExportSpecifier(node)
  );
}

function importedNamespace(
  statement: TS.ImportDeclaration,
  isSdkExport: (specifier: string, member: string) => boolean,
): string | null {
  const clause = statement.importClause;
  const specifier = specifierOf(statement);
  if (!clause || clause.isTypeOnly || !clause.namedBindings) return null;
  if (ts.isNamespaceImport(clause.namedBindings)) {
    // @sentry/core has the tracing API but is not a package one initialises; it works all the same.
    return isSentryModule(specifier) ? clause.namedBindings.name.text : null;
  }
  if (!specifier.startsWith(".")) return null;
  const found = clause.namedBindings.elements.find(
    (element) =>
      !element.isTypeOnly && isSdkExport(specifier, (element.propertyName ?? element.name).text),
  );
  return found?.name.text ?? null;
}

function requiredNamespace(statement: TS.Statement): string | null {
  if (ts.isImportEqualsDeclaration(statement)) {
    const { moduleReference, name } = statement;
    if (statement.isTypeOnly || !ts.isExternalModuleReference(moduleReference)) return null;
    const { expression } = moduleReference;
    return ts.isStringLiteral(expression) && isSentryModule(expression.text) ? name.text : null;
  }
  if (!ts.isVariableStatement(statement)) return null;
  for (const { name, initializer } of statement.declarationList.declarations) {
    if (!ts.isIdentifier(name) || !initializer) continue;
    const specifier = requiredSpecifier(initializer);
    if (specifier && isSentryModule(specifier)) return name.text;
  }
  return null;
}

/** Named value imports and destructured requires of the SDK: exported name to local name. */
function namedLocals(source: Source): Map<string, string> {
  const locals = new Map<string, string>();
  for (const statement of source.file.statements) {
    if (ts.isImportDeclaration(statement) && isSentryModule(specifierOf(statement))) {
      const bindings = statement.importClause?.namedBindings;
      if (!bindings || !ts.isNamedImports(bindings) || statement.importClause?.isTypeOnly) continue;
      for (const element of bindings.elements) {
        if (!element.isTypeOnly) {
          locals.set((element.propertyName ?? element.name).text, element.name.text);
        }
      }
    }
    if (ts.isVariableStatement(statement)) addDestructured(statement, locals);
  }
  return locals;
}

function addDestructured(statement: TS.VariableStatement, locals: Map<string, string>): void {
  for (const { name, initializer } of statement.declarationList.declarations) {
    if (!initializer || !ts.isObjectBindingPattern(name)) continue;
    const specifier = requiredSpecifier(initializer);
    if (!specifier || !isSentryModule(specifier)) continue;
    for (const element of name.elements) {
      if (!ts.isIdentifier(element.name)) continue;
      const exported = element.propertyName ?? element.name;
      if (ts.isIdentifier(exported)) locals.set(exported.text, element.name.text);
    }
  }
}

/** The first wish that the file does not use as a name, numbered when all are taken. */
export function freshName(
  source: Source,
  wishes: readonly string[],
  reserved: ReadonlySet<string> = new Set(),
): string {
  const isFree = (name: string) => !source.scope.names().has(name) && !reserved.has(name);
  const free = wishes.find(isFree);
  if (free) return free;
  for (let number = 2; ; number++) {
    const candidate = `${wishes[0]}${number}`;
    if (isFree(candidate)) return candidate;
  }
}

/** A name that a file imports by name. */
export interface ImportedName {
  /** The local declaration. */
  readonly local: TS.Identifier;
  readonly exported: string;
  readonly module: string;
  readonly statement: TS.Statement;
}

/** What an identifier was imported as, if it was imported by name. */
export function importOf(source: Source, identifier: TS.Identifier): ImportedName | null {
  for (const declaration of source.scope.resolve(identifier.text, identifier) ?? []) {
    if (ts.isImportSpecifier(declaration)) {
      const statement = declaration.parent.parent.parent;
      const exported = (declaration.propertyName ?? declaration.name).text;
      if (!ts.isImportDeclaration(statement)) continue;
      return { local: declaration.name, exported, module: specifierOf(statement), statement };
    }
    const required = requiredName(declaration);
    if (required) return required;
  }
  return null;
}

/** The module that an identifier comes from, by name, as its default or as all of it. */
export function moduleOf(source: Source, identifier: TS.Identifier): string | null {
  const named = importOf(source, identifier);
  if (named) return named.module;
  for (const declaration of source.scope.resolve(identifier.text, identifier) ?? []) {
    const clause = ts.isNamespaceImport(declaration) ? declaration.parent : declaration;
    if (ts.isImportClause(clause) && ts.isImportDeclaration(clause.parent)) {
      return specifierOf(clause.parent);
    }
    const value = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
    const required = value && requiredSpecifier(value);
    if (required) return required;
  }
  return null;
}

function requiredName(declaration: TS.Declaration): ImportedName | null {
  if (!ts.isBindingElement(declaration) || !ts.isIdentifier(declaration.name)) return null;
  const variable = declaration.parent.parent;
  if (!ts.isVariableDeclaration(variable) || !variable.initializer) return null;
  const module = requiredSpecifier(variable.initializer);
  const statement = variable.parent.parent;
  if (!module || !ts.isVariableStatement(statement)) return null;
  const exported = declaration.propertyName ?? declaration.name;
  if (!ts.isIdentifier(exported)) return null;
  return { local: declaration.name, exported: exported.text, module, statement };
}
