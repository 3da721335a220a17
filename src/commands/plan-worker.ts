/** One of several threads that plan files. */
import { parentPort, workerData } from "node:worker_threads";
import { keepPlan } from "../plan/kept-plan.js";
import { loadCompiler } from "../syntax/compiler.js";
import { findRoot } from "../project/root.js";
import { activeRules } from "./asked.js";
import { untypedPlanner } from "./plan-untyped.js";
import type { Slice, ThreadWork } from "./plan-threads.js";

const { cwd, target, base, rules } = workerData as ThreadWork;
await loadCompiler();
const root = findRoot(cwd, target);
const active = activeRules(rules, base);
const everySite = { wants: () => true, rejects: () => false };

parentPort?.on("message", (slice: Slice | null) => {
  if (!slice) {
    parentPort?.close();
    return;
  }
  const planOne = untypedPlanner(root, base, active, slice.ledger, everySite);
  const plans = slice.paths.flatMap((path) => planOne(path) ?? []);
  parentPort?.postMessage(plans.map(keepPlan));
});
