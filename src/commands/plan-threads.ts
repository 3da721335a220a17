import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { keepPlan, type KeptPlan } from "../plan/kept-plan.js";
import type { Ledger } from "../plan/ledger.js";
import type { ActiveRule, FilePlan } from "../plan/model.js";
import { groupedBy } from "../text/grouped.js";
import type { Rule } from "../transform.js";
import type { Options } from "./options.js";

/** What a thread is started with. */
export interface ThreadWork {
  readonly cwd: string;
  readonly target: string;
  readonly base: string;
  readonly rules: readonly Rule[];
}

/** Files for a thread, with what the ledger says of them. */
export interface Slice {
  readonly paths: readonly string[];
  readonly ledger: Ledger;
}

/** What many files are planned with. */
export interface Planning {
  readonly ledger: Ledger;
  readonly base: string;
  readonly rules: readonly ActiveRule[];
  /** Plans a file in this thread. */
  readonly planOne: (path: string) => FilePlan | null;
  /** Told now and then how many files are done. */
  readonly onPlanned: (done: number) => void;
}

/** So many files are planned in the time that it takes to start a thread. */
const WORTHWHILE = 400;

/** Until a thread is as fast as one that is warm, it has planned so many. */
const WELL_WORTH = 2000;

/** Each thread takes some 130 MB. */
const MAX_THREADS = 4;

const SLICE = 100;

/** So that a thread has files to plan while its plans are on their way. */
const AT_ONCE = 2;

/** Milliseconds after which others get their turn. */
const TURN = 20;

/** Milliseconds between two words about how far it is. */
const BREATH = 100;

/**
 * Plans files, in this thread and in others where files are many. Others get only what nothing but
 * the texts of files decides about: without the type check, and without sites asked for by name.
 */
export async function planMany(
  planning: Planning,
  paths: readonly string[],
  options: Options,
): Promise<KeptPlan[]> {
  const slices = new Slices(planning.ledger, paths);
  const plans: KeptPlan[] = [];
  let done = 0;
  let breath = performance.now();
  const take = (made: readonly KeptPlan[], planned: number) => {
    plans.push(...made);
    done += planned;
    if (performance.now() - breath < BREATH) return;
    planning.onPlanned(done);
    breath = performance.now();
  };
  const helpers = Array.from(
    { length: helpersFor(paths.length, options) },
    () => new Helper(workOf(planning, options), slices, take),
  );
  try {
    await Promise.all([planHere(planning, slices, take), ...helpers.map(({ ended }) => ended)]);
  } finally {
    slices.drop();
    for (const each of helpers) each.stop();
  }
  return plans;
}

type Take = (made: readonly KeptPlan[], planned: number) => void;

function workOf({ base, rules }: Planning, { cwd, target }: Options): ThreadWork {
  return { cwd, target, base, rules: rules.map(({ rule }) => rule) };
}

/** How many threads plan beside this one. */
function helpersFor(files: number, { concurrency, site, except, shard }: Options): number {
  if (site.length + except.length > 0 || shard !== null) return 0;
  const threads =
    concurrency === null
      ? Math.min(availableParallelism(), MAX_THREADS, Math.floor(files / WELL_WORTH))
      : Math.min(concurrency, Math.floor(files / WORTHWHILE));
  return Math.max(threads - 1, 0);
}

async function planHere({ planOne }: Planning, slices: Slices, take: Take): Promise<void> {
  let turn = performance.now();
  for (let slice = slices.next(); slice; slice = slices.next()) {
    for (const path of slice.paths) {
      const plan = planOne(path);
      take(plan ? [keepPlan(plan)] : [], 1);
      if (performance.now() - turn < TURN) continue;
      // Other threads are heard only in between.
      await setImmediate();
      turn = performance.now();
    }
  }
}

/** What is left to be planned: whoever is ready takes the next slice. */
class Slices {
  readonly #ledger: Ledger;
  readonly #sites: ReadonlyMap<string, Ledger["sites"]>;
  readonly #imports: ReadonlyMap<string, Ledger["imports"]>;
  readonly #paths: readonly string[];
  #at = 0;

  constructor(ledger: Ledger, paths: readonly string[]) {
    this.#ledger = ledger;
    this.#sites = groupedBy(ledger.sites, ({ file }) => file);
    this.#imports = groupedBy(ledger.imports, ({ file }) => file);
    this.#paths = paths;
  }

  next(): Slice | null {
    const paths = this.#paths.slice(this.#at, this.#at + SLICE);
    if (paths.length === 0) return null;
    this.#at += SLICE;
    const sites = paths.flatMap((path) => this.#sites.get(path) ?? []);
    const imports = paths.flatMap((path) => this.#imports.get(path) ?? []);
    return { paths, ledger: { ...this.#ledger, files: {}, sites, imports } };
  }

  /** Nobody wants the rest. */
  drop(): void {
    this.#at = this.#paths.length;
  }
}

/** A thread that plans slices until none is left. */
class Helper {
  readonly ended: Promise<void>;
  readonly #worker: Worker;

  constructor(work: ThreadWork, slices: Slices, take: Take) {
    this.#worker = new Worker(new URL("./plan-worker.js", import.meta.url), { workerData: work });
    const waiting: Slice[] = [];
    const hand = () => {
      const slice = slices.next();
      if (slice) waiting.push(slice);
      this.#worker.postMessage(slice);
    };
    this.ended = new Promise((resolve, reject) => {
      this.#worker.on("message", (made: readonly KeptPlan[]) => {
        take(made, waiting.shift()?.paths.length ?? 0);
        hand();
      });
      this.#worker.once("error", reject);
      this.#worker.once("exit", () => {
        if (waiting.length === 0) resolve();
        else reject(new Error("a thread ended before its files were planned"));
      });
    });
    for (let count = 0; count < AT_ONCE; count++) hand();
  }

  stop(): void {
    void this.#worker.terminate();
  }
}
