import { afterEach, expect, test } from "vitest";
import type { RuleConfig } from "../src/index.js";
import { apply, preview, revert } from "../src/index.js";
import { STRICT_TSCONFIG, temporaryProject, type TemporaryProject } from "./support/project.js";

let project: TemporaryProject | undefined;
afterEach(() => project?.remove());

const MANIFEST = JSON.stringify({ type: "module", dependencies: { "@sentry/node": "^11.0.0" } });

function projectWith(
  files: Readonly<Record<string, string>>,
  rules: readonly RuleConfig[],
): TemporaryProject {
  project = temporaryProject(
    { "package.json": MANIFEST, "tsconfig.json": STRICT_TSCONFIG, ...files },
    rules,
  );
  return project;
}

function strictWith(options: object): string {
  const { compilerOptions, ...others } = JSON.parse(STRICT_TSCONFIG) as { compilerOptions: object };
  return JSON.stringify({ ...others, compilerOptions: { ...compilerOptions, ...options } });
}

const FUNCTIONS: RuleConfig = {
  id: "functions",
  use: "wrap-span",
  at: { function: "*" },
  region: "body",
  span: { name: "{{function}}" },
};

const DRIVER = `
export interface Driver {
  ping(): Promise<number>;
  count(): Promise<number>;
}
`;

const METHODS: RuleConfig = {
  ...FUNCTIONS,
  id: "methods",
  in: "src/work.ts",
  at: { method: "Store.*" },
};

const LIBRARY = `
import type { Driver } from "./driver.js";
export interface Row { id: string }
export interface Query extends PromiseLike<Row[]> { where(id: string): Query }
export const tasks = new Map<string, Promise<Row>>();
export class Db {
  query(): Query { throw new Error("not connected"); }
  async row(id: string): Promise<Row> { return { id }; }
  kept(id: string): Promise<Row> | undefined { return tasks.get(id); }
  fresh(id: string): Promise<Row> { return this.row(id); }
}
export class Statement {
  text = "";
  from(table: string): this { this.text += table; return this; }
}
class Select extends Statement {
  then(done: (rows: Row[]) => void): void { done([]); }
}
export const statement = (): Statement => new Select();
export class Reader {
  readonly memo = Promise.resolve(1);
  load = async (): Promise<number> => 1;
  readonly keep = async (): Promise<number> => 1;
  all(): Promise<number> { return Promise.all([1]).then(([one]) => one); }
  count(): Promise<number> { return Promise.all([1]).then(([one]) => one); }
}
export class MemoReader extends Reader {
  override count(): Promise<number> { return this.memo; }
}
export class LastReader extends MemoReader {
  override all(): Promise<number> { return this.count().then((count) => count); }
}
export class OwnDriver implements Driver {
  readonly kept = Promise.resolve(1);
  readonly ping = async () => 1;
  readonly count = () => this.kept;
}
export let current = async (): Promise<number> => 1;
export const fixed = async (): Promise<number> => 1;
export const install = (other: () => Promise<number>): void => { current = other; };
export class Lazy<T> extends Promise<T> {}
export const named: { name: string } & PromiseLike<string> = Object.assign(Promise.resolve(""), { name: "" });
`;

