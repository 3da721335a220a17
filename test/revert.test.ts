import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { afterEach, expect, test } from "vitest";
import { apply, preview, revert, type RuleConfig } from "../src/index.js";
import { temporaryProject, type TemporaryProject } from "./support/project.js";

let project: TemporaryProject | undefined;
afterEach(() => project?.remove());

const SOURCE = `export function run(ms: number): Record<string, number> {
  const timing: Record<string, number> = {};
  timing.parse = ms;
  return timing;
}
`;

const stages = (module: string): RuleConfig => ({
  id: "stages",
  use: "record-stage",
  at: { assign: "timing[*]" },
  module,
  create: true,
});

function stageProject(rule: RuleConfig, files: Readonly<Record<string, string>> = {}) {
  project = temporaryProject(
    {
      "package.json": '{ "dependencies": { "@sentry/node": "^11" } }',
      "src/main.ts": SOURCE,
      ...files,
    },
    [rule],
  );
  const { dir, read } = project;
  return { options: { cwd: dir, typecheck: false }, dir, read };
}

test("a created module that another file imports by now stays and is named", async () => {
  const { options, dir, read } = stageProject(stages("src/lib/stages.ts"));
  await apply(options);
  const user = 'export * from "./lib/stages";\n';
  writeFileSync(join(dir, "src/index.ts"), user);
  const outcome = await revert(options);
  expect(outcome.exitCode).toBe(1);
  expect(outcome.findings.map(({ code, file }) => [code, file])).toEqual([
    ["module-kept", "src/lib/stages.ts"],
  ]);
  expect(read("src/main.ts")).toBe(SOURCE);
  expect(read("src/lib/stages.ts")).toContain("recordStage");
  rmSync(join(dir, "src/index.ts"));
  expect((await revert(options)).exitCode).toBe(0);
  expect(() => read("src/lib/stages.ts")).toThrow();
});

test("a created module that was moved goes with the imports that follow it", async () => {
  const { options, dir, read } = stageProject(stages("src/lib/stages.ts"));
  await apply(options);
  const move = (path: string) => {
    mkdirSync(join(dir, "src/util"), { recursive: true });
    writeFileSync(join(dir, path), read("src/lib/stages.ts"));
    rmSync(join(dir, "src/lib/stages.ts"));
    writeFileSync(
      join(dir, "src/main.ts"),
      read("src/main.ts").replace("./lib/stages", path.replace(/src\/(.*)\.ts/, "./$1")),
    );
  };
  move("src/util/stages.ts");
  expect((await revert({ ...options, allowDirty: true })).exitCode).toBe(0);
  expect(read("src/main.ts")).toBe(SOURCE);
  expect(() => read("src/util/stages.ts")).toThrow();
});

test("an import of the same name from elsewhere, which the user's code needs, is the user's", async () => {
  const { options, dir, read } = stageProject(stages("src/lib/stages.ts"));
  await apply(options);
  const own = `import { recordStage } from "./own";\n\n${SOURCE}recordStage("own", "ok", 1);\n`;
  writeFileSync(join(dir, "src/main.ts"), own);
  const outcome = await revert({ ...options, allowDirty: true });
  expect(outcome.findings).toEqual([]);
  expect(read("src/main.ts")).toBe(own);
});

test("a rule that names another module is updated in place", async () => {
  const { options, dir, read } = stageProject(stages("src/lib/stages.ts"));
  await apply(options);
  const rules = [stages("src/lib/other.ts")];
  writeFileSync(join(dir, "retrospan.config.json"), JSON.stringify({ rules }));
  await apply(options);
  expect(read("src/main.ts")).toContain("./lib/other");
  expect(read("src/main.ts")).not.toContain("./lib/stages");
  expect((await preview(options)).changes).toEqual([]);
  await revert(options);
  expect(read("src/main.ts")).toBe(SOURCE);
});

