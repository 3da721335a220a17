import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { git } from "./run-command.js";
import { COMPILER_OPTIONS, type CorpusPackage } from "./packages.js";

/** Where `npm ci` puts the packages. */
export const MODULES = fileURLToPath(new URL("node_modules", import.meta.url));

/** The text of every file below a folder, by its path there. */
export type Texts = ReadonlyMap<string, Buffer>;

const TESTS =
  /(^|[/\\])(tests?|__tests__|benchmarks)([/\\]|$)|\.(test|spec|test-d|bench)\.[cm]?tsx?$/;

/** Makes a repository with one commit out of a package's source, tests left out. */
export async function makeTree(folder: string, source: CorpusPackage): Promise<string> {
  const tree = join(folder, source.name.replaceAll(/\W+/g, "-"));
  const from = join(MODULES, source.name);
  mkdirSync(tree);
  cpSync(join(from, source.source), join(tree, source.source), {
    recursive: true,
    filter: (path) => !TESTS.test(relative(from, path)),
  });
  for (const [to, folder] of Object.entries(source.beside ?? {})) {
    cpSync(join(from, folder), join(tree, to), { recursive: true });
  }
  writeFileSync(join(tree, "package.json"), toJson(manifest(from)));
  writeFileSync(join(tree, "tsconfig.json"), toJson(tsconfig(source)));
  // Without a slash at the end: the modules are a link, which git does not take for a folder.
  writeFileSync(join(tree, ".gitignore"), "node_modules\n");
  symlinkSync(MODULES, join(tree, "node_modules"), "junction");
  await git(tree, "init", "--quiet");
  await git(tree, "config", "core.autocrlf", "false");
  await git(tree, "add", "--all");
  const identity = ["-c", "user.name=retrospan corpus", "-c", "user.email=corpus@localhost"];
  await git(tree, ...identity, "commit", "--quiet", "--message", source.name);
  return tree;
}

/** The package's own manifest without scripts, with the SDK that the instrumentation needs. */
function manifest(from: string): unknown {
  const { name, version, type, dependencies } = JSON.parse(
    readFileSync(join(from, "package.json"), "utf8"),
  ) as Record<string, unknown>;
  const needed = { ...(dependencies as Record<string, string>), "@sentry/node": "*" };
  return { name, version, private: true, type, dependencies: needed };
}

function tsconfig({ source, options }: CorpusPackage): unknown {
  return { compilerOptions: { ...COMPILER_OPTIONS, ...options }, include: [source] };
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Every file of a tree but the modules and git's own, the ledger's among them. */
export function readTree(root: string): Texts {
  const texts = new Map<string, Buffer>();
  const visit = (dir: string) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name);
      if (dir === root && [".git", "node_modules"].includes(basename(path))) continue;
      if (entry.isDirectory()) visit(path);
      else texts.set(relative(root, path).replaceAll(sep, "/"), readFileSync(path));
    }
  };
  visit(root);
  return texts;
}

/** Names the first difference between two states of a tree. */
export function firstDifference(wanted: Texts, actual: Texts): string | null {
  for (const path of actual.keys()) if (!wanted.has(path)) return `${path} was not there before`;
  for (const [path, before] of wanted) {
    const after = actual.get(path);
    if (after === undefined) return `${path} is missing`;
    if (before.equals(after)) continue;
    const at = before.findIndex((byte, index) => byte !== after[index]);
    const offset = at < 0 ? before.length : at;
    return `${path} differs at byte ${offset}: ${excerptAt(before, offset)} is ${excerptAt(after, offset)}`;
  }
  return null;
}

const EXCERPT_BYTES = 60;

function excerptAt(text: Buffer, offset: number): string {
  return JSON.stringify(text.subarray(offset, offset + EXCERPT_BYTES).toString("utf8"));
}
