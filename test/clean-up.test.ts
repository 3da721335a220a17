/** What the plan of a pipeline does besides its runs: inits, the index, the legacy module, leftovers. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "rolldown";
import { afterEach, expect, test } from "vitest";
import { readFile, removeFolders, retrospan, writeFiles } from "./support/cli.js";
import { runPlain } from "./support/scenarios.js";
import { compile, newService, sources } from "./support/service.js";

afterEach(removeFolders);

const DIR = "src/lib/observability";
const PAGE = "src/app/sentry-example-page/page.tsx";
const ROUTE = "src/app/api/sentry-example-api/route.ts";

const RULES = [
  {
    id: "init",
    use: "init-hardening",
    dsn: "${process.env.SENTRY_DSN}",
    environment: "${process.env.NODE_ENV}",
    production: '${process.env.NODE_ENV === "production"}',
    productionRate: 0.2,
    pii: false,
    ignoreErrors: ["AbortError"],
    scrub: true,
    dir: DIR,
  },
  { id: "index", use: "observability-modules", dir: DIR },
  { id: "legacy", use: "observability-modules", dir: DIR, index: "src/lib/tracing" },
  {
    id: "crumbs",
    use: "replace-legacy",
    at: { function: "logAgentExecution" },
    module: "src/lib/tracing.ts",
    breadcrumb: { category: "agent", message: "${agentName}" },
  },
  { id: "clean", use: "clean-up" },
];

const RUN_RULES = [
  {
    id: "uploads",
    use: "run-lifecycle",
    at: { function: "runFromUpload" },
    span: { name: "survey.upload", op: "pipeline.run" },
    cancelled: "${params.signal?.aborted}",
    dir: DIR,
  },
  { id: "stages", use: "stage-span", at: { assign: "stageTiming[*]" }, dir: DIR },
  { id: "records", use: "record-stage", at: { assign: "stageTiming[*]" }, dir: DIR },
  { id: "users", use: "user-context", at: { function: "getAuth" }, user: "userId", dir: DIR },
];

interface Document {
  readonly sites: readonly {
    readonly rule: string;
    readonly file: string;
    readonly state: string;
    readonly strategy: string | null;
    readonly reason: { readonly code: string } | null;
  }[];
  readonly files: readonly { readonly path: string; readonly change: string }[];
  readonly findings: readonly { readonly code: string; readonly file: string | null }[];
  readonly typecheck: unknown;
}

async function json(folder: string, args: readonly string[]): Promise<Document> {
  const { stdout } = await retrospan(folder, [...args, "--json"]);
  return JSON.parse(stdout) as Document;
}

function newPipeline(): string {
  const folder = newService("pipeline");
  writeFiles(folder, { "retrospan.config.json": JSON.stringify({ rules: RULES }) });
  return folder;
}

/** The text of a folder's user's files, without the config of the test. */
function userSources(folder: string): Record<string, string> {
  const { "retrospan.config.json": _config, ...others } = sources(folder);
  return others;
}

test("inits, the index, the legacy module and the wizard's leftovers; and all back", async () => {
  const folder = newPipeline();
  const original = userSources(folder);
  const applied = await json(folder, ["apply", "--allow-dirty"]);
  expect(applied.sites.filter(({ state }) => state !== "applied")).toEqual([]);
  expect(applied.files).toContainEqual(expect.objectContaining({ path: PAGE, change: "delete" }));
  expect(applied.typecheck).toMatchObject({ after: 0, new: [] });
  expect([PAGE, ROUTE].filter((path) => existsSync(join(folder, path)))).toEqual([]);
  expect(existsSync(join(folder, "src/app/sentry-example-page"))).toBe(false);
  expect(readFile(folder, ".env.example")).toMatch(/TRACING_ENABLED=false\nSENTRY_DSN=\n$/);
  const index = readFile(folder, `${DIR}/index.ts`);
  expect(index).toContain("export { WideEvent } from './wide-event.js';");
  expect(index).toContain("export { setSentryUser } from './sentry-user.js';");
  expect(readFile(folder, "src/lib/tracing.ts")).toContain(
    "export { startPipelineTransaction } from './observability/sentry-pipeline.js';",
  );
  for (const init of ["sentry.server.config.ts", "sentry.edge.config.ts"]) {
    expect(readFile(folder, init)).not.toContain("example.com");
  }
  expect(applied.findings.filter(({ code }) => code === "hard-coded-dsn").length).toBe(3);
  expect((await json(folder, ["apply", "--no-typecheck"])).files).toEqual([]);
  expect((await json(folder, ["status"])).sites.filter(({ state }) => state !== "applied")).toEqual(
    [],
  );
  expect(await retrospan(folder, ["revert", "--allow-dirty"])).toMatchObject({ code: 0 });
  expect(userSources(folder)).toEqual(original);
  expect(existsSync(join(folder, ".retrospan"))).toBe(false);
});

