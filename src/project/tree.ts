import { existsSync, lstatSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, posix, resolve as resolvePath } from "node:path";
import { ts, type TS } from "../syntax/compiler.js";
import type { Tree } from "../plan/tree.js";
import { UserError } from "../plan/user-error.js";
import { filesMatching, findCandidates, isSourcePath, mayImport } from "./files.js";
import { gitIgnores } from "./git.js";
import { ifThere, namesIfThere } from "./if-there.js";
import { isInside, liesInside, slashed, type Root } from "./root.js";
import {
  dependsOn,
  isModulePackage,
  nearestManifest,
  sdkPackageFor,
  serverSdkFor,
  tracingSdks,
} from "./sdk.js";

/** Reads the tree on the disk for planning. Nothing outside the root is read as source. */
export function createTree(root: Root, base: string): Tree {
  const options = optionsCache(root);
  return {
    read: (path) => readText(root, path),
    exists: (path) => lstatSync(join(root.path, path), { throwIfNoEntry: false }) !== undefined,
    filesWith: (text) => findCandidates(root, isSourcePath, [text]),
    importersWith: (text) => findCandidates(root, mayImport, [text]),
    matching: (globs) => filesMatching(root, globs, base),
    resolve: resolver(root, options),
    specifierFor: (from, to) => relativeSpecifier(root, options(from), from, to),
    pathOf: (module) => pathOfModule(root, base, module),
    helperDir: (path) => helperDir(root, path),
    isModule: (path) => isModulePackage(root, path),
    sdkFor: (path) => sdkPackageFor(root, path),
    serverSdkFor: (path) => serverSdkFor(root, path),
    dependsOn: (path, name) => dependsOn(root, path, name),
    tracingSdk: tracingSdks(root),
  };
}

/** The text of a file of the tree; null if there is none, it is a link or not UTF-8. */
export function readText(root: Root, path: string): string | null {
  const bytes = ifThere(() => bytesOf(root, join(root.path, path)));
  if (bytes === null) return null;
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : null;
}

function bytesOf(root: Root, absolute: string): Buffer | null {
  const stats = lstatSync(absolute, { throwIfNoEntry: false });
  if (!stats?.isFile() || !isInside(root.path, realpathSync.native(absolute))) return null;
  return readFileSync(absolute);
}

function helperDir(root: Root, path: string): string {
  const dir = nearestManifest(root, path)?.dir ?? ".";
  const source = posix.join(dir, "src");
  const base = existsSync(join(root.path, source)) ? source : dir;
  const places = HELPER_DIRS.map((name) => posix.join(base, name));
  const isFit = (each: string) => liesInside(root, `${each}/helper.ts`) && !isIgnored(root, each);
  return places.find(isFit) ?? posix.join(base, "lib");
}

/**
 * Where helpers go; the second, where the first is a link out of the root, or git ignores it: `lib`
 * may be what a build writes.
 */
const HELPER_DIRS = ["lib", "tracing"];

/** By root and folder: each file that needs a helper asks. */
const ignored = new WeakMap<Root, Map<string, boolean>>();

function isIgnored(root: Root, folder: string): boolean {
  if (!root.hasGit) return false;
  const known = ignored.get(root) ?? new Map<string, boolean>();
  ignored.set(root, known);
  const found = known.get(folder) ?? gitIgnores(root.path, `${folder}/helper.ts`);
  known.set(folder, found);
  return found;
}

function pathOfModule(root: Root, base: string, module: string): string {
  const path = posix.normalize(posix.join(base, module));
  if (path.startsWith("..") || posix.isAbsolute(module)) {
    throw new UserError(module, "it leads outside the root", "use a path inside it");
  }
  if (!liesInside(root, path)) {
    throw new UserError(module, "a symbolic link leads out of the root", "use a path inside it");
  }
  return path;
}

/** Compiler options by folder, from the nearest tsconfig: they decide what specifiers mean. */
function optionsCache(root: Root): (path: string) => TS.CompilerOptions {
  const cache = new Map<string, TS.CompilerOptions>();
  return (path) => {
    const dir = posix.dirname(path);
    const known = cache.get(dir);
    if (known) return known;
    const options = readOptions(root, dir);
    cache.set(dir, options);
    return options;
  };
}

const WITHOUT_CONFIG = () => ({
  allowJs: true,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
});

function readOptions(root: Root, dir: string): TS.CompilerOptions {
  const found = ts.findConfigFile(
    join(root.path, dir),
    (path) => isInside(root.path, path) && ts.sys.fileExists(path),
  );
  if (!found) return WITHOUT_CONFIG();
  const { config } = ts.readConfigFile(found, (path) => ts.sys.readFile(path)) as {
    config?: unknown;
  };
  const host = { ...ts.sys, readDirectory: () => [] };
  const { options } = ts.parseJsonConfigFileContent(config ?? {}, host, dirname(found));
  return { ...options, allowJs: true };
}

