import { afterEach, expect, test } from "vitest";
import { preview, type RuleConfig } from "../src/index.js";
import { newRepository, removeFolders, retrospan, type Files } from "./support/cli.js";
import { parseDocument } from "./support/document.js";
import { STRICT_TSCONFIG, temporaryProject, type TemporaryProject } from "./support/project.js";

let project: TemporaryProject | undefined;
afterEach(() => {
  project?.remove();
  project = undefined;
  removeFolders();
});

/** Megabytes of which one of these programs takes more than half. */
const SCARCE = 100;

const MANIFEST = JSON.stringify({ type: "module", dependencies: { "@sentry/node": "^11.0.0" } });

/** An attribute of a type that no attribute can have: only a type check finds it. */
const WRONG: RuleConfig = {
  id: "wrong",
  use: "wrap-span",
  at: { function: "work" },
  span: { name: "work", attributes: { event: "${event}" } },
};

const WORK = `export function work(event: { id: string }): string {
  return event.id;
}
`;

const FIELD: RuleConfig = { id: "field", use: "trace-field", at: { type: "Event" } };
const EVENT = "export interface Event {\n  type: string;\n}\n";

/** Complains when a member is added to the type. */
const TABLE = `export const table: Record<keyof Event, number> = { type: 1 };\n`;

function projectWith(files: Readonly<Record<string, string>>, rules: readonly RuleConfig[]) {
  project = temporaryProject({ "package.json": MANIFEST, ...files }, rules);
  return preview({ cwd: project.dir });
}

async function isChecked(files: Readonly<Record<string, string>>): Promise<void> {
  const { sites, typecheck } = await projectWith(files, [WRONG]);
  expect(sites.map(({ reason }) => reason?.code)).toEqual(["type-check"]);
  expect(typecheck?.new).toEqual([]);
}

function configWith(options: object, others: object = {}): string {
  const { compilerOptions } = JSON.parse(STRICT_TSCONFIG) as { compilerOptions: object };
  return JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, ...others });
}

test("files without any tsconfig are checked together", async () => {
  await isChecked({ "src/main.ts": WORK });
});

test("a file that the nearest tsconfig leaves out belongs to the next one that holds it", async () => {
  await isChecked({
    "tsconfig.json": configWith({}, { include: ["packages"] }),
    "packages/a/tsconfig.json": configWith({}, { include: ["src"] }),
    "packages/a/scripts/work.ts": WORK,
  });
});

test("a tsconfig of another name is found", async () => {
  await isChecked({
    "tsconfig.json": JSON.stringify({ files: [] }),
    "tsconfig.lib.json": configWith({}, { include: ["src"] }),
    "src/work.ts": WORK,
  });
});

test("a tsconfig that only refers to others leads to them", async () => {
  await isChecked({
    "tsconfig.json": JSON.stringify({ files: [], references: [{ path: "./config/source.json" }] }),
    "config/source.json": configWith({}, { include: ["../src"] }),
    "src/work.ts": WORK,
  });
});

test("a jsconfig makes JavaScript a program", async () => {
  const { sites, typecheck } = await projectWith(
    {
      "jsconfig.json": configWith({ checkJs: true, allowJs: true }, { include: ["src"] }),
      "src/work.js":
        "/** @param {{ id: string }} event */\nexport function work(event) {\n  return event.id;\n}\n",
    },
    [WRONG],
  );
  expect(sites.map(({ reason }) => reason?.code)).toEqual(["type-check"]);
  expect(typecheck?.new).toEqual([]);
});

test("JavaScript that nobody checks is wrapped as its types are inferred", async () => {
  const { sites } = await projectWith(
    {
      "src/work.js": "export function work(ids) {\n  return ids.map((id) => [id]).length > 1;\n}\n",
    },
    [{ ...WRONG, span: { name: "work" } }],
  );
  expect(sites.map(({ state }) => state)).toEqual(["planned"]);
});

const TYPES = {
  "packages/types/package.json": JSON.stringify({ name: "@scope/types", type: "module" }),
  "packages/types/src/index.ts": EVENT,
};

async function findsBrokenDependent(
  files: Readonly<Record<string, string>>,
  broken = "packages/app/src/table.ts",
): Promise<void> {
  const { sites, typecheck, exitCode } = await projectWith({ ...TYPES, ...files }, [FIELD]);
  const [message] = sites.map(({ reason }) => reason?.message);
  expect(message).toContain(`${broken}:2: TS2741: `);
  expect(typecheck?.new).toEqual([]);
  expect(exitCode).toBe(0);
}

