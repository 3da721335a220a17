import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { RuleConfig } from "../src/index.js";
import { apply, preview, revert } from "../src/index.js";
import { STRICT_TSCONFIG, temporaryProject, type TemporaryProject } from "./support/project.js";

let project: TemporaryProject | undefined;
afterEach(() => project?.remove());

const MANIFEST = JSON.stringify({
  type: "module",
  dependencies: { "@sentry/node": "^11.0.0" },
});

function strictProject(source: string, rules: readonly RuleConfig[]): TemporaryProject {
  project = temporaryProject(
    { "package.json": MANIFEST, "tsconfig.json": STRICT_TSCONFIG, "src/main.ts": source },
    rules,
  );
  return project;
}

const SAVE = `
export interface Event {
  type: string;
  projectId?: string;
}

declare function save(id: string): Promise<number>;
`;

test("narrowing that does not enter the callback is said again, and taken back", async () => {
  const source = `${SAVE}
export async function process(event: Event): Promise<void> {
  if (!event.projectId) return;
  switch (event.type) {
    case "a":
      await save(event.projectId);
      break;
  }
}
`;
  const { dir, read } = strictProject(source, [
    {
      id: "process",
      use: "wrap-span",
      at: { switch: "event.type" },
      span: { name: "process", attributes: { id: "${event.projectId}" } },
    },
  ]);
  const outcome = await apply({ cwd: dir });
  expect(outcome.sites.map(({ state }) => state)).toEqual(["applied"]);
  expect(outcome.typecheck).toMatchObject({ programs: 1, before: 0, after: 0, new: [] });
  expect(read("src/main.ts")).toContain("save(event.projectId!)");
  await revert({ cwd: dir });
  expect(read("src/main.ts")).toBe(source);
});

test.each([
  ["outer", "inner"],
  ["inner", "outer"],
])(
  "what two spans inside one another need said stays until both are gone, %s first",
  async (first, second) => {
    const source = `${SAVE}
export async function process(event: Event): Promise<void> {
  if (!event.projectId) return;
  switch (event.type) {
    case "a": {
      await save(event.projectId);
      break;
    }
  }
}
`;
    const { dir, read } = strictProject(source, [
      { id: "outer", use: "wrap-span", at: { switch: "event.type" }, span: { name: "process" } },
      { id: "inner", use: "wrap-span", at: { case: "a" }, span: { name: "a" } },
    ]);
    const outcome = await apply({ cwd: dir });
    expect(outcome.sites.map(({ state }) => state)).toEqual(["applied", "applied"]);
    await revert({ cwd: dir, rule: first });
    expect(read("src/main.ts")).toContain("save(event.projectId!)");
    const { typecheck } = await preview({ cwd: dir });
    expect(typecheck?.before).toBe(0);
    await revert({ cwd: dir, rule: second, allowDirty: true });
    expect(read("src/main.ts")).toBe(source);
  },
);

const WALKERS = `declare function pierce(root: Node): Node;
export function* shadowsOf(root: Node): IterableIterator<Node> {
  const walkers = [document.createTreeWalker(pierce(root))];
  for (const walker of walkers) {
    let node: Element | null;
    while ((node = walker.nextNode() as Element | null)) {
      if (!node.shadowRoot) continue;
      yield node.shadowRoot;
      walkers.push(document.createTreeWalker(node.shadowRoot));
    }
  }
}
`;

test.each([["inner"], ["outer"], [undefined]])(
  "a type that is said for a call stands before the calls around it, with %s first",
  async (rule) => {
    const { dir, read } = strictProject(WALKERS, [
      {
        id: "inner",
        use: "wrap-span",
        at: { call: "document.createTreeWalker(node.shadowRoot)" },
        span: { name: "inner" },
      },
      { id: "outer", use: "wrap-span", at: { call: "walkers.push($$$)" }, span: { name: "outer" } },
    ]);
    if (rule !== undefined) await apply({ cwd: dir, rule });
    const { sites, typecheck } = await apply({ cwd: dir });
    expect(sites.filter(({ state }) => state === "skipped")).toEqual([]);
    expect(typecheck?.new).toEqual([]);
    expect(read("src/main.ts")).toMatch(/type NarrowedNode = typeof node;\n\s*Sentry/);
    expect((await apply({ cwd: dir })).changes).toEqual([]);
    await revert({ cwd: dir });
    expect(read("src/main.ts")).toBe(WALKERS);
  },
);