/** What becomes of functions whose own text does not tell what they return. */
const CASES: readonly (readonly [what: string, code: string, outcome: string])[] = [
  ["an object by inference", "(id: string) => new Map([[id, db]]).get(id)", "planned"],
  ["a lazy builder", "(id: string) => db.query().where(id)", "may-return-thenable"],
  ["what an async method returns", "(id: string) => db.row(id)", "planned"],
  ["what a method that passes it on returns", "(id: string) => db.fresh(id)", "planned"],
  ["a kept promise", "(id: string) => db.kept(id)", "may-return-thenable"],
  ["a promise or a plain value", "(id: string) => (id ? db.row(id) : null)", "planned"],
  ["any", "(id: any) => id", "may-return-thenable"],
  ["a type parameter", "<T>(value: T) => value", "may-return-thenable"],
  ["a bounded type parameter", "<T extends string>(value: T) => value", "planned"],
  [
    "a parameter that is some object",
    "<T extends { id: string }>(value: T) => value",
    "may-return-thenable",
  ],
  ["a function that was assigned", "() => current()", "may-return-thenable"],
  ["a constant one", "() => fixed()", "planned"],
  ["a member that may be assigned", "(reader: Reader) => reader.load()", "may-return-thenable"],
  ["one that may not", "(reader: Reader) => reader.keep()", "planned"],
  ["an empty object type", "(value: {}) => value", "may-return-thenable"],
  ["a callback that says void", "(done: () => void) => done()", "may-return-thenable"],
  ["what the console gives back", "(text: string) => console.log(text)", "planned"],
  ["a function of its own that says void", "(id: string) => note(id)", "planned"],
  ["a subprocess", '() => spawn("ls")', "outlives-span"],
  ["a stream of Node", "(path: string) => createReadStream(path)", "outlives-span"],
  ["an async iterator", "() => rows()", "outlives-span"],
  ["what something lazy extends", "() => statement()", "may-return-thenable"],
  [
    "itself, of what something lazy extends",
    '(of: Statement) => of.from("")',
    "may-return-thenable",
  ],
  ["more than it says", "(): { name: string } => named", "may-return-thenable"],
  [
    "more of a promise than it says",
    "(): Promise<number> => new Lazy(() => {})",
    "may-return-thenable",
  ],
  ["a promise", "(): Promise<number> => new Promise(() => {})", "planned"],
  ["a method that others have anew", "(reader: Reader) => reader.all()", "planned"],
  [
    "one that another keeps a promise for",
    "(reader: Reader) => reader.count()",
    "may-return-thenable",
  ],
  ["a method of a library", "(driver: Driver) => driver.ping()", "planned"],
  ["one that is kept here", "(driver: Driver) => driver.count()", "may-return-thenable"],
  [
    "a kept promise, resolved",
    "(id: string) => Promise.resolve(db.kept(id))",
    "may-return-thenable",
  ],
  ["a new promise, resolved", "(id: string) => Promise.resolve(db.row(id))", "planned"],
  ["a resolved value", "(id: string) => Promise.resolve(id.length)", "planned"],
  ["a finished collection", "(ids: string[]) => new Set(ids)", "planned"],
];

const HEAD = `import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import type { Driver } from "./driver.js";
import { current, Db, fixed, Lazy, named, statement, type Reader, type Statement } from "./library.js";

const db = new Db();
export const uses = [spawn, createReadStream, Lazy, named, statement];
export type Uses = [Driver, Reader, Statement];

const note = (id: string): void => {
  console.log(id);
};

async function* rows(): AsyncGenerator<string> {
  yield "row";
}

export const all = [note, rows];
`;

const CALLS: RuleConfig = {
  id: "calls",
  use: "wrap-span",
  at: { call: "$callee($$$)" },
  region: "expression",
  span: { name: "{{callee}}" },
};

test("types tell a promise, a thenable and a plain value apart", async () => {
  const named = CASES.map(([, code], index) => `export const case${index} = ${code};\n`).join("");
  const { dir } = projectWith(
    { "src/driver.d.ts": DRIVER, "src/library.ts": LIBRARY, "src/main.ts": HEAD + named },
    [{ ...FUNCTIONS, at: { function: "case*" } }],
  );
  const { sites, typecheck } = await preview({ cwd: dir });
  const found = sites.map(({ state, reason }) => reason?.code ?? state);
  expect(CASES.map(([what], index) => [what, found[index]])).toEqual(
    CASES.map(([what, , outcome]) => [what, outcome]),
  );
  expect(typecheck).toMatchObject({ before: 0, after: 0, new: [] });
});

test("without types, only what the text tells is wrapped", async () => {
  const source = `${HEAD}export const get = (id: string) => new Map([[id, db]]).get(id);
export const count = (ids: string[]): number => ids.length;
`;
  const { dir } = projectWith(
    { "src/driver.d.ts": DRIVER, "src/library.ts": LIBRARY, "src/main.ts": source },
    [{ ...FUNCTIONS, in: "src/main.ts" }],
  );
  const { sites } = await preview({ cwd: dir, typecheck: false });
  const states = sites.map(({ span, state, reason }) => [span?.name, reason?.code ?? state]);
  expect(states).toContainEqual([undefined, "may-return-thenable"]);
  expect(states).toContainEqual(["count", "planned"]);
});