test("in a CommonJS package the created module is CommonJS", async () => {
  const { options, read } = stageProject(stages("src/lib/stages.js"), {
    "src/main.ts": "",
    "src/main.js": `const timing = {};\ntiming.parse = 1;\nmodule.exports = timing;\n`,
  });
  await apply(options);
  expect(read("src/lib/stages.js")).toContain("module.exports = { recordStage };");
  expect(read("src/main.js")).toContain('require("./lib/stages.js")');
});

const WORK = `export async function work(id: string): Promise<string> {
  await Promise.resolve();
  return id;
}
`;
const REST = `export const rest = 1;
`;
const spans: RuleConfig = {
  id: "spans",
  use: "wrap-span",
  at: { function: "work" },
  span: { name: "the work" },
};

function splitProject() {
  project = temporaryProject({ "src/a.ts": WORK + REST }, [spans]);
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false };
  const write = (path: string, text: string) => writeFileSync(join(dir, path), text);
  const split = () => {
    const text = read("src/a.ts");
    const at = text.indexOf("export async");
    const [head, moved] = [text.slice(0, at), text.slice(at, text.indexOf("export const"))];
    write("src/b.ts", head + moved);
    write("src/a.ts", `export { work } from "./b";\n${REST}`);
    return head;
  };
  return { options, read, write, split, dir };
}

test("instrumentation in a file that was split is found and taken out", async () => {
  const { options, read, split } = splitProject();
  await apply(options);
  split();
  const outcome = await revert({ ...options, allowDirty: true });
  expect(outcome.sites.map(({ file, state }) => [file, state])).toEqual([["src/b.ts", "reverted"]]);
  expect(read("src/a.ts")).toBe(`export { work } from "./b";\n${REST}`);
  expect(read("src/b.ts")).toBe(WORK);
});

test("an apply after a split changes nothing, and a revert still finds it", async () => {
  const { options, read, split } = splitProject();
  await apply(options);
  split();
  const second = await apply({ ...options, allowDirty: true });
  expect(second.changes.map(({ path }) => path)).toEqual([]);
  await revert({ ...options, allowDirty: true });
  expect(read("src/b.ts")).toBe(WORK);
});

test("of a file that was split, the import that stays behind goes, and the one that came along", async () => {
  const { options, read, write, split } = splitProject();
  await apply(options);
  const head = split();
  write("src/a.ts", `${head}${read("src/a.ts")}`);
  await revert({ ...options, allowDirty: true });
  expect(read("src/a.ts")).toBe(`export { work } from "./b";\n${REST}`);
  expect(read("src/b.ts")).toBe(WORK);
});

test("a file that was renamed behind git's back is found", async () => {
  const { options, read, write, dir } = splitProject();
  const original = read("src/a.ts");
  await apply(options);
  write("src/moved.ts", read("src/a.ts"));
  rmSync(join(dir, "src/a.ts"));
  const outcome = await revert({ ...options, allowDirty: true });
  expect(outcome.sites.map(({ file, state }) => [file, state])).toEqual([
    ["src/moved.ts", "reverted"],
  ]);
  expect(read("src/moved.ts")).toBe(original);
});

test("of two copies in other files, neither is taken for the one that was moved", async () => {
  const { options, read, write, dir } = splitProject();
  await apply(options);
  write("src/one.ts", read("src/a.ts"));
  write("src/two.ts", read("src/a.ts"));
  rmSync(join(dir, "src/a.ts"));
  const outcome = await revert({ ...options, allowDirty: true });
  expect(outcome.sites.map(({ state, reason }) => [state, reason?.message.split(": ")[1]])).toEqual(
    [["left", "src/one.ts, src/two.ts"]],
  );
  expect(outcome.changes).toEqual([]);
  rmSync(join(dir, "src/two.ts"));
  await revert({ ...options, allowDirty: true });
  expect(read("src/one.ts")).toBe(WORK + REST);
});