test("a site whose output would not type-check is skipped, and the others are not", async () => {
  const source = `${SAVE}
export async function assigned(): Promise<number> {
  let size: number;
  size = await save("a");
  return size;
}

export async function plain(): Promise<void> {
  await save("b");
}
`;
  const { dir } = strictProject(source, [
    {
      id: "assigned",
      use: "wrap-span",
      at: { call: "save($id)", within: "assigned" },
      region: "statement",
      span: { name: "assigned" },
    },
    { id: "plain", use: "wrap-span", at: { call: "save('b')" }, span: { name: "plain" } },
  ]);
  const outcome = await preview({ cwd: dir });
  const states = outcome.sites.map(({ rule, state, reason }) => [rule, state, reason?.code]);
  expect(states).toEqual([
    ["assigned", "skipped", "type-check"],
    ["plain", "planned", undefined],
  ]);
  expect(outcome.typecheck?.new).toEqual([]);
  expect(outcome.exitCode).toBe(0);
});

test("a wrong attribute type is found by the check, and only by it", async () => {
  const source = `${SAVE}
export async function run(event: Event): Promise<void> {
  await save("a");
  console.log(event.type);
}
`;
  const rules: RuleConfig[] = [
    {
      id: "run",
      use: "wrap-span",
      at: { call: "save($id)" },
      span: { name: "run", attributes: { event: "${event}" } },
    },
  ];
  const { dir } = strictProject(source, rules);
  const checked = await preview({ cwd: dir });
  expect(checked.sites.map(({ reason }) => reason?.code)).toEqual(["type-check"]);
  expect(checked.sites[0]?.reason?.message).toMatch(/: TS2322: Type 'Event' is not assignable/);
  const unchecked = await preview({ cwd: dir, typecheck: false });
  expect(unchecked.sites.map(({ state }) => state)).toEqual(["planned"]);
  expect(unchecked.typecheck).toBeNull();
});

test("a created module type-checks where it is imported", async () => {
  const source = `
export function run(): Record<string, number> {
  const timing: Record<string, number> = {};
  const timings = new Map<string, number>();
  const started = Date.now();
  timing["parse"] = Date.now() - started;
  timings.set("write", Date.now() - started);
  return { ...timing, ...Object.fromEntries(timings) };
}
`;
  const shared = { use: "record-stage", module: "src/lib/stages.ts", create: true };
  const { dir, read } = strictProject(source, [
    { id: "object", at: { assign: "timing[*]" }, ...shared },
    { id: "map", at: { call: "timings.set($name, $ms)" }, ...shared },
  ]);
  const outcome = await apply({ cwd: dir });
  expect(outcome.sites.map(({ state }) => state)).toEqual(["applied", "applied"]);
  expect(read("src/main.ts")).toContain('from "./lib/stages.js"');
  expect(read("src/lib/stages.ts")).toContain("export function recordStage(");
  await revert({ cwd: dir });
  expect(read("src/main.ts")).toBe(source);
  expect(() => read("src/lib/stages.ts")).toThrow();
});

test("in JavaScript that is checked, a helper brings no diagnostics", async () => {
  project = temporaryProject(
    {
      "package.json": MANIFEST,
      "tsconfig.json": STRICT_TSCONFIG.replace(
        '"strict":true',
        '"strict":true,"allowJs":true,"checkJs":true',
      ),
      "src/a.js":
        "/** @param {{ id: string }} message */\nexport function handle(message) {\n  return message.id;\n}\n",
    },
    [{ id: "handle", use: "trace-receive", at: { function: "handle" } }],
  );
  const outcome = await apply({ cwd: project.dir });
  expect(outcome.typecheck).toMatchObject({ before: 0, after: 0 });
  expect(outcome.sites.map(({ state }) => state)).toEqual(["applied"]);
});

test("a file that was not edited is checked again when a type it uses changes", async () => {
  project = temporaryProject(
    {
      "package.json": MANIFEST,
      "tsconfig.json": STRICT_TSCONFIG,
      "src/event.ts": "export interface Event {\n  type: string;\n}\n",
      "src/table.ts":
        'import type { Event } from "./event.js";\n\nexport const table: Record<keyof Event, number> = { type: 1 };\n',
    },
    [{ id: "event", use: "trace-field", at: { type: "Event" } }],
  );
  const outcome = await apply({ cwd: project.dir });
  const [message] = outcome.sites.map(({ reason }) => reason?.message);
  expect(message).toContain("src/table.ts:3: TS2741: ");
  expect(outcome.typecheck?.new).toEqual([]);
  expect(outcome.exitCode).toBe(0);
  expect(project.read("src/event.ts")).not.toContain("_sentry");
});

test("of several stages, the one that does not fit the recorder is skipped", async () => {
  const source = `
declare function recordStage(name: "a" | "b", status: string, ms: number): void;

export function run(ms: number): Record<string, number> {
  const timing: Record<string, number> = {};
  timing["a"] = ms;
  timing["other"] = ms;
  return timing;
}
`;
  const { dir } = strictProject(source, [
    { id: "stages", use: "record-stage", at: { assign: "timing[*]" } },
  ]);
  const outcome = await preview({ cwd: dir });
  expect(outcome.sites.map(({ state }) => state)).toEqual(["planned", "skipped"]);
  expect(outcome.exitCode).toBe(0);
});

