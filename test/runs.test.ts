/**
 * Two pipelines, written by somebody who had not seen the transforms: a long function with many
 * exits, and a class whose stages have methods of their own. Each scenario drives an exit.
 */
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { removeFolders, retrospan, runScript, writeFiles, type Run } from "./support/cli.js";
import { compile, newService, sources } from "./support/service.js";

afterEach(removeFolders);

interface Pipeline {
  readonly name: string;
  readonly entry: string;
  readonly rules: readonly object[];
  readonly scenarios: readonly string[];
  /** Exits that say how they end, beside the runs themselves. */
  readonly exits: number;
}

const DIR = "src/lib/observability";

const PIPELINES: readonly Pipeline[] = [
  {
    name: "pipeline",
    entry: "dist/cli/main.js",
    rules: [
      {
        id: "runs",
        use: "run-lifecycle",
        at: { function: "runSurvey" },
        span: { name: "survey.run" },
        fields: { run: "${runId}" },
        cancelled: "${signal.aborted}",
        dir: DIR,
      },
      {
        id: "uploads",
        use: "run-lifecycle",
        at: { function: "runFromUpload" },
        span: { name: "survey.upload" },
        cancelled: "${params.signal?.aborted}",
        dir: DIR,
      },
    ],
    scenarios: [
      "success",
      "throw-no-folder",
      "health-failed",
      "cancel-paths",
      "timeout",
      "fail-hook",
    ],
    exits: 24,
  },
  {
    name: "foundry",
    entry: "dist/main.js",
    rules: [
      {
        id: "casts",
        use: "run-lifecycle",
        at: { method: "Foundry.cast" },
        span: { name: "foundry.cast" },
        outcomes: { proof: "partial", empty: "success" },
      },
    ],
    scenarios: [
      "cast",
      "rejected",
      "empty",
      "proof",
      "cancel-early",
      "cancel-mid",
      "errors",
      "queue",
    ],
    exits: 4,
  },
];

interface Applied {
  readonly sites: readonly { readonly state: string; readonly reason: { code: string } | null }[];
}

test.each(PIPELINES)("$name does the same with its runs observed", async (pipeline) => {
  const { name, entry, rules, scenarios, exits } = pipeline;
  const folder = newService(name);
  writeFiles(folder, { "retrospan.config.json": JSON.stringify({ rules }) });
  const original = sources(folder);
  const run = async () => {
    await compile(folder);
    const script = join(folder, entry);
    const runs: Run[] = [];
    for (const scenario of scenarios) runs.push(await runScript(folder, script, [scenario]));
    return runs;
  };
  const before = await run();
  expect(before.map(({ code }) => code)).toEqual(scenarios.map(() => 0));
  const { stdout } = await retrospan(folder, ["apply", "--json", "--allow-dirty"]);
  const { sites } = JSON.parse(stdout) as Applied;
  expect(JSON.parse(stdout)).toMatchObject({ typecheck: { before: 0, after: 0 } });
  expect(sites.filter(({ state }) => state === "applied").length).toBe(rules.length + exits);
  expect(sites.filter(({ state }) => state === "skipped")).toEqual([]);
  expect(await run()).toEqual(before);
  expect(await retrospan(folder, ["revert", "--allow-dirty"])).toMatchObject({ code: 0 });
  expect(sources(folder)).toEqual(original);
});
