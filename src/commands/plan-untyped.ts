import { setImmediate } from "node:timers/promises";
import { filePlanner, gatherPlan, notMadeByUs } from "../plan/build-plan.js";
import { keepPlan, openPlans, type KeptPlan } from "../plan/kept-plan.js";
import type { Ledger } from "../plan/ledger.js";
import type { ActiveRule, FilePlan, Plan } from "../plan/model.js";
import type { LoadedConfig } from "../project/config-file.js";
import type { Root } from "../project/root.js";
import { createTree, readText } from "../project/tree.js";
import { NO_TYPES } from "../syntax/value-kind.js";
import { askedFor, unreadableAmong, type Asked } from "./asked.js";
import type { Options } from "./options.js";
import { planInThreads, planning } from "./plan-threads.js";
import { assertSites, type Workspace } from "./workspace.js";

/** Of more files than these, plans are kept small until they are written. */
const FEW = 400;

/** Makes the plan from what each file says itself. */
export async function planWithoutTypes(
  { root, ledger }: Pick<Workspace, "root" | "ledger">,
  { base }: LoadedConfig,
  rules: readonly ActiveRule[],
  all: readonly string[],
  options: Options,
): Promise<Plan> {
  const asked = askedFor(root, ledger, options);
  const paths = all.filter(notMadeByUs(ledger));
  const planOne = untypedPlanner(root, base, rules, ledger, asked);
  const files =
    paths.length <= FEW
      ? paths.flatMap((path) => planOne(path) ?? [])
      : openPlans(
          (await planInThreads(ledger, base, rules, paths, options)) ??
            (await planInTurn(paths, planOne, options)),
        );
  options.onProgress?.(null);
  // A part of the tree does not show all sites.
  if (root.isWhole) assertSites(options, asked.seen);
  const plan = gatherPlan({ tree: createTree(root, base), rules, ledger, ...asked }, files);
  const findings = [...plan.findings, ...unreadableAmong(root, paths, files)];
  return { ...plan, findings };
}

/** Milliseconds after which somebody who presses Ctrl-C should be heard. */
const BREATH = 100;

async function planInTurn(
  paths: readonly string[],
  planOne: (path: string) => FilePlan | null,
  { onProgress }: Options,
): Promise<KeptPlan[]> {
  const kept: KeptPlan[] = [];
  let breath = performance.now();
  for (const [index, path] of paths.entries()) {
    const plan = planOne(path);
    if (plan) kept.push(keepPlan(plan));
    if (performance.now() - breath < BREATH) continue;
    onProgress?.(planning(index + 1, paths.length));
    await setImmediate();
    breath = performance.now();
  }
  return kept;
}

/** Plans one file after the other; null for what cannot be read. */
export function untypedPlanner(
  root: Root,
  base: string,
  rules: readonly ActiveRule[],
  ledger: Ledger,
  asked: Pick<Asked, "wants" | "rejects" | "moduleStyle">,
): (path: string) => FilePlan | null {
  const plan = filePlanner({
    tree: createTree(root, base),
    rules,
    ledger,
    ...asked,
    lessons: new Map(),
    typesOf: () => NO_TYPES,
  });
  return (path) => {
    const text = readText(root, path);
    return text === null ? null : plan(path, text);
  };
}
