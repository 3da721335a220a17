import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { KeptPlan } from "../plan/kept-plan.js";
import type { Ledger } from "../plan/ledger.js";
import type { ActiveRule } from "../plan/model.js";
import type { Rule } from "../transform.js";
import type { Options } from "./options.js";

/** What a thread is started with. */
export interface ThreadWork {
  readonly cwd: string;
  readonly target: string;
  readonly base: string;
  readonly rules: readonly Rule[];
  readonly ledger: Ledger;
  readonly paths: readonly string[];
}

/** So many files are planned in the time that it takes to start a thread. */
const WORTHWHILE = 400;

/** Until a thread is as fast as one that is warm, it has planned so many. */
const WELL_WORTH = 2000;

/** Each thread takes some 60 MB. */
const MAX_THREADS = 4;

/**
 * Plans files in several threads, where nothing but their own texts decides about them: without the
 * type check, and without sites that were asked for by name.
 * @param onPlanned told now and then how many are done
 * @returns null where one thread is as fast
 */
export async function planInThreads(
  ledger: Ledger,
  base: string,
  rules: readonly ActiveRule[],
  paths: readonly string[],
  options: Options,
  onPlanned: (done: number) => void,
): Promise<KeptPlan[] | null> {
  const { cwd, target, site, except, shard } = options;
  const count = threadsFor(paths.length, options);
  const isNamed = site.length + except.length > 0 || shard !== null;
  if (count < 2 || isNamed) return null;
  const parts = Array.from({ length: count }, (_, part) => {
    return paths.filter((_path, index) => index % count === part);
  });
  const common = { cwd, target, base, rules: rules.map(({ rule }) => rule) };
  const plans: KeptPlan[] = [];
  const take = (batch: readonly KeptPlan[]) => {
    plans.push(...batch);
    onPlanned(plans.length);
  };
  await Promise.all(
    parts.map((part) => runThread({ ...common, ledger: ofFiles(ledger, part), paths: part }, take)),
  );
  return plans;
}

function threadsFor(files: number, { concurrency }: Options): number {
  if (concurrency !== null) return Math.min(concurrency, Math.floor(files / WORTHWHILE));
  return Math.min(availableParallelism(), MAX_THREADS, Math.floor(files / WELL_WORTH));
}

/** What a ledger says of some files. */
function ofFiles(ledger: Ledger, paths: readonly string[]): Ledger {
  const own = new Set(paths);
  return {
    ...ledger,
    files: {},
    sites: ledger.sites.filter(({ file }) => own.has(file)),
    imports: ledger.imports.filter(({ file }) => own.has(file)),
  };
}

function runThread(work: ThreadWork, take: (batch: readonly KeptPlan[]) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./plan-worker.js", import.meta.url), {
      workerData: work,
    });
    worker.on("message", take);
    worker.once("error", reject);
    worker.once("exit", () => resolve());
  });
}
