import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../plan/user-error.js";

const BIG = 1024 * 1024 * 1024;

/** Runs git in a folder; null when git is missing, the folder is no repository or git refuses. */
function git(cwd: string, args: readonly string[]): string | null {
  try {
    return execFileSync("git", ["-c", "core.quotePath=false", ...args], {
      cwd,
      encoding: "utf8",
      maxBuffer: BIG,
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return null;
  }
}

/** The top level of the work tree that holds a folder, or null without git. */
export function gitTopLevel(dir: string): string | null {
  return plainTopLevel(dir) ?? (git(dir, ["rev-parse", "--show-toplevel"])?.trim() || null);
}

/** The same where it can be told without asking git, which takes longer than the search for it. */
function plainTopLevel(dir: string): string | null {
  if (Object.keys(process.env).some((name) => /^GIT_(DIR|WORK_TREE|CEILING|DISCOVERY)/.test(name)))
    return null;
  for (let at = dir; ; at = dirname(at)) {
    const own = join(at, ".git");
    if (existsSync(own)) return isPlain(own) ? at : null;
    if (dirname(at) === at) return null;
  }
}

/** Whether it is a folder (a link to a work tree and a submodule's are files) about its own tree. */
function isPlain(own: string): boolean {
  if (!existsSync(join(own, "HEAD"))) return false;
  try {
    return !/worktree/i.test(readFileSync(join(own, "config"), "utf8"));
  } catch {
    // What cannot be read is for git to judge.
    return false;
  }
}

/** Whether git would leave a file out that is not there yet. */
export function gitIgnores(root: string, path: string): boolean {
  return git(root, ["check-ignore", "--quiet", "--", path]) !== null;
}

/** All files that git tracks or would track: not those it ignores. */
export function gitFiles(root: string): string[] | null {
  const listed = git(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  return listed === null ? null : [...new Set(splitNul(listed))];
}

/** The files in which one of the literals occurs, tracked or not, as they are in the work tree. */
export function gitGrep(root: string, literals: readonly string[]): string[] | null {
  const result = spawnSync("git", grepArguments(literals), {
    cwd: root,
    encoding: "utf8",
    maxBuffer: BIG,
  });
  if (result.error || !isSearched(result.status)) return null;
  return splitNul(result.stdout);
}

/**
 * The same while other work goes on.
 * @param onFound told them as they are found
 * @returns whether git could search
 */
export function searchGit(
  root: string,
  literals: readonly string[],
  onFound: (paths: readonly string[]) => void,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", grepArguments(literals), {
      cwd: root,
      stdio: ["ignore", "pipe", "ignore"],
    });
    let rest = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text: string) => {
      const paths = `${rest}${text}`.split("\0");
      rest = paths.pop() ?? "";
      try {
        onFound(paths);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(isSearched(code)));
  });
}

function grepArguments(literals: readonly string[]): string[] {
  return ["grep", "-lzF", "--untracked", ...literals.flatMap((literal) => ["-e", literal])];
}

/** git grep ends with 1 when nothing matches. */
function isSearched(status: number | null): boolean {
  return status === 0 || status === 1;
}

/** Of more paths than these, git is asked about its whole tree: it matches each file with each path. */
const FEW_PATHS = 100;

/**
 * Which of these files have uncommitted changes or were never committed.
 * @throws {UserError} when git does not tell
 */
export function gitDirty(root: string, paths: readonly string[]): Set<string> {
  if (paths.length === 0) return new Set();
  const args = ["status", "--porcelain", "-z", "--untracked-files=all", "--no-renames"];
  const asked = paths.length > FEW_PATHS ? ["--ignore-submodules=all"] : ["--", ...paths];
  const told = git(root, [...args, ...asked]);
  if (told === null) {
    const problem = "git does not tell whether there are uncommitted changes";
    throw new UserError(root, problem, "look at `git status`, or use --allow-dirty");
  }
  const dirty = splitNul(told).map((line) => line.slice(3));
  const wanted = new Set(paths);
  return new Set(dirty.filter((path) => wanted.has(path)));
}

/** Renames that git knows of, staged, unstaged or committed: old path to new path. */
export function gitRenames(root: string): Map<string, string> {
  const renames = new Map<string, string>();
  const history = git(root, ["log", "-z", "-M", "--diff-filter=R", "--name-status", "--format="]);
  // The log is newest first; older renames lead to paths that newer ones take on.
  addRenames(history ?? "", renames);
  addRenames(
    git(root, ["diff", "-z", "-M", "--diff-filter=R", "--name-status", "HEAD"]) ?? "",
    renames,
  );
  return renames;
}

function addRenames(output: string, renames: Map<string, string>): void {
  const fields = splitNul(output).map((field) => field.trim());
  for (let at = 0; at + 2 < fields.length;) {
    if (!/^R\d*$/.test(fields[at] ?? "")) {
      at++;
      continue;
    }
    const [from, to] = [fields[at + 1] ?? "", fields[at + 2] ?? ""];
    if (!renames.has(from)) renames.set(from, to);
    at += 3;
  }
}

function splitNul(text: string): string[] {
  return text.split("\0").filter((each) => each !== "");
}
