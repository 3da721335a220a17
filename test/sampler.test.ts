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
  if (isSampled) Sentry.init({ dsn, tracesSampler: ({ name }) => /^(POST|GET$|GET .health)/.test(name) });
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
import { createServer } from "node:http";
import { connect } from "node:net";
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
let isHealthRecorded;
const server = createServer((request, response) => {
  isHealthRecorded = Sentry.getActiveSpan()?.isRecording() ?? false;
  response.end();
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address();
await new Promise((resolve) => connect(port, "127.0.0.1").end("GET /health HTTP/1.0\\r\\n\\r\\n").on("close", resolve).resume());
console.log(JSON.stringify({ roots, continued, isHealthRecorded }));
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
  const common = { continued: [true, false], isHealthRecorded: false };
  expect(await ask("sampler")).toEqual({ ...common, roots: [false, true, true, false] });
  expect(await ask("rate")).toEqual({ ...common, roots: [false, true, false, false] });
});
