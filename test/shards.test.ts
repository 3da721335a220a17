/** A tree in parts, as a matrix of machines instruments it. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import {
  newFolder,
  newRepository,
  readFile,
  removeFolders,
  retrospan,
  userFiles,
} from "./support/cli.js";

afterEach(removeFolders);

const COUNT = 3;
const RULES = [
  { id: "work", use: "wrap-span", at: { function: "work" }, span: { name: "work" } },
  { id: "sent", use: "trace-send", at: { call: "socket.send($text)" } },
];

const FILES = Object.fromEntries(
  Array.from({ length: 12 }, (_, number) => {
    const quote = number % 2 ? "'" : '"';
    const text = `import { socket } from ${quote}../socket.js${quote};\n\nexport async function work(id: number): Promise<void> {\n  socket.send(JSON.stringify({ type: ${quote}started${quote}, id }));\n  await Promise.resolve();\n}\n`;
    return [`src/parts/part-${number}.ts`, text] as const;
  }),
);

function newTree(): string {
  return newRepository({
    ...FILES,
    "package.json": '{ "type": "module", "dependencies": { "@sentry/node": "^11.0.0" } }',
    "src/socket.ts": "export const socket = { send: (text: string): void => console.log(text) };\n",
    "retrospan.config.json": JSON.stringify({ rules: RULES }),
  });
}

interface Document {
  readonly files: readonly { readonly path: string; readonly change: string }[];
  readonly sites: readonly { readonly state: string }[];
}

async function json(folder: string, args: readonly string[]): Promise<Document> {
  const { stdout } = await retrospan(folder, [...args, "--json", "--no-typecheck"]);
  return JSON.parse(stdout) as Document;
}

test("shards never change the same file, and all of them do what one run does", async () => {
  const whole = newTree();
  const original = userFiles(whole);
  const wanted = (await json(whole, ["apply"])).files.filter(({ change }) => change === "modify");
  const base = newTree();
  const commit = (folder: string, ...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@localhost", ...args], {
      cwd: folder,
    });
  const changed: string[] = [];
  const branches = Array.from({ length: COUNT }, (_, index) => `shard-${index + 1}`);
  for (const [index, branch] of branches.entries()) {
    const folder = newFolder();
    cpSync(base, folder, { recursive: true });
    commit(folder, "checkout", "--quiet", "-b", branch);
    const { files } = await json(folder, ["apply", "--shard", `${index + 1}/${COUNT}`]);
    changed.push(...files.filter(({ change }) => change === "modify").map(({ path }) => path));
    expect((await json(folder, ["apply", "--shard", `${index + 1}/${COUNT}`])).files).toEqual([]);
    commit(folder, "add", "--all");
    commit(folder, "commit", "--quiet", "--message", branch);
    commit(base, "fetch", "--quiet", folder, `${branch}:${branch}`);
  }
  expect(changed.sort()).toEqual(wanted.map(({ path }) => path).sort());
  expect(new Set(changed).size).toBe(changed.length);
  // What several shards make, they make alike: it merges.
  for (const branch of branches) commit(base, "merge", "--quiet", "--no-edit", branch);
  for (const path of changed) expect(readFile(base, path)).toBe(readFile(whole, path));
  const status = await json(base, ["status"]);
  expect(status.sites.map(({ state }) => state)).toEqual(status.sites.map(() => "applied"));
  expect((await json(base, ["apply"])).files).toEqual([]);
  expect(await retrospan(base, ["revert"])).toMatchObject({ code: 0 });
  expect(userFiles(base)).toEqual(original);
});

test("reverted one shard after the other, nothing is left", async () => {
  const base = newTree();
  const original = userFiles(base);
  for (const shard of ["1/3", "2/3", "3/3"]) await json(base, ["apply", "--shard", shard]);
  for (const shard of ["1/3", "2/3", "3/3"]) {
    expect(await retrospan(base, ["revert", "--shard", shard])).toMatchObject({ code: 0 });
  }
  expect(userFiles(base)).toEqual(original);
  expect(existsSync(join(base, ".retrospan"))).toBe(false);
  expect(await retrospan(base, ["status"])).toMatchObject({ code: 0 });
});

test("shards of another number are refused, as is what is no shard", async () => {
  const folder = newTree();
  await json(folder, ["apply", "--shard", "1/3"]);
  const other = await retrospan(folder, ["preview", "--shard", "1/4", "--no-typecheck"]);
  expect(other.code).toBe(2);
  expect(other.stderr).toContain("ledger-1-of-3.json");
  for (const wrong of ["0/3", "4/3", "2", "a/b"]) {
    expect((await retrospan(folder, ["preview", "--shard", wrong])).code).toBe(2);
  }
});
