import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { activeRules, applyInMemory, memoryTree } from "./support/memory-tree.js";
import { SDKS, withPrograms, type Program } from "./support/run.js";

/** One end writes messages, the other reads them, in a process of its own. */
const ENDS = `
export interface Message {
  build: string;
}

export function send(write: (text: string) => void, message: Message): void {
  write(JSON.stringify(message));
}

export async function receive<T>(text: string, handle: (message: Message) => Promise<T>): Promise<T> {
  const message = JSON.parse(text) as Message;
  return handle(message);
}
`;

const RULES = [
  { id: "send", use: "trace-send", at: { call: "write($text)" } },
  { id: "receive", use: "trace-receive", at: { call: "handle($message)" } },
];

const START = `
import * as Sentry from "@sentry/node";
import { receive, send } from "./hop/ends.js";
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
      return { text, traceId, spanId };
    }),
  );
let alone = "";
send((written) => (alone = written), { build: "none" });
const builds = await Promise.all(["one", "two"].map(built));
console.log(JSON.stringify([...builds, { text: alone, traceId: "", spanId: "" }]));
process.exit(0);
`;

const RECEIVER = `
const handle = ({ build }) =>
  Sentry.startSpan({ name: "handle" }, async (span) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const { traceId } = span.spanContext();
    return { build, traceId, parent: Sentry.spanToJSON(span).parent_span_id ?? "" };
  });
const texts = JSON.parse(process.argv[4]);
console.log(JSON.stringify(await Promise.all(texts.map((text) => receive(text, handle)))));
process.exit(0);
`;

const MAIN = `${START}
if (process.argv[2] === "send") {${SENDER}}
else {${RECEIVER}}
`;

interface Sent {
  readonly text: string;
  readonly traceId: string;
  readonly spanId: string;
}

interface Handled {
  readonly build: string;
  readonly traceId: string;
  readonly parent: string;
}

let program: Program;

beforeAll(async () => {
  const memory = memoryTree([["ends.ts", ENDS]]);
  const plan = applyInMemory(memory, await activeRules(RULES));
  expect(plan.sites.map(({ state }) => state)).toEqual(["planned", "planned"]);
  program = memory.files;
});

/** Runs both ends, each in its own process. */
async function hop(dir: string, mode: string): Promise<{ sent: Sent[]; handled: Handled[] }> {
  const env = { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" };
  const run = async (...args: string[]) => {
    const options = { cwd: dir, timeout: 60_000, env };
    const { stdout } = await promisify(execFile)(process.execPath, ["main.js", ...args], options);
    return JSON.parse(stdout) as unknown;
  };
  const sent = (await run("send", mode)) as Sent[];
  const texts = JSON.stringify(sent.map(({ text }) => text));
  return { sent, handled: (await run("receive", mode, texts)) as Handled[] };
}

describe.each(SDKS.filter((sdk) => sdk !== "stub"))("%s", (sdk) => {
  const both = (mode: string) =>
    withPrograms(new Map([["hop", program]]), sdk, MAIN, (dir) => hop(dir, mode));

  test("a message continues the trace of its sender, and each build has its own", async () => {
    const { sent, handled } = await both("init");
    const [one, two, alone] = handled;
    expect(handled.map(({ build }) => build)).toEqual(["one", "two", "none"]);
    expect(one).toMatchObject({ traceId: sent[0]?.traceId, parent: sent[0]?.spanId });
    expect(two).toMatchObject({ traceId: sent[1]?.traceId, parent: sent[1]?.spanId });
    // SDK 10 gives the first span of a new trace a parent that nobody sent.
    expect(sent.map(({ spanId }) => spanId).filter(Boolean)).not.toContain(alone?.parent);
    expect(new Set(handled.map(({ traceId }) => traceId)).size).toBe(3);
    expect(sent[2]?.text).toBe('{"build":"none"}');
  });

  test("without an initialised SDK nothing is carried", async () => {
    const { sent, handled } = await both("plain");
    expect(sent.map(({ text }) => text)).toEqual(
      ["one", "two", "none"].map((build) => JSON.stringify({ build })),
    );
    expect(handled.map(({ build }) => build)).toEqual(["one", "two", "none"]);
  });
});
