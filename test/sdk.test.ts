import { afterEach, expect, test } from "vitest";
import { preview, type RuleConfig } from "../src/index.js";
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

async function plan(files: Readonly<Record<string, string>>, rule: RuleConfig = RULE) {
  project = temporaryProject(files, [rule]);
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
  [{ "react-dom": "^19" }, "@sentry/react"],
  [{ "react-dom": "^19", hono: "^4" }, "@sentry/node"],
  [{ "react-dom": "^19", hono: "^4", vite: "^7" }, "@sentry/react"],
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

/** Plans a tree in which nothing is installed. */
function planNotInstalled(files: Readonly<Record<string, string>>) {
  const config = JSON.stringify({ rules: [RULE] });
  const cwd = newTree({ ...files, "retrospan.config.json": config });
  return preview({ cwd, typecheck: false });
}

/** A lock file of each kind that has two versions, one for each of two packages. */
const LOCKS: readonly (readonly [file: string, text: string])[] = [
  [
    "package-lock.json",
    JSON.stringify({
      lockfileVersion: 3,
      packages: {
        "apps/old/node_modules/@sentry/node": { version: "9.47.0" },
        "node_modules/@sentry/node": { version: "11.2.0" },
      },
    }),
  ],
  [
    "pnpm-lock.yaml",
    `lockfileVersion: '9.0'

importers:

  apps/new:
    dependencies:
      '@sentry/node':
        specifier: ^11.0.0
        version: 11.2.0(supports-color@8.1.1)

  apps/old:
    dependencies:
      '@sentry/node':
        specifier: ^9.1.0
        version: 9.47.0

packages:

  '@sentry/node@11.2.0':
    resolution: {integrity: sha512-a}

  '@sentry/node@9.47.0':
    resolution: {integrity: sha512-b}
`,
  ],
  [
    "yarn.lock",
    `# yarn lockfile v1


"@sentry/node@^11.0.0", "@sentry/node@^11.1.0":
  version "11.2.0"

"@sentry/node@^9.1.0":
  version "9.47.0"
`,
  ],
  [
    "yarn.lock",
    `"@sentry/node@npm:^11.0.0":
  version: 11.2.0
  resolution: "@sentry/node@npm:11.2.0"

"@sentry/node@npm:^9.1.0":
  version: 9.47.0
  resolution: "@sentry/node@npm:9.47.0"
`,
  ],
];

test.each(LOCKS)("each package has its own version in %s", async (file, text) => {
  const outcome = await planNotInstalled({
    [file]: text,
    "apps/old/package.json": manifest({ "@sentry/node": "^9.1.0" }),
    "apps/old/run.mts": SOURCE,
    "apps/new/package.json": manifest({ "@sentry/node": "^11.0.0" }),
    "apps/new/run.mts": SOURCE,
  });
  expect(outcome.sdk.map(({ dir, version, source }) => [dir, version, source]).sort()).toEqual([
    ["apps/new", "11.2.0", "lock"],
    ["apps/old", "9.47.0", "lock"],
  ]);
});

test.each([
  ['"@sentry/node": ["@sentry/node@11.2.0", "", {}]', "11.2.0", "lock"],
  [
    '"@sentry/node": ["@sentry/node@11.2.0"], "a/@sentry/node": ["@sentry/node@9.1.0"]',
    "^11",
    "range",
  ],
])(
  "of a lock file that does not say whose version it is, the only one counts: %s",
  async (lines, version, source) => {
    const outcome = await planNotInstalled({
      "bun.lock": `{ "packages": { ${lines} } }`,
      "package.json": manifest({ "@sentry/node": "^11" }),
      "run.mts": SOURCE,
    });
    expect(outcome.sdk).toMatchObject([{ version, source }]);
  },
);

test.each([
  ["package-lock.json", "npm install --prefix pkg @sentry/node"],
  ["pnpm-lock.yaml", "pnpm --dir pkg add @sentry/node"],
  ["yarn.lock", "yarn --cwd pkg add @sentry/node"],
  ["bun.lock", "bun add --cwd pkg @sentry/node"],
])("a package without the SDK is told how to get it, by %s", async (lock, command) => {
  const outcome = await plan({
    [lock]: "",
    "pkg/package.json": manifest({}),
    "pkg/run.mts": SOURCE,
  });
  const finding = outcome.findings.find(({ code }) => code === "sdk-missing");
  expect(finding?.message).toContain(command);
});

test("also of what only a module that is made imports", async () => {
  const rule = { ...RULE, use: "run-lifecycle" };
  const files = { "pkg/package.json": manifest({}), "pkg/run.mts": SOURCE };
  const { findings } = await plan(files, rule);
  expect(findings.map(({ code }) => code)).toContain("sdk-missing");
});

const HARDENED = {
  id: "init",
  use: "init-hardening",
  environment: true,
  ignoreErrors: ["AbortError"],
  scrub: true,
};
const INIT = (sdk: string) => `import * as Sentry from "${sdk}";
Sentry.init({ dsn: process.env.SENTRY_DSN });
`;

test("declarations that a framework makes tell nothing about how modules are imported", async () => {
  const files = {
    "package.json": manifest({ "@sentry/nextjs": "^10" }),
    "tsconfig.json": '{ "compilerOptions": { "moduleResolution": "bundler", "module": "esnext" } }',
    "next-env.d.ts": 'import "./.next/types/routes.d.ts";\n',
    "sentry.server.config.ts": INIT("@sentry/nextjs"),
  };
  const { changes } = await plan(files, HARDENED);
  const [init] = changes.filter(({ path }) => path === "sentry.server.config.ts");
  expect(init?.after).toMatch(/from "\.\/[\w/]*scrub"/);
});

test("an SDK that finds its environment by itself keeps it, another is asked first", async () => {
  const files = (sdk: string) => ({
    "package.json": manifest({ [sdk]: "^10" }),
    "start.mts": INIT(sdk),
  });
  const next = await plan(files("@sentry/nextjs"), HARDENED);
  expect(next.changes[0]?.after).not.toContain("environment");
  project?.remove();
  const node = await plan(files("@sentry/node"), HARDENED);
  expect(node.changes[0]?.after).toContain(
    "environment: process.env.SENTRY_ENVIRONMENT ?? process.env.NODE_ENV,",
  );
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