/** Narrowing of paths and of reassigned variables, read in every position. */
const NARROWED = `
type A = { type: "a"; payload: { n: number }; run(): Promise<number> };
type B = { type: "b"; other: string };
export interface Message {
  command: A | B;
  data?: string | number;
  items: unknown;
}
declare function save(value: number, more?: { id: string }): Promise<number>;
declare function load(): Promise<string | number>;

export async function clauses(message: Message): Promise<void> {
  switch (message.command.type) {
    case "a":
      await save(message.command.payload.n);
      await message.command.run();
      break;
    case "b": await save(message.command.other.length); break;
  }
}
export async function reassigned(): Promise<void> {
  let value = await load();
  for (let round = 0; round < 3; round++) {
    if (typeof value === "string") {
      await save(value.length * 2, { id: value });
      value = await load();
    } else {
      const more = await save(-value + (round > 1 ? value : 0));
      value = more;
    }
  }
}
export class Worker {
  state: A | B = { type: "b", other: "" };
  list: unknown = [];
  async work(): Promise<number> {
    if (this.state.type !== "a") return 1;
    const result = await save(this.state.payload.n);
    if (!Array.isArray(this.list)) return 2;
    return (await save(this.list.length)) + result;
  }
}
export async function several(message: Message): Promise<void> {
  if (typeof message.data === "number" && message.items instanceof Map) {
    // two at once
    await save(message.data + 1, { id: message.items.get("x") });
  }
}
`;

test("a type that narrowing gave is said again before the callback, and taken back", async () => {
  const { dir, read } = strictProject(NARROWED, [
    { id: "save", use: "wrap-span", at: { call: "save($$$)" }, span: { name: "save" } },
    { id: "run", use: "wrap-span", at: { call: "message.command.run()" }, span: { name: "run" } },
  ]);
  const outcome = await apply({ cwd: dir });
  expect(outcome.sites.map(({ state }) => state)).toEqual(Array(8).fill("applied"));
  expect(outcome.typecheck?.new).toEqual([]);
  const after = read("src/main.ts");
  expect(after).toContain("type NarrowedCommand = typeof message.command;");
  expect(after).toContain("save((message.command as NarrowedCommand).payload.n)");
  expect((await apply({ cwd: dir })).changes).toEqual([]);
  await revert({ cwd: dir });
  expect(read("src/main.ts")).toBe(NARROWED);
});

const NESTED = `declare function list<T>(values: Iterable<T>): T[];
declare function notify(kind: string, at: number): Promise<number>;
export class Whole {
  rows = new Map<string, number>();
}
export class Part {
  size = 0;
}
export interface First {
  holds?: Whole | Part;
}
export interface Second {
  name: string;
  holds?: Part | Whole;
}
export function names(from?: First | Second): string[] {
  if (from == null) return [];
  for (let round = 0; round < 1; round++) {
    if (from.holds && from.holds instanceof Whole) {
      return list(from.holds.rows.keys());
    }
    from = { name: "again" };
  }
  return [];
}
export interface Reply {
  clock?: number;
}
export async function clocks(replies: AsyncIterable<Reply>): Promise<number> {
  let reply: Reply | undefined = undefined;
  let sum = 0;
  for await (reply of replies) {
    if (reply.clock) {
      sum += await notify("clock", reply.clock);
    }
  }
  return sum;
}
`;

test("types that narrowing gave to a path and to what it begins with are both said again", async () => {
  const { dir, read } = strictProject(NESTED, [
    { id: "list", use: "wrap-span", at: { call: "list($$$)" }, span: { name: "list" } },
    { id: "notify", use: "wrap-span", at: { call: "notify($$$)" }, span: { name: "notify" } },
    { id: "all", use: "wrap-span", at: { function: "clocks" }, span: { name: "all" } },
  ]);
  const outcome = await apply({ cwd: dir });
  expect(outcome.sites.map(({ state }) => state)).toEqual(Array(3).fill("applied"));
  expect(outcome.typecheck?.new).toEqual([]);
  const after = read("src/main.ts");
  expect(after).toContain("list(((from as NarrowedFrom).holds as NarrowedHolds).rows.keys())");
  expect(after).toContain('notify("clock", (reply as NarrowedReply).clock!)');
  expect((await apply({ cwd: dir })).changes).toEqual([]);
  await revert({ cwd: dir });
  expect(read("src/main.ts")).toBe(NESTED);
});