test("of a file that was split, what says the same several times goes in its order", async () => {
  const code = `export async function run(list: string[]): Promise<{ success: boolean }> {
  if (list.length === 0) {
    return { success: false };
  }
  await Promise.resolve();
  if (list.length === 0) {
    return { success: false };
  }
  list.push("done");
  return { success: false };
}
`;
  const rule: RuleConfig = {
    id: "run",
    use: "run-lifecycle",
    at: { function: "run" },
    span: { name: "the run" },
  };
  project = temporaryProject({ "src/a.ts": code + REST }, [rule]);
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false };
  await apply(options);
  const text = read("src/a.ts");
  const at = text.indexOf("export const");
  writeFileSync(join(dir, "src/b.ts"), text.slice(0, at));
  writeFileSync(join(dir, "src/a.ts"), REST);
  expect(text.match(/setOutcome/g)).toHaveLength(3);
  const outcome = await revert({ ...options, allowDirty: true });
  expect(new Set(outcome.sites.map(({ state }) => state))).toEqual(new Set(["reverted"]));
  expect(read("src/b.ts")).toBe(code);
});

test("a captured error that two rules want goes with the last of them", async () => {
  const code = `export function drop(remove: () => void): void {
  try {
    remove();
  } catch {
  }
}
`;
  const rule = (id: string, region: string): RuleConfig => ({
    id,
    use: "wrap-span",
    at: { function: "drop" },
    region,
    span: { name: id },
    captureErrors: true,
  });
  project = temporaryProject(
    { "package.json": '{ "dependencies": { "@sentry/node": "^11" } }', "drop.ts": code },
    [rule("outer", "body"), rule("inner", "try")],
  );
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false };
  for (const [first, last] of [
    ["outer", "inner"],
    ["inner", "outer"],
  ] as const) {
    await apply(options);
    await revert({ ...options, rule: first });
    expect(read("drop.ts")).toContain(`name: "${last}"`);
    expect(read("drop.ts")).toMatch(/catch \((\w+)\) {\s+Sentry.captureException\(\1\);/);
    await revert({ ...options, rule: last });
    expect(read("drop.ts")).toBe(code);
  }
});

test("what was copied beside itself stays in the ledger, whatever is applied since", async () => {
  const code = `export async function load(read: () => Promise<string>): Promise<void> {
  await read();
}
`;
  project = temporaryProject(
    { "package.json": '{ "dependencies": { "@sentry/node": "^11" } }', "load.ts": code },
    [{ id: "read", use: "wrap-span", at: { call: "read()" }, span: { name: "read" } }],
  );
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false };
  await apply(options);
  const line = /^.*startSpan.*\n/m.exec(read("load.ts"))?.[0] ?? "";
  const more = code.replace("load", "loadMore");
  writeFileSync(join(dir, "load.ts"), read("load.ts").replace(line, line + line) + more);
  const second = await apply(options);
  expect(second.sites.filter(({ state }) => state === "applied").length).toBe(1);
  const outcome = await revert(options);
  expect(outcome.exitCode).toBe(1);
  expect(outcome.sites.map(({ reason }) => reason?.code ?? null).sort()).toEqual([
    "ambiguous-match",
    null,
  ]);
});

test.each([
  ["deleted", null],
  ["emptied of it", "export const traced = true;\n"],
])("old calls whose module was %s do not come back", async (_how, left) => {
  const legacy = "export function traceStep(name: string): void {\n  console.log(name);\n}\n";
  const main = `import { traceStep } from "./trace";

export function work(count: number): number {
  traceStep("work");
  return count + 1;
}
`;
  const rule: RuleConfig = {
    id: "steps",
    use: "replace-legacy",
    at: { call: "traceStep($name)" },
    module: "src/trace.ts",
    breadcrumb: { message: "{{name}}" },
  };
  const { options, dir, read } = stageProject(rule, {
    "src/trace.ts": legacy,
    "src/main.ts": main,
  });
  await apply(options);
  const applied = read("src/main.ts");
  if (left === null) rmSync(join(dir, "src/trace.ts"));
  else writeFileSync(join(dir, "src/trace.ts"), left);
  const outcome = await revert(options);
  expect(outcome.exitCode).toBe(1);
  expect(outcome.sites.map(({ reason }) => reason?.code)).toEqual(["still-needed", "legacy-gone"]);
  expect(read("src/main.ts")).toBe(applied);
  writeFileSync(join(dir, "src/trace.ts"), legacy);
  expect((await revert(options)).exitCode).toBe(0);
  expect(read("src/main.ts")).toBe(main);
});

