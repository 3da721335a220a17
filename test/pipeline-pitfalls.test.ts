/**
 * Pitfalls 27 to 35, 40 and 42, of pipelines: what a person following the plan would write shows each
 * of them with the real SDK, and what comes out of the tool shows none. Others have tests where their
 * subject is: modules that cannot be imported (26) in `clean-up.test.ts` and `entries.test.ts`, DSNs
 * and hooks (36, 39) in `init-hardening.test.ts`, switches (37) in `fixtures/replace-legacy`, programs
 * without an init or a flush (38) in `entries.test.ts`, samplers (41) in `sampler.test.ts`, every exit
 * of two whole pipelines in `runs.test.ts`. Helpers that nobody calls (44) are below.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { activeRules, applyInMemory, memoryTree } from "./support/memory-tree.js";
import { withPrograms } from "./support/run.js";

const HEAD = `
export interface Input {
  readonly name: string;
  readonly mode: "plain" | "nothing" | "broken" | "invalid" | "late" | "stopped";
  readonly email: string;
}

export interface Result {
  readonly success: boolean;
  readonly text?: string;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class AgentMetricsCollector {
  readonly calls: string[] = [];
`;

const REST = `
async function summary(mode: string): Promise<string> {
  await wait(2);
  if (mode === "late") throw new Error("the summary failed");
  return "summary";
}
`;

const BEFORE = `${HEAD}
  record(agentName: string, inputTokens: number): void {
    this.calls.push(agentName);
  }
}

export const metrics = new AgentMetricsCollector();
${REST}
export async function runPipeline(input: Input, signal: AbortSignal): Promise<Result> {
  const stageTiming: Record<string, number> = {};
  if (input.mode === "nothing") return { success: false };
  if (input.mode === "broken") JSON.parse("{");
  try {
    const reading = Date.now();
    await wait(input.name === "slow" ? 20 : 1);
    stageTiming["reading"] = Date.now() - reading;
    if (signal.aborted) return { success: false };
    metrics.record("agent of " + input.name, 120);
    const checking = Date.now();
    await wait(1);
    stageTiming["checking"] = Date.now() - checking;
    if (input.mode === "invalid") return { success: false };
    return { success: true, text: await summary(input.mode) };
  } catch (error) {
    return { success: false };
  }
}

export function getAuth(email: string): { id: string; email: string } {
  return { id: "opaque", email };
}
`;

/** One event bound to the collector, ends said one by one, an inactive span, a list of words. */
const NAIVE = `import * as Sentry from "@sentry/node";
${HEAD}
  wideEvent: WideEvent | undefined;
  record(agentName: string, inputTokens: number): void {
    this.calls.push(agentName);
    this.wideEvent?.recordAgentCall({ agentName, inputTokens });
  }
}

class WideEvent {
  readonly stages: { name: string; status: string }[] = [];
  readonly agentCalls: { agentName: string; inputTokens: number }[] = [];
  totalInputTokens = 0;
  constructor(readonly fields: Record<string, unknown>) {}
  recordStage(name: string, status: string): void {
    this.stages.push({ name, status });
  }
  recordAgentCall(call: { agentName: string; inputTokens: number }): void {
    this.agentCalls.push(call);
    this.totalInputTokens += call.inputTokens;
  }
  finish(outcome: string): void {
    const all: Record<string, unknown> = { ...this.fields, totalInputTokens: this.totalInputTokens };
    for (const key of Object.keys(all)) if (/token|secret|email/i.test(key)) all[key] = "[redacted]";
    Sentry.captureEvent({
      message: "pipeline.run " + outcome + " " + Math.random(),
      level: outcome === "success" ? "info" : "error",
      tags: { "run.outcome": outcome },
      extra: { ...all, outcome, stages: this.stages, agentCalls: this.agentCalls },
    });
  }
}

export const metrics = new AgentMetricsCollector();
${REST}
export async function runPipeline(input: Input, signal: AbortSignal): Promise<Result> {
  const stageTiming: Record<string, number> = {};
  if (input.mode === "nothing") return { success: false };
  if (input.mode === "broken") JSON.parse("{");
  const wideEvent = new WideEvent({ name: input.name, userId: "run-1", recipients: [input.email] });
  metrics.wideEvent = wideEvent;
  const transaction = Sentry.startInactiveSpan({ name: "pipeline.run", forceTransaction: true });
  try {
    const reading = Date.now();
    await Sentry.startSpan({ name: "reading", op: "pipeline.stage" }, () => wait(input.name === "slow" ? 20 : 1));
    stageTiming["reading"] = Date.now() - reading;
    wideEvent.recordStage("reading", "ok");
    if (signal.aborted) {
      wideEvent.finish("cancelled");
      return { success: false };
    }
    metrics.record("agent of " + input.name, 120);
    const checking = Date.now();
    await wait(1);
    stageTiming["checking"] = Date.now() - checking;
    wideEvent.recordStage("checking", "ok");
    if (input.mode === "invalid") {
      wideEvent.finish("error");
      return { success: false };
    }
    wideEvent.finish("success");
    transaction.end();
    return { success: true, text: await summary(input.mode) };
  } catch (error) {
    wideEvent.finish("error");
    return { success: false };
  }
}

export function getAuth(email: string): { id: string; email: string } {
  Sentry.setUser({ id: "opaque", email });
  return { id: "opaque", email };
}
`;

