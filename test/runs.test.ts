/**
 * Two pipelines, written by somebody who had not seen the transforms: a long function with many
 * exits, which the command line and a web server call, and a class whose stages have methods of
 * their own. Each scenario drives an exit. The envelopes are those of the real SDK.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { removeFolders, retrospan, writeFiles, type Run } from "./support/cli.js";
import { runObserved, runPlain, type Sent } from "./support/scenarios.js";
import { compile, newService, sources, useSdk } from "./support/service.js";

type Outcome = "success" | "partial" | "cancelled" | "error";

interface Entry {
  readonly path: string;
  /** How the runs of each scenario end. */
  readonly ends: Readonly<Record<string, readonly Outcome[]>>;
  /** Whether a process does one scenario only. */
  readonly isAlone: boolean;
}

interface Pipeline {
  readonly name: string;
  readonly rules: readonly object[];
  readonly entries: readonly Entry[];
  /** Sites by what becomes of them. */
  readonly sites: Readonly<Record<string, number>>;
}

const DIR = "src/lib/observability";
const OP = "pipeline.run";

/** The scenarios that all end in one way. */
function ending(outcome: Outcome, names: string): Record<string, Outcome[]> {
  return Object.fromEntries(names.split(" ").map((name) => [name, [outcome]]));
}

const COMMAND_LINE: Entry = {
  path: "dist/cli/main.js",
  isAlone: false,
  ends: {
    ...ending("success", "success success-plain labels-fallback skips-fallback stray-columns"),
    ...ending("success", "nothing-to-do"),
    ...ending("error", "throw-no-folder throw-bad-option throw-first-hook throw-bad-format"),
    ...ending("error", "discovery-failed health-failed validation-failed tables-failed"),
    ...ending("error", "unusable-table fail-banner fail-weights fail-summary fail-hook timeout"),
    ...ending("cancelled", "cancel-datamap cancel-enrichment cancel-paths cancel-reconcile"),
    ...ending("cancelled", "cancel-weights cancel-formatting cancel-publish cancel-midway"),
    concurrent: ["success", "success"],
    // It leaves a lock behind.
    "throw-locked": ["error"],
  },
};

const WEB: Entry = {
  path: "dist/web/main.js",
  isAlone: false,
  ends: {
    ...ending("success", "success nothing-to-do auth"),
    ...ending("error", "failure failure-discovery failure-health failure-banner failure-tables"),
    ...ending("error", "failure-unusable failure-crash failure-empty"),
    "paused-and-resumed": ["partial", "success"],
    "paused-and-cancelled": ["partial", "cancelled"],
    "paused-and-crashed": ["partial", "error"],
    ...ending("cancelled", "cancelled cancelled-reading"),
    "cancelled-queued": ["cancelled", "cancelled"],
    "two-users": ["success", "success"],
  },
};

const FOUNDRY: Entry = {
  path: "dist/main.js",
  isAlone: true,
  ends: {
    cast: ["success", "success", "success", "success"],
    rejected: ["error", "error"],
    ...ending("success", "empty"),
    proof: ["partial", "success"],
    ...ending("cancelled", "cancel-early cancel-mid"),
    errors: ["error", "error", "error", "error", "error", "error"],
    queue: ["error", "error", "success", "success"],
  },
};

const run = (id: string, name: string, more: object) => ({
  id,
  use: "run-lifecycle",
  span: { name, op: OP },
  ...more,
});

