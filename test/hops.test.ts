/** Ends of hops that are missing or left out, told by the types of messages. */
import { afterEach, expect, test } from "vitest";
import { apply, preview, type Options } from "../src/index.js";
import { newRepository, removeFolders, type Files } from "./support/cli.js";

afterEach(removeFolders);

const TSCONFIG = JSON.stringify({
  compilerOptions: { strict: true, target: "ES2022", module: "NodeNext", types: [] },
});

const MESSAGES = `
export interface BaseEvent {
  projectId: string;
}
export interface StartedEvent extends BaseEvent {
  type: "started";
}
export interface EndedEvent extends BaseEvent {
  type: "ended";
  code: number;
}
export type BuildEvent = StartedEvent | EndedEvent;
export interface Note {
  note: string;
}
`;

const SENDER = `
import type { BuildEvent, Note } from "./messages.js";

interface Socket {
  send(text: string): void;
}
const retries: BuildEvent[] = [];
const notes: Note[] = [];

export function sendEvent(socket: Socket, event: BuildEvent): void {
  socket.send(JSON.stringify(event));
}

export function sendLater(event: BuildEvent, note: Note): void {
  retries.push(event);
  notes.push(note);
}

export function sendAgain(socket: Socket): void {
  for (const event of retries.splice(0)) socket.send(JSON.stringify(event));
  socket.send(JSON.stringify({ ready: true }));
}

export async function post(url: string, event: BuildEvent, note: Note): Promise<void> {
  await request(url, { body: JSON.stringify(event) });
  await request(url, { body: JSON.stringify(note) });
}

export async function postLater(url: string): Promise<void> {
  for (const event of retries) await request(url, { body: JSON.stringify(event) });
}

function request(url: string, options: { body: string }): Promise<string> {
  return Promise.resolve(url + options.body);
}
`;

const RECEIVER = `
import type { BuildEvent } from "./messages.js";

export function handle(event: BuildEvent): string {
  return event.projectId;
}
export function receive(text: string): string {
  const event = JSON.parse(text) as BuildEvent;
  return handle(event);
}
export function listen(event: BuildEvent): string {
  return handle(event);
}
`;

const field = { id: "field", use: "trace-field", at: { type: "BaseEvent" } };
const send = {
  id: "send",
  use: "trace-send",
  at: { call: "$socket.send($text)", within: "sendEvent" },
};
const receive = {
  id: "receive",
  use: "trace-receive",
  at: { call: "handle($message)", within: "listen" },
};

interface Found {
  readonly code: string;
  readonly file: string | null;
  readonly line: number | null;
}

/** The findings about hops, before an apply and after it. */
async function hopsIn(
  files: Files,
  rules: readonly object[],
  asked: Partial<Options> = {},
): Promise<Found[]> {
  const folder = newRepository({
    "package.json": '{ "type": "module", "dependencies": { "@sentry/node": "11" } }',
    "tsconfig.json": TSCONFIG,
    "retrospan.config.json": JSON.stringify({ rules }),
    ...files,
  });
  const previewed = async () => {
    const { findings } = await preview({ cwd: folder, ...asked });
    return findings
      .filter(({ code }) => code.startsWith("hop-") || /^(left-out|strict-schema)$/.test(code))
      .map(({ code, file, line }) => ({ code, file, line }));
  };
  const before = await previewed();
  await apply({ cwd: folder });
  const lines = (all: readonly Found[]) => all.map(({ code, file }) => ({ code, file }));
  expect(lines(await previewed())).toEqual(lines(before));
  return before;
}

const retry = { code: "left-out", file: "sender.ts", line: 15 };
const again = { code: "left-out", file: "sender.ts", line: 20 };
const posted = { code: "left-out", file: "sender.ts", line: 30 };

test("pitfall 12: a message that is sent and that nobody goes on with", async () => {
  const found = await hopsIn({ "messages.ts": MESSAGES, "sender.ts": SENDER }, [field, send]);
  const missing = { code: "hop-without-receiver", file: "sender.ts", line: 11 };
  expect(found).toEqual([missing, again, retry, posted]);
});

test("pitfall 12: a context that is looked for and that nobody sends", async () => {
  const found = await hopsIn({ "messages.ts": MESSAGES, "ends.ts": RECEIVER }, [field, receive]);
  const left = { code: "left-out", file: "ends.ts", line: 9 };
  expect(found).toEqual([{ code: "hop-without-sender", file: "ends.ts", line: 12 }, left]);
});