/** What a specifier means, which is the same for all files of a folder. */
function resolver(root: Root, options: (path: string) => TS.CompilerOptions): Tree["resolve"] {
  const known = new Map<string, string | null>();
  return (from, specifier) => {
    const key = `${posix.dirname(from)} ${specifier}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const resolved = resolveSpecifier(root, options(from), from, specifier);
    known.set(key, resolved);
    return resolved;
  };
}

function resolveSpecifier(
  root: Root,
  options: TS.CompilerOptions,
  from: string,
  specifier: string,
): string | null {
  const containing = join(root.path, from);
  const { resolvedModule } = ts.resolveModuleName(specifier, containing, options, ts.sys);
  if (!resolvedModule) return null;
  const path = resolvePath(resolvedModule.resolvedFileName);
  if (!isInside(root.path, path) || path.includes("node_modules")) return null;
  return slashed(path.slice(root.path.length + 1));
}

/** A relative specifier, with the kind of ending that the file's own imports have. */
function relativeSpecifier(
  root: Root,
  options: TS.CompilerOptions,
  from: string,
  to: string,
): string {
  const way = posix.relative(posix.dirname(from), to);
  const path = way.startsWith(".") ? way : `./${way}`;
  const ending = /\.([cm]?[jt]sx?)$/.exec(path)?.[0] ?? "";
  const bare = path.slice(0, path.length - ending.length);
  const kind = usedKind(readText(root, from) ?? "") ?? usualKind(root, options, from);
  // Only `.js` and `.ts` are found without their endings.
  if (kind === "none" && /\.[jt]sx?$/.test(ending)) return bare;
  return kind === "source" ? path : bare + ending.replace("ts", "js").replace(/x$/, "");
}

/** Endings of what is no code of the language, and tells nothing about how code is imported. */
const KNOWN = /^(json|css|s[ac]ss|less|svg|png|jpe?g|gif|webp|wasm|node|txt|md|html|vue|svelte)$/;

type EndingKind = "none" | "output" | "source";

/** The kind of ending that a file's own imports have; null where it has none that tells. */
function usedKind(text: string): EndingKind | null {
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
  const own = [...code.matchAll(/(?:from|import|require\()\s*["'](\.{1,2}\/[^"']+)["']/g)];
  const endings = own
    .filter(([, specifier = ""]) => !/\.d\.[cm]?ts$/.test(specifier))
    .map(([, specifier = ""]) => posix.extname(specifier).slice(1))
    .filter((ending) => ending === "" || /^[cm]?[jt]sx?$/.test(ending) || !KNOWN.test(ending))
    .map((ending) => (/^[cm]?[jt]sx?$/.test(ending) ? ending : ""));
  if (endings.length === 0) return null;
  if (endings.some((ending) => ending.includes("ts"))) return "source";
  return endings.some((ending) => ending !== "") ? "output" : "none";
}

/** So many files beside one are asked how they import others. */
const MAX_SIBLINGS = 20;

/** The kind that the first of the files beside one has that tells. */
function siblingKind(root: Root, from: string): EndingKind | null {
  const folder = posix.dirname(from);
  const names = namesIfThere(join(root.path, folder));
  const siblings = names.filter((name) => /(?<!\.d)\.[cm]?tsx?$/.test(name)).sort();
  for (const name of siblings.slice(0, MAX_SIBLINGS)) {
    const kind = usedKind(readText(root, posix.join(folder, name)) ?? "");
    if (kind) return kind;
  }
  return null;
}

/** The kind that the way a file is run asks for. */
function usualKind(root: Root, options: TS.CompilerOptions, from: string): EndingKind {
  const text = readText(root, from) ?? "";
  if (/\.[cm]?jsx?$/.test(from)) return /\brequire\(/.test(text) ? "none" : "source";
  // What runs without being compiled is imported by the name that it has.
  if (options.allowImportingTsExtensions && isNodeResolution(options)) return "source";
  return isNodeResolution(options) ? "output" : (siblingKind(root, from) ?? "none");
}

function isNodeResolution({ module, moduleResolution }: TS.CompilerOptions): boolean {
  return (
    moduleResolution === ts.ModuleResolutionKind.Node16 ||
    moduleResolution === ts.ModuleResolutionKind.NodeNext ||
    (moduleResolution === undefined &&
      (module === ts.ModuleKind.NodeNext || module === ts.ModuleKind.Node16))
  );
}
