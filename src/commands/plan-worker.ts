/** One of several threads that plan files. */
import { parentPort, workerData } from "node:worker_threads";
import type { FilePlan } from "../plan/model.js";
import { findRoot } from "../project/root.js";
import { filePlannerFor } from "./make-plan.js";
import type { ThreadWork } from "./plan-threads.js";

/** Plans are handed over so many at a time. */
const BATCH = 200;

const { options, ledger, paths } = workerData as ThreadWork;
const root = findRoot(options.cwd, options.target);
const plan = await filePlannerFor(root, ledger, options);
let batch: FilePlan[] = [];
for (const path of paths) {
  const made = plan(path);
  if (made) batch.push(made);
  if (batch.length < BATCH) continue;
  parentPort?.postMessage(batch);
  batch = [];
}
parentPort?.postMessage(batch);
