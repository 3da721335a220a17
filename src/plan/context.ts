import { ts, type TS } from "../syntax/compiler.js";
import {
  isSentryModule,
  memberBinding,
  sentryBinding,
  specifierOf,
  type Binding,
} from "../syntax/imports.js";
import type { ImportNeed } from "../syntax/import-place.js";
import { isParseFailure, parseSource, type Source } from "../syntax/source.js";
import { exportedFunction } from "../syntax/legacy-module.js";
import { sdkInits } from "../syntax/sdk-init.js";
import { tracedBy } from "../syntax/traced-call.js";
import { NO_TYPES, type Types } from "../syntax/value-kind.js";
import type { FileContext } from "../transform.js";
import { isRunPlain } from "./entries.js";
import { isInPages, namesTaken, takersOf, type Taker } from "./importers.js";
import { originOf } from "./origin.js";
import type { Tree } from "./tree.js";

/**
 * Gives a transform its view of one file; questions about other files are answered on demand.
 * @param standing the imports of ours that the file has, where the source is without them
 */
export function createFileContext(
  tree: Tree,
  source: Source,
  types: Types = NO_TYPES,
  standing: readonly ImportNeed[] = [],
): FileContext {
  const members = new Map<string, Binding>();
  const takers = new Map<string, readonly Taker[]>();
  const read = (path: string) => readSource(tree, path);
  const isSdkExport = (specifier: string, member: string) => {
    const path = tree.resolve(source.path, specifier);
    return path !== null && sdkExports(tree, path).has(member);
  };
  const bindSentry = () => sentryBinding(source, sdkFor(tree, source.path), isSdkExport, standing);
  return Object.assign(new SentryOnDemand(bindSentry), {
    source,
    types,
    member: (module, member, namespace) => {
      const specifier = specifierOfModule(tree, source, module);
      const needed = [...members.values()].flatMap(({ need }) => need ?? []);
      const bound = memberBinding(source, specifier, member, [...standing, ...needed], namespace);
      const key = `${specifier} ${bound.need?.member === null ? "*" : member}`;
      const binding = members.get(key) ?? bound;
      members.set(key, binding);
      return binding;
    },
    resolve: (specifier) => tree.resolve(source.path, specifier),
    read,
    declaring: (specifier, name) => {
      const path = tree.resolve(source.path, specifier);
      return path === null ? null : originOf(tree, read, path, name);
    },
    startsSdk: (specifier, name) => startsSdk(tree, tree.resolve(source.path, specifier), name),
    helperDir: () => tree.helperDir(source.path),
    isModule: tree.isModule,
    sdkFor: (path) => sdkFor(tree, path),
    serverSdkFor: tree.serverSdkFor,
    specifierFor: tree.specifierFor,
    tracedBy: (chain) => tracedBy(source, chain, types, tree.tracingSdk(source.path)),
    takersWith: (local, pattern) => {
      // All rules of a file ask the same.
      const known = takers.get(local) ?? takersOf(tree, source, local, read);
      takers.set(local, known);
      const holding = known.filter(({ path }) => pattern.test(tree.read(path) ?? ""));
      return holding.flatMap(({ path, name }) => {
        const taker = read(path);
        return taker ? [{ source: taker, name }] : [];
      });
    },
    othersWith: ([first, ...others]) => {
      const paths = tree.filesWith(first).filter((path) => path !== source.path);
      const hasAll = (path: string) => others.every((text) => tree.read(path)?.includes(text));
      return paths.filter(hasAll).flatMap((path) => read(path) ?? []);
    },
    isInPages: () => isInPages(tree, source.path),
    namesTaken: () => namesTaken(tree, source.path),
    sdkMajor: () => majorOf(tree.tracingSdk(source.path).version),
    dependsOn: (name) => tree.dependsOn(source.path, name),
    pathOf: tree.pathOf,
  } satisfies Omit<FileContext, "sentry">);
}

/** Its binding of the SDK takes a while and is not always asked for; a class as `ParsedSource` is. */
class SentryOnDemand {
  readonly #bind: () => Binding;
  #bound: Binding | undefined;

  constructor(bind: () => Binding) {
    this.#bind = bind;
  }