const NESTED = `const text = 42;

async function load(id: string): Promise<string> {
  return Promise.resolve(id + text.toFixed());
}

export async function named(id: string, log: string[]): Promise<void> {
  await load(id);
  const text = await load(id);
  log.push(text);
}

export async function left(id: string, log: string[]): Promise<void> {
  await load(id);
  await load(id);
  log.push("inside");
}

export async function both(id: string, log: string[]): Promise<void> {
  await load(id);
  await load(id);
  log.push("both");
}
`;

test("what comes free where an inner span goes may be in the way of the one around it", async () => {
  const rule: RuleConfig = {
    id: "rest",
    use: "wrap-span",
    at: { call: "load(id)" },
    region: "rest",
    span: { name: "rest" },
  };
  project = temporaryProject({ "src/main.ts": NESTED }, [rule]);
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false, allowDirty: true };
  await apply(options);
  const instrumented = read("src/main.ts");
  expect(instrumented.match(/startSpan/g)).toHaveLength(6);
  const ends = "\n    });\n  });\n";
  const edited = instrumented
    .replace(`log.push(text);${ends}`, `log.push(text);${ends}  log.push(text.toFixed());\n`)
    .replace(
      `log.push("inside");${ends}`,
      `if (id === "") return;\n      log.push("inside");${ends}  log.push("left");\n`,
    );
  writeFileSync(join(dir, "src/main.ts"), edited);
  const { sites, exitCode } = await revert(options);
  expect(exitCode).toBe(1);
  expect(sites.map(({ state, reason }) => [state, reason?.message.split(": ")[1]])).toEqual([
    ["left", "text would be declared twice"],
    ["reverted", undefined],
    ["left", "a return was added that would leave the function"],
    ["reverted", undefined],
    ["reverted", undefined],
    ["reverted", undefined],
  ]);
  const after = read("src/main.ts");
  expect(after.slice(after.indexOf("export async function both"))).toBe(
    NESTED.slice(NESTED.indexOf("export async function both")),
  );
  expect(after).toContain(
    "    const text = await load(id);\n    log.push(text);\n  });\n  log.push(text.toFixed());",
  );
});

test("a callback that somebody made a function of is left and named, not given up as missing", async () => {
  project = temporaryProject({ "src/a.ts": WORK }, [spans]);
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false, allowDirty: true };
  await apply(options);
  const edited = read("src/a.ts").replace("async () => {", "async function () {");
  writeFileSync(join(dir, "src/a.ts"), edited);
  for (const _ of ["once", "again"]) {
    const { sites, exitCode } = await revert(options);
    expect(exitCode).toBe(1);
    expect(sites).toMatchObject([{ state: "left", reason: { code: "changed-by-hand" } }]);
    expect(read("src/a.ts")).toBe(edited);
  }
});

test("what was changed by hand in a span's options goes with it, and is told", async () => {
  const source = "export async function load(id: string) {\n  await Promise.resolve(id);\n}\n";
  project = temporaryProject(
    { "package.json": '{ "dependencies": { "@sentry/node": "^11" } }', "src/load.ts": source },
    [{ id: "load", use: "wrap-span", at: { function: "load" }, span: { name: "load" } }],
  );
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false, allowDirty: true };
  await apply(options);
  const changed = read("src/load.ts")
    .replace('name: "load"', 'name: "load", attributes: { id }')
    .replace("resolve(id)", "resolve(`${id}!`)");
  writeFileSync(join(dir, "src/load.ts"), changed);
  const { exitCode, findings } = await revert(options);
  expect({ exitCode, findings: findings.map(({ code, line }) => [code, line]) }).toEqual({
    exitCode: 0,
    findings: [["edit-gone", 4]],
  });
  expect(read("src/load.ts")).toBe(source.replace("resolve(id)", "resolve(`${id}!`)"));
});

