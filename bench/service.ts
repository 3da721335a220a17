/**
 * `npm run bench:service`: the time of the builds of `fixtures/projects/build-service`, before and after the
 * preset was applied, with and without an initialised SDK, side by side in one run.
 */
import { removeFolders, retrospan } from "../test/support/cli.js";
import { compile, newService, runAlone } from "../test/support/service.js";
import { startReceiver } from "../src/trace/receiver.js";

const ROUNDS = 7;

const before = await service([]);
const after = await service(["apply", "--preset", "manual-tracing", "--quiet"]);
const receiver = await startReceiver();
const variants = [
  { name: "before, no init", folder: before, env: {} },
  { name: "after, no init", folder: after, env: {} },
  { name: "before, init", folder: before, env: { SENTRY_DSN: receiver.dsn } },
  { name: "after, init", folder: after, env: { SENTRY_DSN: receiver.dsn } },
] as const;
const times = new Map<string, number[]>(variants.map(({ name }) => [name, []]));
for (let round = 0; round < ROUNDS; round++) {
  for (const { name, folder, env } of variants) times.get(name)?.push(await timed(folder, env));
}
const base = medianOf("before, no init");
for (const { name } of variants) {
  const median = medianOf(name);
  console.log(
    `${name.padEnd(16)} ${median.toFixed(0).padStart(6)} ms  ${(median / base).toFixed(2)}`,
  );
}
await receiver.close();
removeFolders();

/** A compiled service, on which the tool was run if there are arguments. */
async function service(args: readonly string[]): Promise<string> {
  const folder = newService("build-service");
  if (args.length > 0) await retrospan(folder, args);
  await compile(folder);
  return folder;
}

/** Milliseconds from the first command to the last page. */
async function timed(folder: string, env: NodeJS.ProcessEnv): Promise<number> {
  const { stderr, code } = await runAlone(folder, { ...env, TIMED: "1" });
  const [, took] = /^took ([\d.]+) ms$/m.exec(stderr) ?? [];
  if (took === undefined) throw new Error(`the service ended with ${code}: ${stderr}`);
  return Number(took);
}

function medianOf(name: string): number {
  const sorted = [...(times.get(name) ?? [])].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