test("the type of the result is said where the compiler infers another", async () => {
  const source = `type Headers = { vary: "origin" } | Record<string, never>;

export function headersFor(origin: string): Headers {
  if (origin === "*") return {};
  return { vary: "origin" };
}

export async function load(origin: string): Promise<Headers> {
  await Promise.resolve();
  return origin === "*" ? {} : { vary: "origin" };
}
`;
  const { dir, read } = projectWith({ "src/main.ts": source }, [FUNCTIONS]);
  const outcome = await apply({ cwd: dir });
  expect(outcome.sites.map(({ state }) => state)).toEqual(["applied", "applied"]);
  expect(outcome.typecheck).toMatchObject({ before: 0, after: 0, new: [] });
  expect(read("src/main.ts")).toContain("(): Headers =>");
  await revert({ cwd: dir });
  expect(read("src/main.ts")).toBe(source);
});

test("what may be undefined when it is called is said again", async () => {
  const source = `interface Options { done?: (id: string) => number }

export function finish(options: Options, ids: string[]): number[] {
  if (!options.done) return [];
  for (const id of ids) options.done(id);
  return ids.map(() => 1);
}
`;
  const { dir, read } = projectWith({ "src/main.ts": source }, [
    {
      id: "done",
      use: "wrap-span",
      at: { call: "options.done($id)" },
      span: { name: "done" },
    },
  ]);
  await apply({ cwd: dir });
  expect(read("src/main.ts")).toContain("() => options.done!(id)");
  await revert({ cwd: dir });
  expect(read("src/main.ts")).toBe(source);
});

test("a diagnostic inside what was inserted is that site's alone", async () => {
  const source = `export function first(value: { id: string }): string {
  return value.id;
}

export function second(value: string): string {
  return value.trim();
}
`;
  const { dir } = projectWith({ "src/main.ts": source }, [
    { ...FUNCTIONS, span: { name: "{{function}}", attributes: { value: "${value}" } } },
  ]);
  const { sites, typecheck } = await preview({ cwd: dir });
  expect(sites.map(({ state, reason }) => reason?.code ?? state)).toEqual([
    "type-check",
    "planned",
  ]);
  expect(typecheck?.new).toEqual([]);
});

test("an inferred type that changes in another file is blamed on the function it comes from", async () => {
  const { dir } = projectWith(
    {
      "src/error.ts": `export class Failure extends Error { statusCode = 500 }
function isFailure(value: unknown): value is Failure {
  return value instanceof Failure;
}
export function failureOf(input: string | Failure | { statusCode?: number }) {
  if (typeof input === "string") return new Failure(input);
  if (isFailure(input)) return input;
  return new Failure("unknown");
}
`,
      "src/main.ts": `import { Failure, failureOf } from "./error.js";
export function send(failure: Failure): number {
  return failure.statusCode;
}
export function respond(input: string): number {
  return send(failureOf(input));
}
`,
    },
    [
      FUNCTIONS,
      {
        id: "calls",
        use: "wrap-span",
        at: { call: "isFailure($x)" },
        region: "expression",
        span: { name: "isFailure" },
      },
    ],
  );
  const { sites, typecheck, exitCode } = await preview({ cwd: dir });
  expect(typecheck?.new).toEqual([]);
  expect(exitCode).toBe(0);
  expect(sites.filter(({ reason }) => reason).map(({ id }) => id)).toContain(
    "calls:src/error.ts:1",
  );
});

test("in JavaScript that is type-checked, no TypeScript is written", async () => {
  const source = `/** @param {{ id?: string }} event */
export function size(event) {
  if (!event.id) return 0;
  const count = lengthOf(event.id);
  return count;
}

/** @param {string} text */
function lengthOf(text) {
  return text.length;
}
`;
  const { dir } = projectWith(
    { "tsconfig.json": strictWith({ allowJs: true, checkJs: true }), "src/main.js": source },
    [{ id: "call", use: "wrap-span", at: { call: "lengthOf($x)" }, span: { name: "length" } }],
  );
  const { sites, typecheck } = await preview({ cwd: dir });
  expect(sites.map(({ reason }) => reason?.code)).toEqual(["type-check"]);
  expect(typecheck?.new).toEqual([]);
});

