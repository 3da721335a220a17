import fc from "fast-check";
import { REASONS } from "../../src/syntax/reason.js";
import { judge, logProblems, type Verdict } from "./laws.js";
import { judgeSteps } from "./steps.js";
import { judgeEdits } from "./edits.js";
import { program, type Program } from "./program.js";
import { reduced } from "./reduce.js";
import { REAL_SDKS, runReal } from "./real-sdks.js";

/** How many programs are made from one seed; the first number of a campaign names the first seed. */
export const CHUNK = 250;

/** What many programs came to. */
export interface Tally {
  programs: number;
  /** Programs that were run before and after. */
  compared: number;
  sites: number;
  /** Sites that were instrumented, by whatever transform. */
  wrapped: number;
  edits: number;
  readonly counts: Record<string, number>;
  readonly failures: Failure[];
}

export interface Failure {
  readonly seed: number;
  readonly index: number;
  readonly problem: string;
  readonly text: string;
  readonly rules: string;
  readonly after: string;
}

export function emptyTally(): Tally {
  return { programs: 0, compared: 0, sites: 0, wrapped: 0, edits: 0, counts: {}, failures: [] };
}

export function addTally(total: Tally, part: Tally): void {
  total.programs += part.programs;
  total.compared += part.compared;
  total.sites += part.sites;
  total.wrapped += part.wrapped;
  total.edits += part.edits;
  for (const [key, count] of Object.entries(part.counts)) {
    total.counts[key] = (total.counts[key] ?? 0) + count;
  }
  total.failures.push(...part.failures);
}

/** Strategies that a site in a file can have. */
const STRATEGIES = ["expression", "statement", "body", "inactive", "insert", "replace"] as const;

/** How often each strategy and each reason code is to be seen in 100,000 programs. */
const ENOUGH = 100;

/** Strategies and codes that were seen too seldom, with how often 100,000 programs would show them. */
export function rarities({ programs, counts }: Tally): readonly (readonly [string, number])[] {
  const per = 100_000 / Math.max(1, programs);
  const seen = (...keys: string[]) => keys.reduce((sum, key) => sum + (counts[key] ?? 0), 0);
  const strategies = STRATEGIES.map((name) => [name, seen(`strategy: ${name}`)] as const);
  const codes = Object.keys(REASONS).map(
    (code) => [code, seen(`skip: ${code}`, `left: ${code}`)] as const,
  );
  return [...strategies, ...codes]
    .map(([name, count]) => [name, Math.round(count * per)] as const)
    .filter(([, count]) => count < ENOUGH);
}

/** The same programs for the same seed, on every machine. */
export function programsOf(seed: number, count: number): Program[] {
  return fc.sample(program, { seed, numRuns: count, unbiased: true });
}

/** Which of the real SDKs the programs of a seed run against. */
export interface Against {
  readonly real: boolean;
}

/** Makes the programs of one seed and judges them. */
export async function runChunk(seed: number, count: number, { real }: Against): Promise<Tally> {
  const tally = emptyTally();
  const ran: { index: number; program: Program; run: NonNullable<Verdict["run"]> }[] = [];
  for (const [index, each] of programsOf(seed, count).entries()) {
    const { verdict, edited, problems } = await judgeWhole(each);
    if (verdict) addVerdict(tally, verdict);
    if (verdict?.run && verdict.problems.length === 0)
      ran.push({ index, program: each, run: verdict.run });
    for (const code of edited?.reasons ?? []) bump(tally, `left: ${code}`);
    tally.edits += edited?.count ?? 0;
    for (const problem of problems) tally.failures.push(await failure(seed, index, problem));
  }
  if (!real) return tally;
  for (const isInitialised of [false, true]) {
    const sdk = REAL_SDKS[(seed + (isInitialised ? 1 : 0)) % REAL_SDKS.length] ?? "@sentry/node";
    const logs = await runReal(
      sdk,
      isInitialised,
      ran.map(({ run }) => run.body),
    );
    bump(tally, `run: ${sdk} ${isInitialised ? "initialised" : "plain"}`, logs.length);
    for (const [at, { index, run }] of ran.entries()) {
      const [problem] = logProblems(run.log, logs[at] ?? []);
      if (problem) tally.failures.push(await failure(seed, index, `${sdk}: ${problem}`));
    }
  }
  return tally;
}

function bump({ counts }: Tally, key: string, by = 1): void {
  counts[key] = (counts[key] ?? 0) + by;
}

function addVerdict(tally: Tally, { sites, run }: Verdict): void {
  tally.programs++;
  if (run) tally.compared++;
  for (const { strategy, reason } of sites) {
    tally.sites++;
    if (reason === null && strategy !== null) tally.wrapped++;
    bump(tally, reason ? `skip: ${reason}` : `strategy: ${strategy ?? "present"}`);
  }
}

const SHRINKING_TIME = 15_000;

/** The smallest program found that breaks the same law. */
async function failure(seed: number, index: number, problem: string): Promise<Failure> {
  const kind = kindOf(problem);
  const [found] = programsOf(seed, index + 1).slice(index);
  if (!found) throw new Error(`seed ${seed} has no program ${index}`);
  const fails = async (candidate: Program) => {
    const problems = await problemsOf(candidate);
    return problems.some((each) => kindOf(each) === kind);
  };
  const isNew = !shrunk.has(kind);
  shrunk.add(kind);
  const smallest =
    isNew && (await fails(found)) ? await reduced(found, fails, SHRINKING_TIME) : found;
  const after = await judge(smallest).then(
    (verdict) => verdict.after,
    () => "",
  );
  const rules = JSON.stringify(smallest.rules);
  return { seed, index, problem, text: smallest.text, rules, after };
}

/** Kinds of failures that need no second small program. */
const shrunk = new Set<string>();

/** What a program breaks against the stub, before and after it is edited. */
export async function problemsOf(candidate: Program): Promise<readonly string[]> {
  return (await judgeWhole(candidate)).problems;
}

interface Judgement {
  /** Null where the tool itself threw. */
  readonly verdict: Verdict | null;
  readonly edited: Awaited<ReturnType<typeof judgeEdits>> | null;
  readonly problems: readonly string[];
}

/** Judges a program by all laws; that the tool throws is a problem like any other. */
async function judgeWhole(candidate: Program): Promise<Judgement> {
  let verdict: Verdict | null = null;
  try {
    verdict = await judge(candidate);
    if (verdict.problems.length > 0) return { verdict, edited: null, problems: verdict.problems };
    const edited = await judgeEdits(candidate, verdict);
    const problems = [...edited.problems, ...(await judgeSteps(candidate, verdict))];
    return { verdict, edited, problems };
  } catch (error) {
    return { verdict, edited: null, problems: [`the tool throws: ${String(error)}`] };
  }
}

/** A problem without what differs from program to program. */
export function kindOf(problem: string): string {
  return problem.replace(/".*/s, "").replace(/\d+/g, "#").slice(0, 60);
}
