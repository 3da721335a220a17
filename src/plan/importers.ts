import { exportsOf, passedOn } from "../syntax/exports.js";
import type { Source } from "../syntax/source.js";
import type { Tree } from "./tree.js";

type Reader = Pick<Tree, "filesWith" | "read" | "resolve">;

/** What names a module in code: imports of every kind, what mocks it, and addresses of workers. */
const SPECIFIERS = /(?:from|import|require|[mM]ock|URL)\s*\(?\s*["'`]([^"'`$]+)["'`]/g;

/**
 * A file that imports a module.
 * @param changed texts that stand for those of the tree; null for a file that is gone
 */
export function importerOf(
  tree: Pick<Tree, "importersWith" | "read" | "resolve">,
  module: string,
  changed: ReadonlyMap<string, string | null>,
): string | undefined {
  return importersOf({ ...tree, filesWith: tree.importersWith }, module, changed).next().value;
}

/** The files that import a module, as far as their specifiers are written out. */
export function* importersOf(
  tree: Reader,
  module: string,
  changed: ReadonlyMap<string, string | null> = new Map(),
): Generator<string, undefined> {
  for (const path of tree.filesWith(nameOf(module))) {
    const current = changed.has(path) ? changed.get(path) : tree.read(path);
    const text = path === module ? null : current;
    const specifiers = text?.matchAll(SPECIFIERS) ?? [];
    if ([...specifiers].some((match) => tree.resolve(path, match[1] ?? "") === module)) yield path;
  }
}

/** A file that may use an export, and the name that this has where the file takes it from. */
export interface Taker {
  readonly path: string;
  readonly name: string;
}

/** So many modules are asked who imports what they pass on. */
const MAX_PASSING = 50;

/**
 * The files that may use what a module calls so, also through others that pass it on. One that takes
 * the name from a package that is not of the tree's sources may mean it as well.
 * @param read a file of the tree, parsed
 */
export function takersOf(
  tree: Reader,
  module: Source,
  local: string,
  read: (path: string) => Source | null,
): Taker[] {
  const passing: Taker[] = exportsOf(module, local).map((name) => ({ path: module.path, name }));
  const takers: Taker[] = [];
  for (const { path, name } of passing) {
    for (const importer of importersOf(tree, path)) {
      takers.push({ path: importer, name });
      const isPassing = /\bexport\s*(type\s*)?[*{]/.test(tree.read(importer) ?? "");
      const source = isPassing && passing.length < MAX_PASSING ? read(importer) : null;
      const isModule = (specifier: string) => tree.resolve(importer, specifier) === path;
      for (const each of source ? passedOn(source, name, isModule) : []) {
        const isKnown = passing.some((one) => one.path === importer && one.name === each);
        if (!isKnown) passing.push({ path: importer, name: each });
      }
    }
  }
  const named = [...new Set(passing.map(({ name }) => name))].filter((name) => name !== "default");
  return [...takers, ...named.flatMap((name) => takersFromPackages(tree, name))];
}

function takersFromPackages(tree: Reader, name: string): Taker[] {
  const word = new RegExp(`\\b${name.replace(/\$/g, "\\$")}\\b`);
  return tree.filesWith(name).flatMap((path) => {
    const lists = tree.read(path)?.matchAll(/\{([^{}]*)\}\s*from\s*["']([^"'.][^"']*)["']/g) ?? [];
    const isTaken = [...lists].some(
      ([, list = "", specifier = ""]) => word.test(list) && tree.resolve(path, specifier) === null,
    );
    return isTaken ? [{ path, name }] : [];
  });
}

/** The names that other files take from a module, one by one. */
export function namesTaken(tree: Reader, module: string): Set<string> {
  const names = new Set<string>();
  for (const path of importersOf(tree, module)) {
    const lists = tree.read(path)?.matchAll(/\{([^{}]*)\}\s*from\s*["']([^"']+)["']/g) ?? [];
    for (const [, list = "", specifier = ""] of lists) {
      if (tree.resolve(path, specifier) !== module) continue;
      for (const each of list.split(",")) {
        names.add(
          each
            .trim()
            .replace(/^type\s+/, "")
            .split(/\s/)[0] ?? "",
        );
      }
    }
  }
  return names;
}

/** What a specifier of a module contains: an index is imported by the name of its folder. */
function nameOf(module: string): string {
  const parts = module.replace(/\.\w+$/, "").split("/");
  const last = parts.at(-1) ?? "";
  return last === "index" ? (parts.at(-2) ?? last) : last;
}

/** Modules that are looked at before their importers are taken for what runs on a server. */
const MAX_IMPORTERS = 200;

/** Whether a module is imported, through others or directly, by one that says it runs in pages. */
export function isInPages(tree: Reader, module: string): boolean {
  const seen = new Set([module]);
  for (const path of seen) {
    if (/^\s*(?:\/\/.*\s*|\/\*[^]*?\*\/\s*)*["']use client["']/.test(tree.read(path) ?? ""))
      return true;
    if (seen.size < MAX_IMPORTERS) for (const each of importersOf(tree, path)) seen.add(each);
  }
  return false;
}
