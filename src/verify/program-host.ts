import { dirname } from "node:path";
import { libraryFiles, ts as bundled, type TS } from "../syntax/compiler.js";
import { hashOf } from "../plan/hash.js";
import { slashed } from "../project/root.js";
import { createDeclarationCache, type DeclarationCache } from "./declaration-cache.js";
import type { Compiler, ProgramSpec } from "./programs.js";

/** Files that were parsed, by path. */
type FileCache = Map<string, TS.SourceFile | undefined>;

/** What the programs of one spec have parsed. */
export interface SourceCache {
  /** Files as they are on the disk and as they were planned last. */
  readonly own: FileCache;
  /** The same for every spec of a compiler; null where what it keeps depends on the spec. */
  readonly declarations: DeclarationCache | null;
}

/** Creates caches for the specs of one tree. */
export function createSourceCaches(): (spec: ProgramSpec) => SourceCache {
  const shared = new Map<Compiler, DeclarationCache>();
  return ({ compiler }) => {
    const own: FileCache = new Map();
    if (keepsImports(compiler)) return { own, declarations: null };
    const declarations = shared.get(compiler) ?? createDeclarationCache(compiler);
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
  { compiler, options, standIns }: ProgramSpec,
  texts: ReadonlyMap<string, string | null>,
  cache: SourceCache,
): ReferenceHost {
  const plain = compiler.createCompilerHost(options);
  // As `tsc` does: what a comment says is read only where an error can be in it.
  plain.jsDocParsingMode = compiler.JSDocParsingMode?.ParseForTypeErrors;
  const host = withLibraries(compiler, plain);
  const planned = (path: string) => {
    const text = texts.get(slashed(path));
    return text === undefined ? standIns.get(slashed(path)) : text;
  };
  const folders = foldersOf([...texts.keys(), ...standIns.keys()]);
  return {
    ...host,
    useSourceOfProjectReferenceRedirect: () => true,
    fileExists: (path) => {
      const text = planned(path);
      return text === undefined ? host.fileExists(path) : text !== null;
    },
    // Modules are not even looked for in a folder that is not there.
    directoryExists: (path) => folders.has(slashed(path)) || compiler.sys.directoryExists(path),
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
      const parse = () => {
        const file = host.getSourceFile(path, languageOptions, onError);
        return file && versioned(file);
      };
      const format = formatOf(languageOptions);
      if (cache.declarations && DECLARATIONS.test(path)) {
        return cache.declarations.file(path, format, parse);
      }
      const key = `${format}:${path}`;
      if (!cache.own.has(key)) cache.own.set(key, parse());
      return cache.own.get(key);
    },
    writeFile: () => undefined,
    createHash: hashOf,
  };
}

/** The folders that files stand in, with those above them. */
function foldersOf(paths: readonly string[]): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let dir = dirname(path); !folders.has(dir); dir = dirname(dir)) folders.add(dir);
  }
  return folders;
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
