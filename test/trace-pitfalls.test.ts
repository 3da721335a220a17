/**
 * Pitfalls 11 to 21, of traces that cross processes: what a person following the plan would write
 * shows each of them with the real SDK, and what comes out of the tool shows none. Those from 22 on
 * are about findings and skips: `span-cautions.test.ts`, `fixtures/wrap-span/pitfall-23-traced-by-the-sdk`.
 * Senders without receivers (12) and those that are left out are in `hops.test.ts`.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { activeRules, applyInMemory, memoryTree } from "./support/memory-tree.js";
import { withPrograms } from "./support/run.js";

const TYPES = `
import type { IncomingMessage, ServerResponse } from "node:http";

export interface Message {
  id: string;
  _sentry?: { trace?: string; baggage?: string };
}

type Write = (text: string) => void;
type Work = (message: Message) => Promise<string>;

const batch: Message[] = [];
`;

/** A broker, a receiver, a sender, a batch, a page and a request handler. */
const BEFORE = `${TYPES}
export async function forward(url: string, message: Message): Promise<string> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(message) });
  return response.text();
}

export async function receive(text: string, handle: Work): Promise<string> {
  const message = JSON.parse(text) as Message;
  return handle(message);
}

export function passOn(message: Message, write: Write): void {
  write(JSON.stringify({ id: message.id }));
}

export function queue(id: string): void {
  batch.push({ id });
}

export function flush(write: Write): void {
  for (const message of batch.splice(0)) write(JSON.stringify(message));
}

export function applyBatch(updates: Message[]): string[] {
  return updates.map(({ id }) => id);
}

export function serve(work: Work) {
  return async (request: IncomingMessage, response: ServerResponse) => {
    response.end(await work({ id: request.url ?? "" }));
  };
}
`;

const NAIVE = `import * as Sentry from "@sentry/node";
${TYPES}
const context = () => {
  const data = Sentry.getTraceData();
  return { trace: data["sentry-trace"], baggage: data.baggage };
};

export async function forward(url: string, message: Message): Promise<string> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (message._sentry?.trace) {
    headers["sentry-trace"] = message._sentry.trace;
    headers["baggage"] = message._sentry.baggage || "";
  }
  return Sentry.startSpan({ name: "broker.forward" }, async () => {
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(message) });
    return response.text();
  });
}

export async function receive(text: string, handle: Work): Promise<string> {
  const message = JSON.parse(text) as Message;
  Sentry.setTag("message.id", message.id);
  if (!message._sentry?.trace) return handle(message);
  if (typeof message._sentry.trace === "string" && !message._sentry.baggage) return handle(message);
  const { trace, baggage } = message._sentry;
  return Sentry.continueTrace({ sentryTrace: trace, baggage }, () => handle(message));
}

export function passOn(message: Message, write: Write): void {
  write(JSON.stringify({ id: message.id, _sentry: message._sentry ?? context() }));
}

export function queue(id: string): void {
  batch.push({ id });
}

export function flush(write: Write): void {
  const _sentry = Sentry.getActiveSpan() ? context() : undefined;
  for (const message of batch.splice(0)) write(JSON.stringify({ ...message, _sentry }));
}

export function applyBatch(updates: Message[]): string[] {
  const latest = updates.reverse().find((each) => each._sentry)?._sentry;
  if (latest) console.debug("[page] trace context:", latest);
  return updates.map(({ id }) => id);
}

export function serve(work: Work) {
  return async (request: IncomingMessage, response: ServerResponse) => {
    const sentryTrace = request.headers["sentry-trace"] as string;
    const baggage = request.headers["baggage"];
    const result = await Sentry.continueTrace({ sentryTrace, baggage }, () =>
      Sentry.startSpan({ name: "work" }, () => work({ id: request.url ?? "" })),
    );
    response.end(result);
  };
}
`;

const RULES = [
  {
    id: "forward",
    use: "trace-forward",
    at: { function: "forward" },
    span: { name: "broker.forward", attributes: { "message.id": "${message.id}" } },
  },
  { id: "receive", use: "trace-receive", at: { call: "handle($message)" } },
  { id: "pass-on", use: "trace-send", at: { call: "write($text)", within: "passOn" } },
  { id: "queue", use: "trace-send", at: { call: "batch.push($update)" } },
  { id: "page", use: "trace-browser", at: { function: "applyBatch" }, span: { name: "page" } },
  { id: "serve", use: "wrap-span", at: { call: "work($$$)" }, span: { name: "work" } },
];

