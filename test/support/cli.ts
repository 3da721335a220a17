import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const CLI = fileURLToPath(new URL("../../dist/src/bin/retrospan.js", import.meta.url));

/** The library entry as built, for scripts that run outside vitest. */
export const LIBRARY = new URL("../../dist/src/index.js", import.meta.url).href;

const folders: string[] = [];

/** A fresh folder; `removeFolders` deletes it. */
export function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "retrospan-test-")));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Contents by path. */
export type Files = Readonly<Record<string, string | Buffer>>;

export function writeFiles(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
}

export function makeExecutable(folder: string, path: string): void {
  chmodSync(join(folder, path), 0o755);
}

export function readFile(folder: string, path: string): string {
  return readFileSync(join(folder, path), "utf8");
}

/** A folder without git. */
export function newTree(files: Files): string {
  const folder = newFolder();
  writeFiles(folder, files);
  return folder;
}

/** A git repository in which all files are committed. */
export function newRepository(files: Files, executable: readonly string[] = []): string {
  const folder = newTree(files);
  for (const path of executable) makeExecutable(folder, path);
  git(folder, "init", "--quiet", "--template=");
  commit(folder);
  return folder;
}

export function commit(folder: string): void {
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--allow-empty", "--message=Commit");
}

export function git(folder: string, ...args: string[]): string {
  return execFileSync("git", args, { cwd: folder, encoding: "utf8", env: environment() });
}

/** Nothing of the machine's own git settings, and none of what vitest sets. */
function environment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: tmpdir(),
    TMPDIR: process.env.TMPDIR,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CEILING_DIRECTORIES: realpathSync(tmpdir()),
    GIT_AUTHOR_NAME: "Test",
    GIT_AUTHOR_EMAIL: "test@example.com",
    GIT_COMMITTER_NAME: "Test",
    GIT_COMMITTER_EMAIL: "test@example.com",
  };
}

/** How a process ended and what it printed. */
export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunSetup {
  readonly env?: NodeJS.ProcessEnv;
  /** A module that runs before the program's own. */
  readonly preload?: string;
}

/** Runs the built command line. */
export function retrospan(
  folder: string,
  args: readonly string[],
  setup: RunSetup = {},
): Promise<Run> {
  return runScript(folder, CLI, args, setup);
}

export function runScript(
  folder: string,
  script: string,
  args: readonly string[],
  { env = {}, preload }: RunSetup = {},
): Promise<Run> {
  const before = preload === undefined ? [] : ["--import", pathToFileURL(preload).href];
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...before, script, ...args],
      { cwd: folder, env: { ...environment(), ...env }, maxBuffer: 256 * 1024 * 1024 },
      (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr }),
    );
  });
}

/** Every file below a folder but git's own: mode and content, or where a link leads. */
export function snapshot(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (prefix: string): void => {
    for (const name of readdirSync(join(folder, prefix)).sort()) {
      const path = `${prefix}${name}`;
      const stats = lstatSync(join(folder, path));
      if (stats.isDirectory()) {
        if (path !== ".git") visit(`${path}/`);
      } else found[path] = describeFile(join(folder, path), stats.mode);
    }
  };
  visit("");
  return found;
}

function describeFile(path: string, mode: number): string {
  if (lstatSync(path).isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  return `${(mode & 0o777).toString(8)} ${readFileSync(path, "latin1")}`;
}

/** The snapshot without what retrospan keeps for itself. */
export function userFiles(folder: string): Record<string, string> {
  const files = Object.entries(snapshot(folder));
  return Object.fromEntries(files.filter(([path]) => !path.startsWith(".retrospan/")));
}

export function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
