import { execFile } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { emptyLedger } from "../src/plan/ledger.js";
import {
  CLI,
  commit,
  git,
  newFolder,
  newRepository,
  newTree,
  readFile,
  removeFolders,
  retrospan,
  sha256,
  snapshot,
  userFiles,
  writeFiles,
  type Files,
  type Run,
} from "./support/cli.js";
import { parseDocument, type Document } from "./support/document.js";

afterAll(removeFolders);

const LOAD = `export async function load(id: string): Promise<string> {
  const value = await fetch(id);
  return value.text();
}
`;

const SAVE = `export async function save(id: string): Promise<void> {
  await fetch(id, { method: "PUT" });
}
`;

const STAGES = `export function measure(): Record<string, number> {
  const timing: Record<string, number> = {};
  timing.parse = 12;
  return timing;
}
`;

const MANIFEST = JSON.stringify({
  name: "sample",
  type: "module",
  dependencies: { "@sentry/node": "^9.0.0" },
});

const LOAD_RULE = {
  id: "load",
  use: "wrap-span",
  phase: 1,
  at: { function: "load" },
  span: { name: "load", op: "http.client" },
};

const SAVE_RULE = {
  id: "save",
  use: "wrap-span",
  phase: 2,
  at: { function: "save" },
  span: { name: "save" },
};

const STAGE_RULE = {
  id: "stages",
  use: "record-stage",
  phase: 2,
  at: { assign: "timing[*]" },
  module: "src/lib/record-stage.ts",
  create: true,
};

const CONFIG = "retrospan.config.json";

function configOf(rules: readonly object[], rest: object = {}): string {
  return JSON.stringify({ ...rest, rules });
}

/** One file, one rule. */
const SMALL: Files = {
  "package.json": MANIFEST,
  [CONFIG]: configOf([LOAD_RULE]),
  "src/load.ts": LOAD,
};

/** Three files, three rules of two transforms and two phases, one module to create. */
const LARGE: Files = {
  "package.json": MANIFEST,
  [CONFIG]: configOf([LOAD_RULE, SAVE_RULE, STAGE_RULE]),
  "src/load.ts": LOAD,
  "src/save.ts": SAVE,
  "src/deep/stages.ts": STAGES,
};

/** A message type that gets the field, beside code that gets a span. */
const FIELDS: Files = {
  "package.json": MANIFEST,
  [CONFIG]: configOf([LOAD_RULE, { id: "field", use: "trace-field", at: { type: "Job" } }]),
  "src/load.ts": LOAD,
  "src/messages.ts": "export interface Job {\n  name: string;\n}\n",
};

const LEDGER = ".retrospan/ledger.json";

function plan(folder: string, command: string, ...args: string[]): Promise<Run> {
  return retrospan(folder, [command, "--no-typecheck", ...args]);
}

async function document(folder: string, ...args: string[]): Promise<Document> {
  const { stdout } = await retrospan(folder, [...args, "--json"]);
  return parseDocument(stdout);
}

function preview(folder: string, ...args: string[]): Promise<Document> {
  return document(folder, "preview", "--no-typecheck", ...args);
}

async function applied(folder: string, ...args: string[]): Promise<void> {
  const run = await plan(folder, "apply", ...args);
  expect(run.code).toBe(0);
  expect(run.stderr).toMatch(/^(warning [^\n]+\n)*$/);
}

async function reverted(folder: string, ...args: string[]): Promise<void> {
  expect(await retrospan(folder, ["revert", ...args])).toMatchObject({ code: 0, stderr: "" });
}

function filesOf({ sites }: Document): string[] {
  return [...new Set(sites.map(({ file }) => file))].sort();
}

function replaceIn(folder: string, path: string, from: string, to: string): void {
  const text = readFile(folder, path);
  expect(text).toContain(from);
  writeFiles(folder, { [path]: text.replace(from, to) });
}

/** The user's mistake: one line on stderr, nothing on stdout, exit code 2, no byte touched. */
async function expectMistake(
  folder: string,
  args: readonly string[],
  says: readonly RegExp[],
): Promise<void> {
  const before = snapshot(folder);
  const run = await retrospan(folder, args);
  expect(run).toMatchObject({ code: 2, stdout: "" });
  expect(run.stderr).toMatch(/^[^\n]+\n$/);
  for (const pattern of says) expect(run.stderr).toMatch(pattern);
  expect(snapshot(folder)).toEqual(before);
}