test("what was complained about before is no new complaint when it says more", async () => {
  const source = `declare function size(of: number): Promise<number>;
export async function sizes(texts: (string | undefined)[]): Promise<number> {
  let text = texts[0];
  let sum = 0;
  while (text) {
    sum += await size(text);
    text = texts[sum];
  }
  return sum;
}
`;
  const { dir, read } = strictProject(source, [
    { id: "size", use: "wrap-span", at: { call: "size($$$)" }, span: { name: "size" } },
  ]);
  const outcome = await apply({ cwd: dir });
  expect(outcome.sites.map(({ state }) => state)).toEqual(["applied"]);
  expect(outcome.typecheck).toMatchObject({ before: 1, after: 1, new: [] });
  expect(read("src/main.ts")).toContain("() => size(text));");
});

test("a suggestion that the compiler has only now no place for, or has one for, is no new complaint", async () => {
  // It makes ten suggestions; then it only says that the name is not there.
  const names = Array.from({ length: 12 }, () => "valeu;\n").join("");
  project = temporaryProject(
    {
      "package.json": MANIFEST,
      "tsconfig.json": STRICT_TSCONFIG,
      "src/first.ts": `export {};\nconst value = 1;\n${names}`,
      "src/main.ts": `export async function run(): Promise<void> {
  const total = { count: 1 };
  await Promise.resolve(total.cuont);
  totl;
}
`,
    },
    [{ id: "run", use: "wrap-span", at: { function: "run" }, span: { name: "run" } }],
  );
  const { typecheck, sites } = await preview({ cwd: project.dir });
  expect(typecheck).toMatchObject({ after: typecheck?.before, new: [] });
  expect(sites.map(({ state }) => state)).toEqual(["planned"]);
});

test("a type that came with a span and that other code uses by now stays", async () => {
  const { dir, read } = strictProject(NARROWED, [
    {
      id: "save",
      use: "wrap-span",
      at: { call: "save($$$)", within: "several" },
      span: { name: "save" },
    },
  ]);
  await apply({ cwd: dir });
  const used = read("src/main.ts").replace(
    /(\n +)(type NarrowedItems = .*)/,
    "$1$2$1const items: NarrowedItems = message.items;$1void items;",
  );
  writeFileSync(join(dir, "src/main.ts"), used);
  const outcome = await revert({ cwd: dir });
  expect(outcome.exitCode).toBe(1);
  expect(outcome.sites.map(({ reason }) => reason?.code)).toEqual(["span-in-use"]);
  expect(read("src/main.ts")).toBe(used);
});

test("a variable that a callback may not take over costs only the sites that do", async () => {
  const source = `${SAVE}
export async function collected(): Promise<number> {
  const sizes = [];
  sizes.push(await save("a"));
  return save(sizes.join());
}
export async function assigned(): Promise<number> {
  let size: number;
  try {
    size = await save("b");
  } catch (error) {
    throw new Error("no size", { cause: error });
  }
  await save("c");
  return size;
}
`;
  const { dir, read } = strictProject(source, [
    { id: "functions", use: "wrap-span", at: { function: "*" }, span: { name: "{{function}}" } },
    {
      id: "assigned",
      use: "wrap-span",
      at: { call: "save('b')" },
      region: "statement",
      span: { name: "assigned" },
    },
    { id: "apart", use: "wrap-span", at: { call: "save('c')" }, span: { name: "apart" } },
  ]);
  const outcome = await apply({ cwd: dir });
  expect(outcome.sites.map(({ rule, state }) => [rule, state])).toEqual([
    ["functions", "applied"],
    ["functions", "applied"],
    ["assigned", "skipped"],
    ["apart", "applied"],
  ]);
  await revert({ cwd: dir });
  expect(read("src/main.ts")).toBe(source);
});

test("what was given up in bad company is tried again, so that the next run finds nothing", async () => {
  const source = `
function show(text: string): string {
  return text;
}
export function first(list: string[]): number {
  let found;
  for (const each of list) {
    found = each;
    show(found);
  }
  return 1;
}
export function all(list: string[]): string[] {
  const chunks = [];
  chunks.push(list[0] ?? "");
  return sorted(chunks);
}
function sorted(list: string[]): string[] {
  return list;
}
`;
  const { dir, read } = strictProject(source, [
    { id: "functions", use: "wrap-span", at: { function: "*" }, span: { name: "{{function}}" } },
    {
      id: "calls",
      use: "wrap-span",
      at: { call: "$callee($$$)" },
      region: "expression",
      span: { name: "{{callee}}" },
    },
  ]);
  const outcome = await apply({ cwd: dir });
  const skipped = outcome.sites.filter(({ state }) => state === "skipped");
  expect(skipped.every(({ rule }) => rule === "calls")).toBe(true);
  expect((await apply({ cwd: dir })).changes).toEqual([]);
  await revert({ cwd: dir });
  expect(read("src/main.ts")).toBe(source);
});
