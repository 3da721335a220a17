/** Programs that run instrumented code without an SDK that sends it. */
import { beforeAll, expect, test } from "vitest";
import { entryFindings } from "../src/plan/entries.js";
import { loadCompiler } from "../src/syntax/compiler.js";
import { activeRules, applyInMemory, memoryTree, treeOf } from "./support/memory-tree.js";

beforeAll(loadCompiler);

const RULE = { id: "r", use: "wrap-span", at: { function: "work" }, span: { name: "work" } };
const WORK = "export async function work(): Promise<void> {\n  await Promise.resolve();\n}\n";
const INIT =
  'import * as Sentry from "@sentry/node";\n\nSentry.init({ dsn: process.env.SENTRY_DSN });\n';

async function codesIn(files: Readonly<Record<string, string>>): Promise<string[]> {
  const memory = memoryTree(Object.entries({ "src/work.ts": WORK, ...files }));
  const plan = applyInMemory(memory, await activeRules([RULE]));
  return entryFindings(treeOf(memory), plan.files).map(
    ({ code, file, message }) => `${code} ${file} ${/`[^`]*`/.exec(message)?.[0]}`,
  );
}

const manifest = (scripts: Record<string, string>) => ({
  "package.json": JSON.stringify({ scripts }),
});
const CLI = 'import { work } from "./work.js";\n\nawait work();\nprocess.exit(0);\n';

test("a program without an init, by what runs it or what is built from it", async () => {
  const files = { "src/cli.ts": CLI };
  const missing = (name: string) => [`no-init src/cli.ts \`npm run ${name}\``];
  expect(await codesIn({ ...files, ...manifest({ cli: "tsx src/cli.ts --all" }) })).toEqual(
    missing("cli"),
  );
  expect(
    await codesIn({ ...files, ...manifest({ run: "tsc && node --no-warnings dist/cli.js" }) }),
  ).toEqual(missing("run"));
  const built = { ...files, "dist/cli.js": "import './work.js';\n", "dist/work.js": "" };
  expect(await codesIn({ ...built, ...manifest({ run: "node dist/cli.js" }) })).toEqual(
    missing("run"),
  );
  // A folder called like a build may hold the source, and the file above it be another one.
  const library = { "lib/cli.js": CLI.replace("./", "../src/"), "cli.js": "void 0;\n" };
  expect(await codesIn({ ...library, ...manifest({ run: "node lib/cli.js" }) })).toEqual([
    "no-init lib/cli.js `npm run run`",
  ]);
  expect(await codesIn({ ...files, ...manifest({ lint: "eslint src/cli.ts" }) })).toEqual([]);
});

test("an init counts wherever it is loaded from", async () => {
  const files = { "instrument.ts": INIT, "src/cli.ts": CLI.replace("process.exit(0);\n", "") };
  expect(
    await codesIn({ ...files, ...manifest({ cli: "tsx --import ./instrument.ts src/cli.ts" }) }),
  ).toEqual([]);
  const imported = { ...files, "src/cli.ts": `import "../instrument.js";\n${CLI}` };
  expect(await codesIn({ ...imported, ...manifest({ cli: "tsx src/cli.ts" }) })).toEqual([
    "no-flush src/cli.ts `npm run cli`",
  ]);
  const flushed = {
    ...imported,
    "instrument.ts": `${INIT}export const flush = () => Sentry.flush(2000);\n`,
  };
  expect(await codesIn({ ...flushed, ...manifest({ cli: "tsx src/cli.ts" }) })).toEqual([]);
});

test("a program that runs nothing of ours is not judged", async () => {
  const files = { "src/other.ts": "process.exit(0);\n" };
  expect(await codesIn({ ...files, ...manifest({ other: "node src/other.ts" }) })).toEqual([]);
});

test("code that a plain program loads takes the SDK that a framework's stands on", async () => {
  const specifierIn = async (files: Readonly<Record<string, string>>, scripts: object) => {
    const manifest = { scripts, dependencies: { next: "15.0.0", "@sentry/nextjs": "10.38.0" } };
    const memory = memoryTree(
      Object.entries({ "src/work.ts": WORK, ...files, "package.json": JSON.stringify(manifest) }),
    );
    applyInMemory(memory, await activeRules([RULE]));
    return /from "(@sentry\/\w+)"/.exec(memory.files.get("src/work.ts") ?? "")?.[1];
  };
  const page = '"use client";\nimport { work } from "./work";\n\nvoid work();\n';
  expect(await specifierIn({ "src/cli.ts": CLI }, { dev: "next dev" })).toBe("@sentry/nextjs");
  expect(await specifierIn({ "src/cli.ts": CLI }, { cli: "tsx src/cli.ts" })).toBe("@sentry/node");
  const both = { "src/cli.ts": CLI, "src/page.tsx": page };
  expect(await specifierIn(both, { cli: "tsx src/cli.ts" })).toBe("@sentry/nextjs");
});