test("sites inside one another say the same lost narrowing once", async () => {
  const source = `const takes = (text: string): void => void text.length;

export function outer(kind: string, given: string | undefined): void {
  let value = given;
  if (!value) return;
  switch (kind) {
    case "go": {
      takes(value);
      console.log(kind);
      break;
    }
  }
  value = undefined;
}
`;
  const { dir, read } = projectWith({ "src/main.ts": source }, [
    { id: "case", use: "wrap-span", at: { case: "go" }, span: { name: "go" } },
    { id: "call", use: "wrap-span", at: { call: "takes($x)" }, span: { name: "takes" } },
  ]);
  const outcome = await apply({ cwd: dir });
  expect(outcome.sites.map(({ state }) => state)).toEqual(["applied", "applied"]);
  expect(read("src/main.ts")).toContain("takes(value!)");
  await revert({ cwd: dir });
  expect(read("src/main.ts")).toBe(source);
});

test("a call that narrows a type, and a symbol, are left alone", async () => {
  const source = `const isText = (value: unknown): value is string => typeof value === "string";
export const key = Symbol("key");

export function length(value: unknown): number {
  if (!isText(value)) return 0;
  return value.length;
}
`;
  const { dir } = projectWith({ "src/main.ts": source }, [CALLS]);
  const { sites } = await preview({ cwd: dir });
  expect(sites.map(({ reason }) => reason?.code)).toEqual(["function-value", "type-guard"]);
});

test("two complaints of the same words do not make one of them another file's", async () => {
  const { dir } = projectWith(
    {
      "src/text.ts": "export function take(text: string): string {\n  return text.trim();\n}\n",
      "src/main.ts": `import { take } from "./text.js";

export function both(options: { first?: string; second?: string }): string {
  let out = "";
  if (options.first) out += take(options.first);
  if (options.second) out += take(options.second);
  return out;
}
`,
    },
    [FUNCTIONS, CALLS],
  );
  const { sites } = await preview({ cwd: dir });
  expect(sites.map(({ state }) => state)).not.toContain("skipped");
});

test("a function whose body tells a type is left alone", async () => {
  const source = `const isText = (value: unknown) => typeof value === "string";
const isLong = (value: string) => value.length > 3;

export function length(value: unknown): number {
  if (!isText(value)) return 0;
  return isLong(value) ? value.length : 0;
}
`;
  const { dir } = projectWith({ "src/main.ts": source }, [FUNCTIONS]);
  const { sites } = await preview({ cwd: dir });
  expect(sites.map(({ reason }) => reason?.code)).toEqual(["type-guard", undefined, undefined]);
});

test("a call that never returns is left alone, and costs no other site", async () => {
  const source = `export function die(): never {
  throw new Error("x");
}
export function one(): number {
  return 1;
}
export function get(x?: number): number {
  if (x !== undefined) return x + one();
  die();
}
export function fail(): never {
  return die();
}
`;
  const { dir } = projectWith({ "src/main.ts": source }, [FUNCTIONS, CALLS]);
  const { sites } = await preview({ cwd: dir });
  const skipped = sites.filter(({ state }) => state === "skipped");
  expect(skipped.map(({ line, reason }) => [line, reason?.code])).toEqual([[9, "type-guard"]]);
});

test("what a member of a union calls is asked of every member, in whatever order", async () => {
  const declarations = [
    "export class Sub {\n  seen = 0;\n  next(value: number): void {\n    this.seen = value;\n  }\n}\n",
    "export interface Obs {\n  next: (value: number) => void;\n}\n",
  ];
  const user = `export class A {
  protected destination: Sub | Obs = new Sub();
  run(value: number): void {
    this.destination.next(value);
  }
}
`;
  for (const order of [declarations, declarations.toReversed()]) {
    const { dir } = projectWith({ "src/main.ts": [...order, user].join("") }, [CALLS]);
    const { sites } = await preview({ cwd: dir });
    expect(sites.map(({ reason }) => reason?.code)).toEqual(["not-awaited"]);
  }
});