test("what was changed in the value that an option's condition was put around stays, and is not told as gone", async () => {
  const source = `import * as Sentry from "@sentry/node";
Sentry.init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: 0.5 });
`;
  project = temporaryProject(
    { "package.json": '{ "dependencies": { "@sentry/node": "^11" } }', "src/start.ts": source },
    [{ id: "init", use: "init-hardening", productionRate: 0.2 }],
  );
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false, allowDirty: true };
  await apply(options);
  writeFileSync(join(dir, "src/start.ts"), read("src/start.ts").replace(": 0.5", ": 0.7"));
  const { exitCode, findings } = await revert(options);
  expect({ exitCode, findings }).toEqual({ exitCode: 0, findings: [] });
  expect(read("src/start.ts")).toBe(source.replace("0.5", "0.7"));
});

/** A file of two functions, one of which goes to a file of its own once it is instrumented. */
async function moveTwo(rule: RuleConfig, importing: string) {
  const one =
    "export async function one(id: string) {\n  await load(id);\n  await handle(id);\n}\n";
  const two = "export async function two(id: string) {\n  await load(id);\n}\n";
  const head = 'import { handle, load } from "./work";\n\n';
  project = temporaryProject(
    {
      "package.json": '{ "dependencies": { "@sentry/node": "^11" } }',
      "src/a.ts": `${head}${one}\n${two}`,
      "src/work.ts": "export const load = async (id: string) => id;\nexport const handle = load;\n",
    },
    [rule],
  );
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false, allowDirty: true };
  await apply(options);
  const text = read("src/a.ts");
  const at = text.indexOf("export async function two");
  const files = { "src/a.ts": text.slice(0, at), "src/b.ts": `${importing}\n${text.slice(at)}` };
  for (const [path, content] of Object.entries(files)) writeFileSync(join(dir, path), content);
  const { exitCode, sites } = await revert(options);
  const left = importing.replace(/^.*@sentry.*\n/m, "");
  expect({ exitCode, states: [...new Set(sites.map(({ state }) => state))] }).toEqual({
    exitCode: 0,
    states: ["reverted"],
  });
  expect(read("src/a.ts")).toBe(`${head}${one}\n`);
  expect(read("src/b.ts")).toBe(`${left}\n${two}`);
}

const IMPORTS = 'import { load } from "./work";\nimport * as Sentry from "@sentry/node";\n';

test("what was moved is found though its old file still says the same word", async () => {
  const span = { name: "load" };
  await moveTwo({ id: "l", use: "wrap-span", at: { function: "two" }, span }, IMPORTS);
});

test("the import that came with moved code goes though the old file has its own", async () => {
  const span = { name: "{{function}}" };
  await moveTwo(
    { id: "l", use: "wrap-span", at: { function: "*" }, in: "src/a.ts", span },
    IMPORTS,
  );
});

test("what stood and fell with code that was deleted is gone with it", async () => {
  const source = `export async function runImport(id: string): Promise<{ success: boolean }> {
  if (!id) return { success: false };
  return { success: true };
}
export const VERSION = 1;
`;
  project = temporaryProject(
    { "package.json": '{ "dependencies": { "@sentry/node": "^11" } }', "src/run.ts": source },
    [
      {
        id: "run",
        use: "run-lifecycle",
        at: { function: "runImport" },
        span: { name: "import" },
        dir: "src/lib",
      },
    ],
  );
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false, allowDirty: true };
  await apply(options);
  const text = read("src/run.ts");
  const end = text.indexOf("export const VERSION");
  writeFileSync(
    join(dir, "src/run.ts"),
    text.slice(0, text.indexOf("export async")) + text.slice(end),
  );
  const { exitCode, sites } = await revert(options);
  expect({ exitCode, states: [...new Set(sites.map(({ state }) => state))] }).toEqual({
    exitCode: 0,
    states: ["missing"],
  });
  expect(read("src/run.ts")).toBe("export const VERSION = 1;\n");
  expect(() => read("src/lib/sentry-pipeline.ts")).toThrow();
  expect(() => read(".retrospan/ledger.json")).toThrow();
});

