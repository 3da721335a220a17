import { encloses, type Range } from "../text/edit.js";
import { groupedBy } from "../text/grouped.js";
import { reduceText } from "../text/reduce.js";
import { initialisationsOf, usesOfVariableAt, variablesIn } from "../syntax/declarations.js";
import { namesAround, namesAt, narrowedPathsAt, pathAt, statementAt } from "../syntax/narrowing.js";
import { isParseFailure, parseSource, type Source } from "../syntax/source.js";
import type { Types } from "../syntax/value-kind.js";
import type { FilePlan, Placement, Plan } from "../plan/model.js";
import type { Tree } from "../plan/tree.js";
import type { NewDiagnostic } from "../verify/diagnostics.js";
import { NO_LESSONS, type Lessons } from "../transform.js";

/** A site that a new diagnostic may come from. */
export interface Blame extends Suspect {
  /** What the compiler says. */
  readonly complaint: string;
}

interface Suspect {
  readonly file: string;
  readonly site: string;
  readonly strategy: string;
  /** The expression whose narrowing was lost, if that is what the compiler complains about. */
  readonly lost: string | null;
  /** Paths that the complaint may be about, whose types were narrower before. */
  readonly retyped: readonly string[];
}

/** What is called may be null or undefined. */
const CANNOT_INVOKE = new Set([2721, 2722, 2723]);

/** A variable is used before it is assigned: an assignment inside a callback does not count. */
const USED_UNASSIGNED = 2454;

/** A property is left without a value: one that is given inside a callback does not count. */
const UNINITIALISED = 2564;

/** A variable whose type grows with what it is given has none for a callback that uses it. */
const UNKNOWN_TYPE = new Set([7005, 7034]);

const NOTHING_LOST = { lost: null, retyped: [] };

/** One round of planning and checking. */
export interface Trial {
  readonly plan: Plan;
  readonly tree: Tree;
  readonly typesOf: (source: Source) => Types;
  /** Whether there were so many rounds that whole files are blamed. */
  readonly isOver: boolean;
  /** In how many rounds a diagnostic has come back although its neighbours were blamed for it. */
  readonly strikes: ReadonlyMap<string, number>;
  /** The diagnostics of this round that no site stands around. */
  readonly struck: Set<string>;
}

/**
 * The sites that a new diagnostic can come from: the innermost around it, else those that give a
 * value to what its statement reads, else those inside the statement, else those in what it names, of
 * this file and then of others, else its neighbours.
 */
export function blame(trial: Trial, diagnostic: NewDiagnostic): Blame[] {
  return suspects(trial, diagnostic).map((each) => ({
    ...each,
    complaint: complaintOf(diagnostic, each.file),
  }));
}

/** Long types are shortened: the editor or the compiler has all of them. */
const LONGEST = 200;

