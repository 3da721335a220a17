import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { activeRules, applyInMemory, memoryTree } from "./support/memory-tree.js";
import { HELPER_SDKS, withPrograms, type Program } from "./support/run.js";

/** One end writes messages, the other reads them, in a process of its own. */
const ENDS = `
export interface Message {
  build: string;
  kind?: string;
}

export function send(write: (text: string) => void, message: Message): void {
  write(JSON.stringify(message));
}

export function stream(writePart: (text: string) => void, message: Message): void {
  writePart(JSON.stringify(message));
}

export async function receive<T>(text: string, handle: (message: Message) => Promise<T>): Promise<T> {
  const message = JSON.parse(text) as Message;
  return handle(message);
}

export async function receiveBatch<T>(text: string, apply: (batch: Message[]) => Promise<T>): Promise<T> {
  const batch = JSON.parse(text) as Message[];
  return apply(batch);
}

export async function hand<T>(
  client: (options: object) => Promise<T>,
  message: Message,
  headers: unknown,
): Promise<T> {
  return client({ headers, body: JSON.stringify(message) });
}

export async function forward(url: string, message: Message): Promise<string> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(message) });
  return response.text();
}
`;

const RULES = [
  { id: "send", use: "trace-send", at: { call: "write($text)" } },
  {
    id: "stream",
    use: "trace-send",
    at: { call: "writePart($text)" },
    unsampled: { kind: ["chunk", "line"] },
  },
  { id: "receive", use: "trace-receive", at: { call: "handle($message)" } },
  { id: "batch", use: "trace-browser", at: { call: "apply($message)" } },
  {
    id: "hand",
    use: "trace-forward",
    at: { function: "hand" },
    span: { name: "hand" },
    headers: true,
  },
  { id: "forward", use: "trace-forward", at: { call: "fetch($$$)" }, span: { name: "forward" } },
];

const START = `
import * as Sentry from "@sentry/node";
import { createServer } from "node:http";
import { forward, hand, receive, receiveBatch, send, stream } from "./hop/ends.js";
const isInitialised = process.argv[3] === "init";
if (isInitialised) Sentry.init({ dsn: "http://public@127.0.0.1:9/1", tracesSampleRate: 1 });
`;

/** Two builds at once, and a message outside of any span. */
const SENDER = `
const built = (build) =>
  Sentry.startNewTrace(() =>
    Sentry.startSpan({ name: "build" }, async (span) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const { traceId, spanId } = span.spanContext();
      let text = "";
      send((written) => (text = written), { build });
      const parts = [];
      for (const kind of ["chunk", "end"]) stream((part) => parts.push(part), { build, kind });
      return { text, parts, traceId, spanId };
    }),
  );
let alone = "";
send((written) => (alone = written), { build: "none" });
const builds = await Promise.all(["one", "two"].map(built));
console.log(JSON.stringify([...builds, { text: alone, parts: [], traceId: "", spanId: "" }]));
process.exit(0);
`;

const RECEIVER = `
const handle = ({ build }) =>
  Sentry.startSpan({ name: "handle" }, async (span) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const { traceId } = span.spanContext();
    const parent = Sentry.spanToJSON(span).parent_span_id ?? "";
    return { build, traceId, parent, isRecording: span.isRecording() };
  });
const texts = JSON.parse(process.argv[4]);
const [chunk, end] = JSON.parse(process.argv[5]);
const handled = await Promise.all(texts.map((text) => receive(text, handle)));
const batchOf = (all) => receiveBatch("[" + all + "]", (batch) => handle(batch.at(-1)));
const [one, two, alone] = texts;
const batches = [await batchOf([two, one]), await batchOf([one, alone]), await batchOf([alone])];
const carried = [1, true, null, "text", [], {}, { trace: {} }, { trace: "x".repeat(1_000_000) }];
const hostile = [...carried, { trace: JSON.parse(one)._sentry?.trace, baggage: 1 }].map((_sentry) =>
  JSON.stringify({ build: "hostile", _sentry }),
);
const proto = '{"build":"hostile","__proto__":{"_sentry":{"trace":1}},"_sentry":{"__proto__":{}}}';
const taken = [];
for (const text of [...hostile, proto, '"text"', "1", "[]"]) taken.push(await receive(text, handle));
const streamed = [await receive(chunk, handle), await receive(end, handle)];
const streamedBatches = [await batchOf([end, chunk]), await batchOf([chunk, alone])];
console.log(JSON.stringify({ handled, batches, taken, streamed, streamedBatches }));
process.exit(0);
`;