test("what has no field to carry a context in is no message", async () => {
  const types: [string, "planned" | "no-message"][] = [
    ["{ type: string }", "planned"],
    ["{ type: string } | null", "planned"],
    ["Record<string, unknown>", "planned"],
    ["{ type: string; [key: string]: string }", "planned"],
    ["Json", "planned"],
    ["unknown", "planned"],
    ["Record<string, number>", "no-message"],
    ["Record<string, { name: string }>", "no-message"],
    ["readonly { type: string }[]", "no-message"],
    ["[string, number]", "no-message"],
    ["string | number | null", "no-message"],
  ];
  const code = types.map(
    ([type], index) =>
      `export const send${index} = (given: ${type}): void => socket.send(JSON.stringify(given));\n`,
  );
  const head = `type Json = string | number | null | readonly Json[] | { [key: string]: Json };
const socket = { send: (text: string): void => console.log(text) };
`;
  const { dir } = projectWith({ "src/main.ts": head + code.join("") }, [
    { id: "sent", use: "trace-send", at: { call: "socket.send($text)" } },
  ]);
  const { sites } = await preview({ cwd: dir });
  const found = sites.map(({ state, reason }) => reason?.code ?? state);
  expect(types.map(([type], index) => [type, found[index]])).toEqual(types);
});

test("an SDK that is not installed leaves the types of what goes into a callback", async () => {
  const source = `import * as Sentry from "@sentry/node";

interface Item {
  id: string;
  tags?: string[];
}

Sentry.setMeasurement("items", 1, "none");

export function tagged(items: Item[], tag: string): Item[] {
  return items.filter((item) => item.tags?.includes(tag));
}

export async function idsOf(items: Item[]) {
  await Promise.resolve();
  return items.map((item) => item.id);
}

export const lengths = async (items: Item[]) => (await idsOf(items)).map((id) => id.length);
`;
  const { dir, read } = projectWith({ "src/main.ts": source }, [FUNCTIONS]);
  const { sites, typecheck } = await apply({ cwd: dir });
  expect(sites.map(({ state }) => state)).toEqual(["applied", "applied", "applied"]);
  expect(typecheck).toMatchObject({ before: 0, after: 0, new: [], unresolved: 0 });
  expect(read("src/main.ts")).not.toContain("(): ");
  await revert({ cwd: dir });
  expect(read("src/main.ts")).toBe(source);
});

test("what gives a value to what a complaint is about is blamed, and not what stands between", async () => {
  const calls = Array.from({ length: 24 }, (_, index) => `  note(${index});\n`).join("");
  const source = `interface Answer {
  status: number;
}

declare function get(): Promise<Answer>;
declare function note(index: number): number;

export async function status(): Promise<number> {
  let answer: Answer | undefined;
  answer = await get();
${calls}  return answer.status;
}

export function other(): void {
  note(99);
}
`;
  const assigned: RuleConfig = {
    ...CALLS,
    id: "assigned",
    at: { assign: "answer" },
    region: "statement",
    span: { name: "assigned" },
  };
  const { dir } = projectWith({ "src/main.ts": source }, [
    { ...CALLS, at: { call: "note($$$)" } },
    assigned,
  ]);
  const { sites } = await preview({ cwd: dir });
  const left = sites.filter(({ state }) => state === "skipped").map(({ rule }) => rule);
  expect(left).toEqual(["assigned"]);
  expect(sites).toHaveLength(26);
});

test("a complaint that leads to no site costs those alone that it comes from", async () => {
  const others = Array.from(
    { length: 12 },
    (_, index) => `export const other${index} = (text: string) => text.length;\n`,
  ).join("");
  const { dir } = projectWith(
    {
      "src/work.ts": `declare function die(): never;
export function fail() {
  die();
}
${others}`,
      "src/main.ts": `import * as work from "./work.js";
type Same<A, B> = [A, B] extends [B, A] ? true : false;
export const same: Same<ReturnType<(typeof work)["fail"]>, void> = true;
`,
    },
    [{ ...FUNCTIONS, in: "src/work.ts" }],
  );
  const { sites, typecheck } = await preview({ cwd: dir });
  const left = sites.filter(({ state }) => state === "skipped");
  expect(left.map(({ line }) => line)).toEqual([3]);
  expect(typecheck?.new).toEqual([]);
});

