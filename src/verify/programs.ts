import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { libraryFiles, ts as bundled, type TS } from "../syntax/compiler.js";
import { hashOf } from "../plan/hash.js";
import { isInside, slashed, type Root } from "../project/root.js";

export type Compiler = typeof bundled;

/** Files that are checked together, and how. */
export interface ProgramSpec {
  /** The tsconfig's path; of files that belong to none, what stands for it. */
  readonly id: string;
  readonly compiler: Compiler;
  readonly roots: readonly string[];
  readonly options: TS.CompilerOptions;
  readonly references: readonly TS.ProjectReference[] | undefined;
  /** Folders whose files it takes, and whether with those below them. */
  readonly folders: Readonly<Record<string, TS.WatchDirectoryFlags>>;
  /** Whether it only is there for others to extend. */
  readonly isBaseOnly: boolean;
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
  const of = (config: string) => remember(specs, config, () => specOf(config));
  const homes = new Map<string, string | null>();
  const homeOf = (path: string) => remember(homes, path, () => nearestConfig(root, path, of));
  const loose = () => remember(specs, LOOSE, () => looseSpec(root, paths, homeOf));
  return {
    of,
    holding: (path) => {
      const config = homeOf(path);
      return config === null ? loose() : of(config);
    },
  };
}

const LOOSE = "files without a tsconfig";

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

function specOf(config: string): ProgramSpec {
  const compiler = compilerFor(config);
  const read = compiler.readConfigFile(config, (path) => compiler.sys.readFile(path)) as {
    config?: unknown;
  };
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
    folders: parsed.wildcardDirectories ?? {},
    isBaseOnly: isBaseOnly(config, read.config),
  };
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
    folders: {},
    isBaseOnly: false,
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

/** Files that were parsed, by path. */
type FileCache = Map<string, TS.SourceFile | undefined>;

/** What the programs of one spec have parsed. */
export interface SourceCache {
  /** Files as they are on the disk and as they were planned last. */
  readonly own: FileCache;
  /** Declaration files, most of what a program reads: the same for every spec of a compiler. */
  readonly declarations: FileCache;
}

/** Creates caches for the specs of one tree. */
export function createSourceCaches(): (spec: ProgramSpec) => SourceCache {
  const shared = new Map<Compiler, FileCache>();
  return ({ compiler }) => {
    const own: FileCache = new Map();
    if (keepsImports(compiler)) return { own, declarations: own };
    const declarations: FileCache = shared.get(compiler) ?? new Map<string, TS.SourceFile>();
    shared.set(compiler, declarations);
    return { own, declarations };
  };
}

/** Whether a compiler keeps in a file what its imports mean, which depends on a program's options. */
function keepsImports({ versionMajorMinor }: Compiler): boolean {
  const [major = 0, minor = 0] = versionMajorMinor.split(".").map(Number);
  return major < 5 || (major === 5 && minor < 3);
}

const DECLARATIONS = /\.d(?:\.\w+)?\.[cm]?ts$/;

/**
 * Makes a program that sees some texts in place of those on the disk.
 * @param texts by absolute path; null for a file that is to be deleted
 * @param cache what the programs of the spec have parsed
 */
export function createBuilder(
  spec: ProgramSpec,
  texts: ReadonlyMap<string, string | null>,
  cache: SourceCache,
  old: TS.SemanticDiagnosticsBuilderProgram | undefined,
): TS.SemanticDiagnosticsBuilderProgram {
  // A module that is to be created is in the programs whose files import it.
  return spec.compiler.createSemanticDiagnosticsBuilderProgram(
    spec.roots.filter((path) => texts.get(slashed(path)) !== null),
    spec.options,
    overlayHost(spec, texts, cache),
    old,
    undefined,
    spec.references,
  );
}

/** Whether the compiler takes a file for CommonJS or for a module of its own accord. */
function formatOf(options: TS.ScriptTarget | TS.CreateSourceFileOptions): string {
  return typeof options === "object" ? String(options.impliedNodeFormat) : "";
}

function plannedKey(path: string): string {
  return `planned:${path}`;
}

/** The compiler has this for its watch mode; without it a reference needs built declarations. */
interface ReferenceHost extends TS.CompilerHost {
  readonly useSourceOfProjectReferenceRedirect: () => boolean;
}

/** A host that shows the planned texts; unchanged files are parsed once for all programs. */
function overlayHost(
  { compiler, options }: ProgramSpec,
  texts: ReadonlyMap<string, string | null>,
  cache: SourceCache,
): ReferenceHost {
  const plain = compiler.createCompilerHost(options);
  // As `tsc` does: what a comment says is read only where an error can be in it.
  plain.jsDocParsingMode = compiler.JSDocParsingMode?.ParseForTypeErrors;
  const host = withLibraries(compiler, plain);
  const planned = (path: string) => texts.get(slashed(path));
  const folders = [...texts.keys()].map((path) => slashed(dirname(path)));
  return {
    ...host,
    useSourceOfProjectReferenceRedirect: () => true,
    fileExists: (path) => {
      const text = planned(path);
      return text === undefined ? host.fileExists(path) : text !== null;
    },
    // Modules are not even looked for in a folder that is not there.
    directoryExists: (path) =>
      folders.some((folder) => folder === slashed(path)) || compiler.sys.directoryExists(path),
    readFile: (path) => {
      const text = planned(path);
      return text === undefined ? host.readFile(path) : (text ?? undefined);
    },
    getSourceFile: (path, languageOptions, onError) => {
      const text = planned(path);
      if (text === null) return undefined;
      if (text !== undefined) {
        const known = cache.own.get(plannedKey(path));
        if (known?.text === text) return known;
        const file = versioned(compiler.createSourceFile(path, text, languageOptions));
        cache.own.set(plannedKey(path), file);
        return file;
      }
      const files = DECLARATIONS.test(path) ? cache.declarations : cache.own;
      const key = `${formatOf(languageOptions)}:${path}`;
      if (!files.has(key)) {
        const file = host.getSourceFile(path, languageOptions, onError);
        files.set(key, file && versioned(file));
      }
      return files.get(key);
    },
    writeFile: () => undefined,
    createHash: hashOf,
  };
}

/** The compiler that ts-morph carries has its libraries in memory instead of beside it. */
function withLibraries(compiler: Compiler, host: TS.CompilerHost): TS.CompilerHost {
  if (compiler !== bundled) return host;
  const texts = new Map(
    libraryFiles().map(({ fileName, text }) => [`${LIBRARIES}/${fileName}`, text]),
  );
  return {
    ...host,
    getDefaultLibLocation: () => LIBRARIES,
    getDefaultLibFileName: (options) => `${LIBRARIES}/${compiler.getDefaultLibFileName(options)}`,
    fileExists: (path) => texts.has(path) || host.fileExists(path),
    readFile: (path) => texts.get(path) ?? host.readFile(path),
    getSourceFile: (path, options, onError) => {
      const text = texts.get(path);
      if (text === undefined) return host.getSourceFile(path, options, onError);
      return compiler.createSourceFile(path, text, options);
    },
  };
}

const LIBRARIES = "/node_modules/typescript/lib";

/** The builder tells by its version whether a file has changed. */
function versioned(file: TS.SourceFile): TS.SourceFile {
  return Object.assign(file, { version: hashOf(file.text) });
}