describe("help", () => {
  const commands = ["preview", "apply", "revert", "status"];

  test.each([[[]], [["--help"]], [["help"]]])("%j lists the commands", async (args) => {
    const run = await retrospan(newFolder(), args);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    for (const command of commands) expect(run.stdout).toContain(command);
  });

  test.each(commands)("%s --help lists its options", async (command) => {
    const run = await retrospan(newFolder(), [command, "--help"]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    for (const option of ["--json", "--rule", "--site", "--quiet"])
      expect(run.stdout).toContain(option);
  });

  test("--version prints the version of the package", async () => {
    const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    const { version } = JSON.parse(manifest) as { version: string };
    const run = await retrospan(newFolder(), ["--version"]);
    expect(run).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("a wrong command line", () => {
  const cases: [string[], RegExp[]][] = [
    [["aply"], [/aply/, /apply/]],
    [
      ["apply", "--no-typechek"],
      [/--no-typechek/, /--no-typecheck/],
    ],
    [["--jsno"], [/--jsno/]],
    [["apply", "src", "lib"], [/argument/]],
    [["apply", "--rule"], [/--rule/]],
    [
      ["apply", "--phase", "two"],
      [/--phase/, /two/],
    ],
    [["apply", "--phase", "0"], [/--phase/]],
    [["apply", "--phase", "1.5"], [/--phase/]],
    [["apply", "--phase", ""], [/--phase/]],
    [["apply", "nowhere"], [/nowhere/]],
    [["revert", "nowhere"], [/nowhere/]],
    [["status", "nowhere"], [/nowhere/]],
    [["apply", "nowhere/*.ts"], [/nowhere/]],
    [["apply", "--config", "nowhere.json"], [/--config nowhere\.json/]],
    [
      ["apply", "--rule", "laod"],
      [/laod/, /"load"/],
    ],
    [
      ["apply", "--transform", "wrap-spam"],
      [/wrap-spam/, /"wrap-span"/],
    ],
    [["apply", "--preset", "nothing-of-that-name"], [/nothing-of-that-name/]],
    [["revert", "--rule", "laod"], [/laod/]],
    [
      ["status", "--rule", "laod"],
      [/laod/, /"load"/],
    ],
    [["apply", "--patch", "nowhere/changes.patch"], [/--patch nowhere\/changes\.patch/]],
    [
      ["preview", "--patch", "--no-typecheck"],
      [/--patch/, /looks like another option/],
    ],
    [
      ["revert", "--reason", "--json"],
      [/--reason/, /looks like another option/],
    ],
    [
      ["apply", "--rule", "load", "--rule", "save"],
      [/--rule/, /only once/],
    ],
  ];

  test.each(cases)("%j", async (args, says) => {
    await expectMistake(newRepository(SMALL), args, says);
  });
});

describe("a wrong config", () => {
  const at = (change: object) => configOf([{ ...LOAD_RULE, ...change }]);
  const inspan = (change: object) => at({ span: { ...LOAD_RULE.span, ...change } });
  const cases: [string, string, RegExp[]][] = [
    ["unknown transform", at({ use: "wrap-spam" }), [/rules\[0\]\.use/, /"wrap-span"/]],
    ["misspelt key of a rule", at({ reigon: "try" }), [/rules\[0\]\.reigon/, /"region"/]],
    ["misspelt key in span", inspan({ nmae: "x" }), [/rules\[0\]\.span\.nmae/, /"name"/]],
    [
      "misspelt key in at",
      at({ at: { functoin: "x" } }),
      [/rules\[0\]\.at\.functoin/, /"function"/],
    ],
    ["misspelt key on top", '{ "rulse": [] }', [/rulse/, /"rules"/]],
    ["include is no list", configOf([], { include: "src" }), [/include/, /"src"/, /Array/i]],
    ["phase is no number", at({ phase: "one" }), [/rules\[0\]\.phase/, /"one"/, /number/]],
    ["name is no text", inspan({ name: 5 }), [/rules\[0\]\.span\.name/, /5/, /string/]],
    [
      "region is none of the known",
      at({ region: "tyr" }),
      [/rules\[0\]\.region/, /"tyr"/, /"try"/],
    ],
    ["a rule is null", '{ "rules": [null] }', [/rules\[0\]/, /null/]],
    ["a rule without use", configOf([{ id: "load" }]), [/rules\[0\]\.use/]],
    ["a rule without id", at({ id: undefined }), [/rules\[0\]\.id/]],
    ["two rules of one id", configOf([LOAD_RULE, LOAD_RULE]), [/"load"/]],
    [
      "two join points",
      at({ at: { case: "a", function: "b" } }),
      [/rules\[0\]\.at/, /case/, /function/],
    ],
    ["no join point", at({ at: { within: "load" } }), [/rules\[0\]\.at/, /function/]],
    ["a call that is none", at({ at: { call: "load" } }), [/rules\[0\]\.at\.call/]],
    [
      "template with a syntax error",
      inspan({ name: "${id.}" }),
      [/rules\[0\]\.span\.name/, /id\./],
    ],
    ["template never closed", inspan({ op: "${id" }), [/rules\[0\]\.span\.op/]],
    [
      "attribute with a syntax error",
      inspan({ attributes: { "load.id": "${id +}" } }),
      [/rules\[0\]\.span\.attributes/, /load\.id/],
    ],
    [
      "placeholder nobody fills",
      inspan({ name: "load {{idd}}" }),
      [/rules\[0\]\.span\.name/, /\{\{idd\}\}/],
    ],
    ["include outside the root", configOf([LOAD_RULE], { include: ["../**"] }), [/\.\.\/\*\*/]],
    ["include with an absolute path", configOf([LOAD_RULE], { include: ["/etc/**"] }), [/\/etc/]],
    ["in outside the root", at({ in: "src/../../other/**" }), [/rules\[0\]\.in/]],
    ["unknown preset", configOf([LOAD_RULE], { presets: ["nothing"] }), [/"nothing"/]],
    ["not JSON", '{\n  "rules": [\n    oops\n  ]\n}\n', [/JSON/]],
    ["empty", "", [/JSON/]],
    ["no object", "5", [/retrospan\.config\.json/]],
    ["a list", "[]", [/a list/, /an object/]],
    ["no name", inspan({ name: "" }), [/rules\[0\]\.span\.name/, /is empty/]],
    ["a blank name", inspan({ name: " " }), [/rules\[0\]\.span\.name/, /not blank/]],
    ["attributes in a list", inspan({ attributes: ["a"] }), [/span\.attributes/, /a name/]],
    ["on where it narrows nothing", at({ at: { function: "load", on: "x" } }), [/\.at\.on/]],
    ["a misspelt key that must be there", at({ use: undefined, usee: "x" }), [/\.usee/, /"use"/]],
    ["a misspelt key deeper", inspan({ name: undefined, nme: "x" }), [/span\.nme/, /"name"/]],
    ["a misspelt word", at({ region: "bdy" }), [/\.region/, /did you mean "body"/]],
    [
      "a message that is a text",
      at({ use: "trace-receive", span: undefined, message: "job" }),
      [/rules\[0\]\.message: found "job"/, /code such as \$\{\.\.\.\}/],
    ],
    ["two of one id", configOf([LOAD_RULE, LOAD_RULE]), [/rules\[1\]\.id/]],
    ["a case of no case", inspan({ name: "x {{case}}" }), [/span\.name/, /\{\{case\}\}/]],
  ];

  test.each(cases)("%s", async (_name, config, says) => {
    const folder = newRepository({ ...SMALL, [CONFIG]: config });
    await expectMistake(folder, ["apply", "--no-typecheck"], [/retrospan\.config\.json/, ...says]);
  });

  test("a module outside the root", async () => {
    const rule = { ...STAGE_RULE, module: "../record-stage.ts" };
    const folder = newRepository({ "src/stages.ts": STAGES, [CONFIG]: configOf([rule]) });
    await expectMistake(folder, ["apply", "--no-typecheck"], [/\.\.\/record-stage\.ts/]);
  });

  const programs: [string, string, RegExp[]][] = [
    ["throws", 'throw new Error("no such stage\\nand more");\n', [/no such stage/]],
    ["throws what is no error", 'throw "no such stage";\n', [/retrospan\.config\.ts/]],
    ["has a syntax error", "export default {\n  rules: [ }\n", [/retrospan\.config\.ts:2:\d+: /]],
    ["imports what does not exist", 'import "./nowhere.js";\nexport default {};\n', [/nowhere/]],
    ["exports nothing", "const config = {};\n", [/retrospan\.config\.ts/]],
    ["exports a number", "export default 5;\n", [/retrospan\.config\.ts/]],
    ["exports null", "export default null;\n", [/retrospan\.config\.ts: found null/]],
  ];

  test("one that is CommonJS and takes its help from the tool is read", async () => {
    const config = `const { defineConfig } = require("retrospan");
module.exports = defineConfig(${configOf([LOAD_RULE])});
`;
    const folder = newRepository({ "retrospan.config.js": config, "src/load.ts": LOAD });
    expect(filesOf(await preview(folder))).toEqual(["src/load.ts"]);
  });

  test("one that is a promise is waited for", async () => {
    const config = `export default Promise.resolve(${configOf([LOAD_RULE])});\n`;
    const folder = newRepository({ "retrospan.config.ts": config, "src/load.ts": LOAD });
    expect(filesOf(await preview(folder))).toEqual(["src/load.ts"]);
  });

  test("what one prints is no part of the result", async () => {
    const config = `console.log("from the config");
export default ${configOf([LOAD_RULE])};
`;
    const folder = newRepository({ "retrospan.config.ts": config, "src/load.ts": LOAD });
    const run = await retrospan(folder, ["preview", "--json", "--no-typecheck"]);
    expect(JSON.parse(run.stdout)).toMatchObject({ command: "preview" });
    expect(run.stderr).toContain("from the config");
  });

  test("one that is a link out of the tree is not followed", async () => {
    const outside = newTree({ [CONFIG]: configOf([LOAD_RULE]) });
    const folder = newRepository({ "src/load.ts": LOAD });
    symlinkSync(join(outside, CONFIG), join(folder, CONFIG));
    await expectMistake(folder, ["preview"], [/retrospan\.config\.json/, /link/, /--config/]);
    expect(await plan(folder, "preview", "--config", CONFIG)).toMatchObject({ code: 0 });
  });

  test("a list of names does not fill the screen", async () => {
    const rules = Array.from({ length: 40 }, (_, index) => ({
      id: `rule-${index}`,
      use: "wrap-span",
      at: { function: "work" },
      span: { name: "work" },
    }));
    const folder = newRepository({ [CONFIG]: JSON.stringify({ rules }) });
    await expectMistake(
      folder,
      ["apply", "--rule", "quite-another"],
      [/rule-0, .*, and 28 more$/m],
    );
  });

  test.each(programs)("a program that %s", async (_name, config, says) => {
    const folder = newRepository({ "retrospan.config.ts": config, "src/load.ts": LOAD });
    await expectMistake(folder, ["apply", "--no-typecheck"], [/retrospan\.config\.ts/, ...says]);
  });

  test.each(["preview", "apply"])("%s without a config and a preset", async (command) => {
    const folder = newRepository({ "src/load.ts": LOAD });
    await expectMistake(folder, [command], [/retrospan\.config/, /--config/, /--preset/]);
  });
});

describe("--quiet and --check", () => {
  test("what is wrong is said, and that something would change", async () => {
    const folder = newRepository(SMALL);
    const check = await plan(folder, "preview", "--quiet", "--check");
    expect(check).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^1 file would change/) as string,
    });
    await applied(folder);
    writeFiles(folder, { "src/load.ts": LOAD });
    const status = await plan(folder, "status", "--quiet");
    expect(status).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/missing src\/load\.ts/) as string,
    });
  });

  test("rules of a preset may match nothing, a phase may not", async () => {
    const folder = newRepository({
      ...SMALL,
      [CONFIG]: configOf([LOAD_RULE], { presets: ["manual-tracing"] }),
    });
    await applied(folder);
    expect(await plan(folder, "preview", "--check")).toMatchObject({ code: 0 });
    expect(await plan(folder, "preview", "--check", "--phase", "77")).toMatchObject({ code: 1 });
  });

  test("status says by its code whether something is still to be done", async () => {
    const folder = newRepository(SMALL);
    expect(await plan(folder, "status")).toMatchObject({ code: 0 });
    expect(await plan(folder, "status", "--check")).toMatchObject({ code: 1 });
  });
});

