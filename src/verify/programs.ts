import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { ts as bundled, type TS } from "../syntax/compiler.js";
import { isInside, slashed, type Root } from "../project/root.js";
import { sdkStandIns } from "./sdk-types.js";

export type Compiler = typeof bundled;

/** Files that are checked together, and how. */
export interface ProgramSpec {
  /** The tsconfig's path; of files that belong to none, what stands for it. */
  readonly id: string;
  readonly compiler: Compiler;
  readonly roots: readonly string[];
  readonly options: TS.CompilerOptions;
  readonly references: readonly TS.ProjectReference[] | undefined;
  /** Files that are not on the disk, by absolute path: the types of an SDK that is not installed. */
  readonly standIns: ReadonlyMap<string, string>;
  /** Folders whose files it takes, and whether with those below them. */
  readonly folders: Readonly<Record<string, TS.WatchDirectoryFlags>>;
  /** Whether it only is there for others to extend. */
  readonly isBaseOnly: boolean;
  /** What the compiler has to say against the tsconfig. */
  readonly problem: ConfigProblem | null;
}

/** What is wrong with a tsconfig; the line is counted from 1. */
export interface ConfigProblem {
  readonly file: string;
  readonly line: number | null;
  readonly message: string;
}

/** Finds the programs that files of a tree belong to. */
export interface ProgramFinder {
  /** The spec of the nearest tsconfig whose program holds a file, else of the files without one. */
  readonly holding: (path: string) => ProgramSpec;
  /** The spec that a tsconfig makes. */
  readonly of: (config: string) => ProgramSpec;
}

/**
 * Creates a finder.
 * @param paths files that may be asked for, relative to the root; those that no tsconfig holds are
 *   checked together, as an editor does
 */
export function createProgramFinder(root: Root, paths: readonly string[]): ProgramFinder {
  const specs = new Map<string, ProgramSpec>();
  const standIns = sdkStandIns(root);
  const of = (config: string) => remember(specs, config, () => specOf(config, standIns));
  const homes = new Map<string, string | null>();
  const homeOf = (path: string) => remember(homes, path, () => nearestConfig(root, path, of));
  const loose = () => remember(specs, LOOSE, () => looseSpec(root, paths, homeOf, standIns));
  return {
    of,
    holding: (path) => {
      const config = homeOf(path);
      return config === null ? loose() : of(config);
    },
  };
}

/** Stands for the tsconfig of files that have none. */
export const LOOSE = "files without a tsconfig";

function remember<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}

function nearestConfig(
  root: Root,
  path: string,
  of: (config: string) => ProgramSpec,
): string | null {
  const absolute = slashed(join(root.path, path));
  const exists = existsSync(absolute);
  for (let dir = dirname(join(root.path, path)); isInside(root.path, dir); dir = dirname(dir)) {
    for (const config of withReferences(configsIn(dir), of)) {
      // A file that is to be created belongs to the program that would include it.
      const spec = of(config);
      if (spec.isBaseOnly) continue;
      if (exists ? spec.roots.includes(absolute) : takes(spec, absolute)) return config;
    }
    if (dirname(dir) === dir) break;
  }
  return null;
}

/** Whether a program takes in what is put at a path. */
function takes({ folders }: ProgramSpec, path: string): boolean {
  return Object.entries(folders).some(([folder, flags]) => {
    const isBelow = flags === bundled.WatchDirectoryFlags.Recursive && isInside(folder, path);
    return isBelow || dirname(path) === slashed(folder);
  });
}

const CONFIG = /^(?:tsconfig|jsconfig)(?:\..+)?\.json$/;

/** The configs of a folder, the one that editors take first. */
function configsIn(dir: string): string[] {
  if (!existsSync(dir)) return [];
  const rank = (name: string) => ["tsconfig.json", "jsconfig.json"].indexOf(name) >>> 0;
  return readdirSync(dir)
    .filter((name) => CONFIG.test(name))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map((name) => slashed(join(dir, name)));
}

/** Whether a path is that of a tsconfig, by its name. */
export function isConfigPath(path: string): boolean {
  return CONFIG.test(basename(path));
}

/** Configs with those they refer to: one that only refers to others holds no files itself. */
function withReferences(configs: readonly string[], of: (config: string) => ProgramSpec): string[] {
  const all = new Set(configs);
  for (const config of all) {
    for (const { path } of of(config).references ?? []) {
      const target = slashed(path.endsWith(".json") ? path : join(path, "tsconfig.json"));
      if (existsSync(target)) all.add(target);
    }
  }
  return [...all];
}

function specOf(config: string, standIns: ReadonlyMap<string, string>): ProgramSpec {
  const compiler = compilerFor(config);
  const read = compiler.readConfigFile(config, (path) => compiler.sys.readFile(path));
  const parsed = compiler.parseJsonConfigFileContent(
    read.config ?? {},
    compiler.sys,
    dirname(config),
    undefined,
    config,
  );
  const options = { ...parsed.options, noEmit: true, incremental: false, composite: false };
  delete options.tsBuildInfoFile;
  return {
    id: config,
    compiler,
    roots: parsed.fileNames.map((file) => slashed(file)),
    options,
    references: parsed.projectReferences,
    standIns,
    folders: parsed.wildcardDirectories ?? {},
    isBaseOnly: isBaseOnly(config, read.config),
    problem: problemOf(compiler, config, [...(read.error ? [read.error] : []), ...parsed.errors]),
  };
}

/** That a config holds no files is no mistake: it may only refer to others. */
const NO_INPUTS = new Set([18002, 18003]);

function problemOf(
  compiler: Compiler,
  config: string,
  errors: readonly TS.Diagnostic[],
): ConfigProblem | null {
  const first = errors.find(({ code }) => !NO_INPUTS.has(code));
  if (!first) return null;
  const { file, start, messageText } = first;
  const line =
    file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : null;
  const message = compiler.flattenDiagnosticMessageText(messageText, " ");
  return { file: file?.fileName ?? config, line, message };
}

/**
 * Whether a config is only there for others to extend: it has a name of its own and says no files,
 * so that by the default pattern it would take in the whole tree.
 */
function isBaseOnly(config: string, read: unknown): boolean {
  if (/^[jt]sconfig\.json$/.test(basename(config))) return false;
  const said = Object.keys(read ?? {});
  return !["files", "include", "references", "extends"].some((key) => said.includes(key));
}

function looseSpec(
  root: Root,
  paths: readonly string[],
  homeOf: (path: string) => string | null,
  standIns: ReadonlyMap<string, string>,
): ProgramSpec {
  const compiler = compilerFor(join(root.path, "tsconfig.json"));
  return {
    id: LOOSE,
    compiler,
    roots: paths
      .filter((path) => homeOf(path) === null)
      .map((path) => slashed(join(root.path, path))),
    options: {
      allowJs: true,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: compiler.ScriptTarget.ESNext,
      module: compiler.ModuleKind.ESNext,
      moduleResolution: compiler.ModuleResolutionKind.Bundler,
      jsx: compiler.JsxEmit.Preserve,
      allowImportingTsExtensions: true,
    },
    references: undefined,
    standIns,
    folders: {},
    isBaseOnly: false,
    problem: null,
  };
}

/** The project's own compiler where it has the API, else ours: its diagnostics are what counts. */
function compilerFor(config: string): Compiler {
  const require = createRequire(config);
  try {
    const own = require("typescript") as Partial<Compiler>;
    if (typeof own.createProgram === "function" && own.version) return own as Compiler;
  } catch {
    // Not installed there.
  }
  return bundled;
}
