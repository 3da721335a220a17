/** The package of the Codemod registry, run by the real CLI, without a network. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, expect, test } from "vitest";
import {
  newRepository,
  newTree,
  removeFolders,
  runScript,
  userFiles,
  type Run,
} from "./support/cli.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PACKAGE = join(ROOT, "codemod");
const MODULES = join(PACKAGE, "node_modules");

/** The CLI is large, so that only this test installs it. */
beforeAll(() => {
  const done = join(MODULES, ".package-lock.json");
  const lock = statSync(join(PACKAGE, "package-lock.json"));
  if (existsSync(done) && statSync(done).mtimeMs >= lock.mtimeMs) return;
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], {
    cwd: PACKAGE,
  });
}, 300_000);

afterEach(removeFolders);

function codemod(cwd: string, ...args: string[]): Promise<Run> {
  const nowhere = "http://127.0.0.1:9";
  const env = { HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, npm_config_offline: "true" };
  return runScript(cwd, join(MODULES, "codemod", manifestOf("codemod").bin.codemod), args, { env });
}

function manifestOf(name: string): { readonly version: string; bin: { codemod: string } } {
  const text = readFileSync(join(MODULES, name, "package.json"), "utf8");
  return JSON.parse(text) as ReturnType<typeof manifestOf>;
}

function workflow(
  cwd: string,
  parameters: Readonly<Record<string, string>> = {},
  from = PACKAGE,
): Promise<Run> {
  const given = Object.entries(parameters).flatMap(([name, value]) => [
    "--param",
    `${name}=${value}`,
  ]);
  const fixed = ["--no-interactive", "--disable-analytics", "--allow-dirty", "--no-color"];
  return codemod(cwd, "workflow", "run", "-w", from, ...fixed, ...given);
}

const CODE = "export async function work(): Promise<void> {\n  await Promise.resolve();\n}\n";
const CONFIG = JSON.stringify({
  rules: [{ id: "work", use: "wrap-span", at: { function: "work" }, span: { name: "work" } }],
});

/** A repository that has retrospan installed, as a folder of another one where that is asked. */
function repositoryIn(prefix = "", config = "retrospan.config.json"): string {
  const folder = newRepository({
    [`${prefix}package.json`]:
      '{ "type": "module", "dependencies": { "@sentry/node": "^11.0.0" } }',
    [`${prefix}work.ts`]: CODE,
    [`${prefix}${config}`]: CONFIG,
    [`${prefix}node_modules/.bin/.keep`]: "",
    ".gitignore": "node_modules\n",
  });
  const modules = join(folder, prefix, "node_modules");
  symlinkSync(ROOT, join(modules, "retrospan"));
  symlinkSync("../retrospan/dist/src/bin/retrospan.js", join(modules, ".bin/retrospan"));
  return folder;
}

test("is valid, and says the version of the tool that it runs", async () => {
  const folder = repositoryIn();
  const run = await codemod(folder, "workflow", "validate", "-w", join(PACKAGE, "workflow.yaml"));
  expect(run.stdout + run.stderr).toContain("Package validation successful");
  const versionIn = (path: string, pattern: RegExp) =>
    pattern.exec(readFileSync(join(ROOT, path), "utf8"))?.[1];
  const version = versionIn("package.json", /"version": "([^"]+)"/);
  expect(versionIn("codemod/codemod.yaml", /^version: "([^"]+)"/m)).toBe(version);
  expect(versionIn("codemod/package.json", /"version": "([^"]+)"/)).toBe(version);
});

test("previews by default, applies and reverts when asked", async () => {
  const folder = repositoryIn();
  const before = userFiles(folder);
  const preview = await workflow(folder);
  expect(preview.stdout).toContain('+  return Sentry.startSpan({ name: "work" }, async () => {');
  expect(preview.code).toBe(0);
  expect(userFiles(folder)).toEqual(before);

  expect((await workflow(folder, { mode: "apply" })).code).toBe(0);
  expect(userFiles(folder)["work.ts"]).toContain("Sentry.startSpan");
  expect((await workflow(folder, { mode: "revert" })).code).toBe(0);
  expect(userFiles(folder)).toEqual(before);
});

test("what users give is no code of the shell", async () => {
  const prefix = "it's a $HOME `folder`/";
  const folder = repositoryIn(prefix, 'of "ours".json');
  const run = await workflow(folder, {
    target: prefix.slice(0, -1),
    config: 'of "ours".json',
    mode: "apply",
  });
  expect(run.stderr).toBe("");
  expect(userFiles(folder)[`${prefix}work.ts`]).toContain("Sentry.startSpan");
});

test("a workflow of one's own works on a tree in shards, as the README has it", async () => {
  const folder = repositoryIn();
  const readme = readFileSync(join(PACKAGE, "README.md"), "utf8");
  const recipe = newTree({
    "workflow.yaml": /```yaml\n([^]*?)```/.exec(readme)?.[1] ?? "",
    "codemod.yaml": readFileSync(join(PACKAGE, "codemod.yaml")),
  });
  const run = await workflow(folder, {}, recipe);
  expect(run.stdout).toContain("--shard 2/2");
  expect(run.code).toBe(0);
  expect(userFiles(folder)["work.ts"]).toContain("Sentry.startSpan");
});

test("a mistake is told, and fails", async () => {
  const folder = repositoryIn();
  const unknown = await workflow(folder, { mode: "aply" });
  expect(unknown.code).not.toBe(0);
  expect(unknown.stdout + unknown.stderr).toContain(
    'mode is "aply"; accepted: scan, preview, apply, status, revert',
  );
  const gone = await workflow(folder, { target: "nowhere" });
  expect(gone.code).not.toBe(0);
  expect(gone.stdout + gone.stderr).toContain("there is no folder");
});