test("a tsconfig with a mistake is named", async () => {
  const folder = newRepository({
    ...SMALL,
    "tsconfig.json": '{\n  "extends": "./nowhere.json"\n}\n',
  });
  const { findings } = parseDocument((await retrospan(folder, ["preview", "--json"])).stdout);
  expect(findings.map(({ code, file }) => [code, file])).toContainEqual([
    "tsconfig-error",
    "tsconfig.json",
  ]);
});

describe("a damaged ledger", () => {
  const hash = `sha256-${"0".repeat(64)}`;
  const beyond = { file: "src/../../elsewhere.ts", rule: "load", hash, looseHash: hash };
  const beyondTree = { ...emptyLedger(), modules: [beyond] };
  const ledgers: [string, string, RegExp][] = [
    ["not JSON", '{\n  "version": 1,\n', /JSON.*restore it from git/],
    ["in a merge conflict", '{\n  "version": 1,\n<<<<<<< HEAD\n', /conflict.*resolve it/],
    ["empty", "", /JSON/],
    ["of a newer version", '{ "version": 2, "sites": {} }', /version 2.*update/],
    ["of another shape", '{ "version": 1, "sites": [] }', /ledger/],
    ["null", "null", /ledger/],
    [
      "that reaches out of the tree",
      JSON.stringify(beyondTree),
      /modules\.0\.file.* inside the tree/,
    ],
  ];
  const commands = ["apply", "revert", "status", "preview"];
  const cases = ledgers.flatMap(([name, text, says]) =>
    commands.map((command) => [name, command, text, says] as const),
  );

  test.each(cases)("%s: %s", async (_name, command, text, says) => {
    const folder = newRepository({ ...SMALL, [LEDGER]: text });
    await expectMistake(folder, [command], [/\.retrospan\/ledger\.json/, says]);
  });
});

test("branches that instrumented one file each come back after a merge, with git's marks in the ledger", async () => {
  const source = `${LOAD}\n${"// between\n".repeat(8)}\n${SAVE}`;
  const folder = newRepository({
    [CONFIG]: configOf([LOAD_RULE, SAVE_RULE]),
    "src/both.ts": source,
  });
  const start = git(folder, "branch", "--show-current").trim();
  for (const { id } of [LOAD_RULE, SAVE_RULE]) {
    git(folder, "checkout", "--quiet", "-b", id, start);
    await retrospan(folder, ["apply", "--no-typecheck", "--rule", id]);
    commit(folder);
  }
  expect(() => git(folder, "merge", LOAD_RULE.id)).toThrow();
  expect(readFile(folder, LEDGER)).toContain("<<<<<<<");
  commit(folder);
  expect(await retrospan(folder, ["status"])).toMatchObject({ code: 0 });
  const again = await retrospan(folder, ["apply", "--no-typecheck"]);
  expect(again).toMatchObject({ code: 0 });
  expect(await retrospan(folder, ["revert", "--allow-dirty"])).toMatchObject({ code: 0 });
  expect(readFile(folder, "src/both.ts")).toBe(source);
});

describe("the dirty guard", () => {
  const EDIT = "// mine\n";

  test("apply refuses a file with uncommitted changes, --allow-dirty writes it", async () => {
    const folder = newRepository(SMALL);
    writeFiles(folder, { "src/load.ts": `${LOAD}${EDIT}` });
    const args = ["apply", "--no-typecheck"];
    await expectMistake(folder, args, [/src\/load\.ts/, /--allow-dirty/]);
    await applied(folder, "--allow-dirty");
    expect(readFile(folder, "src/load.ts")).toContain("startSpan");
    await reverted(folder);
    expect(readFile(folder, "src/load.ts")).toBe(`${LOAD}${EDIT}`);
  });

  test.each(["staged", "untracked"])("apply refuses a file that is %s", async (kind) => {
    const { "src/load.ts": _load, ...rest } = SMALL;
    const folder = newRepository(kind === "staged" ? SMALL : rest);
    writeFiles(folder, { "src/load.ts": `${LOAD}${EDIT}` });
    if (kind === "staged") git(folder, "add", "src/load.ts");
    await expectMistake(folder, ["apply", "--no-typecheck"], [/src\/load\.ts/]);
  });

  test("one dirty file keeps every file from being written", async () => {
    const folder = newRepository(LARGE);
    writeFiles(folder, { "src/save.ts": `${SAVE}${EDIT}` });
    await expectMistake(folder, ["apply", "--no-typecheck"], [/src\/save\.ts/]);
  });

  test("a dirty file that would not be written does not matter", async () => {
    const folder = newRepository({ ...SMALL, "src/other.ts": SAVE });
    writeFiles(folder, { "src/other.ts": `${SAVE}${EDIT}` });
    await applied(folder);
    await reverted(folder);
    expect(readFile(folder, "src/other.ts")).toBe(`${SAVE}${EDIT}`);
  });

  test("a read-only file is refused by apply and by revert", async () => {
    const folder = newRepository(LARGE);
    chmodSync(join(folder, "src/load.ts"), 0o444);
    const before = snapshot(folder);
    await expectMistake(folder, ["apply", "--no-typecheck"], [/src\/load\.ts/, /read-only/]);
    expect(snapshot(folder)).toEqual(before);
    chmodSync(join(folder, "src/load.ts"), 0o644);
    await applied(folder);
    chmodSync(join(folder, "src/load.ts"), 0o444);
    await expectMistake(folder, ["revert"], [/src\/load\.ts/, /read-only/]);
  });

  test("preview and status have no guard", async () => {
    const folder = newRepository(SMALL);
    writeFiles(folder, { "src/load.ts": `${LOAD}${EDIT}` });
    expect(await plan(folder, "preview")).toMatchObject({ code: 0 });
    expect(await retrospan(folder, ["status"])).toMatchObject({ code: 0 });
  });

  test("a reason for a revert of nothing is not kept", async () => {
    const folder = newRepository(SMALL);
    await reverted(folder, "--reason", "noise");
    expect(existsSync(join(folder, ".retrospan"))).toBe(false);
  });

  test("a rule of the config that has made nothing is none that is unknown", async () => {
    const folder = newRepository(LARGE);
    await applied(folder, "--rule", "load");
    await reverted(folder, "--rule", "save");
    await reverted(folder, "--rule", "load");
    await reverted(folder, "--rule", "load");
  });

  test("what retrospan itself wrote is not refused by apply and revert", async () => {
    const folder = newRepository(LARGE);
    const original = snapshot(folder);
    await applied(folder, "--rule", "load");
    await applied(folder);
    const rules = [{ ...LOAD_RULE, span: { name: "renamed" } }, SAVE_RULE, STAGE_RULE];
    writeFiles(folder, { [CONFIG]: configOf(rules) });
    await applied(folder);
    expect(readFile(folder, "src/load.ts")).toContain('"renamed"');
    await reverted(folder, "--rule", "save");
    await reverted(folder);
    writeFiles(folder, { [CONFIG]: LARGE[CONFIG] ?? "" });
    expect(snapshot(folder)).toEqual(original);
  });

  test.each([true, false])(
    "revert refuses an edited file (applied state committed: %s)",
    async (isCommitted) => {
      const folder = newRepository(SMALL);
      await applied(folder);
      if (isCommitted) commit(folder);
      writeFiles(folder, { "src/load.ts": `${readFile(folder, "src/load.ts")}${EDIT}` });
      await expectMistake(folder, ["revert"], [/src\/load\.ts/, /--allow-dirty/]);
      await reverted(folder, "--allow-dirty");
      expect(readFile(folder, "src/load.ts")).toBe(`${LOAD}${EDIT}`);
      expect(existsSync(join(folder, ".retrospan"))).toBe(false);
    },
  );
});

