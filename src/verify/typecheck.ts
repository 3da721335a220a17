import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { libraryFiles, ts as bundled, type TS } from "../syntax/compiler.js";
import { hashOf } from "../plan/hash.js";
import type { FileChange } from "../plan/model.js";
import { isInside, slashed, type Root } from "../project/root.js";

/** A diagnostic that the program after has and the program before had not. */
export interface NewDiagnostic {
  readonly file: string | null;
  /** In the text after. */
  readonly line: number | null;
  readonly offset: number | null;
  readonly length: number;
  readonly code: number;
  readonly message: string;
}

export interface TypeReport {
  readonly programs: number;
  readonly before: number;
  readonly after: number;
  readonly new: readonly NewDiagnostic[];
  /** Imports that do not resolve, which makes the check blind there. */
  readonly unresolved: number;
}

type Compiler = typeof bundled;

/** An import that does not resolve says that something is not installed, not that a plan is wrong. */
const CANNOT_FIND_MODULE = new Set([2307, 2792, 7016]);

/** Checks planned changes again and again while the programs before are checked only once. */
export interface TypeGate {
  /** Checks the programs that hold changed files, before and after, without writing anything. */
  readonly check: (changes: readonly FileChange[]) => TypeReport;
}

export function createTypeGate(root: Root): TypeGate {
  const checked = new Map<string, CheckedProgram>();
  const before = (config: string) => {
    const known = checked.get(config) ?? checkBefore(config);
    checked.set(config, known);
    return known;
  };
  return {
    check: (changes) => {
      const programs = programsFor(
        root,
        changes.map(({ path }) => path),
      );
      const reports = [...programs].map(([config, paths]) =>
        checkAfter(
          root,
          before(config),
          changes.filter(({ path }) => paths.includes(path)),
        ),
      );
      return total(reports);
    },
  };
}

function total(reports: readonly TypeReport[]): TypeReport {
  const sum = (pick: (report: TypeReport) => number) =>
    reports.reduce((result, each) => result + pick(each), 0);
  return {
    programs: reports.length,
    before: sum((each) => each.before),
    after: sum((each) => each.after),
    new: reports.flatMap((each) => each.new),
    unresolved: sum((each) => each.unresolved),
  };
}

/** The nearest tsconfig whose program holds each changed file; files without one are left out. */
function programsFor(root: Root, paths: readonly string[]): Map<string, string[]> {
  const programs = new Map<string, string[]>();
  const holds = new Map<string, Set<string>>();
  const members = (config: string) => {
    const known = holds.get(config);
    if (known) return known;
    const files = new Set(
      parseConfig(compilerFor(config), config).fileNames.map((file) => slashed(file)),
    );
    holds.set(config, files);
    return files;
  };
  for (const path of paths) {
    const config = configFor(root, path, members);
    if (config) programs.set(config, [...(programs.get(config) ?? []), path]);
  }
  return programs;
}

function configFor(
  root: Root,
  path: string,
  members: (config: string) => ReadonlySet<string>,
): string | null {
  const absolute = slashed(join(root.path, path));
  const exists = existsSync(absolute);
  for (let dir = dirname(join(root.path, path)); isInside(root.path, dir); dir = dirname(dir)) {
    for (const config of configsIn(dir)) {
      // A file that is to be created belongs to the program that would include it.
      const files = members(config);
      const isMember = exists
        ? files.has(absolute)
        : [...files].some((file) => dirname(file) === dirname(absolute));
      if (isMember || (!exists && dir === root.path)) return config;
    }
    if (dirname(dir) === dir) break;
  }
  return null;
}

const CONFIG_NAMES = [
  "tsconfig.json",
  "jsconfig.json",
  "tsconfig.app.json",
  "tsconfig.node.json",
  "tsconfig.build.json",
  "tsconfig.src.json",
];

