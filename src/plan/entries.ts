import { posix } from "node:path";
import type { FindingCode } from "../syntax/finding.js";
import type { FilePlan, Finding } from "./model.js";
import type { Tree } from "./tree.js";

type Reader = Pick<Tree, "read" | "resolve">;

/** How a package starts one of its programs. */
interface Entry {
  /** What starts it, such as `npm run cli`. */
  readonly name: string;
  readonly path: string;
  /** Files that are loaded before it. */
  readonly loadedFirst: readonly string[];
}

interface Manifest {
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** Transforms whose work does nothing at run time, or is about the start of the SDK itself. */
const QUIET = new Set(["trace-field", "init-hardening", "observability-modules", "clean-up"]);

/**
 * Programs that run instrumented code and start no SDK, or end without waiting for what is unsent.
 * What cannot be followed, such as the entries of a framework, is not judged.
 */
export function entryFindings(tree: Reader, files: readonly FilePlan[]): Finding[] {
  const observed = new Set(files.filter(isObserved).map(({ path }) => path));
  const dirs = new Set([...observed].flatMap((path) => packageOf(tree, path) ?? []));
  return [...dirs].sort().flatMap((dir) => {
    const entries = entriesOf(tree, dir);
    return entries.flatMap((entry) => judge(tree, entry, observed));
  });
}

function isObserved({ entries }: FilePlan): boolean {
  return entries.some(({ transform }) => !QUIET.has(transform));
}

/** The folder of the nearest manifest. */
function packageOf(tree: Reader, path: string): string | null {
  for (let dir = posix.dirname(path); ; dir = posix.dirname(dir)) {
    if (tree.read(posix.join(dir, "package.json")) !== null) return dir;
    if (dir === "." || dir === "/") return null;
  }
}

function judge(tree: Reader, entry: Entry, observed: ReadonlySet<string>): Finding[] {
  const loaded = closureOf(tree, [...entry.loadedFirst, entry.path]);
  if (!loaded || ![...loaded.keys()].some((path) => observed.has(path))) return [];
  const texts = [...loaded.values()];
  const finding = (code: FindingCode, message: string): Finding[] => [
    { code, level: "warning", message, file: entry.path, line: null },
  ];
  if (!texts.some(startsSdk)) {
    return finding("no-init", `\`${entry.name}\` runs instrumented code and starts no SDK`);
  }
  const isCutOff = texts.some((text) => /\bprocess\s*\.\s*exit\(/.test(text));
  const isFlushed = texts.some((text) => /\b(flush|close)\(/.test(text) && hasSdk(text));
  if (!isCutOff || isFlushed) return [];
  const message = `\`${entry.name}\` ends itself, which loses what is not sent yet: await Sentry.flush() before it`;
  return finding("no-flush", message);
}

function hasSdk(text: string): boolean {
  return /["']@sentry\//.test(text);
}

function startsSdk(text: string): boolean {
  return hasSdk(text) && /\binit\s*\(/.test(text);
}

/** What the programs of a package load that nothing bundles, by the folder of the package. */
const plainCode = new WeakMap<Reader, Map<string, ReadonlySet<string>>>();

/** Whether a program that a package starts without a bundler loads a file. */
export function isRunPlain(tree: Reader, path: string): boolean {
  const dir = packageOf(tree, path);
  if (dir === null) return false;
  const known = plainCode.get(tree) ?? new Map<string, ReadonlySet<string>>();
  plainCode.set(tree, known);
  const loaded = known.get(dir) ?? loadedPlain(tree, dir);
  known.set(dir, loaded);
  return loaded.has(path);
}

function loadedPlain(tree: Reader, dir: string): ReadonlySet<string> {
  const entries = entriesOf(tree, dir);
  const loaded = entries.flatMap((entry) => {
    return [...(closureOf(tree, [...entry.loadedFirst, entry.path])?.keys() ?? [])];
  });
  return new Set(loaded);
}

// What a package starts

function entriesOf(tree: Reader, dir: string): Entry[] {
  const { bin = {}, scripts = {} } = manifestIn(tree, dir);
  const commands = typeof bin === "string" ? { bin } : bin;
  const named = [
    ...Object.entries(commands).map(([name, path]) => [name, `node ${path}`] as const),
    ...Object.entries(scripts).map(([name, command]) => [`npm run ${name}`, command] as const),
  ];
  const entries = named.flatMap(([name, command]) => entryIn(tree, dir, name, command));
  return entries.filter(
    ({ path }, index) => entries.findIndex((each) => each.path === path) === index,
  );
}

function manifestIn(tree: Reader, dir: string): Manifest {
  try {
    return JSON.parse(tree.read(posix.join(dir, "package.json")) ?? "{}") as Manifest;
  } catch {
    return {};
  }
}

const RUNNER = /(?:^|&&|;|\|\||\s)(?:node|tsx|ts-node|bun(?:\s+run)?|jiti|deno\s+run)\s+([^&|;]*)/;

/** The program that a command runs, where it lies in the tree. */
function entryIn(tree: Reader, dir: string, name: string, command: string): Entry[] {
  const words = RUNNER.exec(command)?.[1]?.trim().split(/\s+/) ?? [];
  const loadedFirst: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const [option, value] = word.split("=", 2);
    if (/^(-r|--require|--import)$/.test(option ?? "")) {
      const source = sourceOf(tree, dir, value ?? words[++at] ?? "");
      if (source) loadedFirst.push(source);
    } else if (!word.startsWith("-")) {
      const path = sourceOf(tree, dir, word);
      return path === null || word === "watch" ? [] : [{ name, path, loadedFirst }];
    }
  }
  return [];
}

/** What a build writes, where it was run. */
const BUILT = /^\.?(dist|build|out|output|lib)$/;

/** The source of a file that a command names: it may name what is built from it. */
function sourceOf(tree: Reader, dir: string, word: string): string | null {
  const path = posix.normalize(word.replace(/^["']|["']$/g, ""));
  if (!/\.[cm]?[jt]sx?$/.test(path) || path.startsWith("..")) return null;
  const [first = "", ...rest] = path.split("/");
  const inSource = [["src", ...rest].join("/"), rest.join("/")];
  const beside = [...typedNames(path), path];
  // What lies beside the sources may be a build of them, but also a source of its own.
  const candidates = BUILT.test(first)
    ? [...inSource.flatMap(typedNames), ...beside, ...inSource]
    : [...beside, ...inSource.flatMap((place) => [...typedNames(place), place])];
  const found = candidates.map((each) => posix.join(dir, each));
  return found.find((each) => tree.read(each) !== null) ?? null;
}

/** What a JavaScript file may be called before it is compiled. */
function typedNames(path: string): string[] {
  const [, stem, kind] = /^(.*)\.([cm]?)jsx?$/.exec(path) ?? [];
  return stem === undefined ? [] : ["ts", "tsx"].map((typed) => `${stem}.${kind}${typed}`);
}

/** Files that are followed before a program is taken for one that cannot be judged. */
const MAX_FILES = 500;

/** The texts of all files of the tree that some files load; null where they are too many. */
function closureOf(tree: Reader, paths: readonly string[]): Map<string, string> | null {
  const found = new Map<string, string>();
  const open = [...paths];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const text = found.has(path) ? null : tree.read(path);
    if (text === null) continue;
    found.set(path, text);
    if (found.size > MAX_FILES) return null;
    for (const [, specifier = ""] of text.matchAll(
      /(?:from|import|require)\s*\(?\s*["']([^"']+)["']/g,
    )) {
      const next = tree.resolve(path, specifier);
      if (next !== null) open.push(next);
    }
  }
  return found;
}
