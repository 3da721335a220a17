import { loadCompiler } from "../syntax/compiler.js";
import { hashOf } from "../plan/hash.js";
import { isEmpty, sitesByFile, type Ledger } from "../plan/ledger.js";
import { relocate } from "../plan/relocate.js";
import { planRevert, type RevertPlan } from "../plan/revert-plan.js";
import { TRANSFORMS } from "../../transforms/index.js";
import { removeStateDir, writeChanges } from "../project/write.js";
import { createTree } from "../project/tree.js";
import { ledgerChanges, once, type LedgerWriting } from "./next-ledger.js";
import type { Options } from "./options.js";
import type { Outcome } from "./outcome.js";
import { sdksOfLedger } from "./used-sdks.js";
import {
  assertClean,
  assertKnown,
  assertRule,
  assertSites,
  openWorkspace,
  uncut,
  wantsEntry,
  type Workspace,
} from "./workspace.js";

/** Takes out what the ledger and the code's shape both say is ours. */
export async function revert(options: Options): Promise<Outcome> {
  const started = performance.now();
  const workspace = openWorkspace(options);
  const { root } = workspace;
  await assertRule(workspace, options);
  if (root.isWhole) assertSites(options, new Set(workspace.ledger.sites.map(({ id }) => id)));
  for (const name of options.keep) assertKnown("--keep", name, TRANSFORMS.keys());
  if (!isEmpty(workspace.ledger)) await loadCompiler();
  const tree = createTree(root, "");
  const { ledger, copies, alike } = relocate(tree, workspace.ledger);
  const wants = wantsEntry(root, options);
  const plan = planRevert({
    tree,
    ledger,
    wants,
    copies,
    alike,
    made: ledger.modules,
    covers: root.covers,
    madeElsewhere: workspace.madeElsewhere,
  });
  assertExact(plan);
  const known = { ...workspace, ledger };
  const writing = writingOf(known, plan, options);
  if (writing && !options.check) await write(known, plan, writing, options);
  const isLeft = plan.sites.some(({ state }) => state === "left");
  const hasErrors = plan.findings.some(({ level }) => level === "error");
  return {
    command: "revert",
    sdk: sdksOfLedger(root, ledger, wants),
    sites: plan.sites,
    changes: plan.changes,
    ledger: writing?.ledger ?? (() => []),
    isWritten: !options.check,
    findings: [...workspace.findings, ...plan.findings],
    typecheck: null,
    exitCode: isLeft || hasErrors ? 1 : 0,
    ms: Math.round(performance.now() - started),
  };
}

/** A file nobody has edited since must come out byte for byte; anything else is our bug. */
function assertExact({ exact, changes }: RevertPlan): void {
  const byPath = new Map(changes.map((change) => [change.path, change]));
  for (const [path, original] of exact) {
    const change = byPath.get(path);
    if (change?.after != null && hashOf(change.after) !== original) {
      throw new Error(`${path}: the revert would not restore every byte; nothing was written`);
    }
  }
}

/** How the ledger is written when a plan is. */
interface RevertWriting {
  readonly ledger: LedgerWriting;
  /** Whether nothing stays that the ledger would have to remember. */
  readonly isDone: boolean;
}

/** What is to be written; null where nothing is. */
function writingOf(workspace: Workspace, plan: RevertPlan, options: Options): RevertWriting | null {
  const { ledger } = workspace;
  const next = ledgerAfter(ledger, plan, options);
  const sizeOf = ({ sites, imports, modules }: Pick<Ledger, "sites" | "imports" | "modules">) =>
    sites.length + imports.length + modules.length;
  const isSame = plan.changes.length === 0 && sizeOf(next) === sizeOf(ledger);
  const isReasoned = next.history.some((each) => each.reason !== undefined);
  const staysOpen = isReasoned || options.keep.length > 0;
  if (isSame && (options.reason === undefined || isEmpty(ledger))) return null;
  const isDone = isEmpty(next) && !staysOpen;
  const toWrite = isDone ? null : { ...next, sites: sitesByFile(next.sites) };
  return { ledger: once(() => ledgerChanges(workspace, toWrite, options)), isDone };
}

async function write(
  workspace: Workspace,
  plan: RevertPlan,
  { ledger, isDone }: RevertWriting,
  options: Options,
): Promise<void> {
  const { root } = workspace;
  assertClean(workspace, plan.changes, options);
  await uncut(options, async (asked) => {
    await writeChanges(root, "revert", [...plan.changes, ...ledger()], asked);
    if (isDone) removeStateDir(root);
  });
}

function ledgerAfter(ledger: Ledger, plan: RevertPlan, options: Options): Ledger {
  const files = { ...ledger.files };
  const kept = new Set([...plan.ledger.sites, ...plan.ledger.imports].map(({ file }) => file));
  const byPath = new Map(plan.changes.map((change) => [change.path, change]));
  for (const path of Object.keys(files)) {
    const change = byPath.get(path);
    const known = files[path];
    if (!kept.has(path)) delete files[path];
    else if (change?.after != null && known) {
      const isUntouched = known.written === hashOf(change.before ?? "");
      files[path] = {
        original: isUntouched ? known.original : null,
        written: hashOf(change.after),
      };
    }
  }
  return {
    ...ledger,
    ...plan.ledger,
    files,
    history: [
      ...ledger.history,
      {
        at: new Date().toISOString(),
        command: "revert",
        sites: plan.sites.filter(({ state }) => state === "reverted").map(({ id }) => id),
        ...(options.reason === undefined ? {} : { reason: options.reason }),
      },
    ],
  };
}
