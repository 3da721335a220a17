import { makePlan, type MadePlan } from "./make-plan.js";
import { ledgerOf } from "./next-ledger.js";
import type { Options } from "./options.js";
import type { Outcome } from "./outcome.js";
import { openWorkspace } from "./workspace.js";

/** Plans and writes nothing. */
export async function preview(options: Options): Promise<Outcome> {
  const started = performance.now();
  const workspace = openWorkspace(options);
  const made = await makePlan(workspace, options);
  return {
    command: "preview",
    sdk: made.sdk,
    sites: made.plan.sites,
    changes: made.plan.changes,
    ledger: ledgerOf({ ...workspace, ledger: made.ledger }, made.plan, options),
    isWritten: false,
    findings: [...workspace.findings, ...made.plan.findings, ...made.findings],
    typecheck: made.typecheck,
    isAnyRead: made.isAnyRead,
    exitCode: breaksTypes(made) ? 1 : 0,
    ms: Math.round(performance.now() - started),
  };
}

/** Whether a new diagnostic is left that no single site explains. */
export function breaksTypes({ typecheck }: MadePlan): boolean {
  return (typecheck?.new.length ?? 0) > 0;
}