  get sentry(): Binding {
    return (this.#bound ??= this.#bind());
  }
}

/**
 * The SDK for a file. That of a framework lacks most of its exports where nothing bundles it; code
 * that a plain program loads as well takes the one that it stands on, unless pages load it too.
 */
function sdkFor(tree: Tree, path: string): string {
  const [own, server] = [tree.sdkFor(path), tree.serverSdkFor(path)];
  if (own === server || !isRunPlain(tree, path)) return own;
  return isInPages(tree, path) ? own : server;
}

/** The first number of a version or a range. */
function majorOf(version: string | null): number | null {
  const digits = /\d+/.exec(version ?? "")?.[0];
  return digits === undefined ? null : Number(digits);
}

/** A module named by path becomes relative to the file; a package stays as it is. */
function specifierOfModule(tree: Tree, source: Source, module: string): string {
  return isModulePath(module) ? tree.specifierFor(source.path, tree.pathOf(module)) : module;
}

/** Whether a rule's `module` is a file of the tree rather than a package. */
export function isModulePath(module: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(module) || module.startsWith(".");
}

function readSource(tree: Tree, path: string): Source | null {
  const text = tree.read(path);
  if (text === null) return null;
  const parsed = parseSource(path, text);
  return isParseFailure(parsed) ? null : parsed;
}

/** By tree and path: the modules that call the SDK's `init`, parsed; null for all others. */
const starts = new WeakMap<Tree, Map<string, Source | null>>();

/** Whether a module of the tree starts the SDK: when it is loaded, or in a function of that name. */
function startsSdk(tree: Tree, path: string | null, name: string | null): boolean {
  if (path === null) return false;
  const modules = starts.get(tree) ?? new Map<string, Source | null>();
  starts.set(tree, modules);
  const known = modules.get(path);
  const starting = known === undefined ? startingSource(tree, path) : known;
  modules.set(path, starting);
  if (!starting || name === null) return starting !== null;
  const fn = exportedFunction(starting, name);
  return sdkInits(starting).some(({ pos, end }) => fn && fn.pos <= pos && end <= fn.end);
}

function startingSource(tree: Tree, path: string): Source | null {
  if (!tree.read(path)?.includes("@sentry/")) return null;
  const source = readSource(tree, path);
  return source && sdkInits(source).length > 0 ? source : null;
}

/** By tree and path: every file asks it of what it imports. */
const known = new WeakMap<Tree, Map<string, ReadonlySet<string>>>();

/** The names under which a module passes on the SDK's namespace. */
function sdkExports(tree: Tree, path: string): ReadonlySet<string> {
  const modules = known.get(tree) ?? new Map<string, ReadonlySet<string>>();
  known.set(tree, modules);
  const names = modules.get(path) ?? findSdkExports(tree, path);
  modules.set(path, names);
  return names;
}

function findSdkExports(tree: Tree, path: string): ReadonlySet<string> {
  const mayHave = tree.read(path)?.includes("@sentry/") ?? false;
  const statements = (mayHave && readSource(tree, path)?.file.statements) || [];
  const namespaces = new Set<string>();
  for (const statement of statements) {
    if (!ts.isImportDeclaration(statement) || !isSentryModule(specifierOf(statement))) continue;
    const bindings = statement.importClause?.namedBindings;
    if (bindings && ts.isNamespaceImport(bindings)) namespaces.add(bindings.name.text);
  }
  return new Set(statements.flatMap((each) => passedOn(each, namespaces)));
}

/** The names that a statement gives to a namespace of the SDK which it exports. */
function passedOn(statement: TS.Statement, namespaces: ReadonlySet<string>): string[] {
  if (!ts.isExportDeclaration(statement) || !statement.exportClause) return [];
  const { exportClause, moduleSpecifier } = statement;
  if (ts.isNamespaceExport(exportClause)) {
    const from = moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : "";
    return isSentryModule(from) ? [exportClause.name.text] : [];
  }
  if (moduleSpecifier) return [];
  return exportClause.elements
    .filter(({ name, propertyName }) => namespaces.has((propertyName ?? name).text))
    .map(({ name }) => name.text);
}