test("what no site explains, since whole files go, is refused", async () => {
  const page = "src/app/sentry-example-page/page.tsx";
  const { dir, read } = projectWith(
    {
      [page]: `declare global {
  var shown: boolean;
}
export default function Page() {
  globalThis.shown = true;
  throw new Error("SentryExampleError");
}
`,
      "src/main.ts": "export const isShown = (): boolean => globalThis.shown;\n",
    },
    [{ id: "clean", use: "clean-up" }],
  );
  const { typecheck, exitCode } = await apply({ cwd: dir });
  expect(typecheck?.new.map(({ file }) => file)).toEqual(["src/main.ts"]);
  expect(exitCode).toBe(1);
  expect(read(page)).toContain("declare global");
});

test("where the types of Node are not installed, what needs them is no worse than the rest", async () => {
  const source = `export const home = process.env.HOME;

export function start(): string {
  return "started";
}
`;
  const rule: RuleConfig = {
    ...FUNCTIONS,
    span: { name: "start", attributes: { mode: "${process.env.MODE}" } },
  };
  const { dir } = projectWith(
    { "tsconfig.json": strictWith({ types: [] }), "src/main.ts": source },
    [rule],
  );
  const { sites, typecheck } = await preview({ cwd: dir });
  expect(sites.map(({ state }) => state)).toEqual(["planned"]);
  expect(typecheck).toMatchObject({ before: 1, after: 2, new: [] });
});

test("a function that only throws yields what it did", async () => {
  const { dir, read } = projectWith(
    {
      "src/work.ts": `export class Store {
  fail() {
    throw new Error("failed");
  }
}

export async function refuse() {
  throw new Error("refused");
}
`,
      "src/main.ts": `import { Store } from "./work.js";

export class Memory extends Store {
  override fail() {}
}
`,
    },
    [{ ...FUNCTIONS, in: "src/work.ts", at: { function: "refuse" } }, METHODS],
  );
  const { sites, typecheck } = await apply({ cwd: dir });
  expect(sites.map(({ state }) => state)).toEqual(["applied", "applied"]);
  expect(typecheck).toMatchObject({ before: 0, after: 0, new: [] });
  expect(read("src/work.ts")).toContain("(): void =>");
  expect(read("src/work.ts")).toContain("(): Promise<void> =>");
});

test("one site that cannot be typed costs none beside it", async () => {
  const source = `export interface Started {
  type: "started";
}

export interface Failed {
  type: "failed";
}

export const KEYS: Record<keyof Started, true> = { type: true };

export function longest(words: string[]) {
  let found: string | undefined;
  let count;
  count = Number("0");
  for (const word of words) {
    if (found === undefined || word.length > found.length) found = word.trim();
    count++;
  }
  return { found, count };
}

export class Counter {
  name: string;
  constructor() {
    this.name = String(total(1));
  }
}

export function total(of: number): number {
  let sum = 0;
  sum += Number(of);
  return sum;
}
`;
  const field: RuleConfig = { id: "field", use: "trace-field", at: { type: "*" } };
  const assigned: RuleConfig = {
    ...CALLS,
    id: "assigned",
    at: { assign: "*" },
    region: "statement",
    span: { name: "assigned" },
  };
  const called: RuleConfig = { ...assigned, id: "called", at: { call: "String($$$)" } };
  const { dir } = projectWith({ "src/main.ts": source }, [field, assigned, called]);
  const { sites } = await preview({ cwd: dir });
  const lines = (wanted: string) =>
    sites.filter(({ state, reason }) => (reason?.code ?? state) === wanted).map(({ line }) => line);
  expect(lines("type-check")).toEqual([1, 14, 25]);
  expect(lines("planned")).toEqual([5, 16, 31]);
});

test("an id that runs code when it is read is not read once more, wherever its class stands", async () => {
  const files = {
    "src/users.ts": `let reads = 0;
export class User { get id(): string { return \`u\${++reads}\`; } }
export class Guest { constructor(readonly id: string) {} }
`,
    "src/auth.ts": `import { Guest, User } from "./users.js";
export function findUser(token: string): User | null {
  const user = token ? new User() : null;
  return user;
}
export function findGuest(token: string): Guest | null {
  const guest = token ? new Guest(token) : null;
  return guest;
}
`,
  };
  const { dir } = projectWith(files, [
    { id: "users", use: "user-context", at: { function: "find*" } },
  ]);
  const { sites } = await preview({ cwd: dir });
  expect(sites.map(({ line, state, reason }) => [line, state, reason?.code ?? null])).toEqual([
    [4, "skipped", "accessor-path"],
    [8, "planned", null],
  ]);
});
