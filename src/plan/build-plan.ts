import type { Source } from "../syntax/source.js";
import type { Style } from "../text/style.js";
import type { Types } from "../syntax/value-kind.js";
import { reason } from "../syntax/reason.js";
import { byFile } from "./by-file.js";
import { hashOf, looseHashOf } from "./hash.js";
import { hopFindings } from "./hops.js";
import type { Ledger, LedgerModule } from "./ledger.js";
import type { ActiveRule, FileChange, FilePlan, Finding, Plan, SiteReport } from "./model.js";
import { planFile, type FileInput } from "./plan-file.js";
import { obstacleTo, type Obstacle } from "./proof.js";
import { spanCautions, type EntriesOf } from "./span-cautions.js";
import type { Tree } from "./tree.js";
import { isWholeFile, planWholeFiles } from "./whole-files.js";

/** What a plan is made from. */
export interface PlanInput extends FilePlannerInput {
  /** Paths and texts of the files that may hold sites. */
  readonly files: Iterable<{ readonly path: string; readonly text: string }>;
  /** Plans of files for which nothing has changed since they were made. */
  readonly known: ReadonlyMap<string, FilePlan>;
}

/** What planning one file after the other needs to know. */
export interface FilePlannerInput {
  readonly tree: Tree;
  readonly rules: readonly ActiveRule[];
  readonly ledger: Ledger;
  readonly wants: (id: string) => boolean;
  readonly rejects: (id: string) => boolean;
  readonly lessons: FileInput["lessons"];
  /** Answers about the types of a file. */
  readonly typesOf: (source: Source) => Types;
  /** The style of modules that are made; by default that of the file that needs one first. */
  readonly moduleStyle?: ((path: string) => Style | null) | undefined;
}

/** Makes the whole plan: pure, the same whatever the order of rules and files. */
export function buildPlan(input: PlanInput): Plan {
  const planOne = filePlanner(input);
  const isTheirs = notMadeByUs(input.ledger);
  const files = [...input.files]
    .filter(({ path }) => isTheirs(path))
    .map(({ path, text }) => input.known.get(path) ?? planOne(path, text));
  return gatherPlan(input, files);
}

/** Makes the whole plan of those of all files. */
export function gatherPlan(
  input: Pick<PlanInput, "tree" | "rules" | "ledger" | "wants" | "rejects">,
  plans: readonly FilePlan[],
): Plan {
  const rules = ordered(input.rules);
  const files = [...plans].sort((a, b) => (a.path < b.path ? -1 : 1));
  const created = createdModules(input.tree, files);
  const whole = planWholeFiles({ ...input, rules });
  const sites = [...files.flatMap((file) => file.sites), ...whole.sites];
  const entriesOf = (rule: string) =>
    files.flatMap(({ entries }) => entries.filter((entry) => entry.rule === rule));
  return {
    files,
    sites,
    findings: [
      ...files.flatMap(({ findings }) => findings),
      ...whole.findings,
      ...unmatchedRules(rules, sites, entriesOf),
      ...spanCautions(rules, entriesOf),
      ...hopFindings(files.flatMap(({ hops }) => hops)),
    ],
    changes: [...files.flatMap(changeOf), ...created.changes, ...whole.changes],
    modules: created.modules,
    whole: whole.entries,
  };
}

/** Modules that a plan has made are ours, and no code to be instrumented. */
export function notMadeByUs({ modules, sites }: Ledger): (path: string) => boolean {
  const holding = new Set(sites.map(({ file }) => file));
  const made = new Set(modules.map(({ file }) => file).filter((file) => !holding.has(file)));
  return (path) => !made.has(path);
}

/** Plans files one by one, whatever the others say: pure, so that they may be shared out. */
export function filePlanner(input: FilePlannerInput): (path: string, text: string) => FilePlan {
  const rules = ordered(input.rules);
  const entries = byFile(input.ledger.sites.filter((site) => !isWholeFile(site)));
  const imports = byFile(input.ledger.imports);
  return (path, text) =>
    planWhole(input, rules, { path, text, entries: entries(path), imports: imports(path) });
}