describe("files that cannot be planned", () => {
  test.each(["preview", "apply"])(
    "%s: one that does not parse is reported, others go on",
    async (command) => {
      const broken = "export async function load( {\n";
      const folder = newRepository({ ...SMALL, "src/broken.ts": broken });
      const run = await plan(folder, command, "--json");
      expect(run).toMatchObject({ code: 0, stderr: "" });
      const { findings, files } = parseDocument(run.stdout);
      const found = findings.filter(({ code }) => code === "parse-error");
      expect(found).toMatchObject([{ file: "src/broken.ts" }]);
      expect(files.map(({ path }) => path)).toEqual(["src/load.ts"]);
      expect(readFile(folder, "src/broken.ts")).toBe(broken);
    },
  );

  test("one that is not UTF-8 is left alone with a finding", async () => {
    const latin = Buffer.from(LOAD.replace("fetch(id)", 'fetch("caf\xe9")'), "latin1");
    const folder = newRepository({ ...SMALL, "src/latin.ts": latin });
    const { findings, files } = await document(folder, "apply", "--no-typecheck");
    expect(findings.filter(({ file }) => file === "src/latin.ts")).toHaveLength(1);
    expect(files.map(({ path }) => path)).toEqual(["src/load.ts"]);
    expect(readFileSync(join(folder, "src/latin.ts")).equals(latin)).toBe(true);
  });

  test.each(["src/lib", ".retrospan"])("a file at %s, where a folder must be", async (path) => {
    const rule = { id: "send", use: "trace-send", at: { call: "socket.send($text)" } };
    const folder = newRepository({
      "src/a.js": "export const send = (socket, m) => socket.send(JSON.stringify(m));\n",
      [path]: "a file",
      [CONFIG]: JSON.stringify({ rules: [rule] }),
    });
    await expectMistake(folder, ["apply", "--no-typecheck"], [new RegExp(path), /folder/]);
  });

  test("a repository without a match is not parsed", async () => {
    const folder = newRepository({ ...SMALL, "src/load.ts": SAVE });
    const run = await plan(folder, "preview");
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain("nothing was parsed");
    expect(run.stderr).toBe('warning unmatched-rule rule "load" matches nothing\n');
  });
});

test("a reader that goes away before the end is no bug", async () => {
  const folder = newRepository(LARGE);
  const script = `"$0" "$1" apply --no-typecheck --json | true; printf "%s" "\${PIPESTATUS[0]}"`;
  const args = ["-c", script, process.execPath, CLI];
  const { stdout, stderr } = await promisify(execFile)("bash", args, { cwd: folder });
  expect({ stdout, stderr }).toEqual({ stdout: "0", stderr: "" });
  expect(await plan(folder, "preview", "--check")).toMatchObject({ code: 0 });
});

describe("a rule that means nothing", () => {
  const told = async (folder: string, ...args: string[]) =>
    (await plan(folder, "preview", ...args)).stderr;

  test("says that what it matched lacks the region", async () => {
    const rule = { ...LOAD_RULE, region: "try" };
    const folder = newRepository({ ...SMALL, [CONFIG]: configOf([rule]) });
    expect(await told(folder)).toContain('"load" matches nothing that has the region "try"');
  });

  test("is told of where no rule uses the transform or has the phase", async () => {
    const folder = newRepository(SMALL);
    expect(await told(folder, "--transform", "init-hardening")).toContain(
      "no rule that was asked for uses init-hardening (known: wrap-span)",
    );
    expect(await told(folder, "--phase", "7")).toContain("has the phase 7 (known: 1)");
  });
});

describe("--check", () => {
  test.each(["preview", "apply"])(
    "%s writes nothing and exits 1 until it is applied",
    async (command) => {
      const folder = newRepository(LARGE);
      const before = snapshot(folder);
      const checked = await plan(folder, command, "--check");
      expect(checked).toMatchObject({ code: 1, stderr: "" });
      expect(checked.stdout).toContain("would change");
      expect(snapshot(folder)).toEqual(before);
      await applied(folder);
      const after = snapshot(folder);
      expect(await plan(folder, command, "--check")).toMatchObject({ code: 0, stderr: "" });
      expect(snapshot(folder)).toEqual(after);
    },
  );

  test("a rule that matches nothing is found", async () => {
    const folder = newRepository({ ...SMALL, [CONFIG]: configOf([LOAD_RULE, SAVE_RULE]) });
    await applied(folder);
    expect(await plan(folder, "preview", "--check")).toMatchObject({ code: 1 });
    expect(await plan(folder, "preview")).toMatchObject({ code: 0 });
  });

  test("revert writes nothing and exits 1 while something is applied", async () => {
    const folder = newRepository(SMALL);
    expect(await retrospan(folder, ["revert", "--check"])).toMatchObject({ code: 0 });
    await applied(folder);
    const after = snapshot(folder);
    expect(await retrospan(folder, ["revert", "--check"])).toMatchObject({ code: 1 });
    expect(snapshot(folder)).toEqual(after);
  });
});

