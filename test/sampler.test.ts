/** The sampler that init-hardening adds, asked by real SDKs. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { activeRules, applyInMemory, memoryTree } from "./support/memory-tree.js";
import { HELPER_SDKS, withPrograms } from "./support/run.js";

const START = `
import * as Sentry from "@sentry/node";

export function start(isSampled: boolean): void {
  const dsn = "http://public@127.0.0.1:9/1";
  if (isSampled) Sentry.init({ dsn, tracesSampler: ({ name }) => name.startsWith("POST") });
  else Sentry.init({ dsn, tracesSampleRate: 0 });
}
`;

const RULE = {
  id: "sampler",
  use: "init-hardening",
  sampler: {
    rates: [
      { name: "/health", rate: 0 },
      { name: "runner.build", rate: 1 },
    ],
  },
};

const MAIN = `
import * as Sentry from "@sentry/node";
import { start } from "./program/start.js";
start(process.argv[2] === "sampler");
const isRecording = (name) => Sentry.startSpan({ name }, (span) => span.isRecording());
const roots = ["POST /health", "runner.build", "POST /builds", "GET /builds"].map((name) =>
  Sentry.startNewTrace(() => isRecording(name)),
);
const from = (sampled) => ({ sentryTrace: "a".repeat(32) + "-" + "b".repeat(16) + "-" + sampled, baggage: undefined });
const continued = [
  Sentry.continueTrace(from("1"), () => isRecording("POST /health")),
  Sentry.continueTrace(from("0"), () => isRecording("runner.build")),
];
console.log(JSON.stringify({ roots, continued }));
process.exit(0);
`;

test.each(HELPER_SDKS)("names, the parent and what was there decide, %s", async (sdk) => {
  const memory = memoryTree([["start.ts", START]]);
  const plan = applyInMemory(memory, await activeRules([RULE]));
  expect(plan.sites.map(({ state }) => state)).toEqual(["planned", "planned"]);
  const ask = (mode: string) =>
    withPrograms(new Map([["program", memory.files]]), sdk, MAIN, async (cwd) => {
      const env = { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" };
      const options = { cwd, env, timeout: 60_000 };
      const { stdout } = await promisify(execFile)(process.execPath, ["main.js", mode], options);
      return JSON.parse(stdout) as unknown;
    });
  const continued = [true, false];
  expect(await ask("sampler")).toEqual({ roots: [false, true, true, false], continued });
  expect(await ask("rate")).toEqual({ roots: [false, true, false, false], continued });
});