test.each([
  { arrowParens: "avoid", printWidth: 100 },
  { arrowParens: "always", printWidth: 60 },
  { arrowParens: "avoid", printWidth: 60, semi: false, singleQuote: true },
] as const)("modules that were formatted are still ours: %j", async (style) => {
  const source =
    "export async function runImport(id: string) {\n  return { success: id !== '' };\n}\n";
  project = temporaryProject(
    { "package.json": '{ "dependencies": { "@sentry/node": "^11" } }', "src/run.ts": source },
    [
      {
        ...{ id: "run", use: "run-lifecycle", at: { function: "runImport" } },
        ...{ span: { name: "import" }, dir: "src/lib" },
      },
    ],
  );
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false, allowDirty: true };
  const { changes } = await apply(options);
  const made = changes.filter(({ path, before }) => before === null && path.endsWith(".ts"));
  for (const { path } of made) {
    const text = await format(read(path), { ...style, parser: "typescript" });
    writeFileSync(join(dir, path), text);
  }
  const { exitCode, findings } = await revert(options);
  expect({ exitCode, findings }).toEqual({ exitCode: 0, findings: [] });
});

test.each([
  ["@sentry/node", "@sentry/nextjs"],
  ["./lib/continue-trace-from", "@/lib/continue-trace-from"],
])("an import that names %s by %s since is ours", async (from, to) => {
  const source =
    "export function receive(message: { id: string }) {\n  console.log(message.id);\n}\n" +
    "export async function load(id: string) {\n  await Promise.resolve(id);\n}\n";
  project = temporaryProject(
    { "package.json": '{ "dependencies": { "@sentry/node": "^11" } }', "src/a.ts": source },
    [
      { id: "l", use: "wrap-span", at: { function: "load" }, span: { name: "load" } },
      { id: "r", use: "trace-receive", at: { function: "receive" } },
    ],
  );
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false, allowDirty: true };
  await apply(options);
  const text = read("src/a.ts");
  expect(text).toContain(from);
  writeFileSync(join(dir, "src/a.ts"), text.replace(from, to));
  expect((await revert(options)).exitCode).toBe(0);
  expect(read("src/a.ts")).toBe(source);
});

test("what was copied to another function by hand stays, and is named", async () => {
  const measured = (name: string) => `export function ${name}(recorder: Recorder): number {
  const timing: Record<string, number> = {};
  timing.parse = 12;
  return Object.keys(timing).length;
}
`;
  const code = `interface Recorder {
  recordStage(name: string, status: string, ms: number | undefined): void;
}

${measured("first")}`;
  const rule: RuleConfig = {
    id: "stages",
    use: "record-stage",
    at: { assign: "timing[*]" },
    recorder: "recorder.recordStage",
  };
  project = temporaryProject({ "src/a.ts": code }, [rule]);
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false };
  await apply(options);
  const applied = read("src/a.ts");
  const copied = applied.slice(applied.indexOf("export function")).replace("first", "second");
  writeFileSync(join(dir, "src/a.ts"), applied + copied);
  const outcome = await revert({ ...options, allowDirty: true });
  expect(outcome.sites.map(({ state }) => state)).toEqual(["reverted"]);
  expect(read("src/a.ts")).toBe(code + copied);
  expect(outcome.findings.map(({ code: found, line }) => [found, line])).toEqual([
    ["copy-stays", 14],
  ]);
});

test("an init that was moved to a file of its own gets its DSN back there", async () => {
  const init = `Sentry.init({
  dsn: "https://abc@o1.ingest.sentry.io/1",
});
`;
  const head = `import * as Sentry from "@sentry/node";\n`;
  const rule: RuleConfig = { id: "inits", use: "init-hardening", dsn: true };
  project = temporaryProject({ "src/main.ts": head + init + REST }, [rule]);
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false };
  await apply(options);
  const applied = read("src/main.ts");
  expect(applied).not.toContain("https://abc@");
  writeFileSync(join(dir, "src/instrument.ts"), applied.replace(REST, ""));
  writeFileSync(join(dir, "src/main.ts"), `import "./instrument";\n${REST}`);
  const outcome = await revert({ ...options, allowDirty: true });
  expect(outcome.sites.map(({ state }) => state)).toEqual(["reverted"]);
  expect(read("src/instrument.ts")).toBe(head + init);
});

