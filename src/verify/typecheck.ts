import { join, relative } from "node:path";
import type { TS } from "../syntax/compiler.js";
import type { Types } from "../syntax/value-kind.js";
import type { Source } from "../syntax/source.js";
import type { FileChange } from "../plan/model.js";
import { slashed, type Root } from "../project/root.js";
import { dependentPrograms } from "./dependents.js";
import { createBuilder, createSourceCaches, type SourceCache } from "./program-host.js";
import {
  createProgramFinder,
  LOOSE,
  type Compiler,
  type ConfigProblem,
  type ProgramSpec,
} from "./programs.js";
import { answersFrom } from "./value-kinds.js";
import { groupedBy } from "../text/grouped.js";

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
  /** What is wrong with the configs of the programs; paths are relative to the root. */
  readonly brokenConfigs: readonly ConfigProblem[];
}

/** An import that does not resolve says that something is not installed, not that a plan is wrong. */
const CANNOT_FIND_MODULE = new Set([2307, 2792, 7016]);

/** Asks the types of a tree; the programs before are loaded and checked only once. */
export interface TypeGate {
  /** Checks the programs that hold changed files, before and after, without writing anything. */
  readonly check: (changes: readonly FileChange[]) => TypeReport;
  /** Answers about a file's types; its program is loaded with the first question. */
  readonly typesOf: (source: Source) => Types;
}

/**
 * Creates a gate.
 * @param paths the files that may be asked for, relative to the root
 * @param onStep told what begins, in words for people: each may take seconds
 */
export function createTypeGate(
  root: Root,
  paths: readonly string[],
  onStep: (step: string) => void,
): TypeGate {
  const finder = createProgramFinder(root, paths);
  const cacheFor = createSourceCaches();
  const loaded = new Map<string, LoadedProgram>();
  const load = (spec: ProgramSpec) => {
    const known = loaded.get(spec.id);
    if (known) return known;
    onStep(`reading the program of ${nameOf(root, spec)}`);
    const program = loadProgram(spec, cacheFor(spec));
    loaded.set(spec.id, program);
    return program;
  };
  return {
    check: (changes) => {
      const homes = new Map<string, ProgramSpec>();
      for (const { path } of changes) {
        const spec = finder.holding(path);
        homes.set(spec.id, spec);
      }
      for (const spec of dependentPrograms(root, finder, changes, [...homes.keys()])) {
        if (holdsAny(root, load(spec), changes)) homes.set(spec.id, spec);
      }
      const reports = [...homes.values()].map((spec) => {
        const program = load(spec);
        onStep(`checking the types of ${nameOf(root, spec)}`);
        return checkAfter(root, program, changes);
      });
      return total(reports);
    },
    typesOf: (source) => {
      const path = slashed(join(root.path, source.path));
      return answersFrom(() => programWith(load(finder.holding(source.path)), path, source.text));
    },
  };
}

function nameOf(root: Root, { id }: ProgramSpec): string {
  return id === LOOSE ? id : slashed(relative(root.path, id));
}

function holdsAny(root: Root, { program }: LoadedProgram, changes: readonly FileChange[]) {
  return changes.some(({ path }) => program.getSourceFile(slashed(join(root.path, path))));
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
    brokenConfigs: reports.flatMap((each) => each.brokenConfigs),
  };
}

interface LoadedProgram {
  /** The program of the last check, from which the next one goes on. */
  latest: TS.SemanticDiagnosticsBuilderProgram;
  readonly spec: ProgramSpec;
  readonly cache: SourceCache;
  readonly program: TS.SemanticDiagnosticsBuilderProgram;
  /** What it complains about as it is; found with the first question. */
  readonly diagnostics: readonly TS.Diagnostic[];
}

function loadProgram(spec: ProgramSpec, cache: SourceCache): LoadedProgram {
  const program = createBuilder(spec, new Map(), cache, undefined);
  let diagnostics: readonly TS.Diagnostic[] | undefined;
  return {
    latest: program,
    spec,
    cache,
    program,
    get diagnostics() {
      return (diagnostics ??= diagnosticsOf(spec.compiler, program));
    },
  };
}

