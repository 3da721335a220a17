/**
 * More files than are planned at once in memory, whose plans wait packed and which threads may plan;
 * more sites than a file should have; code that is nested deeper than a cold parser gets.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test } from "vitest";
import { activeRules, applyInMemory, memoryTree } from "./support/memory-tree.js";
import {
  CLI,
  git,
  newFolder,
  newRepository,
  readFile,
  removeFolders,
  retrospan,
  snapshot,
  userFiles,
  writeFiles,
} from "./support/cli.js";

afterEach(removeFolders);

const RULES = [
  { id: "all", use: "wrap-span", at: { function: "*" }, span: { name: "{{function}}" } },
] as const;

const FOLDERS = 3;
const FILES = Object.fromEntries(
  Array.from({ length: 900 }, (_, number) => {
    const text = `export async function work${number}(given: number): Promise<number> {\n  const sum = await Promise.resolve(given + ${number});\n  return sum;\n}\n`;
    return [
      `part-${number % FOLDERS}/module-${number}.ts`,
      number % 10 ? text : "// grün\n" + text,
    ];
  }),
);

function newTree(): string {
  return newRepository({
    ...FILES,
    "package.json": '{ "type": "module", "dependencies": { "@sentry/node": "^11.0.0" } }',
    "retrospan.config.json": JSON.stringify({ rules: RULES }),
  });
}

/** Applies to parts of a new tree, one after the other, and shows what came of it. */
async function applied(parts: readonly string[], ...args: readonly string[]) {
  const folder = newTree();
  const original = userFiles(folder);
  for (const part of parts) {
    const flags = ["--no-typecheck", "--allow-dirty", "--quiet", ...args];
    expect((await retrospan(folder, ["apply", part, ...flags])).code).toBe(0);
  }
  const after = userFiles(folder);
  const ledger = readFile(folder, ".retrospan/ledger.json");
  const again = await retrospan(folder, ["apply", "--no-typecheck", "--check", ...args]);
  expect(again.code).toBe(0);
  expect((await retrospan(folder, ["revert", "--allow-dirty", "--quiet"])).code).toBe(0);
  expect(userFiles(folder)).toEqual(original);
  return { after, ledger };
}

test("many files are written as few are, in one thread and in several", async () => {
  const byParts = await applied(["part-0", "part-1", "part-2"]);
  expect(Object.values(byParts.after).join("")).toContain("Sentry.startSpan");
  expect(await applied(["."], "--concurrency", "1")).toEqual(byParts);
  expect(await applied(["."], "--concurrency", "2")).toEqual(byParts);
});

test("a patch of many files leads to what apply writes", async () => {
  const folder = newTree();
  const args = ["--no-typecheck", "--quiet"];
  const patch = join(newFolder(), "all.patch");
  expect((await retrospan(folder, ["preview", ...args, "--patch", patch])).code).toBe(0);
  git(folder, "apply", "--whitespace=nowarn", patch);
  const patched = userFiles(folder);
  git(folder, "checkout", "--quiet", "--", ".");
  expect((await retrospan(folder, ["apply", ...args])).code).toBe(0);
  expect(userFiles(folder)).toEqual(patched);
});

test("one file with uncommitted changes among many holds all of them back", async () => {
  const folder = newTree();
  const edited = "part-2/module-899.ts";
  writeFiles(folder, { [edited]: `${readFile(folder, edited)}// new\n` });
  const before = snapshot(folder);
  const { code, stderr } = await retrospan(folder, ["apply", "--no-typecheck", "--quiet"]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(/part-2\/module-899\.ts.*uncommitted changes;/) as string,
  });
  expect(snapshot(folder)).toEqual(before);
});

test.each([
  ["files are planned", ["--no-typecheck", "--concurrency", "1"], /planning: \d+ of 900 files/],
  ["files are planned with types", [], /planning: part-0\/module-\d+\.ts/],
  ["types are checked", [], /checking the types of files without a tsconfig/],
])("a terminal shows when %s, and Ctrl-C ends it with the tree as it was", async (...at) => {
  const [, flags, step] = at;
  const folder = newTree();
  const before = snapshot(folder);
  const command = [process.execPath, CLI, "apply", ...flags].join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], { cwd: folder });
  let shown = "";
  child.stdout.on("data", (chunk: Buffer) => {
    if (step.test(shown)) return;
    shown += chunk.toString();
    if (step.test(shown)) child.stdin.write("\u0003");
  });
  const [code] = (await once(child, "close")) as [number];
  expect(shown).toMatch(step);
  expect(code).toBe(130);
  expect(snapshot(folder)).toEqual(before);
});

/** Applies to one file and reverts it, each in a process of its own. */
async function appliedTo(text: string) {
  const folder = newRepository({
    "src/a.ts": text,
    "package.json": '{ "type": "module", "dependencies": { "@sentry/node": "^11.0.0" } }',
    "retrospan.config.json": JSON.stringify({ rules: RULES }),
  });
  const { code } = await retrospan(folder, ["apply", "--no-typecheck", "--quiet"]);
  expect(code).toBe(0);
  const spans = readFile(folder, "src/a.ts").split("Sentry.startSpan(").length - 1;
  expect((await retrospan(folder, ["revert", "--allow-dirty", "--quiet"])).code).toBe(0);
  expect(readFile(folder, "src/a.ts")).toBe(text);
  return spans;
}

const COUNT = 3000;

test("a file of thousands of sites comes back", async () => {
  const works = Array.from({ length: COUNT }, (_, number) => {
    return `export async function work${number}(given: number): Promise<number> {\n  const sum = await Promise.resolve(given);\n  return sum;\n}\n`;
  });
  expect(await appliedTo(works.join(""))).toBe(COUNT);
  expect(await appliedTo(works.join("").replace(/\s+/g, " "))).toBe(COUNT);
});

test("what is nested so deep that the next run may not parse it is left alone", async () => {
  const nested = (levels: number) => {
    const opened = Array.from({ length: levels }, (_, level) => {
      return `  const inner${level} = async (): Promise<void> => {\n`;
    });
    return `export async function work(): Promise<void> {\n${opened.join("")}    await Promise.resolve();\n${"  };\n".repeat(levels)}}\n`;
  };
  expect(await appliedTo(nested(290))).toBe(0);
  // With spans it is too deep, without them it is not: the outer ones stay.
  const some = await appliedTo(nested(45));
  expect(some).toBeGreaterThan(10);
  expect(some).toBeLessThan(46);
  expect(await appliedTo(nested(10))).toBe(11);
});

test("the trees of files are gone after a young collection", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options?: { type: "minor" }) => void;
  const rules = await activeRules(RULES);
  const plan = (from: number) => {
    for (const [path, text] of Object.entries(FILES).slice(from, from + 200)) {
      applyInMemory(memoryTree([[path, text.repeat(4)]]), rules);
    }
  };
  plan(0);
  collect();
  const before = process.memoryUsage().heapUsed;
  plan(200);
  // Twice, since what survives once may be what was at hand.
  collect({ type: "minor" });
  collect({ type: "minor" });
  const young = process.memoryUsage().heapUsed - before;
  collect();
  const kept = process.memoryUsage().heapUsed - before;
  expect(young - kept).toBeLessThan(8e6);
});