test("with runs observed, both entries load as plain modules and in a bundle, and do the same", async () => {
  const folder = newService("pipeline");
  const rules = [...RULES, ...RUN_RULES];
  writeFiles(folder, { "retrospan.config.json": JSON.stringify({ rules }) });
  await compile(folder);
  const names = ["success", "failure", "cancelled", "paused-and-resumed", "auth"];
  const plain = await runPlain(folder, "dist/web/main.js", names);
  const command = await runPlain(folder, "dist/cli/main.js", ["success"]);
  await json(folder, ["apply", "--allow-dirty", "--no-typecheck"]);
  await compile(folder);
  expect(await runPlain(folder, "dist/cli/main.js", ["success"])).toEqual(command);
  expect(await runPlain(folder, "dist/web/main.js", names)).toEqual(plain);
  await build({
    input: join(folder, "dist/web/main.js"),
    platform: "node",
    external: [/^@sentry\//],
    output: { file: join(folder, "dist/web/bundle.js"), codeSplitting: false },
    logLevel: "warn",
  });
  expect(await runPlain(folder, "dist/web/bundle.js", names)).toEqual(plain);
});

test("edits made since stay, and what cannot go back is named", async () => {
  const folder = newPipeline();
  await json(folder, ["apply", "--allow-dirty", "--no-typecheck"]);
  writeFiles(folder, {
    [PAGE]: "export default function Page() { return null; }\n",
    ".env.example": `${readFile(folder, ".env.example")}PORT=3000\n`,
    [`${DIR}/index.ts`]: `${readFile(folder, `${DIR}/index.ts`)}export const isObserved = true;\n`,
  });
  const drift = await json(folder, ["status"]);
  expect(drift.sites.filter(({ state }) => state !== "applied")).toMatchObject([
    { rule: "clean", file: PAGE, state: "drifted" },
  ]);
  const { code, stdout } = await retrospan(folder, ["revert", "--allow-dirty", "--json"]);
  expect(code).toBe(1);
  const left = (JSON.parse(stdout) as Document).sites.filter(({ state }) => state === "left");
  expect(left).toMatchObject([{ file: PAGE, reason: { code: "changed-by-hand" } }]);
  expect(readFile(folder, PAGE)).toContain("return null");
  expect(readFile(folder, ".env.example")).toMatch(/TRACING_ENABLED=false\nPORT=3000\n$/);
  expect(readFile(folder, `${DIR}/index.ts`)).toMatch(
    /cost-calculator.js';\nexport const isObserved/,
  );
  expect(existsSync(join(folder, ROUTE))).toBe(true);
});

test("a page of one's own is no example, and one that is imported stays", async () => {
  const folder = newPipeline();
  writeFiles(folder, {
    [PAGE]: "export default function Page() { return null; }\n",
    "src/app/other.ts":
      'import { GET } from "./api/sentry-example-api/route.js";\n\nexport { GET };\n',
  });
  const { sites } = await json(folder, ["preview", "--rule", "clean", "--no-typecheck"]);
  const reasons = sites.map(({ file, reason }) => [file, reason?.code]);
  expect(reasons).toContainEqual([PAGE, "not-an-example"]);
  expect(reasons).toContainEqual([ROUTE, "still-needed"]);
});

test("a file of the environment is made, and goes again; a switch that nothing reads is told", async () => {
  const folder = newPipeline();
  rmSync(join(folder, ".env.example"));
  await json(folder, ["apply", "--rule", "clean", "--allow-dirty", "--no-typecheck"]);
  expect(readFile(folder, ".env.example")).toBe("SENTRY_DSN=\n");
  expect(await retrospan(folder, ["revert", "--allow-dirty"])).toMatchObject({ code: 0 });
  expect(existsSync(join(folder, ".env.example"))).toBe(false);
  writeFiles(folder, { ".env.example": "OLD_TRACING=1\r\nSENTRY_DSN=" });
  const { files, findings } = await json(folder, ["preview", "--rule", "clean", "--no-typecheck"]);
  expect(files.map(({ path }) => path)).not.toContain(".env.example");
  expect(findings).toContainEqual(
    expect.objectContaining({ code: "dead-switch", file: ".env.example" }),
  );
});

test("a module that the index exports outlives the rule it was made for, until the index goes", async () => {
  const folder = newService("pipeline");
  const original = userSources(folder);
  const [uploads] = RUN_RULES;
  const rules = [uploads, { id: "zindex", use: "observability-modules", dir: DIR }];
  writeFiles(folder, { "retrospan.config.json": JSON.stringify({ rules }) });
  await json(folder, ["apply", "--allow-dirty", "--no-typecheck"]);
  const first = await retrospan(folder, ["revert", "--rule", "uploads", "--allow-dirty"]);
  expect(first).toMatchObject({ code: 0 });
  expect(existsSync(join(folder, DIR, "sentry-pipeline.ts"))).toBe(true);
  expect(await retrospan(folder, ["revert", "--allow-dirty"])).toMatchObject({ code: 0 });
  expect(userSources(folder)).toEqual(original);
});

test("what pages load exports nothing of a server's", async () => {
  const folder = newPipeline();
  writeFiles(folder, {
    "src/app/chart.tsx": `'use client';\nimport { formatCost } from '../lib/observability/index.js';\n\nexport const label = formatCost(1);\n`,
  });
  const { sites } = await json(folder, ["preview", "--rule", "index", "--no-typecheck"]);
  expect(sites.map(({ state, reason }) => [state, reason?.code])).toEqual([
    ["skipped", "loaded-by-pages"],
    ["skipped", "loaded-by-pages"],
    ["planned", undefined],
  ]);
});

test("lines of the environment are whole lines, also beside others that begin or end like them", async () => {
  const folder = newPipeline();
  const clean = { id: "clean", use: "clean-up", examples: [] };
  const rules = (...all: object[]) =>
    writeFiles(folder, { "retrospan.config.json": JSON.stringify({ rules: all }) });
  const apply = () => json(folder, ["apply", "--allow-dirty", "--no-typecheck"]);
  const revert = () => retrospan(folder, ["revert", "--allow-dirty"]);
  rules(clean, { ...clean, id: "more", env: ["SENTRY_ENV"] });
  writeFiles(folder, { ".env.example": "A=1" });
  await apply();
  expect(readFile(folder, ".env.example")).toBe("A=1\nSENTRY_DSN=\nSENTRY_ENV=");
  expect((await apply()).files).toEqual([]);
  writeFiles(folder, {
    ".env.example": `${readFile(folder, ".env.example")}\nNEXT_PUBLIC_SENTRY_DSN=\n`,
  });
  expect(await revert()).toMatchObject({ code: 0 });
  expect(readFile(folder, ".env.example")).toBe("A=1\nNEXT_PUBLIC_SENTRY_DSN=\n");
  rules(clean);
  await apply();
  rules({ ...clean, env: ["SENTRY_DSN", "SENTRY_RELEASE"] });
  await apply();
  const filled = readFile(folder, ".env.example").replace(
    "\nSENTRY_DSN=",
    "\nSENTRY_DSN=https://a@b/1",
  );
  writeFiles(folder, { ".env.example": filled });
  expect(await revert()).toMatchObject({ code: 1 });
  expect(readFile(folder, ".env.example")).toBe(filled.replace("SENTRY_RELEASE=\n", ""));
});

test("an export that others have come to use stays, and is named", async () => {
  const folder = newPipeline();
  await json(folder, ["apply", "--rule", "index", "--allow-dirty", "--no-typecheck"]);
  writeFiles(folder, {
    "src/app/own.ts": `import { WideEvent } from '../lib/observability/index.js';\n\nexport const own = WideEvent;\n`,
  });
  const { code, stdout } = await retrospan(folder, ["revert", "--allow-dirty", "--json"]);
  expect(code).toBe(1);
  const left = (JSON.parse(stdout) as Document).sites.filter(({ state }) => state === "left");
  expect(left.map(({ reason }) => reason?.code)).toEqual(["import-in-use"]);
  expect(readFile(folder, `${DIR}/index.ts`)).toContain("WideEvent");
  expect(readFile(folder, `${DIR}/index.ts`)).not.toContain("setSentryUser");
  rmSync(join(folder, "src/app/own.ts"));
  expect(await retrospan(folder, ["revert", "--allow-dirty"])).toMatchObject({ code: 0 });
  expect(existsSync(join(folder, ".retrospan"))).toBe(false);
});