/** What the compiler says, with the file where that is another one than the site's. */
function complaintOf({ file, line, code, message }: NewDiagnostic, own: string): string {
  const place = file === null || file === own ? "" : `${file}:${line}: `;
  const text = `${place}TS${code}: ${message}`;
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function suspects(trial: Trial, diagnostic: NewDiagnostic): Suspect[] {
  const { plan, isOver } = trial;
  const { file, offset, length, message, code } = diagnostic;
  const needing = sitesNeeding(plan, file);
  if (needing.length > 0) return needing;
  const planned = plan.files.find(({ path }) => path === file);
  const all = (placements: readonly Placement[]) =>
    placements.map(({ site, strategy }) => ({ file: file ?? "", site, strategy, ...NOTHING_LOST }));
  if (!planned || offset === null) return foreignSuspects(trial, diagnostic);
  if (isOver) return all(planned.placements);
  const { toFull } = reduceText(planned.before, planned.edits);
  const [at, end] = [toFull(offset, () => true), toFull(offset + length, () => false)];
  const capturing = capturingSites(planned, at, code);
  if (capturing.length > 0) return all(capturing);
  const [around] = planned.placements
    .filter(({ region }) => region.start <= at && at <= region.end)
    .sort((a, b) => a.region.end - a.region.start - (b.region.end - b.region.start));
  if (!around) {
    const assigning = assigningSites(planned, at);
    if (assigning.length > 0) return all(assigning);
    const inside = sitesInside(planned, at);
    if (inside.length > 0) return all(inside);
    const named = namedSites(planned, { start: at, end });
    if (named.length > 0) return all(named);
    const foreign = foreignSuspects(trial, diagnostic);
    return foreign.length > 0 ? foreign : all(neighbours(planned, at));
  }
  const { site, strategy } = around;
  const source = parseSource(planned.path, planned.before);
  if (isParseFailure(source)) return [{ file: planned.path, site, strategy, ...NOTHING_LOST }];
  const range = { start: at, end };
  const isNull = /undefined|null/.test(message);
  const lost = isNull ? pathAt(source, range, CANNOT_INVOKE.has(code)) : null;
  const retyped = narrowedPathsAt(source, range, trial.typesOf(source));
  return [{ file: planned.path, site, strategy, lost, retyped }];
}

/** The sites that need a module which is made for them. */
function sitesNeeding({ files }: Plan, module: string | null): Suspect[] {
  return files.flatMap(({ path, modules, placements }) => {
    const needs = new Set(modules.filter((each) => each.path === module).map(({ site }) => site));
    return placements
      .filter(({ site }) => needs.has(site))
      .map(({ site, strategy }) => ({ file: path, site, strategy, ...NOTHING_LOST }));
  });
}

/**
 * Sites around, and at last inside, functions of other files whose names the complaining code says:
 * a span can change the type that the compiler infers for what they return.
 */
function foreignSuspects(
  { plan, tree, strikes, struck }: Trial,
  diagnostic: NewDiagnostic,
): Suspect[] {
  const { file, offset, code, message } = diagnostic;
  if (file === null || offset === null) return [];
  const key = `${file} ${code} ${message}`;
  const times = strikes.get(key) ?? 0;
  struck.add(key);
  if (times === 0 && plan.files.some(({ path }) => path === file)) return [];
  const withInner = times > 1;
  const text = plan.files.find(({ path }) => path === file)?.after ?? tree.read(file) ?? "";
  const source = parseSource(file, text);
  const names = isParseFailure(source) ? new Set<string>() : namesAround(source, offset);
  return plan.files
    .filter(({ path }) => path !== file)
    .flatMap(({ path, placements, entries }) =>
      placements.flatMap(({ site, strategy }) => {
        const container = entries.find(({ id }) => id === site)?.container ?? "";
        const isMeant = withInner || strategy === "body";
        return isMeant && names.has(container.split("/").at(-1) ?? "")
          ? [{ file: path, site, strategy, ...NOTHING_LOST }]
          : [];
      }),
    );
}

/**
 * The sites whose callbacks use a variable of outside in a way that the compiler does not follow,
 * wherever it complains about that.
 */
function capturingSites(
  { path, before, placements }: FilePlan,
  at: number,
  code: number,
): Placement[] {
  const isUnassigned = code === USED_UNASSIGNED;
  if (!isUnassigned && code !== UNINITIALISED && !UNKNOWN_TYPE.has(code)) return [];
  const source = parseSource(path, before);
  if (code === UNINITIALISED && !isParseFailure(source)) {
    const given = initialisationsOf(source, at);
    return placements.filter(({ region }) => given.some((each) => encloses(region, each)));
  }
  const uses = isParseFailure(source) ? null : usesOfVariableAt(source, at);
  if (!uses) return [];
  const captured = isUnassigned ? uses.assigned : uses.used;
  return placements.filter(
    ({ region }) =>
      captured.some((use) => encloses(region, use)) && !encloses(region, uses.declared),
  );
}

/**
 * The sites whose callbacks give a value to what the statement at a place reads: what the compiler
 * knew of it from there it no longer knows behind them.
 */
function assigningSites({ path, before, placements }: FilePlan, at: number): Placement[] {
  const source = parseSource(path, before);
  const statement = isParseFailure(source) ? null : statementAt(source, at);
  if (isParseFailure(source) || !statement) return [];
  const captured = variablesIn(source, statement).flatMap(({ declared, assigned }) =>
    assigned.map((use) => ({ declared, use })),
  );
  return placements.filter(({ region }) =>
    captured.some(({ declared, use }) => encloses(region, use) && !encloses(region, declared)),
  );
}

/**
 * The sites in the statement that a complaint stands in: at a name or a type that says what the code
 * behind it yields. A function's own body is suspected before what it does.
 */
function sitesInside({ path, before, placements }: FilePlan, at: number): readonly Placement[] {
  const source = parseSource(path, before);
  const statement = isParseFailure(source) ? null : statementAt(source, at);
  if (!statement) return [];
  const inside = placements.filter(({ region }) => encloses(statement, region));
  const bodies = inside.filter(({ strategy }) => strategy === "body");
  return bodies.length > 0 ? bodies : inside;
}

/** The sites in functions and types of the file that the complaining code names. */
function namedSites({ path, before, placements, entries }: FilePlan, range: Range): Placement[] {
  const source = parseSource(path, before);
  if (isParseFailure(source)) return [];
  const containers = new Map(entries.map(({ id, container }) => [id, container]));
  const isNamed = (names: ReadonlySet<string>) => (each: Placement) =>
    names.has(containers.get(each.site)?.split(/[/.]/).at(-1) ?? "");
  const [own, around] = namesAt(source, range);
  const named = placements.filter(isNamed(own));
  return named.length > 0 ? named : placements.filter(isNamed(around));
}

/** The nearest sites before and behind a place; at the head of a file, where imports are, all. */
function neighbours({ placements }: FilePlan, at: number): readonly Placement[] {
  const before = placements.filter(({ region }) => region.end < at);
  if (before.length === 0) return placements;
  const behind = placements.filter(({ region }) => region.start > at);
  const last = before.reduce((a, b) => (b.region.end > a.region.end ? b : a));
  const next = behind.reduce<Placement | null>(
    (a, b) => (a === null || b.region.start < a.region.start ? b : a),
    null,
  );
  return next ? [last, next] : [last];
}

/** Every placed site, where a complaint leads to none. */
export function blameAll({ files }: Plan, [first]: readonly NewDiagnostic[]): Blame[] {
  if (!first) return [];
  return files.flatMap(({ path, placements }) => {
    const complaint = complaintOf(first, path);
    return placements.map(({ site, strategy }) => {
      return { file: path, site, strategy, ...NOTHING_LOST, complaint };
    });
  });
}

/**
 * First what the compiler knew is said again: that a value is there, then its narrower type, then
 * the type of the result. Only if that does not help is the strategy given up.
 * @param isOver whether the sites are given up, whatever could still be tried
 */
export function learn(
  lessons: Map<string, Lessons>,
  blamed: readonly Blame[],
  isOver: boolean,
): void {
  for (const [site, own] of groupedBy(blamed, (each) => each.site)) {
    const known = lessons.get(site) ?? NO_LESSONS;
    const complaint = known.complaint ?? own[0]?.complaint ?? null;
    const learned = isOver ? { isGivenUp: true } : lesson(known, own);
    lessons.set(site, { ...known, complaint, ...learned });
  }
}

function lesson(known: Lessons, blamed: readonly Blame[]): Partial<Lessons> {
  const { vetoed, narrowed, retyped, annotated } = known;
  const lost = blamed.flatMap((each) => each.lost ?? []).filter((path) => !narrowed.has(path));
  if (lost.length > 0) return { narrowed: new Set([...narrowed, ...lost]) };
  const paths = blamed.flatMap((each) => each.retyped).filter((path) => !retyped.has(path));
  if (paths.length > 0) return retype(known, paths);
  const isBody = blamed.some(({ strategy }) => strategy === "body");
  if (isBody && !annotated) return { annotated: true };
  return { vetoed: new Set([...vetoed, ...blamed.map(({ strategy }) => strategy)]) };
}

/** Where a path's type is said, that it is there is said with it. */
function retype({ narrowed, retyped }: Lessons, paths: readonly string[]): Partial<Lessons> {
  return {
    narrowed: new Set([...narrowed].filter((path) => !paths.includes(path))),
    retyped: new Set([...retyped, ...paths]),
  };
}