const PIPELINES: readonly Pipeline[] = [
  {
    name: "pipeline",
    rules: [
      run("runs", "survey.run", {
        at: { function: "runSurvey" },
        fields: { run: "${runId}" },
        cancelled: "${signal.aborted}",
        dir: DIR,
      }),
      run("uploads", "survey.upload", {
        at: { function: "runFromUpload" },
        cancelled: "${params.signal?.aborted}",
        dir: DIR,
      }),
      run("resumes", "survey.resume", { at: { function: "resumeAfterReview" }, dir: DIR }),
      { id: "stages", use: "stage-span", at: { assign: "stageTiming[*]" }, dir: DIR },
      { id: "records", use: "record-stage", at: { assign: "stageTiming[*]" }, dir: DIR },
      {
        id: "calls",
        use: "agent-call",
        at: { method: "AgentMetricsCollector.record" },
        call: {
          agentName: "${agentName}",
          model: "${model}",
          inputTokens: "${tokens.inputTokens}",
          outputTokens: "${tokens.outputTokens}",
          durationMs: "${durationMs}",
          costUsd: "${calculateCost(model, tokens)}",
        },
        dir: DIR,
      },
      { id: "users", use: "user-context", at: { function: "getAuth" }, user: "userId", dir: DIR },
      {
        id: "agents",
        use: "wrap-span",
        at: { method: "BannerAgent.execute" },
        region: "body",
        span: { name: "agent banner", op: "gen_ai.invoke_agent" },
      },
    ],
    entries: [COMMAND_LINE, WEB],
    sites: { applied: 81, skipped: 6 },
  },
  {
    name: "foundry",
    rules: [
      run("casts", "foundry.cast", {
        at: { method: "Foundry.cast" },
        outcomes: { proof: "partial", empty: "success" },
      }),
      { id: "stages", use: "stage-span", at: { call: "this.timings.set($name, $duration)" } },
      { id: "ends", use: "stage-span", at: { call: "this.endStage($name, $mark)" } },
      {
        id: "records",
        use: "record-stage",
        at: { call: "this.timings.set($name, $duration)" },
        dir: "src/lib",
      },
      {
        id: "calls",
        use: "agent-call",
        at: { method: "UsageLedger.add" },
        call: {
          agentName: "${entry.scribe}",
          model: "${entry.model}",
          inputTokens: "${entry.usage.prompt}",
          outputTokens: "${entry.usage.completion}",
        },
      },
      { id: "users", use: "user-context", at: { function: "resolveSession" } },
    ],
    entries: [FOUNDRY],
    sites: { applied: 31, skipped: 8 },
  },
];

interface Applied {
  readonly sites: readonly { readonly state: string }[];
}

afterEach(removeFolders);

async function instrument(folder: string, rules: readonly object[]): Promise<Applied> {
  writeFiles(folder, { "retrospan.config.json": JSON.stringify({ rules }) });
  const { stdout } = await retrospan(folder, ["apply", "--json", "--allow-dirty"]);
  expect(JSON.parse(stdout)).toMatchObject({ typecheck: { before: 0, after: 0 } });
  return JSON.parse(stdout) as Applied;
}

/** One process with its scenarios. */
interface Lot {
  readonly entry: Entry;
  readonly names: readonly string[];
}

/** All scenarios of an entry in one process, or each in one of its own. */
function lotsOf({ entries }: Pipeline): Lot[] {
  return entries.flatMap((entry) => {
    const names = Object.keys(entry.ends);
    const lots = entry.isAlone ? names.map((name) => [name]) : [names];
    return lots.map((each) => ({ entry, names: each }));
  });
}

async function runAll(folder: string, pipeline: Pipeline): Promise<Run[]> {
  await compile(folder);
  const runs: Run[] = [];
  for (const { entry, names } of lotsOf(pipeline)) {
    runs.push(await runPlain(folder, entry.path, names));
  }
  return runs;
}

describe.each(PIPELINES)("$name", (pipeline) => {
  const { name, rules } = pipeline;
  let before: Run[];
  beforeAll(async () => {
    before = await runAll(newService(name), pipeline);
    expect(before.map(({ code }) => code)).toEqual(before.map(() => 0));
  });

  test("does the same with its runs observed, each told once, and is restored", async () => {
    const folder = newService(name);
    const original = sources(folder);
    const { sites } = await instrument(folder, rules);
    const found = (state: string) => sites.filter((site) => site.state === state).length;
    expect({ applied: found("applied"), skipped: found("skipped") }).toEqual(pipeline.sites);
    expect(await runAll(folder, pipeline)).toEqual(before);
    for (const major of [10, 11] as const) {
      useSdk(folder, major);
      for (const [index, lot] of lotsOf(pipeline).entries()) {
        await expectObserved(folder, lot, before[index]);
      }
    }
    expect(await retrospan(folder, ["revert", "--allow-dirty"])).toMatchObject({ code: 0 });
    const { "retrospan.config.json": _config, ...restored } = sources(folder);
    expect(restored).toEqual(original);
  });

  test("does the same when all that the SDK has throws", async () => {
    const folder = newService(name);
    // A span that a rule puts around a function directly is as safe as the SDK is.
    await instrument(
      folder,
      rules.filter((rule) => !("use" in rule) || rule.use !== "wrap-span"),
    );
    breakSdk(folder);
    expect(await runAll(folder, pipeline)).toEqual(before);
  });
});

/** With an SDK that is initialised, the program prints the same and each run is told once. */
async function expectObserved(
  folder: string,
  { entry, names }: Lot,
  plain: Run | undefined,
): Promise<void> {
  const { run, sent, wire } = await runObserved(folder, entry.path, names);
  expect(run.stdout).toBe(plain?.stdout);
  expect([...sent.keys()]).toEqual(names);
  for (const [scenario, each] of sent) expectTold(scenario, each, entry.ends[scenario] ?? []);
  expect(wire).not.toMatch(/@[\w.]*example\.com/);
}

