import { afterEach, expect, test } from "vitest";
import { preview } from "../src/index.js";
import { newTree, removeFolders } from "./support/cli.js";
import { temporaryProject, type TemporaryProject } from "./support/project.js";

let project: TemporaryProject | undefined;
afterEach(() => {
  project?.remove();
  project = undefined;
  removeFolders();
});

const RULE = { id: "run", use: "wrap-span", at: { function: "run" }, span: { name: "run" } };
const SOURCE = "export async function run() {\n  await Promise.resolve();\n}\n";

async function plan(files: Readonly<Record<string, string>>) {
  project = temporaryProject(files, [RULE]);
  return preview({ cwd: project.dir, typecheck: false });
}

const manifest = (dependencies: Readonly<Record<string, string>>) =>
  JSON.stringify({ dependencies });

test.each([
  [{ "@sentry/node": "^11" }, "@sentry/node"],
  [{ next: "^15", "@sentry/nextjs": "^10", "@sentry/node": "^10" }, "@sentry/nextjs"],
  [{ "react-dom": "^19", "@sentry/react": "^10" }, "@sentry/react"],
  [{ "@sentry/browser": "^10" }, "@sentry/browser"],
  [{ next: "^15" }, "@sentry/nextjs"],
  [{}, "@sentry/node"],
])("with %j the import is from %s", async (dependencies, expected) => {
  const outcome = await plan({ "package.json": manifest(dependencies), "run.mts": SOURCE });
  expect(outcome.changes[0]?.after).toContain(`import * as Sentry from "${expected}";`);
});

test("of a workspace, the nearest manifest decides", async () => {
  const outcome = await plan({
    "package.json": manifest({ "@sentry/node": "^11" }),
    "apps/web/package.json": manifest({ next: "^15", "@sentry/nextjs": "^10" }),
    "apps/web/run.mts": SOURCE,
    "apps/api/package.json": manifest({}),
    "apps/api/run.mts": SOURCE,
  });
  const imports = outcome.changes.map(
    ({ after }) => /from "(@sentry\/\w+)"/.exec(after ?? "")?.[1],
  );
  expect(imports).toEqual(["@sentry/node", "@sentry/nextjs"]);
  expect(outcome.findings.filter(({ code }) => code === "sdk-missing")).toEqual([]);
});

test.each([
  ["package-lock.json", "npm install --prefix pkg @sentry/node"],
  ["pnpm-lock.yaml", "pnpm --dir pkg add @sentry/node"],
  ["yarn.lock", "yarn --cwd pkg add @sentry/node"],
])("a package without the SDK is told how to get it, by %s", async (lock, command) => {
  const outcome = await plan({
    [lock]: "",
    "pkg/package.json": manifest({}),
    "pkg/run.mts": SOURCE,
  });
  const finding = outcome.findings.find(({ code }) => code === "sdk-missing");
  expect(finding?.message).toContain(command);
});

test("the version is that of what is installed", async () => {
  const outcome = await plan({
    "package.json": manifest({ "@sentry/node": "^11" }),
    "run.mts": SOURCE,
  });
  expect(outcome.sdk).toEqual([
    {
      dir: ".",
      package: "@sentry/node",
      version: expect.stringMatching(/^11\./) as string,
      source: "installed",
    },
  ]);
});

test.each([
  ["10.78.0", "@sentry/node"],
  ["10.70.0", "@sentry/nextjs"],
])(
  "what runs unbundled imports what loads there, with @sentry/node %s",
  async (version, expected) => {
    const installed = (name: string, its: string) => ({
      [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: its }),
    });
    const folder = newTree({
      "package.json": manifest({ next: "^15", "@sentry/nextjs": "^10" }),
      ...installed("@sentry/nextjs", "10.78.0"),
      ...installed("@sentry/node", version),
      "retrospan.config.json": JSON.stringify({ rules: [{ ...RULE, use: "run-lifecycle" }] }),
      "run.mts": SOURCE,
    });
    const { changes } = await preview({ cwd: folder, typecheck: false });
    const imports = changes.flatMap(({ after }) => after?.match(/from "(@sentry\/\w+)"/g) ?? []);
    expect(new Set(imports)).toEqual(new Set([`from "${expected}"`]));
  },
);