test("pitfall 21: with both ends, only what is left out is told, and what carries no context is not", async () => {
  const files = { "messages.ts": MESSAGES, "sender.ts": SENDER, "ends.ts": RECEIVER };
  const both = { ...receive, at: { call: "handle($message)" }, region: "expression" };
  const found = await hopsIn(files, [field, send, both]);
  expect(found).toEqual([again, retry, posted]);
  const forward = {
    id: "forward",
    use: "trace-forward",
    at: { call: "request($url, { body: JSON.stringify(event) })" },
    span: { name: "post" },
  };
  expect(await hopsIn(files, [field, send, both, forward])).toEqual([again, retry]);
});

test("a schema that would refuse the field of a message is told, whoever makes it", async () => {
  const schemas = `
import { Type } from "@sinclair/typebox";
import { strictObject, string } from "valibot";
import { z } from "zod";

export const loose = z.object({ projectId: z.string(), type: z.literal("started") });
export const other = z.object({ projectId: z.string(), name: z.string() }).strict();
export const form = z.strictObject({ projectId: z.string(), type: z.string(), name: z.string() });
export const open = z.object({ projectId: z.string(), type: z.string() }).strict().passthrough();
export const picked = z.object({ projectId: z.string(), type: z.string() }).pick({ type: true }).strict();
export const ready = z.strictObject({
  projectId: z.string(),
  type: z.literal("started"),
  _sentry: z.unknown().optional(),
});
const base = z.object({ projectId: z.string() });
export const spread = z.strictObject({ ...base.shape, type: z.string(), at: z.date().optional() });
export const zod = base.extend({ type: z.literal("started") }).strict();
export const valibot = strictObject({ projectId: string(), type: string() });
export const typebox = Type.Object(
  { projectId: Type.String(), type: Type.String() },
  { additionalProperties: false },
);
export const json = {
  type: "object",
  properties: { projectId: { type: "string" }, type: { type: "string" } },
  additionalProperties: false,
};
`;
  const files = { "messages.ts": MESSAGES, "sender.ts": SENDER, "schemas.ts": schemas };
  const found = await hopsIn(files, [field, send]);
  const told = found.filter(({ code }) => code === "strict-schema");
  expect(told.map(({ file, line }) => `${file}:${line}`)).toEqual(
    [17, 18, 19, 20, 24].map((line) => `schemas.ts:${line}`),
  );
  const named = { id: "named", use: "trace-field", at: { type: "zod" } };
  const left = await hopsIn(files, [field, send, named]);
  const lines = left.filter(({ code }) => code === "strict-schema").map(({ line }) => line);
  expect(lines).toEqual([17, 19, 20, 24]);
});

test("a schema that drops the context before it is looked for is told, whoever keeps it", async () => {
  const schemas = `
import { z } from "zod";
export const command = z.object({ id: z.string() });
export const loose = z.looseObject({ id: z.string() });
export const ready = z.object({ id: z.string(), _sentry: z.unknown().optional() });
`;
  const receiver = `
import { EventEmitter } from "node:events";
import * as v from "valibot";
import { command, loose, ready } from "./schemas.js";

const own = v.object({ id: v.string() });
export const bus = new EventEmitter();
bus.on("a", (text: string) => {
  const message = command.parse(JSON.parse(text));
  console.log(message.id);
});
bus.on("b", (text: string) => {
  const result = v.safeParse(own, JSON.parse(text));
  console.log(result.success);
});
bus.on("c", (text: string) => {
  const message = loose.parse(JSON.parse(text));
  console.log(message.id);
});
bus.on("d", (text: string) => {
  const message = ready.parse(JSON.parse(text));
  console.log(message.id);
});
`;
  // The schemas come through a module that passes them on under other names.
  const index = 'export * from "./zod.js";\n';
  const zod =
    'import { command as order } from "./schemas.js";\nexport { order as command };\nexport { loose, ready } from "./schemas.js";\n';
  const files = {
    "receiver.ts": receiver.replace("./schemas.js", "./index.js"),
    "index.ts": index,
    "zod.ts": zod,
    "schemas.ts": schemas,
  };
  const receive = (event: string) => ({
    id: `on-${event}`,
    use: "trace-receive",
    at: { listener: event },
  });
  const rules = ["a", "b", "c", "d"].map(receive);
  const told = (found: readonly Found[]) =>
    found.filter(({ code }) => code === "hop-without-field").map(({ line }) => line);
  expect(told(await hopsIn(files, rules))).toEqual([8, 12]);
  const named = { id: "command", use: "trace-field", at: { type: "command" } };
  expect(told(await hopsIn(files, [...rules, named]))).toEqual([12]);
  expect(told(await hopsIn(files, rules, { rule: "on-a" }))).toEqual([]);
});