/** The program as it is, or, where a text differs from the disk's, one that has it. */
function programWith({ spec, cache, program }: LoadedProgram, path: string, text: string) {
  const isSame = program.getSourceFile(path)?.text === text;
  const asked = isSame ? program : createBuilder(spec, new Map([[path, text]]), cache, program);
  return { compiler: spec.compiler, program: asked.getProgram(), path };
}

/** Checks the program after; the builder re-checks only what the changes can affect. */
function checkAfter(root: Root, before: LoadedProgram, changes: readonly FileChange[]): TypeReport {
  const { spec, cache } = before;
  const known = before.diagnostics;
  const own = changes.filter(
    (change) =>
      change.before === null || before.program.getSourceFile(slashed(join(root.path, change.path))),
  );
  const texts = new Map(own.map(({ path, after }) => [slashed(join(root.path, path)), after]));
  const program = createBuilder(spec, texts, cache, before.latest);
  before.latest = program;
  const diagnostics = diagnosticsOf(spec.compiler, program);
  return {
    programs: 1,
    before: known.length,
    after: diagnostics.length,
    new: newOnes(spec.compiler, root, known, diagnostics).filter(
      ({ code }) => !CANNOT_FIND_MODULE.has(code),
    ),
    unresolved: diagnostics.filter(({ code }) => CANNOT_FIND_MODULE.has(code)).length,
    brokenConfigs: spec.problem ? [relativeTo(root, spec.problem)] : [],
  };
}

function relativeTo(root: Root, problem: ConfigProblem): ConfigProblem {
  return { ...problem, file: slashed(relative(root.path, problem.file)) };
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

/**
 * The diagnostics that were not there before. One is known by its words, or, because the compiler
 * shortens long types and explains unions as it happened to meet them, by the line that it stands
 * in, or by the code that it is about, where that was wrapped.
 */
function newOnes(
  compiler: Compiler,
  root: Root,
  before: readonly TS.Diagnostic[],
  after: readonly TS.Diagnostic[],
): NewDiagnostic[] {
  const byWords = unmatched(before, after, (each) => wordsOf(compiler, each));
  const byLine = unmatched(byWords.before, byWords.after, lineOf);
  const byCode = unmatched(byLine.before, byLine.after, codeOf);
  return byCode.after.map((each) => describe(compiler, root, each));
}

interface Unmatched {
  readonly before: readonly TS.Diagnostic[];
  readonly after: readonly TS.Diagnostic[];
}

function unmatched(
  before: readonly TS.Diagnostic[],
  after: readonly TS.Diagnostic[],
  keyOf: (each: TS.Diagnostic) => string,
): Unmatched {
  const known = groupedBy(before, keyOf);
  const left = after.filter((each) => known.get(keyOf(each))?.pop() === undefined);
  return { before: [...known.values()].flat(), after: left };
}

/** The compiler writes the members of a union in the order in which it met them. */
function wordsOf(compiler: Compiler, { file, code, messageText }: TS.Diagnostic): string {
  const message = compiler.flattenDiagnosticMessageText(messageText, "\n");
  return `${file?.fileName ?? ""}|${code}|${message.split(/\b/).sort().join("")}`;
}

/** Without its indentation, the line that a diagnostic is about stays as it was. */
function lineOf(diagnostic: TS.Diagnostic): string {
  const { file, start = 0 } = diagnostic;
  const begin = file ? file.text.lastIndexOf("\n", start - 1) + 1 : 0;
  const line = file?.text.slice(begin).split("\n", 1)[0] ?? "";
  return `${codeOf(diagnostic)}|${line.trim()}`;
}

function codeOf({ file, code, start = 0, length = 0 }: TS.Diagnostic): string {
  const about = file?.text.slice(start, start + length) ?? "";
  return `${file?.fileName ?? ""}|${PLAIN_CODES.get(code) ?? code}|${about}`;
}

/**
 * Complaints that end in "Did you mean ...?", by what they are without it: the compiler makes ten
 * such suggestions, to the names that it happens to meet first.
 */
const PLAIN_CODES: ReadonlyMap<number, number> = new Map([
  ...[2552, 2580, 2581, 2582, 2583, 2584, 2591, 2592, 2593, 2867, 2868].map(
    (code) => [code, 2304] as const,
  ),
  [2551, 2339],
  [2724, 2305],
  [2561, 2353],
]);

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
