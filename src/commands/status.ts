import { loadCompiler } from "../syntax/compiler.js";
import { relocate } from "../plan/relocate.js";
import { ledgerStatus } from "../plan/status-plan.js";
import type { LedgerModule } from "../plan/ledger.js";
import type { Finding, SiteReport } from "../plan/model.js";
import { UserError } from "../plan/user-error.js";
import { findConfig } from "../project/root.js";
import { createTree, readText } from "../project/tree.js";
import { makePlan } from "./make-plan.js";
import type { Options } from "./options.js";
import type { Outcome } from "./outcome.js";
import { sdksOfLedger } from "./used-sdks.js";
import { assertRule, openWorkspace, wantsEntry, type Workspace } from "./workspace.js";

/** Says how every site of the ledger stands, and what the config would still do or skip. */
export async function status(options: Options): Promise<Outcome> {
  const started = performance.now();
  const workspace = openWorkspace(options);
  const { root } = workspace;
  await assertRule(workspace, options);
  if (workspace.ledger.sites.length > 0) await loadCompiler();
  const tree = createTree(root, "");
  const { ledger, copies } = relocate(tree, workspace.ledger);
  const wants = wantsEntry(root, options);
  const open = await openSites(workspace, options);
  const own = ledgerStatus({ tree, ledger, copies, wants }).map(placedAmong(open.sites));
  const known = new Set(own.map(({ id }) => id));
  const lost = ledger.modules.filter(({ file }) => readText(root, file) === null);
  const hasDrift = lost.length > 0 || own.some(({ state }) => state !== "applied");
  return {
    command: "status",
    sdk: sdksOfLedger(root, ledger, wants),
    sites: [...own, ...open.sites.filter(({ id }) => !known.has(id))],
    changes: [],
    ledger: () => [],
    isWritten: false,
    findings: [...workspace.findings, ...open.findings, ...lost.map(lostModule)],
    typecheck: null,
    exitCode: hasDrift ? 1 : 0,
    ms: Math.round(performance.now() - started),
  };
}

/** The place that the config's rule sees, where there is one: a plan gives it the same. */
function placedAmong(planned: readonly SiteReport[]): (site: SiteReport) => SiteReport {
  const present = planned.filter(({ state }) => state === "present");
  const byId = new Map(present.map((site) => [site.id, site]));
  return (site) => {
    const { line, column, endLine, anchor } = byId.get(site.id) ?? site;
    return { ...site, line, column, endLine, anchor };
  };
}

function lostModule({ file }: LedgerModule): Finding {
  const message = "the created module is gone, and instrumented code imports it";
  return { code: "module-missing", level: "error", message, file, line: null };
}

/** What the config asks for beyond the ledger; without a config, nothing. */
async function openSites(
  workspace: Workspace,
  options: Options,
): Promise<{ sites: readonly SiteReport[]; findings: readonly Finding[] }> {
  const hasConfig = options.config ?? options.preset[0] ?? findConfig(workspace.root);
  if (!hasConfig) return { sites: [], findings: [] };
  try {
    const { plan, findings } = await makePlan(workspace, { ...options, typecheck: false });
    return { sites: plan.sites, findings: [...plan.findings, ...findings] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { message } = error;
    return {
      sites: [],
      findings: [{ code: "config-error", level: "warning", message, file: null, line: null }],
    };
  }
}
