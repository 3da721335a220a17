/** `apply --interactive` on a real terminal. */
import { spawn } from "node:child_process";
import { afterEach, expect, test } from "vitest";
import { CLI, newRepository, readFile, removeFolders, retrospan } from "./support/cli.js";

afterEach(removeFolders);

const body = (name: string) =>
  `export async function ${name}() {\n  await Promise.resolve("${name}");\n}\n`;

const RULE = { id: "all", use: "wrap-span", at: { function: "*" }, span: { name: "{{function}}" } };

function newTree(): string {
  return newRepository({
    "retrospan.config.json": JSON.stringify({ rules: [RULE] }),
    "a.ts": body("first"),
    "b.ts": body("second"),
    "c.ts": body("third"),
  });
}

interface Session {
  readonly code: number | null;
  readonly shown: string;
}

const ESCAPES = new RegExp("\\u001b\\[[0-9;?]*[A-Za-z]", "g");

/** Answers each question with the next key, as somebody does who waits for it. */
function answer(folder: string, keys: readonly string[]): Promise<Session> {
  const command = `stty cols 120; ${process.execPath} ${CLI} apply --interactive --no-typecheck`;
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "", CI: "" },
    timeout: 60_000,
  });
  let shown = "";
  const open = [...keys];
  child.stdout.on("data", (chunk: Buffer) => {
    shown += chunk.toString("utf8").replace(ESCAPES, "");
    const asked = shown.match(/leave it and all that come alone/g)?.length ?? 0;
    if (asked > keys.length - open.length) child.stdin.write(open.shift() ?? "q");
  });
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ code, shown }));
  });
}

const isWrapped = (folder: string) =>
  ["a.ts", "b.ts", "c.ts"].map((path) => readFile(folder, path).includes("startSpan"));

test("yes and no are said to one site after the other, with its change", async () => {
  const folder = newTree();
  const { code, shown } = await answer(folder, ["y", "n", "y"]);
  expect(code).toBe(0);
  expect(shown).toContain('await Promise.resolve("second");');
  expect(shown).toContain("2 of 3  all:b.ts:1");
  expect(shown).toContain("the whole body runs in a callback");
  expect(isWrapped(folder)).toEqual([true, false, true]);
});

test("all means those that come, quit none of them", async () => {
  const [all, none] = [newTree(), newTree()];
  await answer(all, ["n", "a"]);
  expect(isWrapped(all)).toEqual([false, true, true]);
  await answer(none, ["y", "q"]);
  expect(isWrapped(none)).toEqual([true, false, false]);
  const { shown } = await answer(newTree(), ["q"]);
  expect(shown).toContain("nothing was wanted of what was planned");
});

test.each([
  ["Ctrl-C", "\u0003"],
  ["the end of the input", "\u0004"],
])("%s leaves everything as it was", async (_name, key) => {
  const folder = newTree();
  const { code } = await answer(folder, ["y", key]);
  expect(code).toBe(130);
  expect(isWrapped(folder)).toEqual([false, false, false]);
});

test("without a terminal nobody can answer", async () => {
  const { code, stderr } = await retrospan(newTree(), ["apply", "--interactive"]);
  expect(code).toBe(2);
  expect(stderr).toContain("it needs a terminal");
});
