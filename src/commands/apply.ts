import { hashOf } from "../plan/hash.js";
import { isWholeFile } from "../plan/whole-files.js";
import { formatLedger, sitesByFile, type Ledger, type LedgerToWrite } from "../plan/ledger.js";
import type { Plan } from "../plan/model.js";
import { ledgerPath, ledgerPaths } from "../project/ledger-file.js";
import { readText } from "../project/tree.js";
import { writeChanges, type Writing } from "../project/write.js";
import { makePlan, type MadePlan } from "./make-plan.js";
import type { Answer, Options } from "./options.js";
import type { Outcome } from "./outcome.js";
import { breaksTypes } from "./preview.js";
import { assertClean, openWorkspace, uncut, type Workspace } from "./workspace.js";

/** Writes the plan and the ledger, or nothing. */
export async function apply(options: Options): Promise<Outcome> {
  const started = performance.now();
  const workspace = openWorkspace(options);
  const made = await chosenPlan(workspace, options);
  const { plan } = made;
  const isRefused = breaksTypes(made);
  const isWritten = !isRefused && !options.check;
  if (isWritten) await write({ ...workspace, ledger: made.ledger }, plan, options);
  return {
    command: "apply",
    sdk: made.sdk,
    sites: isWritten ? plan.sites.map(applied) : plan.sites,
    changes: isRefused ? [] : plan.changes,
    isWritten,
    findings: [...workspace.findings, ...plan.findings, ...made.findings],
    typecheck: made.typecheck,
    exitCode: isRefused ? 1 : 0,
    ms: Math.round(performance.now() - started),
  };
}

/** The plan without the sites that somebody does not want. */
async function chosenPlan(workspace: Workspace, options: Options): Promise<MadePlan> {
  const made = await makePlan(workspace, options);
  const { choose } = options;
  if (!choose) return made;
  const refused: string[] = [];
  const planned = made.plan.sites.filter(({ state }) => state === "planned");
  let answer: Answer = "yes";
  for (const [index, site] of planned.entries()) {
    const change = made.plan.changes.find(({ path }) => path === site.file);
    const isDecided = answer === "all" || answer === "quit";
    if (change && !isDecided) {
      answer = await choose({ site, change, number: index + 1, count: planned.length });
    }
    if (answer === "no" || answer === "quit") refused.push(site.id);
  }
  if (refused.length === 0) return made;
  return makePlan(workspace, { ...options, except: [...options.except, ...refused] });
}

function applied(site: Plan["sites"][number]): Plan["sites"][number] {
  return site.state === "planned" ? { ...site, state: "applied" } : site;
}

async function write(workspace: Workspace, plan: Plan, options: Options): Promise<void> {
  const { root, ledger } = workspace;
  if (plan.changes.length === 0) return;
  assertClean(workspace, plan.changes, options);
  const next = ledgerAfter(ledger, plan);
  const changes = [...plan.changes, ...ledgerChanges(workspace, next, options)];
  await uncut(options, (asked) => writeChanges(root, "apply", changes, asked));
}

/**
 * The ledger as a change like any other, so that it is written with the files or not at all. A run
 * over all of the tree brings the ledgers of shards together.
 */
export function ledgerChanges(
  { root }: Workspace,
  next: LedgerToWrite | null,
  { shard }: Options,
): Writing[] {
  const path = ledgerPath(shard);
  const others = shard ? [] : ledgerPaths(root).filter((each) => each !== path);
  const gone = others.map((each) => ({ path: each, before: readText(root, each), after: null }));
  const before = readText(root, path);
  if (before === null && next === null) return gone;
  return [...gone, { path, before, after: next ? formatLedger(next) : null }];
}

function ledgerAfter(ledger: Ledger, plan: Plan): LedgerToWrite {
  const planned = new Set(plan.files.map(({ path }) => path));
  const others = <T extends { file: string }>(items: readonly T[]) =>
    items.filter(({ file }) => !planned.has(file));
  const files = { ...ledger.files };
  for (const file of plan.files) {
    const isKnown = files[file.path] !== undefined;
    if ((isKnown && !file.isChanged) || file.entries.length === 0) continue;
    files[file.path] = { original: hashOf(file.base), written: hashOf(file.after) };
  }
  const changed = new Map(plan.changes.map((each) => [each.path, each]));
  for (const { file } of plan.whole) {
    const change = changed.get(file);
    if (change?.after == null) continue;
    const original = change.before === null ? null : hashOf(change.before);
    files[file] = { original, written: hashOf(change.after) };
  }
  const created = new Set(plan.modules.map(({ file }) => file));
  return {
    ...ledger,
    files,
    sites: [
      ...sitesByFile([...others(ledger.sites).filter((site) => !isWholeFile(site)), ...plan.whole]),
      ...plan.files.map((file) => ({ file: file.path, sites: () => file.entries })),
    ],
    imports: [...others(ledger.imports), ...plan.files.flatMap(({ imports }) => imports)],
    modules: [...ledger.modules.filter(({ file }) => !created.has(file)), ...plan.modules],
  };
}
