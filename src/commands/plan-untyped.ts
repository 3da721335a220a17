import { setImmediate } from "node:timers/promises";
import { filePlanner, gatherPlan, notMadeByUs } from "../plan/build-plan.js";
import { keepPlan, openPlans } from "../plan/kept-plan.js";
import type { Ledger } from "../plan/ledger.js";
import type { ActiveRule, FilePlan, Plan } from "../plan/model.js";
import type { LoadedConfig } from "../project/config-file.js";
import type { Root } from "../project/root.js";
import { createTree, readText } from "../project/tree.js";
import { loadCompiler } from "../syntax/compiler.js";
import { NO_TYPES } from "../syntax/value-kind.js";
import { askedFor, unreadableAmong, type Asked } from "./asked.js";
import type { Options } from "./options.js";
import { planMany } from "./plan-threads.js";
import { assertSites, type Workspace } from "./workspace.js";

/** Of more files than these, plans are kept small until they are written. */
const FEW = 400;

/** A plan made from what each file says itself, which may begin while files are still sought. */
export interface UntypedPlanning {
  /** Tells files that will be among those to be planned. */
  readonly begin: (paths: readonly string[]) => void;
  /** Makes the plan of all files that are to be planned. */
  readonly finish: (paths: readonly string[]) => Promise<Plan>;
}

/** Starts planning; nothing is done before the first file is told. */
export function startPlanning(
  { root, ledger }: Pick<Workspace, "root" | "ledger">,
  { base }: LoadedConfig,
  rules: readonly ActiveRule[],
  options: Options,
): UntypedPlanning {
  const asked = askedFor(root, ledger, options);
  const isTheirs = notMadeByUs(ledger);
  const planOne = untypedPlanner(root, base, rules, ledger, asked);
  const early = new EarlyPlans(planOne);
  return {
    begin: (paths) => early.add(paths.filter(isTheirs)),
    finish: async (all) => {
      const paths = all.filter(isTheirs);
      const known = await early.take();
      const rest = paths.filter((path) => !known.has(path));
      const first = paths.flatMap((path) => known.get(path) ?? []);
      const onPlanned = (done: number) =>
        options.onProgress?.(`planning: ${known.size + done} of ${paths.length} files`);
      const files =
        paths.length <= FEW
          ? [...first, ...rest.flatMap((path) => planOne(path) ?? [])]
          : openPlans([
              ...first.map(keepPlan),
              ...(await planMany({ ledger, base, rules, planOne, onPlanned }, rest, options)),
            ]);
      options.onProgress?.(null);
      // A part of the tree does not show all sites.
      if (root.isWhole) assertSites(options, asked.seen);
      const plan = gatherPlan({ tree: createTree(root, base), rules, ledger, ...asked }, files);
      const findings = [...plan.findings, ...unreadableAmong(root, paths, files)];
      return { ...plan, findings };
    },
  };
}

/** Plans of a few files, made while the search for the others has the machine half to itself. */
class EarlyPlans {
  readonly #planOne: (path: string) => FilePlan | null;
  readonly #plans = new Map<string, FilePlan | null>();
  readonly #waiting: string[] = [];
  #isOver = false;
  #running: Promise<void> | null = null;

  constructor(planOne: (path: string) => FilePlan | null) {
    this.#planOne = planOne;
  }

  add(paths: readonly string[]): void {
    if (this.#plans.size + this.#waiting.length > FEW) return;
    this.#waiting.push(...paths.slice(0, FEW));
    if (this.#running) return;
    this.#running = this.#run();
    // What it throws is thrown where the plans are taken.
    this.#running.catch(() => undefined);
  }

  async #run(): Promise<void> {
    await loadCompiler();
    for (let path = this.#next(); path !== undefined; path = this.#next()) {
      this.#plans.set(path, this.#planOne(path));
      // The search goes on only where it is listened to.
      await setImmediate();
    }
    this.#running = null;
  }

  #next(): string | undefined {
    return this.#isOver ? undefined : this.#waiting.shift();
  }

  async take(): Promise<ReadonlyMap<string, FilePlan | null>> {
    this.#isOver = true;
    await this.#running;
    return this.#plans;
  }
}

/** Plans files one by one; null for what cannot be read. */
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