function ordered(rules: readonly ActiveRule[]): ActiveRule[] {
  return [...rules].sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1));
}

/** Plans one file; one whose instrumentation would not come out again whole is left alone. */
function planWhole(
  input: FilePlannerInput,
  rules: readonly ActiveRule[],
  own: Pick<FileInput, "path" | "text" | "entries" | "imports">,
): FilePlan {
  const { tree, wants, rejects, lessons, typesOf, moduleStyle } = input;
  const refused = new Map<string, Obstacle["code"]>();
  for (;;) {
    const asked = { wants, rejects, lessons, typesOf, moduleStyle, refused };
    const file = { ...own, rules, ...asked };
    const plan = planFile(tree, file);
    const obstacle = obstacleTo(tree, plan);
    if (!obstacle) return plan;
    const { code, sites } = obstacle;
    const found = sites.filter((id) => !refused.has(id));
    if (found.length === 0) return withoutSites(plan, own.text, code);
    for (const id of found) refused.set(id, code);
  }
}

/** The change of a file; its texts may be unpacked only when they are asked for. */
function changeOf(plan: FilePlan): FileChange[] {
  if (!plan.isChanged) return [];
  // Of its own, and no class's: a copy of a change has the texts as well.
  const change = {
    path: plan.path,
    get before() {
      return plan.before;
    },
    get after() {
      return plan.after;
    },
  };
  return [change];
}

/** A file whose instrumentation could not be taken out again is not instrumented at all. */
function withoutSites(plan: FilePlan, text: string, code: Obstacle["code"]): FilePlan {
  const known = new Set(plan.placements.map(({ site }) => site));
  const sites = plan.sites.map((site): SiteReport => {
    if (!known.has(site.id)) return site;
    const skipped = { state: "skipped", by: null, strategy: null, span: null } as const;
    return { ...site, ...skipped, reason: reason(code) };
  });
  return {
    ...plan,
    after: text,
    isChanged: plan.before !== text,
    edits: [],
    sites,
    placements: [],
    entries: plan.entries.filter((entry) => !known.has(entry.id)),
    modules: [],
  };
}

function createdModules(tree: Tree, files: readonly FilePlan[]) {
  const changes: FileChange[] = [];
  const modules: LedgerModule[] = [];
  for (const need of files.flatMap((file) => file.modules)) {
    if (changes.some(({ path }) => path === need.path)) continue;
    if (tree.read(need.path) !== null) continue;
    changes.push({ path: need.path, before: null, after: need.text });
    modules.push({
      file: need.path,
      rule: need.rule,
      hash: hashOf(need.text),
      looseHash: looseHashOf(need.text),
    });
  }
  return { changes, modules };
}

function unmatchedRules(
  rules: readonly ActiveRule[],
  sites: readonly SiteReport[],
  entriesOf: EntriesOf,
): Finding[] {
  const matched = new Set(sites.map(({ rule }) => rule));
  return rules
    .filter(({ rule }) => !matched.has(rule.id) && entriesOf(rule.id).length === 0)
    .map(unmatchedRule);
}

/** What is told of a rule that means nothing in the tree. */
export function unmatchedRule({ rule, isOfPreset }: ActiveRule): Finding {
  return {
    code: "unmatched-rule",
    level: isOfPreset ? "info" : "warning",
    message: `rule "${rule.id}" matches nothing${regionOf(rule)}`,
    file: null,
    line: null,
  };
}

/** What a rule asks of the code that it matches. */
function regionOf(rule: ActiveRule["rule"]): string {
  const { region } = rule as { readonly region?: unknown };
  const isNamed = typeof region === "string" && region !== "auto";
  return isNamed ? ` that has the region "${region}"` : "";
}