test("a program that refers to another one is checked when its declarations change", async () => {
  await findsBrokenDependent({
    "packages/types/tsconfig.json": configWith({ composite: true }, { include: ["src"] }),
    "packages/app/package.json": JSON.stringify({ name: "app", type: "module" }),
    "packages/app/tsconfig.json": configWith(
      {},
      { include: ["src"], references: [{ path: "../types" }] },
    ),
    "packages/app/src/table.ts": `import type { Event } from "../../types/src/index.js";\n${TABLE}`,
  });
});

test("a program that maps a path into another package is checked", async () => {
  await findsBrokenDependent({
    "packages/types/tsconfig.json": configWith({}, { include: ["src"] }),
    "packages/app/package.json": JSON.stringify({ name: "app", type: "module" }),
    "packages/app/tsconfig.json": configWith(
      { paths: { "@scope/types": ["../types/src/index.ts"] } },
      { include: ["src"] },
    ),
    "packages/app/src/table.ts": `import type { Event } from "@scope/types";\n${TABLE}`,
  });
});

test("another program of the same package is checked when declarations change", async () => {
  await findsBrokenDependent(
    {
      "packages/types/tsconfig.json": configWith({}, { include: ["src"] }),
      "packages/types/test/tsconfig.json": configWith({}, { include: ["."] }),
      "packages/types/test/table.ts": `import type { Event } from "../src/index.js";\n${TABLE}`,
    },
    "packages/types/test/table.ts",
  );
});

test("a program that gets a type from another package's hands is checked", async () => {
  const options = { moduleResolution: "bundler", module: "ESNext" };
  await findsBrokenDependent({
    "packages/types/tsconfig.json": configWith(options, { include: ["src"] }),
    "packages/middle/package.json": JSON.stringify({
      name: "middle",
      type: "module",
      dependencies: { "@scope/types": "*" },
    }),
    "packages/middle/tsconfig.json": configWith(options, { include: ["src"] }),
    "packages/middle/src/index.ts": 'export type { Event } from "../../types/src/index";\n',
    "packages/app/package.json": JSON.stringify({
      name: "app",
      type: "module",
      dependencies: { middle: "*" },
    }),
    "packages/app/tsconfig.json": configWith(options, { include: ["src"] }),
    "packages/app/src/table.ts": `import type { Event } from "../../middle/src/index";\n${TABLE}`,
  });
});

test("a program is asked to the end, also when nothing is left to change in its own files", async () => {
  const body: RuleConfig = {
    id: "functions",
    use: "wrap-span",
    at: { function: "*" },
    region: "body",
    span: { name: "{{function}}" },
  };
  const { sites, typecheck } = await projectWith(
    {
      "core/tsconfig.json": configWith({ composite: true }, { include: ["src"] }),
      "core/src/index.ts": `declare function die(): never;

export function stop() {
  die();
}
`,
      "app/tsconfig.json": configWith({}, { include: ["src"], references: [{ path: "../core" }] }),
      "app/src/main.ts": `import { stop } from "../../core/src/index.js";

type Same<A, B> = [A, B] extends [B, A] ? true : false;
export const same: Same<ReturnType<typeof stop>, void> = true;

export const run = () => "run";
`,
    },
    [body],
  );
  expect(sites.map(({ file, reason, state }) => [file, reason?.code ?? state])).toEqual([
    ["app/src/main.ts", "planned"],
    ["core/src/index.ts", "type-check"],
  ]);
  expect(typecheck?.new).toEqual([]);
});

test("what happens inside a function's body concerns its own program only", async () => {
  const { typecheck } = await projectWith(
    {
      ...TYPES,
      "packages/types/src/work.ts": WORK,
      "packages/types/tsconfig.json": configWith({}, { include: ["src"] }),
      "packages/app/package.json": JSON.stringify({ name: "app", type: "module" }),
      "packages/app/tsconfig.json": configWith(
        { paths: { "@scope/types": ["../types/src/index.ts"] } },
        { include: ["src"] },
      ),
      "packages/app/src/table.ts": `import type { Event } from "@scope/types";\n${TABLE}`,
    },
    [{ ...WRONG, span: { name: "work" } }],
  );
  expect(typecheck).toMatchObject({ programs: 1, new: [] });
});

