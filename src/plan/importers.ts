import type { Tree } from "./tree.js";

type Reader = Pick<Tree, "filesWith" | "read" | "resolve">;

/**
 * A file that imports a module.
 * @param changed texts that stand for those of the tree; null for a file that is gone
 */
export function importerOf(
  tree: Reader,
  module: string,
  changed: ReadonlyMap<string, string | null>,
): string | undefined {
  return importersOf(tree, module, changed).next().value;
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
    const specifiers = text?.matchAll(/(?:from|import|require)\s*\(?\s*["']([^"']+)["']/g) ?? [];
    if ([...specifiers].some((match) => tree.resolve(path, match[1] ?? "") === module)) yield path;
  }
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
