import { dirname, join, relative } from "node:path";
import { ts, type TS } from "../syntax/compiler.js";
import { isParseFailure, parseSource } from "../syntax/source.js";
import { walk } from "../syntax/walk.js";
import type { FileChange } from "../plan/model.js";
import { findCandidates } from "../project/files.js";
import { isInside, slashed, type Root } from "../project/root.js";
import { nearestManifest, type Manifest } from "../project/sdk.js";
import { isConfigPath, type ProgramFinder, type ProgramSpec } from "./programs.js";

/**
 * Other programs that may read changed files: they are of the same package (its tests often have one
 * of their own), refer to the program of one, map a path into its package, or depend on the package
 * by name. Asked only for files whose declarations
 * change: what happens inside a function's body cannot be seen from another package.
 * @param homes ids of the programs that hold the changed files
 */
export function dependentPrograms(
  root: Root,
  finder: ProgramFinder,
  changes: readonly FileChange[],
  homes: readonly string[],
): ProgramSpec[] {
  const changed = changes.filter(changesDeclarations);
  if (changed.length === 0) return [];
  const configs = findCandidates(root, isConfigPath, null)
    .map((path) => slashed(join(root.path, path)))
    .filter((config) => !homes.includes(config));
  const all = configs
    .map((config) => finder.of(config))
    .filter(({ isBaseOnly, roots }) => !isBaseOnly && roots.length > 0);
  const packages = new Set(changed.map(({ path }) => nearestManifest(root, path)));
  const found = new Set<ProgramSpec>();
  // What a package takes in, it may hand on to those that depend on it.
  for (let size = -1; size < found.size;) {
    size = found.size;
    const read = [...homes, ...[...found].map(({ id }) => id)];
    for (const spec of all) {
      if (found.has(spec) || !mayRead(root, spec, read, [...packages])) continue;
      found.add(spec);
      packages.add(packageOf(root, spec));
    }
  }
  return [...found];
}

function packageOf(root: Root, { id }: ProgramSpec): Manifest | undefined {
  return nearestManifest(root, slashed(relative(root.path, id)));
}

function mayRead(
  root: Root,
  spec: ProgramSpec,
  programs: readonly string[],
  packages: readonly (Manifest | undefined)[],
): boolean {
  const own = packageOf(root, spec);
  const refers = spec.references?.some(({ path }) =>
    programs.some((id) => id === slashed(path) || dirname(id) === slashed(path)),
  );
  const maps = Object.values(spec.options.paths ?? {}).flat();
  const base = spec.options.baseUrl ?? dirname(spec.id);
  return packages.some((target) => {
    if (target?.dir === own?.dir) return true;
    const dir = join(root.path, target?.dir ?? ".");
    const depends = target?.name ? own?.dependencies[target.name] !== undefined : false;
    return refers || depends || maps.some((path) => isInside(dir, join(base, path)));
  });
}

function changesDeclarations({ path, before, after }: FileChange): boolean {
  if (before === null || after === null) return before !== null;
  return surfaceOf(path, before) !== surfaceOf(path, after);
}

/** What other files can see of a file: its text without function bodies, imports and white space. */
function surfaceOf(path: string, text: string): string {
  const source = parseSource(path, text);
  if (isParseFailure(source)) return text;
  const kept: string[] = [];
  let from = 0;
  walk(source.file, (node) => {
    const hidden = hiddenPart(node);
    if (!hidden) return true;
    kept.push(text.slice(from, hidden.pos));
    from = hidden.end;
    return false;
  });
  return [...kept, text.slice(from)].join("").replace(/\s+/g, "");
}

function hiddenPart(node: TS.Node): TS.Node | null {
  if (ts.isImportDeclaration(node)) return node;
  return ts.isBlock(node) && ts.isFunctionLike(node.parent) ? node : null;
}