test("a breadcrumb that moved away from the module it replaced is left, and named", async () => {
  const legacy = `export function log(text: string): void {\n  console.log(text);\n}\n`;
  const rule: RuleConfig = {
    id: "wrappers",
    use: "replace-legacy",
    module: "src/old.ts",
    at: { function: "log" },
    breadcrumb: { message: "logged" },
  };
  project = temporaryProject({ "src/old.ts": legacy + REST }, [rule]);
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false };
  await apply(options);
  writeFileSync(join(dir, "src/log.ts"), read("src/old.ts").replace(REST, ""));
  writeFileSync(join(dir, "src/old.ts"), REST);
  const outcome = await revert({ ...options, allowDirty: true });
  expect(outcome.sites.map(({ state, reason }) => [state, reason?.message.split(": ")[1]])).toEqual(
    [["left", "it may stand in src/log.ts now"]],
  );
  expect(outcome.exitCode).toBe(1);
});

test("what moved to another file and got another name there is named", async () => {
  const { options, read, write } = splitProject();
  await apply(options);
  const text = read("src/a.ts");
  const moved = text.slice(0, text.indexOf("export const"));
  const renamed = moved.replace("work(id: string)", "done(key: string)");
  write("src/b.ts", renamed.replace("resolve()", "resolve(key)").replace("id;", "key;"));
  write("src/a.ts", REST);
  const outcome = await revert({ ...options, allowDirty: true });
  expect(outcome.sites.map(({ state }) => state)).toEqual(["missing"]);
  expect(outcome.findings.map(({ code, file }) => [code, file])).toEqual([
    ["copy-stays", "src/b.ts"],
  ]);
});

test("what moved to another file and whose span got another name there is named", async () => {
  const { options, read, write } = splitProject();
  await apply(options);
  const text = read("src/a.ts");
  const moved = text.slice(0, text.indexOf("export const"));
  write("src/b.ts", moved.replace('"the work"', '"all of the work"'));
  write("src/a.ts", REST);
  const outcome = await revert({ ...options, allowDirty: true });
  expect(outcome.sites.map(({ state }) => state)).toEqual(["missing"]);
  expect(outcome.findings.map(({ code, file }) => [code, file])).toEqual([
    ["copy-stays", "src/b.ts"],
  ]);
});

test("what moved to a file that imports the SDK member by member goes there", async () => {
  const { options, read, write } = splitProject();
  await apply(options);
  const text = read("src/a.ts");
  const moved = text.slice(text.indexOf("export async"), text.indexOf("export const"));
  const split = moved.replace("Sentry.startSpan", "startSpan");
  write("src/b.ts", `import { startSpan } from "@sentry/node";\n\n${split}`);
  write("src/a.ts", REST);
  const outcome = await revert({ ...options, allowDirty: true });
  expect(outcome.sites.map(({ state }) => state)).toEqual(["reverted"]);
  expect(read("src/b.ts")).not.toContain("startSpan(");
});

/** A file with two helpers, whose imports somebody has put into one. */
async function importedTogether(together: string) {
  const code = `export function send(socket: WebSocket, note: object): void {
  socket.send(JSON.stringify(note));
}
export async function take(note: object): Promise<void> {
  await handle(note);
}
declare function handle(note: object): Promise<void>;
`;
  project = temporaryProject({ "src/a.ts": code }, [
    { id: "s", use: "trace-send", at: { call: "socket.send($text)" } },
    { id: "r", use: "trace-receive", at: { call: "handle($note)" } },
  ]);
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false };
  await apply(options);
  const rest = read("src/a.ts").replace(/^import .*\n/gm, "");
  writeFileSync(join(dir, "src/a.ts"), together + rest);
  const outcome = await revert({ ...options, allowDirty: true });
  return { outcome, text: read("src/a.ts") };
}