describe("--json", () => {
  async function printed(folder: string, ...args: string[]): Promise<Document> {
    const run = await retrospan(folder, [...args, "--json"]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    return parseDocument(run.stdout);
  }

  const TSCONFIG = JSON.stringify({ compilerOptions: { strict: true, skipLibCheck: true } });
  const withTypes: Files = { ...LARGE, "tsconfig.json": TSCONFIG };

  test("preview prints the contract's document", async () => {
    const folder = newRepository(withTypes);
    const { typecheck, findings, ...printedDocument } = await printed(folder, "preview");
    expect(printedDocument).toMatchObject({
      version: 1,
      command: "preview",
      sdk: [{ dir: ".", package: "@sentry/node", version: "^9.0.0", source: "range" }],
      summary: { files: 4, planned: 3, present: 0, skipped: 0 },
    });
    expect(typecheck).toMatchObject({ programs: 1, new: [] });
    expect(findings).toEqual([]);
  });

  test("an import that cannot be resolved is told", async () => {
    const source =
      'import { load } from "not-installed";\n\nexport async function run() {\n  await load();\n}\n';
    const folder = newRepository({ ...SMALL, "tsconfig.json": TSCONFIG, "src/run.ts": source });
    const { findings } = await printed(folder, "preview");
    expect(findings.map(({ code }) => code)).toContain("types-incomplete");
  });

  test("a site says where it stands and what becomes of it", async () => {
    const folder = newRepository(SMALL);
    const { sites } = await printed(folder, "preview", "--no-typecheck");
    expect(sites).toEqual([
      {
        id: "load:src/load.ts:1",
        rule: "load",
        transform: "wrap-span",
        phase: 1,
        file: "src/load.ts",
        line: 2,
        column: 3,
        endLine: 3,
        anchor: 1,
        state: "planned",
        by: "retrospan",
        strategy: "body",
        span: { name: "load", op: "http.client" },
        reason: null,
      },
    ]);
  });

  test("a skipped site says why", async () => {
    const rule = { ...LOAD_RULE, span: { name: "load", attributes: { id: "${nowhere.id}" } } };
    const folder = newRepository({ ...SMALL, [CONFIG]: configOf([rule]) });
    const { sites, files, summary } = await printed(folder, "preview", "--no-typecheck");
    expect(sites).toMatchObject([{ state: "skipped", reason: { code: "not-in-scope" } }]);
    expect(files).toEqual([]);
    expect(summary).toMatchObject({ files: 0, planned: 0, skipped: 1 });
  });

  test("apply, status and revert print it too", async () => {
    const folder = newRepository(LARGE);
    const stateOf = ({ command, sites }: Document) => [command, ...sites.map((each) => each.state)];
    const apply = await printed(folder, "apply", "--no-typecheck");
    expect(stateOf(apply)).toEqual(["apply", "applied", "applied", "applied"]);
    const status = await printed(folder, "status");
    expect(stateOf(status)).toEqual(["status", "applied", "applied", "applied"]);
    expect(status.sites.every(({ by }) => by === "retrospan")).toBe(true);
    expect(status.files).toEqual([]);
    const revert = await printed(folder, "revert");
    expect(stateOf(revert)).toEqual(["revert", "reverted", "reverted", "reverted"]);
    for (const each of [apply, status, revert]) {
      expect(each.typecheck).toBeNull();
      expect(each.sdk).toMatchObject([{ dir: ".", package: "@sentry/node", version: "^9.0.0" }]);
    }
  });

  test("a site that is there has the same place for preview and status", async () => {
    const folder = newRepository(LARGE);
    await applied(folder);
    const placesOf = ({ sites }: Document) =>
      sites.map(({ id, line, endLine, anchor }) => ({ id, line, endLine, anchor }));
    const planned = await printed(folder, "preview", "--no-typecheck");
    expect(planned.sites.map(({ state }) => state)).toEqual(["present", "present", "present"]);
    expect(placesOf(await printed(folder, "status"))).toEqual(placesOf(planned));
  });

  test("files have the hashes of their bytes before and after", async () => {
    const folder = newRepository(LARGE);
    const planned = await preview(folder);
    const apply = await printed(folder, "apply", "--no-typecheck");
    expect(apply.files).toEqual(planned.files);
    const paths = ["src/deep/stages.ts", "src/lib/record-stage.ts", "src/load.ts", "src/save.ts"];
    expect(apply.files.map(({ path }) => path).sort()).toEqual(paths);
    for (const { path, change, before, after } of apply.files) {
      expect(after).toContain(sha256(readFileSync(join(folder, path))));
      if (change === "create") expect(before).toBeNull();
      else expect(before).toContain(sha256(LARGE[path] ?? ""));
    }
    const revert = await printed(folder, "revert");
    const undone = new Map(revert.files.map((file) => [file.path, file]));
    for (const { path, before, after } of apply.files) {
      expect(undone.get(path)).toMatchObject({ before: after, after: before });
    }
  });

  test("nothing to do is a document as well", async () => {
    const folder = newRepository({ ...SMALL, "src/load.ts": SAVE });
    expect(await printed(folder, "preview")).toMatchObject({ sites: [], files: [] });
    expect(await printed(folder, "status")).toMatchObject({ sites: [], files: [] });
    expect(await printed(folder, "revert")).toMatchObject({ sites: [], files: [] });
  });
});

describe("--patch", () => {
  async function expectSamePatch(files: Files, executable: readonly string[] = []): Promise<void> {
    const byApply = newRepository(files, executable);
    const byGit = newFolder();
    cpSync(byApply, byGit, { recursive: true });
    const original = snapshot(byGit);
    const patch = join(newFolder(), "changes.patch");
    expect(await plan(byGit, "preview", "--patch", patch)).toMatchObject({ code: 0, stderr: "" });
    git(byGit, "apply", "--check", patch);
    git(byGit, "apply", patch);
    await applied(byApply);
    expect(snapshot(byApply)).toEqual(snapshot(byGit));
    expect(snapshot(byApply)).not.toEqual(original);
    await applied(byGit);
    expect(snapshot(byGit)).toEqual(snapshot(byApply));
    await reverted(byGit);
    expect(snapshot(byGit)).toEqual(original);
  }

  const one = (content: string, path = "src/load.ts"): Files => ({
    "package.json": MANIFEST,
    [CONFIG]: configOf([LOAD_RULE]),
    [path]: content,
  });
  const cases: [string, Files][] = [
    ["modified files and a created one", LARGE],
    ["CRLF", one(LOAD.replace(/\n/g, "\r\n"))],
    ["mixed line endings", one(LOAD.replace("\n", "\r\n"))],
    ["no last newline", one(LOAD.trimEnd())],
    ["CRLF without last newline", one(LOAD.trimEnd().replace(/\n/g, "\r\n"))],
    ["byte order mark", one(`\uFEFF${LOAD}`)],
    ["lines that look like a diff", one(`/*\n--- a/x\t\n+++ b/x\t\n@@ -1 +1 @@\n*/\n${LOAD}`)],
    ["a separator of Unicode", one(`// a\u2028 b\n${LOAD}`)],
    ["a form feed and a lone carriage return", one(`// a\f b\r// c\n${LOAD}`)],
    ["a path with a space", one(LOAD, "src/my load.ts")],
    ["a path that is not ASCII", one(LOAD, "src/lädt.ts")],
    ["a path with a quote", one(LOAD, 'src/a"b.ts')],
    ["a path with brackets", one(LOAD, "src/[id]/load.ts")],
  ];

  test.each(cases)("%s: git apply yields what apply yields", async (_name, files) => {
    await expectSamePatch(files);
  });

  test("an executable file stays one", async () => {
    await expectSamePatch(SMALL, ["src/load.ts"]);
  });

  test("apply and revert write it as well", async () => {
    const folder = newRepository(LARGE);
    const original = snapshot(folder);
    const patches = newFolder();
    await applied(folder, "--patch", join(patches, "apply.patch"));
    const instrumented = snapshot(folder);
    await reverted(folder, "--patch", join(patches, "revert.patch"));
    git(folder, "apply", join(patches, "apply.patch"));
    expect(snapshot(folder)).toEqual(instrumented);
    git(folder, "apply", join(patches, "revert.patch"));
    expect(snapshot(folder)).toEqual(original);
  });
});

describe("helpers are imported as their file's module system finds them", () => {
  const send = "(socket, m) => socket.send(JSON.stringify(m));\n";
  const cases: [string, Files, RegExp, RegExp][] = [
    [
      "CommonJS by its ending",
      { "src/a.cjs": `const fs = require("node:fs");\nmodule.exports = ${send}` },
      /require\("\.\/lib\/with-trace-context\.cjs"\)/,
      /module\.exports = /,
    ],
    [
      "a module that imports data",
      {
        "package.json": '{ "type": "module" }',
        "src/a.js": `import pkg from "../package.json" with { type: "json" };\nexport const send = ${send}`,
      },
      /from "\.\/lib\/with-trace-context\.js"/,
      /export function/,
    ],
    [
      "a module for a bundler",
      { "src/a.js": `import { x } from "./b";\nexport const send = ${send}`, "src/b.js": "" },
      /from "\.\/lib\/with-trace-context"/,
      /export function/,
    ],
    [
      "sources that run as they are",
      {
        "tsconfig.json":
          '{ "compilerOptions": { "module": "NodeNext", "allowImportingTsExtensions": true, "noEmit": true } }',
        "src/a.ts": `export const send = (socket: WebSocket, m: object) => socket.send(JSON.stringify(m));\n`,
      },
      /from "\.\/lib\/with-trace-context\.ts"/,
      /export function/,
    ],
    [
      "as the files beside it import theirs, where nothing else tells",
      {
        "src/a.ts": `export const send = (socket: WebSocket, m: object) => socket.send(JSON.stringify(m));\n`,
        "src/b.ts": 'export { send } from "./a.js";\n',
      },
      /from "\.\/lib\/with-trace-context\.js"/,
      /export function/,
    ],
  ];

  test.each(cases)("%s", async (_name, files, imported, exported) => {
    const folder = newRepository(files);
    const rule = { id: "send", use: "trace-send", at: { call: "socket.send($text)" } };
    writeFiles(folder, { "retrospan.config.json": JSON.stringify({ rules: [rule] }) });
    await applied(folder, "--no-typecheck", "--allow-dirty");
    const now = userFiles(folder);
    const own = Object.entries(now).find(([path]) => path.startsWith("src/a."))?.[1];
    const helper = Object.entries(now).find(([path]) => path.startsWith("src/lib/"))?.[1];
    expect(own).toMatch(imported);
    expect(helper).toMatch(exported);
  });
});

describe("narrowing", () => {
  const cases: [string[], string[]][] = [
    [["--site", "load:src/load.ts:1"], ["load"]],
    [
      ["--site", "load:src/load.ts:1", "--site", "save:src/save.ts:1"],
      ["load", "save"],
    ],
    [
      ["--except", "load:src/load.ts:1"],
      ["save", "stages"],
    ],
    [["--except", "load:src/load.ts:1", "--except", "save:src/save.ts:1"], ["stages"]],
    [["--rule", "save"], ["save"]],
    [["--transform", "record-stage"], ["stages"]],
    [["--phase", "1"], ["load"]],
    [
      ["--phase", "2"],
      ["save", "stages"],
    ],
    [["--phase", "2", "--transform", "wrap-span"], ["save"]],
    [["--phase", "7"], []],
    [["src/deep"], ["stages"]],
    [["src/deep/"], ["stages"]],
    [["src/load.ts"], ["load"]],
    [["src/*.ts"], ["load", "save"]],
    [["./src/**/s*.ts"], ["save", "stages"]],
  ];
  const files: Record<string, string> = {
    load: "src/load.ts",
    save: "src/save.ts",
    stages: "src/deep/stages.ts",
  };
  const pathsOf = (rules: readonly string[]) => rules.map((rule) => files[rule] ?? "").sort();

  test("a site that is not there is refused with the nearest", async () => {
    const folder = newRepository(LARGE);
    for (const option of ["--site", "--except"]) {
      const args = ["apply", "--no-typecheck", option, "load:src/laod.ts:1"];
      await expectMistake(folder, args, [/load:src\/laod\.ts:1/, /load:src\/load\.ts:1/]);
    }
  });

  function instrumented(folder: string): string[] {
    return Object.values(files)
      .filter((path) => readFile(folder, path) !== LARGE[path])
      .sort();
  }

  test.each(cases)("apply, status and revert with %j", async (args, rules) => {
    const folder = newRepository(LARGE);
    const planned = await preview(folder, ...args);
    expect(
      planned.sites
        .filter(({ state }) => state === "planned")
        .map(({ rule }) => rule)
        .sort(),
    ).toEqual(rules);
    await applied(folder, ...args);
    expect(instrumented(folder)).toEqual(pathsOf(rules));
    await applied(folder);
    const status = await document(folder, "status", ...args);
    expect(filesOf(status)).toEqual(pathsOf(rules));
    await reverted(folder, ...args);
    const others = Object.keys(files).filter((rule) => !rules.includes(rule));
    expect(instrumented(folder)).toEqual(pathsOf(others));
    await reverted(folder);
    expect(userFiles(folder)).toEqual(snapshot(newRepository(LARGE)));
  });

  test("the current folder narrows, paths stay relative to the root", async () => {
    const folder = newRepository(LARGE);
    const planned = await preview(join(folder, "src/deep"));
    expect(filesOf(planned)).toEqual(["src/deep/stages.ts"]);
    expect(planned.findings.map(({ code }) => code)).not.toContain("unmatched-rule");
  });

  test("globs are relative to the folder of the config", async () => {
    const config = configOf([{ ...LOAD_RULE, in: "src/*.ts" }], { include: ["src/**"] });
    const folder = newRepository({
      [`apps/web/${CONFIG}`]: config,
      "apps/web/src/load.ts": LOAD,
      "src/load.ts": LOAD,
    });
    expect(filesOf(await preview(folder, "apps/web"))).toEqual(["apps/web/src/load.ts"]);
  });

  test("with --config elsewhere they are relative to the root", async () => {
    const place = newTree({ "elsewhere.json": configOf([LOAD_RULE], { include: ["src/**"] }) });
    const folder = newRepository({ "src/load.ts": LOAD, "lib/load.ts": LOAD });
    const planned = await preview(folder, "--config", join(place, "elsewhere.json"));
    expect(filesOf(planned)).toEqual(["src/load.ts"]);
  });
});

describe("apply and revert", () => {
  test("a second apply changes nothing", async () => {
    const folder = newRepository(LARGE);
    await applied(folder);
    const once = snapshot(folder);
    const again = await document(folder, "apply", "--no-typecheck");
    expect(again).toMatchObject({ files: [], summary: { files: 0, planned: 0, present: 3 } });
    expect(snapshot(folder)).toEqual(once);
    commit(folder);
    await applied(folder);
    expect(snapshot(folder)).toEqual(once);
  });

  test("a file that was put back by hand is instrumented again", async () => {
    const folder = newRepository(LARGE);
    await applied(folder);
    const once = userFiles(folder);
    git(folder, "checkout", "--quiet", "src/load.ts");
    await applied(folder);
    expect(userFiles(folder)).toEqual(once);
    await reverted(folder);
    expect(snapshot(folder)).toEqual(snapshot(newRepository(LARGE)));
  });

  const KINDS: Files = {
    "package.json": MANIFEST,
    [CONFIG]: configOf([LOAD_RULE, STAGE_RULE]),
    "src/crlf.ts": LOAD.replace(/\n/g, "\r\n"),
    "src/bom.ts": `\uFEFF${LOAD}`,
    "src/tabs.ts": LOAD.replace(/ {2}/g, "\t"),
    "src/spaces.ts": LOAD.replace(/;\n/g, ";  \n"),
    "src/end.ts": LOAD.trimEnd(),
    "src/tool.ts": `#!/usr/bin/env node\n${LOAD}`,
    "src/stages.ts": STAGES,
  };

  test.each([true, false])(
    "revert restores every byte and mode (committed between: %s)",
    async (isCommitted) => {
      const folder = newRepository(KINDS, ["src/tool.ts"]);
      const original = snapshot(folder);
      await applied(folder);
      const instrumented = snapshot(folder);
      expect(instrumented["src/tool.ts"]).toMatch(/^755 #!\/usr\/bin\/env node\n/);
      const unchanged = Object.keys(original).filter(
        (path) => instrumented[path] === original[path],
      );
      expect(unchanged.sort()).toEqual(["package.json", CONFIG]);
      if (isCommitted) commit(folder);
      await reverted(folder);
      expect(snapshot(folder)).toEqual(original);
      expect(existsSync(join(folder, ".retrospan"))).toBe(false);
    },
  );

  test("revert removes the folder that apply had to make", async () => {
    const folder = newRepository(LARGE);
    await applied(folder);
    expect(existsSync(join(folder, "src/lib/record-stage.ts"))).toBe(true);
    await reverted(folder);
    expect(existsSync(join(folder, "src/lib"))).toBe(false);
  });

  test("a second revert has nothing to do", async () => {
    const folder = newRepository(SMALL);
    await applied(folder);
    await reverted(folder);
    const run = await retrospan(folder, ["revert"]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toContain("nothing to revert");
  });

  test("revert --reason keeps the ledger with the reason in its history", async () => {
    const folder = newRepository(LARGE);
    const original = snapshot(folder);
    await applied(folder);
    await reverted(folder, "--reason", "too slow in the pipeline");
    expect(userFiles(folder)).toEqual(original);
    const ledger = JSON.parse(readFile(folder, LEDGER)) as {
      history: { command: string; reason?: string; sites: string[] }[];
      sites: unknown[];
    };
    expect(ledger.sites).toEqual([]);
    expect(ledger.history).toMatchObject([
      { command: "revert", reason: "too slow in the pipeline" },
    ]);
    expect(ledger.history[0]?.sites).toHaveLength(3);
  });

  test("revert --keep leaves what a transform did, for a later revert", async () => {
    const folder = newRepository(FIELDS);
    const original = snapshot(folder);
    await applied(folder);
    const { "src/messages.ts": typed, ...others } = snapshot(folder);
    expect(others["src/load.ts"]).not.toBe(original["src/load.ts"]);
    await reverted(folder, "--keep", "trace-field", "--reason", "too many spans");
    const kept = userFiles(folder);
    expect(kept).toEqual({ ...original, "src/messages.ts": typed });
    const status = await retrospan(folder, ["status", "--json"]);
    const { sites } = JSON.parse(status.stdout) as {
      sites: { transform: string; state: string }[];
    };
    expect(sites.filter(({ state }) => state === "applied")).toMatchObject([
      { transform: "trace-field" },
    ]);
    await reverted(folder);
    expect(userFiles(folder)).toEqual(original);
    expect(readFile(folder, LEDGER)).toContain("too many spans");
  });

  test("revert --keep refuses a transform that it does not know", async () => {
    const folder = newRepository(SMALL);
    await applied(folder);
    const before = snapshot(folder);
    const run = await retrospan(folder, ["revert", "--keep", "trace-fields"]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('did you mean "trace-field"?');
    expect(snapshot(folder)).toEqual(before);
  });

  test("revert and status need no config", async () => {
    const folder = newRepository(SMALL);
    const original = snapshot(folder);
    await applied(folder);
    rmSync(join(folder, CONFIG));
    expect(await retrospan(folder, ["status"])).toMatchObject({ code: 0, stderr: "" });
    await reverted(folder);
    expect({ ...snapshot(folder), [CONFIG]: original[CONFIG] }).toEqual(original);
  });

  test("a damaged config does not keep status and revert from working", async () => {
    const folder = newRepository(SMALL);
    await applied(folder);
    writeFiles(folder, { [CONFIG]: "{" });
    expect(await retrospan(folder, ["status"])).toMatchObject({ code: 0 });
    await reverted(folder);
    expect(readFile(folder, "src/load.ts")).toBe(LOAD);
  });

  test("without a ledger nothing is removed, however alike it looks", async () => {
    const folder = newRepository(SMALL);
    await applied(folder);
    rmSync(join(folder, ".retrospan"), { recursive: true });
    const before = snapshot(folder);
    await reverted(folder);
    expect(snapshot(folder)).toEqual(before);
  });

  test("what cannot be removed is left, named, and exits 1", async () => {
    const folder = newRepository(LARGE);
    await applied(folder);
    writeFiles(folder, {
      "src/load.ts": `${readFile(folder, "src/load.ts")}\nexport { Sentry };\n`,
    });
    const run = await retrospan(folder, ["revert", "--allow-dirty"]);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain("src/load.ts");
    expect(readFile(folder, "src/save.ts")).toBe(SAVE);
    expect(readFile(folder, "src/load.ts")).toContain("import * as Sentry");
    expect(existsSync(join(folder, LEDGER))).toBe(true);
  });
});

describe("status", () => {
  test("exits 0 before, after apply, and after revert", async () => {
    const folder = newRepository(LARGE);
    for (const command of ["apply", "revert"]) {
      expect(await retrospan(folder, ["status"])).toMatchObject({ code: 0, stderr: "" });
      expect(await retrospan(folder, [command])).toMatchObject({ code: 0 });
    }
    expect(await retrospan(folder, ["status"])).toMatchObject({ code: 0, stderr: "" });
  });

  test("exits 1 after drift by hand and names the site", async () => {
    const folder = newRepository(LARGE);
    await applied(folder);
    replaceIn(folder, "src/load.ts", '"http.client"', '"http.server"');
    const before = snapshot(folder);
    const run = await retrospan(folder, ["status", "--json"]);
    expect(run).toMatchObject({ code: 1, stderr: "" });
    const drifted = parseDocument(run.stdout).sites.filter(({ state }) => state === "drifted");
    expect(drifted).toMatchObject([
      { id: "load:src/load.ts:1", reason: { code: "changed-by-hand" } },
    ]);
    expect(snapshot(folder)).toEqual(before);
    expect(await retrospan(folder, ["status", "src/save.ts"])).toMatchObject({ code: 0 });
  });

  test("exits 1 when an instrumented file or the instrumentation is gone", async () => {
    const folder = newRepository(LARGE);
    await applied(folder);
    rmSync(join(folder, "src/load.ts"));
    writeFiles(folder, { "src/save.ts": SAVE });
    const run = await retrospan(folder, ["status", "--json"]);
    expect(run.code).toBe(1);
    const { sites, findings } = parseDocument(run.stdout);
    expect(findings.map(({ code }) => code)).not.toContain("not-utf8");
    const missing = sites.filter(({ state }) => state === "missing");
    expect(missing.map(({ rule }) => rule).sort()).toEqual(["load", "save"]);
  });

  test("what a revert would leave is drift", async () => {
    const folder = newRepository(FIELDS);
    await applied(folder);
    writeFiles(folder, {
      "src/read.ts":
        'import type { Job } from "./messages";\nexport const traced = (job: Job) => job._sentry !== undefined;\n',
    });
    const { sites } = parseDocument((await retrospan(folder, ["status", "--json"])).stdout);
    expect(sites.map(({ rule, state, reason }) => [rule, state, reason?.code])).toEqual([
      ["load", "applied", undefined],
      ["field", "drifted", "field-in-use"],
    ]);
    expect(await retrospan(folder, ["status"])).toMatchObject({ code: 1 });
    expect(await retrospan(folder, ["revert"])).toMatchObject({ code: 1 });
  });

  test("edits around the instrumentation are no drift", async () => {
    const folder = newRepository(SMALL);
    await applied(folder);
    replaceIn(folder, "src/load.ts", "value.text()", "value.json()");
    writeFiles(folder, { "src/load.ts": `// first\n${readFile(folder, "src/load.ts")}// last\n` });
    expect(await retrospan(folder, ["status"])).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("renamed files", () => {
  test.each([
    ["staged", "src/moved.ts"],
    ["committed", "src/moved.ts"],
    ["staged", "lib/inner/load.ts"],
    ["committed", "lib/inner/load.ts"],
  ])("%s rename to %s", async (kind, path) => {
    const folder = newRepository(LARGE);
    await applied(folder);
    commit(folder);
    mkdirSync(join(folder, "lib/inner"), { recursive: true });
    git(folder, "mv", "src/load.ts", path);
    if (kind === "committed") git(folder, "commit", "--quiet", "--message=Move");
    expect(await retrospan(folder, ["status"])).toMatchObject({ code: 0 });
    await reverted(folder);
    const { "src/load.ts": load, ...rest } = snapshot(newRepository(LARGE));
    expect(snapshot(folder)).toEqual({ ...rest, [path]: load });
  });
});

test("an import comes back as the folder says it that its file lies in by now", async () => {
  const rule = (id: string, call: string) => ({
    id,
    use: "replace-legacy",
    module: "src/legacy.ts",
    at: { call: `${call}($name)` },
    breadcrumb: { message: "${ {{name}} }" },
  });
  const service = `import { trace } from "./legacy";
import { other, trace as traced } from "./legacy";

export function go(): number {
  trace("go");
  traced("more");
  return other(1);
}
`;
  const folder = newRepository({
    "package.json": MANIFEST,
    [CONFIG]: configOf([rule("one", "trace"), rule("two", "traced")]),
    "src/legacy.ts":
      "export function trace(name: string): void {\n  console.log(name);\n}\nexport const other = (n: number): number => n;\n",
    "src/service.ts": service,
  });
  await applied(folder);
  expect(readFile(folder, "src/service.ts")).not.toContain("trace");
  commit(folder);
  mkdirSync(join(folder, "src/deep"));
  git(folder, "mv", "src/service.ts", "src/deep/service.ts");
  replaceIn(folder, "src/deep/service.ts", '"./legacy"', '"../legacy"');
  await reverted(folder, "--allow-dirty");
  expect(readFile(folder, "src/deep/service.ts")).toBe(service.replaceAll("./legacy", "../legacy"));
});

describe("kinds of configs", () => {
  test("JSON may begin with the mark that some editors write", async () => {
    const folder = newRepository({ ...SMALL, [CONFIG]: `\uFEFF${configOf([LOAD_RULE])}` });
    expect(await retrospan(folder, ["preview", "--no-typecheck"])).toMatchObject({ code: 0 });
  });

  const own = 'import { defineConfig } from "retrospan";\n';
  const exported = `export default defineConfig({ rules: [${JSON.stringify(LOAD_RULE)}] });\n`;
  const typed = `const include: string[] = ["src/**"];\nexport default defineConfig({ include, rules: [${JSON.stringify(LOAD_RULE)}] });\n`;
  const cases: [string, string][] = [
    ["retrospan.config.ts", `${own}${typed}`],
    ["retrospan.config.mts", `${own}${typed}`],
    ["retrospan.config.js", `${own}${exported}`],
    ["retrospan.config.mjs", `${own}${exported}`],
    ["retrospan.config.json", configOf([LOAD_RULE])],
    ["retrospan.config.json", configOf([LOAD_RULE], { $schema: "./schema.json" })],
  ];

  test.each(cases)("%s loads where nothing is installed", async (name, config) => {
    const folder = newRepository({ [name]: config, "src/load.ts": LOAD });
    const before = snapshot(folder);
    expect(filesOf(await preview(folder))).toEqual(["src/load.ts"]);
    expect(snapshot(folder)).toEqual(before);
  });

  test.each(["module", "commonjs"])("a .js config in a package of type %s", async (type) => {
    const folder = newRepository({
      "package.json": JSON.stringify({ type }),
      "retrospan.config.js": `${own}${exported}`,
      "src/load.ts": LOAD,
    });
    expect(filesOf(await preview(folder))).toEqual(["src/load.ts"]);
  });

  const shared = `interface Shared { rule: object }
export const shared: Shared = await Promise.resolve({ rule: ${JSON.stringify(LOAD_RULE)} });
`;
  const several = `${own}import { readFileSync } from "node:fs";
import { shared } from "./shared.ts";
enum Place { Source = "src/**" }
const { rule } = await import("./shared.js").then((module) => module.shared);
`;
  test.each([
    ["as a script can", "const folder: string = __dirname;\n"],
    ["as a module alone can", 'const folder = new URL(".", import.meta.url);\n'],
  ])("one of several modules finds its place %s", async (_name, place) => {
    const rest = `readFileSync(new URL("src/load.ts", new URL(String(folder) + "/", "file://")));
export default defineConfig({ include: [Place.Source], rules: [shared.rule, { ...rule, id: "again" }] });
`;
    const folder = newRepository({
      "shared.ts": shared,
      "retrospan.config.ts": `${several}${place}${rest}`,
      "src/load.ts": LOAD,
    });
    const planned = await preview(folder);
    expect([...new Set(planned.sites.map(({ rule }) => rule))].sort()).toEqual(["again", "load"]);
  });

  test("one named with --config outside the root finds the tool too", async () => {
    const place = newTree({ "elsewhere.ts": `${own}${typed}` });
    const folder = newRepository({ "src/load.ts": LOAD });
    const planned = await preview(folder, "--config", join(place, "elsewhere.ts"));
    expect(filesOf(planned)).toEqual(["src/load.ts"]);
  });

  test("the nearest one upwards is taken", async () => {
    const folder = newRepository({
      ...LARGE,
      [`src/deep/${CONFIG}`]: configOf([{ ...STAGE_RULE, id: "nearest" }]),
    });
    const planned = await preview(folder, "src/deep");
    expect(planned.sites.map(({ rule }) => rule)).toEqual(["nearest"]);
  });
});

describe.each(["git", "no git"])("inside the root (%s)", (kind) => {
  const newPlace = kind === "git" ? newRepository : newTree;

  test("a link to a file or folder outside is neither read nor written", async () => {
    const outside = newTree({ "load.ts": LOAD, "folder/load.ts": LOAD });
    const folder = newPlace(SMALL);
    symlinkSync(join(outside, "load.ts"), join(folder, "src/linked.ts"));
    symlinkSync(join(outside, "folder"), join(folder, "src/folder"));
    if (kind === "git") commit(folder);
    const [before, beyond] = [snapshot(folder), snapshot(outside)];
    const planned = await preview(folder);
    expect(filesOf(planned)).toEqual(["src/load.ts"]);
    await applied(folder);
    expect(snapshot(outside)).toEqual(beyond);
    await reverted(folder);
    expect(snapshot(folder)).toEqual(before);
    expect(snapshot(outside)).toEqual(beyond);
  });

  test("a link that a hand put where an instrumented file was is not followed", async () => {
    const folder = newPlace(SMALL);
    await applied(folder);
    const outside = newTree({ "load.ts": readFile(folder, "src/load.ts") });
    const beyond = snapshot(outside);
    rmSync(join(folder, "src/load.ts"));
    symlinkSync(join(outside, "load.ts"), join(folder, "src/load.ts"));
    await retrospan(folder, ["revert", "--allow-dirty"]);
    expect(snapshot(outside)).toEqual(beyond);
  });

  test("a module is not created in a folder that links outside", async () => {
    const outside = newTree({});
    const rule = { ...STAGE_RULE, module: "linked/record-stage.ts" };
    const folder = newPlace({ "src/stages.ts": STAGES, [CONFIG]: configOf([rule]) });
    symlinkSync(outside, join(folder, "linked"));
    if (kind === "git") commit(folder);
    const before = snapshot(folder);
    for (const command of ["preview", "apply"]) {
      expect(await plan(folder, command)).toMatchObject({ code: 2 });
    }
    expect(readdirSync(outside)).toEqual([]);
    expect(snapshot(folder)).toEqual(before);
  });

  test("a folder that links outside is no place for a helper that may lie anywhere", async () => {
    const outside = newTree({});
    const rule = { id: "send", use: "trace-send", at: { call: "socket.send($text)" } };
    const folder = newPlace({
      "src/a.js": "export const send = (socket, m) => socket.send(JSON.stringify(m));\n",
      [CONFIG]: configOf([rule]),
    });
    symlinkSync(outside, join(folder, "src/lib"));
    if (kind === "git") commit(folder);
    await applied(folder);
    expect(readdirSync(outside)).toEqual([]);
    expect(readdirSync(join(folder, "src/tracing"))).toHaveLength(1);
  });

  test("the ledger is not written through a link outside", async () => {
    const outside = newTree({});
    const folder = newPlace(SMALL);
    symlinkSync(outside, join(folder, ".retrospan"));
    if (kind === "git") commit(folder);
    const before = snapshot(folder);
    const run = await plan(folder, "apply");
    expect(readdirSync(outside)).toEqual([]);
    expect(run.code).toBe(2);
    expect(snapshot(folder)).toEqual(before);
  });
});

describe("without git", () => {
  const IGNORING: Files = {
    ...SMALL,
    ".gitignore": "/ignored/\n*.local.ts\n",
    "ignored/load.ts": LOAD,
    "src/a.local.ts": LOAD,
    "src/keep/.gitignore": "!kept.local.ts\n/own.ts\n",
    "src/keep/kept.local.ts": LOAD,
    "src/keep/own.ts": LOAD,
    "src/keep/deeper/own.ts": LOAD,
    "node_modules/package/load.ts": LOAD,
  };

  test("files that .gitignore names are left out, just as git does", async () => {
    const expected = ["src/keep/deeper/own.ts", "src/keep/kept.local.ts", "src/load.ts"];
    expect(filesOf(await preview(newRepository(IGNORING)))).toEqual(expected);
    expect(filesOf(await preview(newTree(IGNORING)))).toEqual(expected);
  });

  test("apply, status and revert work", async () => {
    const folder = newTree(LARGE);
    const original = snapshot(folder);
    await applied(folder);
    expect(await retrospan(folder, ["status"])).toMatchObject({ code: 0 });
    await reverted(folder);
    expect(snapshot(folder)).toEqual(original);
  });

  test("the root is the folder of the config", async () => {
    const folder = newTree(LARGE);
    const run = await retrospan(join(folder, "src/deep"), ["apply", "--no-typecheck"]);
    expect(run).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, LEDGER))).toBe(true);
    expect(readFile(folder, "src/load.ts")).toBe(LOAD);
    expect(readFile(folder, "src/deep/stages.ts")).toContain("recordStage");
  });
});

describe("colours and quiet", () => {
  const COLOUR = /\u001b\[/;

  test("no colours where the output is no terminal, unless asked for", async () => {
    const folder = newRepository(SMALL);
    expect((await plan(folder, "preview")).stdout).not.toMatch(COLOUR);
    expect((await plan(folder, "preview", "--color")).stdout).toMatch(COLOUR);
    expect((await plan(folder, "preview", "--no-color")).stdout).not.toMatch(COLOUR);
  });

  test("--quiet prints problems only", async () => {
    const folder = newRepository(SMALL);
    expect(await plan(folder, "apply", "--quiet")).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });
});

test("what is kept to start faster does not grow with the places of the tool", async () => {
  const cache = newFolder();
  const others = Array.from({ length: 20 }, (_, index) => `retrospan/${index}.code`);
  writeFiles(cache, Object.fromEntries(others.map((path) => [path, ""])));
  const folder = newRepository(SMALL);
  await retrospan(folder, ["preview", "--no-typecheck"], { env: { XDG_CACHE_HOME: cache } });
  expect(readdirSync(join(cache, "retrospan")).length).toBeLessThan(10);
});

test("a helper is not made where git would leave it out", async () => {
  const rule = { id: "sent", use: "trace-send", at: { call: "socket.send($text)" } };
  const code =
    "export function tell(socket: { send(text: string): void }): void {\n" +
    '  socket.send(JSON.stringify({ type: "told" }));\n}\n';
  const folder = newRepository({
    ".gitignore": "lib\n",
    "src/tell.ts": code,
    [CONFIG]: configOf([rule]),
  });
  await plan(folder, "apply");
  expect(existsSync(join(folder, "src/tracing/with-trace-context.ts"))).toBe(true);
  expect(existsSync(join(folder, "src/lib"))).toBe(false);
  await reverted(folder);
  expect(existsSync(join(folder, "src/tracing"))).toBe(false);
});