function configsIn(dir: string): string[] {
  return CONFIG_NAMES.map((name) => join(dir, name)).filter((path) => existsSync(path));
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

function parseConfig(compiler: Compiler, config: string): TS.ParsedCommandLine {
  const read = compiler.readConfigFile(config, (path) => compiler.sys.readFile(path)) as {
    config?: unknown;
  };
  return compiler.parseJsonConfigFileContent(
    read.config ?? {},
    compiler.sys,
    dirname(config),
    undefined,
    config,
  );
}

interface CheckedProgram {
  readonly compiler: Compiler;
  readonly parsed: TS.ParsedCommandLine;
  readonly options: TS.CompilerOptions;
  readonly cache: Map<string, TS.SourceFile | undefined>;
  readonly program: TS.SemanticDiagnosticsBuilderProgram;
  readonly diagnostics: readonly TS.Diagnostic[];
}

function checkBefore(config: string): CheckedProgram {
  const compiler = compilerFor(config);
  const parsed = parseConfig(compiler, config);
  const options = { ...parsed.options, noEmit: true, incremental: false, composite: false };
  delete options.tsBuildInfoFile;
  const cache = new Map<string, TS.SourceFile | undefined>();
  const program = compiler.createSemanticDiagnosticsBuilderProgram(
    parsed.fileNames,
    options,
    overlayHost(compiler, options, new Map(), cache),
    undefined,
    undefined,
    parsed.projectReferences,
  );
  return {
    compiler,
    parsed,
    options,
    cache,
    program,
    diagnostics: diagnosticsOf(compiler, program),
  };
}

/** Checks the program after; the builder re-checks only what the changes can affect. */
function checkAfter(
  root: Root,
  before: CheckedProgram,
  changes: readonly FileChange[],
): TypeReport {
  const { compiler, parsed, options, cache } = before;
  const absolute = (path: string) => slashed(join(root.path, path));
  const created = changes
    .filter((change) => change.before === null)
    .map(({ path }) => absolute(path));
  const texts = new Map(changes.map(({ path, after }) => [absolute(path), after]));
  const program = compiler.createSemanticDiagnosticsBuilderProgram(
    [...new Set([...parsed.fileNames, ...created])],
    options,
    overlayHost(compiler, options, texts, cache),
    before.program,
    undefined,
    parsed.projectReferences,
  );
  const diagnostics = diagnosticsOf(compiler, program);
  return {
    programs: 1,
    before: before.diagnostics.length,
    after: diagnostics.length,
    new: newOnes(compiler, root, before.diagnostics, diagnostics).filter(
      ({ code }) => !CANNOT_FIND_MODULE.has(code),
    ),
    unresolved: diagnostics.filter(({ code }) => CANNOT_FIND_MODULE.has(code)).length,
  };
}

/** A host that shows the planned texts; unchanged files are parsed once for both programs. */
function overlayHost(
  compiler: Compiler,
  options: TS.CompilerOptions,
  texts: ReadonlyMap<string, string | null>,
  cache: Map<string, TS.SourceFile | undefined>,
): TS.CompilerHost {
  const host = withLibraries(compiler, compiler.createCompilerHost(options, true));
  const planned = (path: string) => texts.get(slashed(path));
  const folders = [...texts.keys()].map((path) => slashed(dirname(path)));
  return {
    ...host,
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
        return versioned(compiler.createSourceFile(path, text, languageOptions, true));
      }
      if (!cache.has(path)) {
        const file = host.getSourceFile(path, languageOptions, onError);
        cache.set(path, file && versioned(file));
      }
      return cache.get(path);
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

function diagnosticsOf(
  compiler: Compiler,
  program: TS.SemanticDiagnosticsBuilderProgram,
): readonly TS.Diagnostic[] {
  return compiler.sortAndDeduplicateDiagnostics([
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...semanticDiagnostics(program),
    ...(program.getCompilerOptions().declaration ? program.getDeclarationDiagnostics() : []),
  ]);
}

/**
 * What the types of the program's own files complain about. Files of libraries are read but not
 * checked: no plan can change what is wrong in them.
 */
function semanticDiagnostics(program: TS.SemanticDiagnosticsBuilderProgram): TS.Diagnostic[] {
  const whole = program.getProgram();
  const isLibrary = (file: TS.SourceFile) =>
    whole.isSourceFileFromExternalLibrary(file) || whole.isSourceFileDefaultLibrary(file);
  // First what the changes affect is checked again; only then is the rest as it was before.
  while (program.getSemanticDiagnosticsOfNextAffectedFile(undefined, isLibrary)) continue;
  return program
    .getSourceFiles()
    .filter((file) => !isLibrary(file))
    .flatMap((file) => [...program.getSemanticDiagnostics(file)]);
}

function newOnes(
  compiler: Compiler,
  root: Root,
  before: readonly TS.Diagnostic[],
  after: readonly TS.Diagnostic[],
): NewDiagnostic[] {
  const known = new Map<string, number>();
  const keyOf = (each: TS.Diagnostic) =>
    `${each.file?.fileName ?? ""}|${each.code}|${compiler.flattenDiagnosticMessageText(each.messageText, "\n")}`;
  for (const each of before) known.set(keyOf(each), (known.get(keyOf(each)) ?? 0) + 1);
  return after.flatMap((each) => {
    const left = known.get(keyOf(each)) ?? 0;
    if (left > 0) {
      known.set(keyOf(each), left - 1);
      return [];
    }
    return [describe(compiler, root, each)];
  });
}

function describe(compiler: Compiler, root: Root, each: TS.Diagnostic): NewDiagnostic {
  const place =
    each.file && each.start !== undefined
      ? each.file.getLineAndCharacterOfPosition(each.start)
      : null;
  return {
    file: each.file ? slashed(relative(root.path, each.file.fileName)) : null,
    line: place ? place.line + 1 : null,
    offset: each.start ?? null,
    length: each.length ?? 0,
    code: each.code,
    message: compiler.flattenDiagnosticMessageText(each.messageText, " "),
  };
}
