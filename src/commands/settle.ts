import type { FilePlan, Plan, SiteReport } from "../plan/model.js";
import type { Tree } from "../plan/tree.js";
import type { TypeGate, TypeReport } from "../verify/typecheck.js";
import { NO_LESSONS, type Lessons } from "../transform.js";
import { blame, blameAll, learn, type Trial } from "./blame.js";

/** A plan that no compiler has seen yet, and what is needed to make it again. */
export interface Unsettled {
  readonly first: Plan;
  readonly lessons: Map<string, Lessons>;
  readonly tree: Tree;
  readonly gate: TypeGate;
  readonly make: (known: ReadonlyMap<string, FilePlan>) => Plan;
}

/** A plan and what the compiler says about it. */
export interface Settled {
  readonly plan: Plan;
  readonly typecheck: TypeReport;
}

/**
 * Makes a plan again without what the compiler complains about. A site that was given up may do
 * beside what is left; the next run would find that out, so this one tries.
 */
export function settle(unsettled: Unsettled): Settled {
  const { first, lessons, make } = unsettled;
  let result = learnFrom(unsettled, first, new Set());
  const wholesale = givenUp(result.plan, lessons).filter(({ id }) => lessons.get(id)?.isGivenUp);
  result = readmit(unsettled, result, wholesale, MAX_TRIES);
  for (;;) {
    const { plan } = result;
    const retried = givenUp(plan, lessons);
    if (retried.length === 0) return result;
    const known = new Map(lessons);
    for (const { id } of retried) lessons.delete(id);
    const kept = placedSites(plan);
    const next = learnFrom(unsettled, make(without(plan, retried)), kept);
    if (placedSites(next.plan).size === kept.size || next.typecheck.new.length > 0) {
      lessons.clear();
      for (const [id, each] of known) lessons.set(id, each);
      return readmit(unsettled, result, retried, MAX_LAST_TRIES);
    }
    result = next;
  }
}

/** How many parts of what was given up as a whole are tried. */
const MAX_TRIES = 40;

/** And of what was given up one by one: most of it will not do. */
const MAX_LAST_TRIES = 12;

/**
 * Where it was not clear which sites a complaint comes from, others were given up for it as well:
 * they are tried again, by halves, until those are left that the compiler complains about.
 */
function readmit(
  { lessons, gate, make }: Unsettled,
  settled: Settled,
  sites: readonly SiteReport[],
  maxTries: number,
): Settled {
  let { plan } = settled;
  const groups = [sites];
  for (let tries = 0; tries < maxTries; tries++) {
    const group = groups.pop();
    if (!group || group.length === 0) break;
    const known = group.map(({ id }) => [id, lessons.get(id) ?? NO_LESSONS] as const);
    for (const [id, each] of known) {
      const { complaint, narrowed, retyped } = each;
      lessons.set(id, { ...NO_LESSONS, complaint, narrowed, retyped });
    }
    const tried = make(without(plan, group));
    if (!gate.complaint(tried.changes)) {
      plan = tried;
      continue;
    }
    for (const [id, each] of known) lessons.set(id, each);
    const middle = Math.ceil(group.length / 2);
    if (group.length > 1) groups.push(group.slice(middle), group.slice(0, middle));
  }
  return plan === settled.plan ? settled : { plan, typecheck: gate.check(plan.changes) };
}

/**
 * How often the plan is remade for one program because of single sites. After that all sites of a
 * file that it complains about are given up, and if that does not help, all that are left.
 */
const PATIENCE = 12;

/**
 * Learns from what the compiler says, one program after the other, and plans again until none says
 * anything new.
 * @param kept sites that are not blamed, because without the others there was no complaint
 */
function learnFrom(
  { lessons, tree, gate, make }: Unsettled,
  first: Plan,
  kept: ReadonlySet<string>,
): Settled {
  const { typesOf } = gate;
  const strikes = new Map<string, number>();
  const rounds = new Map<string, number>();
  let plan = first;
  for (;;) {
    const complaint = gate.complaint(plan.changes);
    if (!complaint) break;
    const round = rounds.get(complaint.program) ?? 0;
    rounds.set(complaint.program, round + 1);
    const struck = new Set<string>();
    const isOver = round >= PATIENCE;
    const suspected = withoutPlacements(plan, kept);
    const trial: Trial = { plan: suspected, tree, typesOf, isOver, strikes, struck };
    const found = round > PATIENCE ? [] : complaint.new.flatMap((each) => blame(trial, each));
    for (const key of struck) strikes.set(key, (strikes.get(key) ?? 0) + 1);
    const blamed = found.length > 0 ? found : blameAll(suspected, complaint.new);
    if (blamed.length === 0) break;
    learn(lessons, blamed, isOver || (found.length === 0 && kept.size === 0));
    plan = make(without(plan, blamed));
  }
  return { plan, typecheck: gate.check(plan.changes) };
}

/** A plan in which some sites are beyond doubt, like those of an earlier run. */
function withoutPlacements(plan: Plan, kept: ReadonlySet<string>): Plan {
  const files = plan.files.map((file) => ({
    ...file,
    placements: file.placements.filter(({ site }) => !kept.has(site)),
  }));
  return { ...plan, files };
}

/** The files of a plan that need not be planned again. */
function without(plan: Plan, concerned: readonly { file: string }[]): Map<string, FilePlan> {
  const paths = new Set(concerned.map(({ file }) => file));
  return new Map(
    plan.files.filter(({ path }) => !paths.has(path)).map((each) => [each.path, each]),
  );
}

function placedSites({ files }: Plan): Set<string> {
  return new Set(files.flatMap(({ placements }) => placements.map(({ site }) => site)));
}

/** Sites that were skipped because of what was learned about them. */
function givenUp({ sites }: Plan, lessons: ReadonlyMap<string, Lessons>) {
  return sites.filter(
    ({ id, state, reason }) =>
      state === "skipped" && reason?.code === "type-check" && lessons.has(id),
  );
}
