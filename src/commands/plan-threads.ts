import { Worker } from "node:worker_threads";
import type { Ledger } from "../plan/ledger.js";
import type { FilePlan } from "../plan/model.js";
import type { Options } from "./options.js";

/** What a thread is started with. */
export interface ThreadWork {
  readonly options: Options;
  readonly ledger: Ledger;
  readonly paths: readonly string[];
}

/** So many files are planned in the time that it takes to start a thread. */
const WORTHWHILE = 400;

/**
 * Plans files in several threads, where nothing but their own texts decides about them: without the
 * type check, and without sites that were asked for by name.
 * @returns the plans by path; none where one thread is as fast
 */
export async function planInThreads(
  ledger: Ledger,
  paths: readonly string[],
  options: Options,
): Promise<Map<string, FilePlan>> {
  const { concurrency, site, except, shard } = options;
  const count = Math.min(concurrency, Math.floor(paths.length / WORTHWHILE));
  const isNamed = site.length + except.length > 0 || shard !== null;
  if (count < 2 || isNamed) return new Map();
  const { choose: _choose, ...plain } = options;
  const parts = Array.from({ length: count }, (_, part) => {
    return paths.filter((_path, index) => index % count === part);
  });
  const plans = await Promise.all(
    parts.map((part) => runThread({ options: plain, ledger, paths: part })),
  );
  return new Map(plans.flat().map((plan) => [plan.path, plan]));
}

function runThread(work: ThreadWork): Promise<FilePlan[]> {
  return new Promise((resolve, reject) => {
    const plans: FilePlan[] = [];
    const worker = new Worker(new URL("../commands/plan-worker.js", import.meta.url), {
      workerData: work,
    });
    worker.on("message", (batch: FilePlan[]) => plans.push(...batch));
    worker.once("error", reject);
    worker.once("exit", () => resolve(plans));
  });
}
