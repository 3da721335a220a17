import { join, relative } from "node:path";
import type { Types } from "../syntax/value-kind.js";
import type { Source } from "../syntax/source.js";
import type { FileChange } from "../plan/model.js";
import { slashed, type Root } from "../project/root.js";
import { dependentPrograms } from "./dependents.js";
import { CANNOT_FIND_MODULE, newDiagnostics, type NewDiagnostic } from "./diagnostics.js";
import type { LoadedProgram } from "./loaded-program.js";
import { createProgramMemory } from "./program-memory.js";
import { createProgramFinder, LOOSE, type ConfigProblem, type ProgramSpec } from "./programs.js";
import { answersFrom } from "./value-kinds.js";

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

/** What one program says against a plan. */
export interface Complaint {
  readonly program: string;
  readonly new: readonly NewDiagnostic[];
}

/** Asks the types of a tree; the programs before are loaded and checked only once. */
export interface TypeGate {
  /** Checks the programs that hold changed files, before and after, without writing anything. */
  readonly check: (changes: readonly FileChange[]) => TypeReport;
  /** What the first program that has new diagnostics says; null where none has. */
  readonly complaint: (changes: readonly FileChange[]) => Complaint | null;
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
  const load = createProgramMemory((spec) =>
    onStep(`reading the program of ${nameOf(root, spec)}`),
  );
  const reports = new Map<string, Report>();
  const check = (spec: ProgramSpec, changes: readonly FileChange[]) => {
    const program = load(spec);
    const texts = textsFor(root, program, changes);
    const known = reports.get(spec.id);
    if (known && isSameMap(known.texts, texts)) return known.report;
    onStep(`checking the types of ${nameOf(root, spec)}`);
    const report = reportOf(root, program, texts);
    reports.set(spec.id, { texts, report });
    return report;
  };
  /** All that a plan was asked about: what it leaves of it may still be seen by what it left out. */
  const homes = new Map<string, ProgramSpec>();
  let complaining: string | null = null;
  /** The programs that see changed files; the one that complained last comes first. */
  const programsOf = (changes: readonly FileChange[]) => {
    const own = changes.map(({ path }) => finder.holding(path));
    for (const spec of own) homes.set(spec.id, spec);
    const readers = dependentPrograms(root, finder, changes, [...homes.keys()]);
    const all = new Set([...own, ...homes.values(), ...readers]);
    const seeing = [...all].filter((spec) => {
      const program = load(spec);
      return own.includes(spec) || changes.some(({ path }) => program.holds(absolute(root, path)));
    });
    const latest = seeing.filter(({ id }) => id === complaining);
    return [...new Set([...latest, ...seeing])];
  };
  return {
    check: (changes) => total(programsOf(changes).map((spec) => check(spec, changes))),
    complaint: (changes) => {
      for (const spec of programsOf(changes)) {
        const report = check(spec, changes);
        if (report.new.length === 0) continue;
        complaining = spec.id;
        return { program: spec.id, new: report.new };
      }
      return null;
    },
    typesOf: ({ path, text }) =>
      answersFrom(() => load(finder.holding(path)).asked(absolute(root, path), text)),
  };
}

/** What a program said about texts: as long as they stay, so does the answer. */
interface Report {
  readonly texts: ReadonlyMap<string, string | null>;
  readonly report: TypeReport;
}

function absolute(root: Root, path: string): string {
  return slashed(join(root.path, path));
}

/** The changes that a program sees; what is to be created may be imported from anywhere. */
function textsFor(
  root: Root,
  program: LoadedProgram,
  changes: readonly FileChange[],
): ReadonlyMap<string, string | null> {
  const own = changes.filter(
    ({ path, before }) => before === null || program.holds(absolute(root, path)),
  );
  return new Map(own.map(({ path, after }) => [absolute(root, path), after]));
}

function isSameMap<K, V>(one: ReadonlyMap<K, V>, other: ReadonlyMap<K, V>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}

function nameOf(root: Root, { id }: ProgramSpec): string {
  return id === LOOSE ? id : slashed(relative(root.path, id));
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

/** What a program complains about more than before. */
function reportOf(
  root: Root,
  program: LoadedProgram,
  texts: ReadonlyMap<string, string | null>,
): TypeReport {
  const { spec } = program;
  const known = program.complaints();
  const after = program.complaintsWith(texts);
  return {
    programs: 1,
    before: known.length,
    after: after.length,
    new: newDiagnostics(spec.compiler, root, known, after),
    unresolved: after.filter(({ code }) => CANNOT_FIND_MODULE.has(code)).length,
    brokenConfigs: spec.problem ? [relativeTo(root, spec.problem)] : [],
  };
}

function relativeTo(root: Root, problem: ConfigProblem): ConfigProblem {
  return { ...problem, file: slashed(relative(root.path, problem.file)) };
}