/** Each fact says whether the pitfall shows. */
const MAIN = `
import * as Sentry from "@sentry/node";
import { createServer } from "node:http";
Sentry.init({ dsn: "http://public@127.0.0.1:9/1", tracesSampleRate: 1 });
console.debug = () => {};

const { forward, receive, passOn, queue, flush, applyBatch, serve } = await import(process.argv[2]);
const listening = async (listener) => {
  const server = createServer(listener);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return "http://127.0.0.1:" + server.address().port;
};
const spanOf = async (name) => Sentry.startNewTrace(() =>
  Sentry.startSpan({ name }, (span) => {
    const { "sentry-trace": trace, baggage } = Sentry.getTraceData();
    return { ...span.spanContext(), _sentry: { trace, baggage } };
  }));
const written = (act) => {
  let text = "";
  act((each) => (text = each));
  return JSON.parse(text)._sentry;
};
const traceHere = async () => Sentry.startSpan({ name: "here" }, (span) => span.spanContext().traceId);

const sender = await spanOf("sender");
const message = { id: "m", _sentry: sender._sentry };
const facts = {};

const echo = await listening((request, response) => {
  const { rawHeaders } = request;
  const traces = rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === "sentry-trace");
  request.resume().on("end", () => response.end(JSON.stringify(traces)));
});
const headers = JSON.parse(await forward(echo, message));
const [traceId, parentId] = headers[0].split("-");
facts["11 a header by hand"] = headers.length > 1 || parentId === sender.spanId || traceId !== sender.traceId;

const hostile = JSON.stringify({ id: "h", _sentry: { trace: 7, baggage: 1 } });
facts["13 a context that is no text"] = await receive(hostile, async () => "").then(() => false, () => true);

const alone = (id) => receive(JSON.stringify({ id }), traceHere);
facts["14 everything in one trace"] = (await alone("a")) === (await alone("b"));

const hop = await Sentry.startSpan({ name: "hop" }, (span) => ({
  spanId: span.spanContext().spanId,
  carried: written((write) => passOn(message, write)),
}));
facts["15 a context that is copied"] = hop.carried?.trace?.split("-")[1] !== hop.spanId;
facts["16 a context without a span"] = written((write) => passOn({ id: "none" }, write)) !== undefined;

await receive(JSON.stringify(message), async () => "");
facts["17 tags that leak"] = "message.id" in Sentry.getIsolationScope().getScopeData().tags;

let asking;
let parent;
const server = await listening((request, response) => {
  asking = request.headers["sentry-trace"]?.split("-")[1];
  return serve(async () => {
    parent = Sentry.spanToJSON(Sentry.getActiveSpan()).parent_span_id;
    return "done";
  })(request, response);
});
await Sentry.startSpan({ name: "client" }, async () => (await fetch(server)).text());
facts["18 continued twice"] = parent === asking;

const { baggage: _, ...bare } = sender._sentry;
const continued = await receive(JSON.stringify({ id: "b", _sentry: bare }), traceHere);
facts["19 a trace without baggage"] = continued !== sender.traceId;

const updates = ["one", "two"].map((id) => ({ id, _sentry: sender._sentry }));
facts["20 a batch in another order"] = applyBatch(updates).join() !== "one,two";

const queued = await Sentry.startSpan({ name: "queued" }, (span) => {
  queue("q");
  return span.spanContext().spanId;
});
facts["21 captured when flushed"] = written(flush)?.trace?.split("-")[1] !== queued;

console.log(JSON.stringify(facts));
process.exit(0);
`;

const facts = new Map<string, Readonly<Record<string, boolean>>>();

beforeAll(async () => {
  const memory = memoryTree([["hop.ts", BEFORE]]);
  const plan = applyInMemory(memory, await activeRules(RULES));
  expect(plan.sites.map(({ state }) => state)).toEqual(RULES.map(() => "planned"));
  const programs = new Map([
    ["ours", memory.files],
    ["naive", new Map([["hop.ts", NAIVE]])],
  ]);
  await withPrograms(programs, "@sentry/node", MAIN, async (cwd) => {
    const env = { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" };
    for (const side of programs.keys()) {
      const args = ["main.js", `./${side}/hop.js`];
      const options = { cwd, env, timeout: 60_000 };
      const { stdout } = await promisify(execFile)(process.execPath, args, options);
      facts.set(side, JSON.parse(stdout) as Record<string, boolean>);
    }
  });
});

test.each([
  "11 a header by hand",
  "13 a context that is no text",
  "14 everything in one trace",
  "15 a context that is copied",
  "16 a context without a span",
  "17 tags that leak",
  "18 continued twice",
  "19 a trace without baggage",
  "20 a batch in another order",
  "21 captured when flushed",
])("%s", (pitfall) => {
  expect([facts.get("naive")?.[pitfall], facts.get("ours")?.[pitfall]]).toEqual([true, false]);
});
