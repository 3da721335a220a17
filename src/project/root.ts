import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import picomatch from "picomatch";
import { UserError } from "../plan/user-error.js";
import { gitTopLevel } from "./git.js";

/** The tree a command works on, and the part of it that was asked for. */
export interface Root {
  /** Absolute, real path. */
  readonly path: string;
  /** Whether git knows the tree. */
  readonly hasGit: boolean;
  /** Where the search for a config starts: absolute. */
  readonly start: string;
  /** Whether a file (relative to the root) is in the part that was asked for. */
  readonly covers: (path: string) => boolean;
  /** Whether the whole tree was asked for. */
  readonly isWhole: boolean;
}

const CONFIG_NAMES = ["ts", "mts", "js", "mjs", "json"].map((end) => `retrospan.config.${end}`);

/**
 * Finds the root of a target: the git top level that holds it; without git the folder of the
 * nearest config, else the target itself.
 * @param target a folder, a file or a glob, as given on the command line
 * @throws {UserError} when there is nothing at the target
 */
export function findRoot(cwd: string, target: string): Root {
  const asked = resolve(cwd, target);
  const isGlob = !existsSync(asked) && picomatch.scan(target).isGlob;
  if (!existsSync(asked) && !isGlob) {
    throw new UserError(
      target,
      "there is no such file or folder",
      "give one that exists, or a glob",
    );
  }
  const place = realpathSync.native(isGlob ? existingBase(cwd, target) : asked);
  const start = statSync(place).isDirectory() ? place : dirname(place);
  const top = gitTopLevel(start);
  const path = top ? realpathSync.native(top) : withoutGit(start);
  const within = slashed(relative(path, place));
  if (isGlob) {
    const matches = picomatch(slashed(relative(path, resolve(realpathSync.native(cwd), target))), {
      dot: true,
    });
    return { path, hasGit: top !== null, start, covers: matches, isWhole: false };
  }
  const covers = (file: string) =>
    within === "" || file === within || file.startsWith(`${within}/`);
  return { path, hasGit: top !== null, start, covers, isWhole: within === "" };
}

function existingBase(cwd: string, glob: string): string {
  const base = resolve(cwd, picomatch.scan(glob).base || ".");
  if (!existsSync(base)) {
    throw new UserError(glob, "there is no such folder", "mend the glob");
  }
  return base;
}

function withoutGit(start: string): string {
  for (let at = start; ; at = dirname(at)) {
    if (configIn(at)) return at;
    if (dirname(at) === at) return start;
  }
}

/** The nearest config from a folder upwards, not above the root. */
export function findConfig(root: Root): string | null {
  for (let at = root.start; ; at = dirname(at)) {
    const found = configIn(at);
    if (found) return found;
    if (at === root.path || dirname(at) === at) return null;
  }
}

function configIn(dir: string): string | null {
  const name = CONFIG_NAMES.find((each) => existsSync(join(dir, each)));
  return name ? join(dir, name) : null;
}

/** A path with `/`, whatever the platform. */
export function slashed(path: string): string {
  return sep === "/" ? path : path.split(sep).join("/");
}

/** Whether an absolute path lies in a folder. */
export function isInside(dir: string, path: string): boolean {
  const way = relative(dir, path);
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
}

/** Whether a file at a path would lie inside the root, though a folder on the way may be a link. */
export function liesInside(root: Root, path: string): boolean {
  let folder = dirname(join(root.path, path));
  while (!existsSync(folder)) folder = dirname(folder);
  return isInside(root.path, realpathSync.native(folder));
}