/** The SDK with the functions that are called, all of which throw. */
function breakSdk(folder: string): void {
  const place = join(folder, "node_modules/@sentry/node");
  rmSync(place, { recursive: true });
  const names =
    "startSpan getClient captureEvent captureException addBreadcrumb setUser withIsolationScope";
  const fail = 'const fail = () => { throw new Error("the SDK is broken"); };\n';
  const lines = names.split(" ").map((each) => `exports.${each} = fail;\n`);
  writeFiles(place, {
    "package.json": JSON.stringify({ name: "@sentry/node", main: "index.js" }),
    "index.js": fail + lines.join(""),
  });
}

/** One wide event for each run, in the trace of its span, below which its stages are. */
function expectTold(scenario: string, { events, spans }: Sent, ends: readonly Outcome[]): void {
  const told = events.filter(({ tags }) => tags?.["run.outcome"] !== undefined);
  const outcomes = told.map(({ tags }) => tags?.["run.outcome"]).sort();
  expect([scenario, outcomes]).toEqual([scenario, [...ends].sort()]);
  const captured = events.filter(({ exception }) => exception !== undefined);
  expect(captured.length).toBeLessThanOrEqual(ends.filter((each) => each === "error").length);
  const runs = spans.filter(({ op }) => op === OP);
  expect([scenario, runs.length]).toEqual([scenario, ends.length]);
  const roots = new Set(told.map(({ contexts }) => contexts?.trace?.span_id));
  expect(new Set(runs.map(({ id }) => id))).toEqual(roots);
  const inside = spans.filter(({ op }) => op === "pipeline.stage" || op === "gen_ai.invoke_agent");
  const outside = inside.filter(({ parentId }) => !isIn(parentId, [...runs, ...inside]));
  expect([scenario, outside]).toEqual([scenario, []]);
}

function isIn(id: string | null, spans: Sent["spans"]): boolean {
  return spans.some((each) => each.id === id);
}

test("an event has what the program itself knows of its run", async () => {
  const [pipeline] = PIPELINES;
  if (!pipeline) throw new Error("there is no pipeline");
  const folder = newService(pipeline.name);
  await instrument(folder, pipeline.rules);
  await compile(folder);
  const names = ["success", "validation-failed", "fail-banner", "labels-fallback"];
  const { run, sent } = await runObserved(folder, COMMAND_LINE.path, names);
  const extraOf = (name: string) =>
    sent.get(name)?.events.find(({ tags }) => tags?.["run.outcome"])?.extra as unknown as Told;
  const [printed = ""] = run.stdout.split("== validation-failed");
  const success = extraOf("success");
  const timings = /^timings: (.*)$/m.exec(printed)?.[1]?.split(" ");
  expect([...new Set(success.stages.map(({ name }) => name))].sort()).toEqual(timings);
  expect(success.stages.filter(({ status }) => status !== "ok")).toEqual([]);
  const [, calls, tokens] = /^usage: (\d+) calls, (\d+) tokens/m.exec(printed) ?? [];
  expect(success.agentCallCount).toBe(Number(calls));
  expect(success.totalInputTokens + success.totalOutputTokens).toBe(Number(tokens));
  expect(success.totalCostUsd).toBeGreaterThan(0);
  expect(success.run).toMatch(/^run-/);
  const failed = (name: string) =>
    extraOf(name)
      .stages.filter(({ status }) => status === "error")
      .map((each) => each.name);
  expect(failed("validation-failed")).toEqual(["validation"]);
  expect(extraOf("fail-banner").error).toContain("the banner plan could not be read");
  const crumbs = sent.get("success")?.events.flatMap(({ breadcrumbs }) => breadcrumbs ?? []);
  expect(crumbs?.filter(({ category }) => category === "agent").length).toBe(Number(calls));
  const spans = sent.get("success")?.spans ?? [];
  const above = (name: string) =>
    spans.find(({ id }) => id === spans.find((each) => each.name === name)?.parentId)?.name;
  expect(above("agent banner")).toBe("path-banner");
  expect(above("path-banner")).toBe("paths");
  expect(above("paths")).toBe("survey.run");
});

interface Told {
  readonly run: string;
  readonly error?: string;
  readonly agentCallCount: number;
  readonly totalInputTokens: number;
  readonly totalOutputTokens: number;
  readonly totalCostUsd: number;
  readonly stages: readonly { readonly name: string; readonly status: string }[];
}