/** Passes messages on to a server that answers with the trace headers it got. */
const BROKER = `
const server = createServer((request, response) => {
  const { rawHeaders } = request;
  const traces = rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === "sentry-trace");
  request.resume().on("end", () => response.end(JSON.stringify(traces)));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = "http://127.0.0.1:" + server.address().port;
const headersOf = async (text) => JSON.parse(await forward(url, JSON.parse(text)));
const texts = JSON.parse(process.argv[4]);
const passed = await Promise.all(texts.map(headersOf));
const inside = await Sentry.startSpan({ name: "outer" }, async (span) => ({
  traceId: span.spanContext().traceId,
  headers: await headersOf(texts[0]),
}));
const read = async ({ headers }) => {
  const { traceId, spanId } = Sentry.getActiveSpan()?.spanContext() ?? {};
  const all = headers === undefined ? null : [...new Headers(headers)];
  return { traceId, spanId, all };
};
const kinds = [{ a: "b" }, new Headers({ a: "b" }), [["a", "b"]], { "Sentry-Trace": "own" }, undefined];
const handed = await Promise.all(kinds.map((each) => hand(read, JSON.parse(texts[0]), each)));
console.log(JSON.stringify({ passed, inside, handed }));
process.exit(0);
`;

const MAIN = `${START}
if (process.argv[2] === "send") {${SENDER}}
else if (process.argv[2] === "forward") {${BROKER}}
else {${RECEIVER}}
`;

interface Sent {
  readonly text: string;
  /** A part that shall leave no spans, and the last one. */
  readonly parts: readonly string[];
  readonly traceId: string;
  readonly spanId: string;
}

interface Handled {
  readonly build: string;
  readonly traceId: string;
  readonly parent: string;
  readonly isRecording: boolean;
}

interface Forwarded {
  /** The `sentry-trace` headers that each message's request had. */
  readonly passed: readonly (readonly string[])[];
  /** The same for a request below a span. */
  readonly inside: { readonly traceId: string; readonly headers: readonly string[] };
  /** The headers that a client of its own gets, for each kind of headers, and the span around it. */
  readonly handed: readonly Handed[];
}

interface Handed {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly all: readonly (readonly [name: string, value: string])[] | null;
}

interface Received {
  readonly handled: Handled[];
  /** Batches with the newest context in their last, first and no message. */
  readonly batches: Handled[];
  /** Messages with something else in place of a context, or that are no objects. */
  readonly taken: Handled[];
  /** A part that shall leave no spans, and the last one; then in a batch, and in one without it. */
  readonly streamed: Handled[];
  readonly streamedBatches: Handled[];
}

let program: Program;

beforeAll(async () => {
  const memory = memoryTree([["ends.ts", ENDS]]);
  const plan = applyInMemory(memory, await activeRules(RULES));
  expect(plan.sites.map(({ state }) => state)).toEqual(
    Array.from({ length: RULES.length + 1 }, () => "planned"),
  );
  program = memory.files;
});

interface Hops {
  readonly sent: Sent[];
  readonly received: Received;
  readonly forwarded: Forwarded;
}

