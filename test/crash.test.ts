import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  LIBRARY,
  newFolder,
  newRepository,
  removeFolders,
  retrospan,
  runScript,
  snapshot,
  userFiles,
  writeFiles,
  type Run,
} from "./support/cli.js";

const PRELOAD = fileURLToPath(new URL("./support/fail-at.js", import.meta.url));
const FULL_DISK = fileURLToPath(new URL("./support/full-disk.js", import.meta.url));
const AT_ONCE = 4;
const TIMEOUT = 300_000;
const REMOVING = ["rmSync", "rmdirSync", "unlinkSync"];

const COMMANDS = ["apply", "revert"] as const;
type CommandName = (typeof COMMANDS)[number];
type Snapshot = Record<string, string>;

function work(name: string): string {
  return `export async function ${name}(id: string): Promise<string> {
  const value = await fetch(id);
  return value.text();
}
`;
}

const STAGES = `${work("load")}
export function measure(): Record<string, number> {
  const timing: Record<string, number> = {};
  timing.parse = 12;
  return timing;
}
`;

const RULES = [
  { id: "load", use: "wrap-span", at: { function: "load" }, span: { name: "load" } },
  { id: "save", use: "wrap-span", at: { function: "save" }, span: { name: "save" } },
  {
    id: "stages",
    use: "record-stage",
    at: { assign: "timing[*]" },
    module: "src/lib/record-stage.ts",
    create: true,
  },
];

/** The config lies outside, so that `status` has nothing to plan and is quick. */
const CONFIG = "retrospan.config.json";

/** A tree in its two states: what a command finds, and what it leaves when nothing goes wrong. */
interface Scene {
  /** A folder to copy from. */
  readonly template: string;
  readonly before: Snapshot;
  readonly after: Snapshot;
  /** One call for every state that the tree is in on the way. */
  readonly moments: readonly Moment[];
}

interface Moment {
  readonly number: number;
  readonly name: string;
  readonly when: "before" | "after";
  readonly state: string;
  readonly hasJournal: boolean;
}

let original: string;
let config: string;
const scenes = new Map<CommandName, Scene>();
const fullDiskRuns = new Map<string, readonly FullDiskRun[]>();

function copyOf(template: string): string {
  const tree = newFolder();
  cpSync(template, tree, { recursive: true });
  return tree;
}

function argumentsOf(command: CommandName): string[] {
  return command === "apply" ? ["apply", "--config", config, "--no-typecheck"] : ["revert"];
}

function run(tree: string, command: CommandName, fault?: object): Promise<Run> {
  const env = fault ? { RETROSPAN_TEST_FAIL: JSON.stringify(fault) } : {};
  return retrospan(tree, argumentsOf(command), { env, preload: PRELOAD });
}

function sceneOf(command: CommandName): Scene {
  const scene = scenes.get(command);
  if (!scene) throw new Error(`${command} was not recorded`);
  return scene;
}

/**
 * A kill after one call and a kill before the next leave the same tree, and what follows depends on
 * the tree alone. So one undisturbed run tells at which calls a kill makes a difference.
 */
async function record(command: CommandName, template: string): Promise<string> {
  const tree = copyOf(template);
  const file = join(newFolder(), "calls.json");
  expect(await run(tree, command, { record: file })).toMatchObject({ code: 0, stderr: "" });
  const calls = JSON.parse(readFileSync(file, "utf8")) as Moment[];
  const byState = new Map(calls.map((moment) => [moment.state, moment]));
  const moments = thinned([...byState.values()]);
  scenes.set(command, { template, before: snapshot(template), after: snapshot(tree), moments });
  return tree;
}

/**
 * Until shortly before there is a journal one staged file is like another, so a part of those
 * moments will do; RETROSPAN_TEST_ALL=1 takes all.
 */
function thinned(moments: readonly Moment[]): Moment[] {
  const near = moments.findIndex(({ hasJournal }) => hasJournal) - 8;
  const isAll = process.env.RETROSPAN_TEST_ALL !== undefined;
  return moments.filter((_, index) => isAll || index >= near || index % 3 === 0);
}

beforeAll(async () => {
  original = newRepository(
    {
      "package.json": JSON.stringify({ dependencies: { "@sentry/node": "^9.0.0" } }),
      "src/load.ts": work("load").replace(/\n/g, "\r\n"),
      "src/save.ts": `#!/usr/bin/env node\n${work("save")}`,
      "src/stages.ts": STAGES.trimEnd(),
    },
    ["src/save.ts"],
  );
  const place = newFolder();
  writeFiles(place, { [CONFIG]: JSON.stringify({ rules: RULES }) });
  config = join(place, CONFIG);
  const instrumented = await record("apply", original);
  await record("revert", instrumented);
  await Promise.all(
    COMMANDS.flatMap((command) => [false, true].map((stays) => fillDisk(command, stays))),
  );
}, TIMEOUT);

afterAll(removeFolders);