const OWN_ROOT = {
  module: "NodeNext",
  rootDir: "src",
  skipLibCheck: true,
  types: [],
  noEmit: true,
};

test("a config that others extend is no program; what is created is checked where it will be", async () => {
  const handler = `export function handle(message: { id: string }): string {
  return message.id;
}
export function receive(text: string): string {
  const message = JSON.parse(text) as { id: string };
  return handle(message);
}
`;
  project = temporaryProject(
    {
      "package.json": JSON.stringify({ type: "module" }),
      "tsconfig.base.json": JSON.stringify({ compilerOptions: { strict: true } }),
      "packages/a/package.json": JSON.stringify({
        name: "a",
        type: "module",
        dependencies: { "@sentry/node": "^11.0.0" },
      }),
      "packages/a/tsconfig.json": JSON.stringify({
        extends: "../../tsconfig.base.json",
        compilerOptions: OWN_ROOT,
        include: ["src"],
      }),
      "packages/a/src/main.ts": handler,
      "packages/b/package.json": JSON.stringify({
        name: "b",
        type: "module",
        dependencies: { "@sentry/node": "^11.0.0" },
      }),
      "packages/b/tsconfig.json": JSON.stringify({
        extends: "../../tsconfig.base.json",
        compilerOptions: OWN_ROOT,
      }),
      "packages/b/src/main.ts": handler,
      "scripts/broken.ts": "export const broken: number = 'text';\n",
    },
    [{ id: "r", use: "trace-receive", at: { call: "handle($message)" } }],
  );
  const outcome = await preview({ cwd: project.dir });
  expect(outcome.typecheck).toMatchObject({ programs: 2, before: 0, after: 0, new: [] });
  expect(outcome.changes.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      "packages/a/src/lib/continue-trace-from.ts",
      "packages/b/src/lib/continue-trace-from.ts",
    ]),
  );
});

test("a declaration file means in each program what that program's paths say", async () => {
  const part = (name: string) => ({
    [`${name}/tsconfig.json`]: configWith({ paths: { dep: ["./dep.ts"] } }, { include: ["*.ts"] }),
    [`${name}/dep.ts`]: `export interface Payload { ${name}: string }\n`,
    [`${name}/main.ts`]: `import type { Api } from "../shared/api.js";

export async function send(api: Api): Promise<void> {
  await api.send(api.payload.${name});
}
`,
  });
  const { sites, typecheck } = await projectWith(
    {
      ...part("left"),
      ...part("right"),
      "shared/api.d.ts": `import type { Payload } from "dep";

export interface Api {
  payload: Payload;
  send(text: string): Promise<void>;
}
`,
    },
    [{ id: "send", use: "wrap-span", at: { function: "send" }, span: { name: "send" } }],
  );
  expect(sites.map(({ state }) => state)).toEqual(["planned", "planned"]);
  expect(typecheck).toMatchObject({ programs: 2, before: 0, after: 0, new: [] });
});

test("programs that give their memory back say the same when they are asked again", async () => {
  const works = ["a", "b", "c"].map((name): Files => ({
    [`${name}/tsconfig.json`]: configWith({ moduleResolution: "bundler" }),
    [`${name}/read.ts`]: `import { work } from "../shared/work";

export const read = (): string => work({ id: "${name}" });
`,
  }));
  const read: RuleConfig = {
    ...WRONG,
    id: "read",
    at: { function: "read" },
    span: { name: "read" },
  };
  const folder = newRepository({
    "package.json": MANIFEST,
    "retrospan.config.json": JSON.stringify({ rules: [WRONG, read] }),
    "shared/tsconfig.json": configWith({}),
    "shared/work.ts": WORK,
    ...Object.fromEntries(works.flatMap((files) => Object.entries(files))),
  });
  const plan = async (megabytes: number) => {
    const env = { NODE_OPTIONS: `--max-old-space-size=${megabytes}` };
    const { stdout } = await retrospan(folder, ["preview", "--json"], { env });
    const { sites, typecheck } = parseDocument(stdout);
    const { programs, new: complaints } = typecheck ?? {};
    return { sites, programs, complaints };
  };
  const roomy = await plan(4000);
  expect(roomy).toMatchObject({ programs: 3, complaints: [] });
  expect(roomy.sites.map(({ reason, state }) => reason?.code ?? state).sort()).toEqual([
    "planned",
    "planned",
    "planned",
    "type-check",
  ]);
  expect(await plan(SCARCE)).toEqual(roomy);
});