/** Runs a sender, and both what receives and what passes on, each in its own process. */
async function hop(dir: string, mode: string): Promise<Hops> {
  const env = { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" };
  const run = async (...args: string[]) => {
    const options = { cwd: dir, timeout: 60_000, env };
    const { stdout } = await promisify(execFile)(process.execPath, ["main.js", ...args], options);
    return JSON.parse(stdout) as unknown;
  };
  const sent = (await run("send", mode)) as Sent[];
  const texts = JSON.stringify(sent.map(({ text }) => text));
  const parts = JSON.stringify(sent[0]?.parts);
  const received = (await run("receive", mode, texts, parts)) as Received;
  return { sent, received, forwarded: (await run("forward", mode, texts)) as Forwarded };
}

describe.each(HELPER_SDKS)("%s", (sdk) => {
  const runs = new Map<string, Promise<Hops>>();
  const both = (mode: string) => {
    const start = () =>
      withPrograms(new Map([["hop", program]]), sdk, MAIN, (dir) => hop(dir, mode));
    const run = runs.get(mode) ?? start();
    runs.set(mode, run);
    return run;
  };

  test("a message continues the trace of its sender, and each build has its own", async () => {
    const { sent, received } = await both("init");
    const { handled } = received;
    const [one, two, alone] = handled;
    expect(handled.map(({ build }) => build)).toEqual(["one", "two", "none"]);
    expect(one).toMatchObject({ traceId: sent[0]?.traceId, parent: sent[0]?.spanId });
    expect(two).toMatchObject({ traceId: sent[1]?.traceId, parent: sent[1]?.spanId });
    // SDK 10 gives the first span of a new trace a parent that nobody sent.
    expect(sent.map(({ spanId }) => spanId).filter(Boolean)).not.toContain(alone?.parent);
    expect(new Set(handled.map(({ traceId }) => traceId)).size).toBe(3);
    expect(sent[2]?.text).toBe('{"build":"none"}');
  });

  test("a batch continues the newest trace in it", async () => {
    const { sent, received } = await both("init");
    const [last, first, none] = received.batches;
    expect(last).toMatchObject({ traceId: sent[0]?.traceId, parent: sent[0]?.spanId });
    expect(first).toMatchObject({ traceId: sent[0]?.traceId, parent: sent[0]?.spanId });
    expect(sent.map(({ traceId }) => traceId)).not.toContain(none?.traceId);
  });

  test("what is not to be sampled leaves no spans, in the same trace", async () => {
    const { sent, received } = await both("init");
    const [chunk, end] = received.streamed;
    expect(chunk).toMatchObject({ traceId: sent[0]?.traceId, isRecording: false });
    expect(end).toMatchObject({ traceId: sent[0]?.traceId, isRecording: true });
    const [batch, chunks] = received.streamedBatches;
    expect(batch).toMatchObject({ traceId: sent[0]?.traceId, isRecording: true });
    expect(chunks).toMatchObject({ traceId: sent[0]?.traceId, isRecording: false });
  });

  test("whatever stands in place of a context, the message is handled", async () => {
    const { sent, received } = await both("init");
    expect(received.taken).toHaveLength(13);
    // A trace without usable baggage is one; all others begin traces of their own.
    const traces = received.taken.map(({ traceId }) => traceId);
    expect(traces.filter((each) => each === sent[0]?.traceId)).toHaveLength(1);
    expect(new Set(traces).size).toBe(13);
  });

  test("a request goes on with the trace of its message, in one header", async () => {
    const { sent, forwarded } = await both("init");
    const [one, two, alone] = forwarded.passed;
    expect(forwarded.passed.map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(one?.[0]?.split("-")[0]).toBe(sent[0]?.traceId);
    expect(two?.[0]?.split("-")[0]).toBe(sent[1]?.traceId);
    expect(sent.map(({ traceId }) => traceId)).not.toContain(alone?.[0]?.split("-")[0]);
    // The span around the request is what the next process sees, not the sender's.
    expect(one?.[0]?.split("-")[1]).not.toBe(sent[0]?.spanId);
    const { traceId, headers } = forwarded.inside;
    expect(headers.map((header) => header.split("-")[0])).toEqual([traceId]);
  });

  test("where a rule says so, headers carry the context, unless they do already", async () => {
    const { sent, forwarded } = await both("init");
    const [object, headers, pairs, own, none] = forwarded.handed;
    for (const each of [object, headers, pairs]) {
      expect(each?.traceId).toBe(sent[0]?.traceId);
      const carried = new Map(each?.all);
      expect(carried.get("sentry-trace")).toBe(`${each?.traceId}-${each?.spanId}-1`);
      expect(carried.get("baggage")).toContain("sentry-trace_id=");
      expect(carried.get("a")).toBe("b");
    }
    expect(own?.all).toEqual([["sentry-trace", "own"]]);
    expect(new Map(none?.all).get("sentry-trace")).toBe(`${none?.traceId}-${none?.spanId}-1`);
  });

  test("without an initialised SDK nothing is carried", async () => {
    const { sent, received, forwarded } = await both("plain");
    expect(forwarded.passed).toEqual([[], [], []]);
    expect(forwarded.handed[0]?.all).toEqual([["a", "b"]]);
    expect(sent.map(({ text }) => text)).toEqual(
      ["one", "two", "none"].map((build) => JSON.stringify({ build })),
    );
    expect(received.handled.map(({ build }) => build)).toEqual(["one", "two", "none"]);
    expect(received.taken).toHaveLength(13);
  });
});
