import type { Plan } from "../plan/model.js";
import { writeChanges } from "../project/write.js";
import { makePlan, type MadePlan } from "./make-plan.js";
import { ledgerOf, type LedgerWriting } from "./next-ledger.js";
import type { Answer, Options } from "./options.js";
import type { Outcome } from "./outcome.js";
import { breaksTypes } from "./preview.js";
import { assertClean, openWorkspace, uncut, type Workspace } from "./workspace.js";

/** Writes the plan and the ledger, or nothing. */
export async function apply(options: Options): Promise<Outcome> {
  const started = performance.now();
  const workspace = openWorkspace(options);
  const { made, isDeclined } = await chosenPlan(workspace, options);
  const { plan } = made;
  const isRefused = breaksTypes(made);
  const isWritten = !isRefused && !options.check;
  const known = { ...workspace, ledger: made.ledger };
  const ledger = ledgerOf(known, plan, options);
  if (isWritten) await write(known, plan, ledger, options);
  return {
    command: "apply",
    sdk: made.sdk,
    sites: isWritten ? plan.sites.map(applied) : plan.sites,
    changes: isRefused ? [] : plan.changes,
    ledger: isRefused ? () => [] : ledger,
    isWritten,
    findings: [...workspace.findings, ...plan.findings, ...made.findings],
    typecheck: made.typecheck,
    isAnyRead: made.isAnyRead,
    isDeclined,
    exitCode: isRefused ? 1 : 0,
    ms: Math.round(performance.now() - started),
  };
}

/** A plan, and whether somebody who was asked wanted none of it. */
interface ChosenPlan {
  readonly made: MadePlan;
  readonly isDeclined: boolean;
}

/** The plan without the sites that somebody does not want. */
async function chosenPlan(workspace: Workspace, options: Options): Promise<ChosenPlan> {
  const made = await makePlan(workspace, options);
  const { choose } = options;
  if (!choose) return { made, isDeclined: false };
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
  if (refused.length === 0) return { made, isDeclined: false };
  const rest = await makePlan(workspace, { ...options, except: [...options.except, ...refused] });
  return { made: rest, isDeclined: refused.length === planned.length };
}

function applied(site: Plan["sites"][number]): Plan["sites"][number] {
  return site.state === "planned" ? { ...site, state: "applied" } : site;
}

async function write(
  workspace: Workspace,
  plan: Plan,
  ledger: LedgerWriting,
  options: Options,
): Promise<void> {
  if (plan.changes.length === 0) return;
  assertClean(workspace, plan.changes, options);
  const changes = [...plan.changes, ...ledger()];
  await uncut(options, (asked) => writeChanges(workspace.root, "apply", changes, asked));
}