const RULES = [
  {
    id: "run",
    use: "run-lifecycle",
    at: { function: "runPipeline" },
    span: { name: "pipeline.run", attributes: { name: "${input.name}", email: "${input.email}" } },
    cancelled: "${signal.aborted}",
  },
  { id: "stages", use: "stage-span", at: { assign: "stageTiming[*]" } },
  { id: "records", use: "record-stage", at: { assign: "stageTiming[*]" }, dir: "lib" },
  {
    id: "calls",
    use: "agent-call",
    at: { method: "AgentMetricsCollector.record" },
    call: { agentName: "${agentName}", inputTokens: "${inputTokens}" },
  },
  { id: "user", use: "user-context", at: { function: "getAuth" } },
];

/** Each fact says whether the pitfall shows. */
const MAIN = `
import * as Sentry from "@sentry/node";
const sent = [];
const spans = [];
Sentry.init({
  dsn: "http://public@127.0.0.1:9/1",
  tracesSampleRate: 1,
  defaultIntegrations: false,
  beforeSend: (event) => (sent.push(event), null),
  beforeSendSpan: (span) => (spans.push(span), span),
});
process.stderr.write = () => true;
const { runPipeline, getAuth } = await import(process.argv[2]);
const told = () => sent.filter(({ tags }) => tags?.["run.outcome"]);
const run = async (mode, signal = new AbortController().signal, name = mode) => {
  sent.length = 0;
  await runPipeline({ name, mode, email: "ann@example.com" }, signal).catch(() => undefined);
  await Sentry.flush(200);
  return told();
};
const facts = {};

facts["27 an exit that is not told"] = (await run("nothing")).length !== 1 || (await run("broken")).length !== 1;
facts["28 told before the end"] = (await run("late")).some(({ extra }) => extra.outcome === "success");
facts["40 an error that is not captured"] = !sent.some(({ exception }) => exception);
const [invalid] = await run("invalid");
facts["29 a failed stage that is ok"] = invalid?.extra.stages.at(-1).status === "ok";
const stop = new AbortController();
stop.abort();
const [stopped] = await run("stopped", stop.signal);
facts["30 a cancellation that is an error"] = stopped?.level === "error";

sent.length = 0;
const both = ["slow", "fast"].map((name) =>
  runPipeline({ name, mode: "plain", email: "ann@example.com" }, new AbortController().signal));
await Promise.all(both);
await Sentry.flush(200);
facts["31 runs that mix"] = told().some(({ extra }) =>
  extra.agentCalls?.length !== 1 || !extra.agentCalls[0].agentName.endsWith(extra.name));
facts["33 counts that are redacted"] = told().some(({ extra }) => extra.totalInputTokens !== 120);
facts["34 an address that is sent"] = JSON.stringify(told()).includes("ann@example.com");
facts["35 a user that is invented"] = told().some(({ extra }) => "userId" in extra);

spans.length = 0;
await run("plain");
const runs = spans.filter(({ name }) => name === "pipeline.run").map(({ span_id }) => span_id);
const stages = spans.filter(({ attributes }) => attributes?.["sentry.op"] === "pipeline.stage");
facts["32 stages beside their run"] = stages.length === 0 || stages.some(({ parent_span_id }) => !runs.includes(parent_span_id));

Sentry.setUser(null);
Sentry.withIsolationScope(() => {
  getAuth("ann@example.com");
  facts["34 an address of the user"] = JSON.stringify(Sentry.getIsolationScope().getUser()).includes("ann");
});

// A client whose hooks throw, as one of another version might.
Sentry.getClient().captureEvent = () => { throw new Error("the SDK is broken"); };
const result = await runPipeline({ name: "p", mode: "plain", email: "" }, new AbortController().signal).catch(() => null);
facts["42 a helper that throws"] = result?.success !== true;

console.log(JSON.stringify(facts));
process.exit(0);
`;

const facts = new Map<string, Readonly<Record<string, boolean>>>();

beforeAll(async () => {
  const memory = memoryTree([["program.ts", BEFORE]]);
  const plan = applyInMemory(memory, await activeRules(RULES));
  expect(plan.sites.filter(({ state }) => state !== "planned")).toEqual([]);
  const programs = new Map([
    ["naive", new Map([["program.ts", NAIVE]])],
    ["ours", memory.files],
  ]);
  await withPrograms(programs, "@sentry/node", MAIN, async (cwd) => {
    for (const name of programs.keys()) {
      const env = { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" };
      const args = ["main.js", `./${name}/program.js`];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, env });
      facts.set(name, JSON.parse(stdout) as Record<string, boolean>);
    }
  });
});

test.each([
  "27 an exit that is not told",
  "28 told before the end",
  "29 a failed stage that is ok",
  "30 a cancellation that is an error",
  "31 runs that mix",
  "32 stages beside their run",
  "33 counts that are redacted",
  "34 an address that is sent",
  "34 an address of the user",
  "35 a user that is invented",
  "40 an error that is not captured",
  "42 a helper that throws",
])("%s", (pitfall) => {
  expect([facts.get("naive")?.[pitfall], facts.get("ours")?.[pitfall]]).toEqual([true, false]);
});

test("no module is made that nothing calls (44)", async () => {
  const nothing = memoryTree([["program.ts", "export const answer = 42;\n"]]);
  const plan = applyInMemory(nothing, await activeRules(RULES));
  expect(plan.changes).toEqual([]);
  const users = memoryTree([["program.ts", BEFORE]]);
  applyInMemory(users, await activeRules(RULES.filter(({ id }) => id === "user")));
  expect([...users.files.keys()]).toEqual(["program.ts", "lib/sentry-user.ts"]);
});