test("of names that were brought together in one import, none leaves an empty one", async () => {
  const together = 'import { continueTraceFrom, withTraceContext } from "./lib/index.js";\n';
  const { text } = await importedTogether(together);
  expect(text).not.toContain("import");
});

test("a module that nothing imports any more goes though an option beside it stays", async () => {
  const init = `import * as Sentry from "@sentry/node";\n\nSentry.init({\n  dsn: "",\n});\n`;
  const rule: RuleConfig = { id: "i", use: "init-hardening", environment: true, scrub: true };
  project = temporaryProject({ "src/main.ts": init }, [rule]);
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false };
  await apply(options);
  const main = read("src/main.ts").replace(/environment: .*,/, 'environment: "staging",');
  writeFileSync(join(dir, "src/main.ts"), main);
  expect(existsSync(join(dir, "src/lib/scrub.ts"))).toBe(true);
  const outcome = await revert({ ...options, allowDirty: true });
  expect(outcome.sites.filter(({ state }) => state === "left")).toHaveLength(1);
  expect(existsSync(join(dir, "src/lib/scrub.ts"))).toBe(false);
});

test("a comment in an import that holds several of ours keeps all of it", async () => {
  const together = `import {
  // for notes
  continueTraceFrom,
  withTraceContext,
} from "./lib/index.js";
`;
  const { text, outcome } = await importedTogether(together);
  expect(text.startsWith(together)).toBe(true);
  const kept = outcome.findings.filter(({ code }) => code === "import-in-use");
  expect([outcome.exitCode, kept.length]).toEqual([1, 2]);
});

test("a span of one's own in another file is not taken for one whose function was deleted", async () => {
  const own = `import * as Sentry from "@sentry/node";

export async function other(id: string): Promise<void> {
  await Sentry.startSpan({ name: "save" }, () => save(id));
}
declare function save(id: string): Promise<void>;
`;
  const code = `export async function one(id: string): Promise<void> {
  await save(id);
}
declare function save(id: string): Promise<void>;
`;
  project = temporaryProject({ "src/a.ts": code, "src/b.ts": own }, [
    {
      id: "s",
      use: "wrap-span",
      in: "src/a.ts",
      at: { call: "save($id)" },
      span: { name: "save" },
    },
  ]);
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false };
  await apply(options);
  writeFileSync(join(dir, "src/a.ts"), REST);
  await revert({ ...options, allowDirty: true });
  expect(read("src/b.ts")).toBe(own);
});

test("of a file that was split in two, the import that came along goes from both", async () => {
  const second = WORK.replace("work(", "wait(");
  project = temporaryProject({ "src/a.ts": WORK + second }, [
    { ...spans, at: { function: "w*" }, span: { name: "{{function}}" } },
  ]);
  const { dir, read } = project;
  const options = { cwd: dir, typecheck: false };
  await apply(options);
  const text = read("src/a.ts");
  const head = text.slice(0, text.indexOf("export async"));
  const at = text.lastIndexOf("export async");
  writeFileSync(join(dir, "src/b.ts"), text.slice(0, at));
  writeFileSync(join(dir, "src/c.ts"), head + text.slice(at));
  rmSync(join(dir, "src/a.ts"));
  await revert({ ...options, allowDirty: true });
  expect([read("src/b.ts").trim(), read("src/c.ts").trim()]).toEqual([WORK.trim(), second.trim()]);
});

test("a module that a component of another language imports stays, and is named", async () => {
  const code = `export function send(socket: WebSocket, note: object): void {
  socket.send(JSON.stringify(note));
}
`;
  const page = `<script setup lang="ts">
import { withTraceContext } from "./lib/with-trace-context";
</script>
`;
  project = temporaryProject({ "src/a.ts": code, "src/page.vue": page }, [
    { id: "s", use: "trace-send", at: { call: "socket.send($text)" } },
  ]);
  const options = { cwd: project.dir, typecheck: false };
  await apply(options);
  const { findings } = await revert({ ...options, allowDirty: true });
  expect(findings.map(({ code: each }) => each)).toEqual(["module-kept"]);
  expect(existsSync(join(project.dir, "src/lib/with-trace-context.ts"))).toBe(true);
});
