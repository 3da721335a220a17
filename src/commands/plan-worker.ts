/** One of several threads that plan files. */
import { parentPort, workerData } from "node:worker_threads";
import { keepPlan, type KeptPlan } from "../plan/kept-plan.js";
import { loadCompiler } from "../syntax/compiler.js";
import { findRoot } from "../project/root.js";
import { activeRules } from "./asked.js";
import { untypedPlanner } from "./plan-untyped.js";
import type { ThreadWork } from "./plan-threads.js";

/** Plans are handed over so many at a time. */
const BATCH = 200;

const { cwd, target, base, rules, ledger, paths } = workerData as ThreadWork;
await loadCompiler();
const root = findRoot(cwd, target);
const plan = untypedPlanner(root, base, activeRules(rules, base), ledger, {
  wants: () => true,
  rejects: () => false,
});
let batch: KeptPlan[] = [];
for (const path of paths) {
  const made = plan(path);
  if (made) batch.push(keepPlan(made));
  if (batch.length < BATCH) continue;
  parentPort?.postMessage(batch);
  batch = [];
}
parentPort?.postMessage(batch);
