import { afterEach, expect, test } from "vitest";
import { preview } from "../src/index.js";
import { PRESETS } from "../src/plan/presets.js";
import { newTree, removeFolders } from "./support/cli.js";

afterEach(removeFolders);

test("the observability preset carries out its plan on the names that the plan has", async () => {
  const folder = newTree({
    "package.json": JSON.stringify({ type: "module", dependencies: { "@sentry/node": "^11" } }),
    "src/run.ts": `
export async function runPipeline(signal: AbortSignal): Promise<{ success: boolean }> {
  const stageTiming: Record<string, number> = {};
  const began = Date.now();
  await Promise.resolve();
  stageTiming["first"] = Date.now() - began;
  if (signal.aborted) return { success: false };
  return { success: true };
}
`,
    "src/metrics.ts": `
export class AgentMetricsCollector {
  calls = 0;
  record(agentName: string, model: string, tokens: { input: number; output: number }, durationMs: number): void {
    this.calls += agentName.length + model.length + tokens.input + tokens.output + durationMs;
  }
}
`,
    "src/auth.ts": `
export function getAuth(userId: string): { userId: string } | null {
  return userId === "" ? null : { userId };
}
export async function other(): Promise<void> {}
`,
    "src/lib/tracing.ts": `
export function logAgentExecution(agentName: string): void {
  console.error(agentName);
}
`,
    "src/lib/observability/index.ts": "export {};\n",
    "instrument.ts": `
import * as Sentry from "@sentry/node";
Sentry.init({ dsn: process.env.SENTRY_DSN, environment: "test", tracesSampleRate: 1 });
`,
  });
  const { sites, findings } = await preview({
    cwd: folder,
    preset: ["pipeline-observability"],
    typecheck: false,
  });
  const planned = sites.filter(({ state }) => state === "planned").map(({ rule }) => rule);
  expect(planned.sort()).toEqual([
    "agent-calls",
    "clean-up",
    "index",
    "index",
    "index",
    ...Array.from({ length: 6 }, () => "init"),
    "legacy-calls",
    "legacy-exports",
    "legacy-exports",
    "legacy-exports",
    "pipeline-run",
    "pipeline-run",
    "stage-records",
    "stages",
    "user",
  ]);
  expect(sites.filter(({ state }) => state === "skipped")).toEqual([]);
  const unmatched = findings.filter(({ code }) => code === "unmatched-rule");
  expect(unmatched.map(({ message }) => message)).toEqual([
    expect.stringContaining('"pipeline-upload"'),
  ]);
});

test.each([...PRESETS])("the rules of %s have phases, and ids of their own", (_name, rules) => {
  expect(rules.filter(({ phase }) => phase === undefined)).toEqual([]);
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
});
