/** `npm run fuzz -- --programs 100000 --seed 1`: many programs, on all cores. */
import { parseArgs } from "node:util";
import { startTypeScript } from "./start.js";
import {
  addTally,
  CHUNK,
  emptyTally,
  kindOf,
  rarities,
  type Failure,
  type Tally,
} from "./campaign.js";

const { values } = parseArgs({
  options: {
    programs: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: "2" },
  },
});
const wanted = Number(values.programs);
const firstSeed = Number(values.seed);
const total = emptyTally();
const started = performance.now();
let next = 0;

// A long run that is cut off tells what it has come to.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    report(total);
    process.exit(1);
  });
}

const WORKER = new URL("./worker.ts", import.meta.url);

await Promise.all(Array.from({ length: Number(values.workers) }, runWorker));
report(total);
process.exit(total.failures.length > 0 ? 1 : 0);

/** Hands out chunks until there are none; a chunk's seed does not depend on who takes it. */
function runWorker(): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = startTypeScript(WORKER, []);
    worker.on("message", (tally: Tally | null) => {
      if (tally) addTally(total, tally);
      if (tally)
        process.stderr.write(`${total.programs} programs, ${total.failures.length} failures\n`);
      const chunk = next++;
      const count = Math.min(CHUNK, wanted - chunk * CHUNK);
      if (count > 0) worker.send({ seed: firstSeed + chunk, count });
      else worker.disconnect();
    });
    worker.on("error", reject);
    worker.on("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker ended with ${code}`));
    });
  });
}

function report({ programs, compared, sites, wrapped, edits, counts, failures }: Tally): void {
  const seconds = Math.round((performance.now() - started) / 1000);
  const share = sites === 0 ? 0 : Math.round((1000 * wrapped) / sites) / 10;
  console.log(`${programs} programs (${compared} compared), ${edits} edited, in ${seconds} s`);
  console.log(`${sites} sites, ${wrapped} instrumented (${share} %)`);
  const rows = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, count] of rows) console.log(`${String(count).padStart(9)}  ${key}`);
  for (const [name, count] of rarities(total)) {
    console.log(`too seldom: ${name}, ${count} times in 100,000 programs`);
  }
  const kinds = new Map<string, Failure[]>();
  for (const failure of failures) {
    const kind = kindOf(failure.problem);
    kinds.set(kind, [...(kinds.get(kind) ?? []), failure]);
  }
  console.log(`${failures.length} failures of ${kinds.size} kinds`);
  for (const [kind, all] of kinds) printKind(kind, all);
}

function printKind(kind: string, failures: readonly Failure[]): void {
  const [smallest] = [...failures].sort((a, b) => a.text.length - b.text.length);
  if (!smallest) return;
  const { seed, index, problem, text, rules, after } = smallest;
  console.log(`\n=== ${kind} (${failures.length} times)`);
  console.log(`${problem}\nseed ${seed}, program ${index}, rules ${rules}`);
  console.log(`--- before\n${text}\n--- after\n${after}`);
}