/** Works on a few items at a time and gathers what went wrong, so that one report names all. */
async function problemsOf<T>(
  items: readonly T[],
  check: (item: T) => Promise<string[]>,
): Promise<string[]> {
  const queue = items.entries();
  const problems: string[][] = [];
  const worker = async () => {
    for (const [index, item] of queue) problems[index] = await check(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return problems.flat();
}

/** Which of the two states a tree is in, the ledger and its folder included. */
function sideOf({ before, after }: Scene, files: Snapshot): "before" | "after" | null {
  if (isSame(files, before)) return "before";
  return isSame(files, after) ? "after" : null;
}

function isSame(some: Snapshot, other: Snapshot): boolean {
  const paths = new Set([...Object.keys(some), ...Object.keys(other)]);
  return [...paths].every((path) => some[path] === other[path]);
}

/** How a tree differs from both states, in a line. */
function strangeness({ before, after }: Scene, files: Snapshot): string {
  const paths = new Set([before, after, files].flatMap(Object.keys));
  const sides = [...paths].map((path) => {
    const content = files[path];
    if (content === before[path]) return content === after[path] ? [] : [`${path} is before`];
    return [content === after[path] ? `${path} is after` : `${path} is in neither state`];
  });
  return sides.flat().join(", ");
}

async function statusProblems(tree: string, scene: Scene): Promise<string[]> {
  const hadJournal = existsSync(join(tree, ".retrospan/journal.json"));
  const { code, stdout, stderr } = await retrospan(tree, ["status", "--json"]);
  const says = stdout.includes('"interrupted-run"');
  const files = snapshot(tree);
  return [
    ...(code === 0 ? [] : [`status ended with ${code}: ${stderr}`]),
    ...(hadJournal === says ? [] : [`status ${says ? "invents" : "hides"} an interrupted run`]),
    ...(sideOf(scene, files) ? [] : [`status leaves ${strangeness(scene, files)}`]),
  ];
}

/** What follows a recovery depends on the recovered tree alone: checked once for each. */
function followUpChecker(): (tree: string) => Promise<string[]> {
  const known = new Map<string, Promise<string[]>>();
  return async (tree) => {
    const key = JSON.stringify([snapshot(tree), existsSync(join(tree, ".retrospan"))]);
    const isKnown = known.has(key);
    const problems = known.get(key) ?? followUpProblems(tree);
    known.set(key, problems);
    return isKnown ? [] : problems;
  };
}

async function followUpProblems(tree: string): Promise<string[]> {
  const { after } = sceneOf("apply");
  const apply = await run(tree, "apply");
  const isApplied = isSame(userFiles(tree), withoutLedger(after));
  const revert = await run(tree, "revert");
  const isReverted = isSame(snapshot(tree), snapshot(original));
  return [
    ...(apply.code === 0 ? [] : [`apply ended with ${apply.code}: ${apply.stderr}`]),
    ...(isApplied ? [] : ["apply does not lead to the same files"]),
    ...(revert.code === 0 ? [] : [`revert ended with ${revert.code}: ${revert.stderr}`]),
    ...(isReverted ? [] : ["revert does not restore the original"]),
    ...(existsSync(join(tree, ".retrospan")) ? ["revert leaves .retrospan"] : []),
  ];
}

function withoutLedger(files: Snapshot): Snapshot {
  const { ".retrospan/ledger.json": _ledger, ...others } = files;
  return others;
}

describe.each(COMMANDS)("%s", (command) => {
  test("writes three files, a created one and the ledger", () => {
    const { before, after, moments } = sceneOf(command);
    const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
    const changed = [...paths].filter((path) => before[path] !== after[path]);
    expect(changed.sort()).toEqual([
      ".retrospan/ledger.json",
      "src/lib/record-stage.ts",
      "src/load.ts",
      "src/save.ts",
      "src/stages.ts",
    ]);
    expect(after["src/save.ts"]).toMatch(/^755 /);
    expect(moments.length).toBeGreaterThan(20);
  });

  test(
    "killed at any moment, it leaves all or nothing",
    async () => {
      const scene = sceneOf(command);
      const followUp = followUpChecker();
      const problems = await problemsOf(scene.moments, async ({ number, name, when }) => {
        const tree = copyOf(scene.template);
        const { signal } = await run(tree, command, { kill: number, when });
        const found = [
          ...(signal === "SIGKILL" ? [] : ["it was not killed"]),
          ...(await statusProblems(tree, scene)),
          ...(await followUp(tree)),
        ];
        return found.map((problem) => `${when} call ${number} (${name}): ${problem}`);
      });
      expect(problems).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "ended by a signal at any moment, it leaves all or nothing at once",
    async () => {
      const scene = sceneOf(command);
      const problems = await problemsOf(scene.moments, async ({ number, name, when }) => {
        const tree = copyOf(scene.template);
        const { signal } = await run(tree, command, { kill: number, when, signal: "SIGINT" });
        const files = snapshot(tree);
        const found = [
          ...(signal === "SIGINT" ? [] : [`it ended with ${signal}`]),
          ...(sideOf(scene, files) ? [] : [`it leaves ${strangeness(scene, files)}`]),
        ];
        return found.map((problem) => `${when} call ${number} (${name}): ${problem}`);
      });
      expect(problems).toEqual([]);
    },
    TIMEOUT,
  );

  test.each([
    ["for a moment", false],
    ["from then on", true],
  ])(
    "with the disk full %s, it leaves all or nothing",
    async (_when, stays) => {
      const scene = sceneOf(command);
      const runs = fullDiskRuns.get(`${command} ${stays}`) ?? [];
      const followUp = followUpChecker();
      const problems = await problemsOf(runs, async ({ number, tree, thrownAt, error }) => {
        // What could not be removed can only be removed by the next command.
        const isLeft = thrownAt !== null && REMOVING.includes(thrownAt);
        const found = [
          ...(isLeft ? await statusProblems(tree, scene) : []),
          ...fullDiskProblems(scene, tree, thrownAt, error),
          ...(await followUp(tree)),
        ];
        return found.map((problem) => `call ${number} (${thrownAt ?? "none"}): ${problem}`);
      });
      expect(problems).toEqual([]);
      expect(runs.length).toBeGreaterThan(20);
    },
    TIMEOUT,
  );

  test.each([1, 10, 20])(
    "with the disk full at call %i, the command line says so",
    async (full) => {
      const scene = sceneOf(command);
      const tree = copyOf(scene.template);
      const { code, signal, stderr } = await run(tree, command, { full, stays: false });
      expect(signal).toBeNull();
      expect(code).toBeGreaterThan(0);
      expect(stderr).toContain("ENOSPC");
      expect(snapshot(tree)).toEqual(scene.before);
    },
  );
});

test(
  "of several at once, each does all of its work or says that it did nothing",
  async () => {
    const tree = copyOf(original);
    const commands = [...COMMANDS, ...COMMANDS, ...COMMANDS];
    for (let round = 0; round < 3; round++) {
      const runs = await Promise.all(
        commands.map((command) => retrospan(tree, argumentsOf(command))),
      );
      for (const { code, stderr } of runs) {
        expect([0, 2]).toContain(code);
        expect(stderr).toMatch(code === 0 ? /^$/ : /^retrospan: .*\n$/);
      }
      expect(runs.some(({ code }) => code === 0)).toBe(true);
      const isIn = COMMANDS.some((command) => sideOf(sceneOf(command), snapshot(tree)));
      expect(isIn).toBe(true);
    }
    await run(tree, "revert");
    expect(snapshot(tree)).toEqual(snapshot(original));
  },
  TIMEOUT,
);

test("one that comes to its end while another opens its stage is told, as one at work is", async () => {
  const tree = copyOf(original);
  const pid = spawnSync(process.execPath, ["--eval", ""]).pid;
  const stage = join(tree, ".retrospan/pending");
  // A config is read behind the recovery and before the stage is opened.
  const program = `import { mkdirSync, writeFileSync } from "node:fs";
mkdirSync(${JSON.stringify(stage)}, { recursive: true });
writeFileSync(${JSON.stringify(join(stage, "owner"))}, "${pid}");
export default { rules: ${JSON.stringify(RULES)} };
`;
  const own = join(newFolder(), "retrospan.config.mjs");
  writeFileSync(own, program);
  const { code, stderr } = await retrospan(tree, ["apply", "--config", own, "--no-typecheck"]);
  expect(stderr).toMatch(
    /^retrospan: .*: another retrospan was writing here; run the command again\n$/,
  );
  expect(code).toBe(2);
  await run(tree, "revert");
  expect(snapshot(tree)).toEqual(snapshot(original));
});

interface FullDiskRun {
  readonly number: number;
  readonly tree: string;
  /** The call that failed; null when none did. */
  readonly thrownAt: string | null;
  readonly error: string | null;
}

async function fillDisk(command: CommandName, stays: boolean): Promise<void> {
  const folder = newFolder();
  const report = join(newFolder(), "runs.json");
  const options = command === "apply" ? { config, typecheck: false } : {};
  const { template } = sceneOf(command);
  const task = { library: LIBRARY, command, template, folder, options, stays, report };
  const result = await runScript(folder, FULL_DISK, [JSON.stringify(task)]);
  expect(result).toMatchObject({ code: 0, stderr: "" });
  const runs = JSON.parse(readFileSync(report, "utf8")) as FullDiskRun[];
  fullDiskRuns.set(`${command} ${stays}`, runs);
}

function fullDiskProblems(
  scene: Scene,
  tree: string,
  thrownAt: string | null,
  error: string | null,
): string[] {
  const files = snapshot(tree);
  const side = sideOf(scene, files);
  if (!side) return [`it leaves ${strangeness(scene, files)}`];
  if (thrownAt === null || side === "after") return [];
  return error === null ? ["it did nothing and did not fail"] : [];
}
