import { lstatSync } from "node:fs";
import { join } from "node:path";
import ignore, { type Ignore } from "ignore";
import picomatch from "picomatch";
import { globSync } from "tinyglobby";
import { gitFiles, gitGrep, searchGit } from "./git.js";
import type { LoadedConfig } from "./config-file.js";
import { textIfThere } from "./if-there.js";
import type { Root } from "./root.js";

const SOURCE = /\.[cm]?[jt]sx?$/;

const LEFT_OUT = [
  "**/*.d.{ts,mts,cts}",
  "**/*.{test,spec}.*",
  "**/{__tests__,__mocks__}/**",
  "**/node_modules/**",
  "**/{dist,.next,.retrospan,.yarn}/**",
  "**/.pnp.*",
  "**/*.{generated,gen,min}.*",
  "**/{generated,__generated__}/**",
  "**/retrospan.config.*",
];

/** Whether a path is TypeScript or JavaScript, by its ending. */
export function isSourcePath(path: string): boolean {
  return SOURCE.test(path) && !/(^|\/)node_modules\//.test(path);
}

/** Whether a file may import others: also a component that holds code, or a page. */
export function mayImport(path: string): boolean {
  const isComponent = /\.(vue|svelte|astro|mdx)$/.test(path);
  return isSourcePath(path) || (isComponent && !/(^|\/)node_modules\//.test(path));
}

/** A test for paths relative to the root, from globs relative to a folder of it. */
export function pathMatcher(globs: readonly string[], base: string): (path: string) => boolean {
  const based = globs.map(
    (glob) => `${base ? `${base}/` : ""}${glob.replace(/^\.\//, "").replace(/\/$/, "")}`,
  );
  const matchers = based.map((glob) => picomatch(glob, { dot: true }));
  // A folder means all below it; a path with brackets (`[id]`) means itself.
  return (path) =>
    based.some(
      (glob, index) => path === glob || path.startsWith(`${glob}/`) || matchers[index]?.(path),
    );
}

/** Which files of the tree the config means. */
export function fileFilter(root: Root, config: LoadedConfig): (path: string) => boolean {
  const isIncluded = config.include ? pathMatcher(config.include, config.base) : () => true;
  const isExcluded = pathMatcher(config.exclude, config.base);
  const isLeftOut = pathMatcher(LEFT_OUT, "");
  return (path) =>
    SOURCE.test(path) &&
    root.covers(path) &&
    isIncluded(path) &&
    !isExcluded(path) &&
    !isLeftOut(path);
}

/**
 * The files in which one of the needles occurs, found without parsing.
 * @param needles literals, or null when every file must be looked at
 */
export function findCandidates(
  root: Root,
  filter: (path: string) => boolean,
  needles: readonly string[] | null,
): string[] {
  const found = root.hasGit
    ? needles === null
      ? gitFiles(root.path)
      : gitGrep(root.path, needles)
    : null;
  return found ? chosen(root, filter, found) : walkedCandidates(root, filter, needles);
}

/**
 * The same while other work goes on.
 * @param onFound told some of them as soon as they are found, if that can be
 */
export async function searchCandidates(
  root: Root,
  filter: (path: string) => boolean,
  needles: readonly string[] | null,
  onFound: (paths: readonly string[]) => void,
): Promise<string[]> {
  if (!root.hasGit || needles === null) return findCandidates(root, filter, needles);
  const all: string[] = [];
  const isSearched = await searchGit(root.path, needles, (some) => {
    const own = chosen(root, filter, some);
    for (const path of own) all.push(path);
    onFound(own);
  });
  return isSearched ? all.sort() : walkedCandidates(root, filter, needles);
}

function chosen(root: Root, filter: (path: string) => boolean, paths: readonly string[]): string[] {
  return paths
    .filter(filter)
    .filter((path) => isRegularFile(root, path))
    .sort();
}

function walkedCandidates(
  root: Root,
  filter: (path: string) => boolean,
  needles: readonly string[] | null,
): string[] {
  const walked = walkFiles(root).filter(filter).sort();
  return needles === null ? walked : walked.filter((path) => containsAny(root, path, needles));
}

/** The files of whatever kind that globs relative to a folder mean; what is ignored is none of them. */
export function filesMatching(root: Root, globs: readonly string[], base: string): string[] {
  const matches = pathMatcher(globs, base);
  const all = (root.hasGit ? gitFiles(root.path) : null) ?? walkFiles(root);
  return all
    .filter(matches)
    .filter((path) => root.covers(path) && isRegularFile(root, path))
    .sort();
}

/** The first source file of a folder, by name; the same whatever part of the tree is asked about. */
export function firstSource(root: Root, dir: string): string | null {
  const all = (root.hasGit ? gitFiles(root.path) : null) ?? walkFiles(root);
  const own = all.filter(
    (path) => isSourcePath(path) && (dir === "." || path.startsWith(`${dir}/`)),
  );
  return own.sort()[0] ?? null;
}

function isRegularFile(root: Root, path: string): boolean {
  return lstatSync(join(root.path, path), { throwIfNoEntry: false })?.isFile() ?? false;
}

function containsAny(root: Root, path: string, needles: readonly string[]): boolean {
  const text = textIfThere(join(root.path, path)) ?? "";
  return needles.some((needle) => text.includes(needle));
}

/** Without git: every file that no ignore file leaves out; symbolic links are not followed. */
function walkFiles(root: Root): string[] {
  const paths = globSync("**/*", {
    cwd: root.path,
    dot: true,
    followSymbolicLinks: false,
    ignore: ["**/node_modules/**", "**/.git/**"],
  });
  const ignored = ignoreFiles(root, paths);
  return paths.filter((path) => !ignored(path) && isRegularFile(root, path));
}

/** Ignore files from the root down; a deeper one can take back what a higher one says. */
function ignoreFiles(root: Root, paths: readonly string[]): (path: string) => boolean {
  const levels = paths
    .filter((path) => /(^|\/)\.gitignore$/.test(path))
    .map((path): { dir: string; rules: Ignore } => ({
      dir: path.slice(0, -".gitignore".length),
      rules: ignore().add(textIfThere(join(root.path, path)) ?? ""),
    }))
    .sort((a, b) => a.dir.length - b.dir.length);
  return (path) => {
    let isIgnored = false;
    for (const { dir, rules } of levels) {
      if (!path.startsWith(dir)) continue;
      const { ignored, unignored } = rules.test(path.slice(dir.length));
      if (ignored) isIgnored = true;
      else if (unignored) isIgnored = false;
    }
    return isIgnored;
  };
}