test("a strict schema beside an end is told also of a message that says one thing", async () => {
  const job = "export interface Job {\n  id: string;\n}\n";
  const sender = `
import type { Job } from "./job.js";
export function sendEvent(socket: { send(text: string): void }, job: Job): void {
  socket.send(JSON.stringify(job));
}
`;
  const schema = `
import { z } from "zod";
export const schema = z.object({ id: z.string() }).strict();
`;
  const worker = `
export function receive(text: string): string {
  const job = schema.parse(JSON.parse(text));
  return handle(job);
}
export function handle(job: { id: string }): string {
  return job.id;
}
`;
  const rules = [send, { ...receive, at: { call: "handle($message)", within: "receive" } }];
  const files = { "job.ts": job, "sender.ts": sender };
  const told = (found: readonly Found[]) =>
    found.filter(({ code }) => code === "strict-schema").map(({ file, line }) => [file, line]);
  const beside = { ...files, "worker.ts": schema + worker };
  expect(told(await hopsIn(beside, rules))).toEqual([["worker.ts", 3]]);
  expect(told(await hopsIn({ ...files, "form.ts": schema }, rules))).toEqual([]);
});

test("one rule alone says nothing about the other end", async () => {
  const files = { "messages.ts": MESSAGES, "sender.ts": SENDER };
  const found = await hopsIn(files, [field, send], { rule: "send" });
  expect(found.map(({ code }) => code)).not.toContain("hop-without-receiver");
});

test("a copy of a type in another package has the same members", async () => {
  const page = `
export interface PageMessage {
  updates?: { type: string; data: string }[];
}
export function show(message: PageMessage): number {
  return message.updates?.length ?? 0;
}
`;
  const server = `
interface Batch {
  updates: { data: string; type: "state" | "done" }[];
}
const batch: Batch = { updates: [] };
export function broadcast(data: string): void {
  batch.updates.push({ type: "state", data });
}
`;
  const rules = [
    { id: "batch", use: "trace-field", at: { type: "Batch.updates" } },
    { id: "page", use: "trace-field", at: { type: "PageMessage.updates" } },
    { id: "push", use: "trace-send", at: { call: "$batch.updates.push($update)" } },
    { id: "show", use: "trace-browser", at: { function: "show" } },
  ];
  expect(await hopsIn({ "page.ts": page, "server.ts": server }, rules)).toEqual([]);
  const [first, , third] = rules;
  expect(await hopsIn({ "server.ts": server }, [first, third] as object[])).toEqual([
    { code: "hop-without-receiver", file: "server.ts", line: 7 },
  ]);
});

test("ends whose types are made of a message's are ends of its hop", async () => {
  const messages = `
export interface BaseEvent {
  projectId: string;
}
export interface Told<T> extends BaseEvent {
  data: T;
}
`;
  const sender = `
import type { Told } from "./messages.js";

interface Socket {
  send(text: string): void;
}
export function sendEvent(socket: Socket, event: Told<string>): void {
  socket.send(JSON.stringify(event));
}
`;
  const stated = `
import type { BaseEvent } from "./messages.js";

export function sendStated(socket: { send(text: string): void }, projectId: string): void {
  socket.send(JSON.stringify({ projectId } satisfies BaseEvent));
}
`;
  const receiver = (type: string) => `
import type { BaseEvent, Told } from "./messages.js";

export type Seen = ${type} | Told<string>;
function handle(event: unknown): string {
  return String(event);
}
export function listen(event: ${type}): string {
  return handle(event);
}
`;
  const rules = [field, { ...send, at: { call: "socket.send($text)" } }, receive];
  for (const type of ["BaseEvent", "Partial<BaseEvent>", 'Omit<BaseEvent, "x"> & { y: 1 }']) {
    const files = { "messages.ts": messages, "sender.ts": sender, "ends.ts": receiver(type) };
    expect(await hopsIn(files, rules)).toEqual([]);
  }
  const batch = { id: "receive", use: "trace-browser", at: { call: "handle($message)" } };
  const files = {
    "messages.ts": messages,
    "sender.ts": sender,
    "ends.ts": receiver("[BaseEvent, ...BaseEvent[]]"),
  };
  expect(await hopsIn(files, [...rules.slice(0, 2), batch])).toEqual([]);
  expect(await hopsIn({ "messages.ts": messages, "sender.ts": stated }, rules)).toEqual([
    { code: "hop-without-receiver", file: "sender.ts", line: 5 },
  ]);
});

test("a phase by itself says nothing about an end that another brings", async () => {
  const files = { "messages.ts": MESSAGES, "sender.ts": SENDER };
  const rules = [field, send].map((rule) => ({ ...rule, phase: 1 }));
  const found = await hopsIn(files, rules, { phase: 1 });
  expect(found.map(({ code }) => code)).not.toContain("hop-without-receiver");
});
