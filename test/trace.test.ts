import { spawn } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { parseEnvelope } from "../src/trace/envelope.js";
import { startReceiver } from "../src/trace/receiver.js";
import { spansOf, type Span } from "../src/trace/spans.js";
import { rowsOf, tracesOf } from "../src/trace/tree.js";
import {
  CLI,
  newTree,
  readFile,
  removeFolders,
  retrospan,
  writeFiles,
  type Files,
} from "./support/cli.js";
import type { TraceDocument } from "./support/service.js";

afterEach(removeFolders);

const MODULES = fileURLToPath(new URL("../node_modules", import.meta.url));
const SDKS = ["sentry-node-8", "sentry-node-9", "sentry-node-10", "@sentry/node"] as const;

/** A build that starts a worker process, which goes on with its trace. */
const PROGRAM: Files = {
  "build.mjs": `
import { spawn } from "node:child_process";
const Sentry = await import(process.env.SDK);
Sentry.init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: Number(process.env.SENTRY_TRACES_SAMPLE_RATE) });
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
await Sentry.startSpan({ name: "build", op: "ai.build" }, async () => {
  for (let chunk = 0; chunk < 7; chunk++) await Sentry.startSpan({ name: "chunk" }, () => pause(1));
  const data = Sentry.getTraceData();
  const worker = spawn(process.execPath, ["worker.mjs", data["sentry-trace"], data.baggage], { stdio: "inherit" });
  await new Promise((resolve) => worker.on("close", resolve));
});
console.log("built", process.argv[2]);
await Sentry.flush(5000);
process.exitCode = 7;
`,
  "worker.mjs": `
const Sentry = await import(process.env.SDK);
Sentry.init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: 1 });
const [, , sentryTrace, baggage] = process.argv;
Sentry.continueTrace({ sentryTrace, baggage }, () => Sentry.startSpan({ name: "work" }, () => 1));
await Sentry.flush(5000);
`,
  "lost.mjs": `
const Sentry = await import(process.env.SDK);
Sentry.init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: 1 });
const sentryTrace = "${"a".repeat(32)}-${"b".repeat(16)}-1";
Sentry.continueTrace({ sentryTrace, baggage: undefined }, () => Sentry.startSpan({ name: "lost" }, () => 1));
await Sentry.flush(5000);
`,
  "own.mjs": `
const Sentry = await import(process.env.SDK);
Sentry.init({ dsn: "http://secret@127.0.0.1:9/1", tracesSampleRate: 1 });
`,
  "seldom.mjs": `
const Sentry = await import(process.env.SDK);
Sentry.init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: 0.1 });
`,
  "none.mjs": "",
};

function program(): string {
  const folder = newTree(PROGRAM);
  symlinkSync(MODULES, join(folder, "node_modules"));
  return folder;
}

describe.each(SDKS)("trace with %s", (sdk) => {
  test("draws what several processes send as one tree, and ends as the command ends", async () => {
    const folder = program();
    const args = ["trace", "--", process.execPath, "build.mjs", "--json"];
    const { code, stdout, stderr } = await retrospan(folder, args, { env: { SDK: sdk } });
    expect(code).toBe(7);
    expect(stdout).toContain("built --json\n");
    expect(stdout).toMatch(/trace \w{32} {2}9 spans {2}2 services/);
    expect(stdout).toMatch(/ {2}ai\.build build .* build\.mjs\n/);
    expect(stdout).toMatch(/├─ chunk × 7 /);
    expect(stdout).toMatch(/└─ work .* worker\.mjs\n/);
    expect(stdout).toContain("1 trace, 9 spans, 0 orphans\n");
    expect(stderr).not.toContain("warning");
  });

  test("prints one document", async () => {
    const folder = program();
    const args = ["trace", "--json", "--", process.execPath, "build.mjs"];
    const { code, stdout, stderr } = await retrospan(folder, args, { env: { SDK: sdk } });
    expect(code).toBe(7);
    expect(stderr).toContain("built");
    const { traces, exitCode } = JSON.parse(stdout) as TraceDocument;
    expect(exitCode).toBe(7);
    expect(traces.map(({ orphans }) => orphans)).toEqual([[]]);
    const [build] = traces[0]?.spans ?? [];
    const work = traces[0]?.spans.find(({ name }) => name === "work");
    expect(work).toMatchObject({ parent: build?.id, service: "worker.mjs" });
  });

  test.each([
    ["own.mjs", "Sentry.init has a DSN of its own: http://127.0.0.1:9/1"],
    ["seldom.mjs", "Sentry.init has a tracesSampleRate of its own: 0.1"],
    ["none.mjs", "Sentry.init was not called"],
    ["lost.mjs", null],
  ])("says what is wrong with %s", async (script, problem) => {
    const args = ["trace", "--json", "--", process.execPath, script];
    const { stdout } = await retrospan(program(), args, { env: { SDK: sdk } });
    const { traces, processes } = JSON.parse(stdout) as TraceDocument;
    expect(processes).toMatchObject([{ name: script, problem }]);
    const orphans = traces.flatMap((each) => each.orphans);
    expect(orphans.length).toBe(script === "lost.mjs" ? 1 : 0);
  });
});

test("a command that cannot start is the user's mistake, one that is killed ends with its signal", async () => {
  const folder = newTree({});
  const missing = await retrospan(folder, ["trace", "--", "no-such-command"]);
  expect(missing).toMatchObject({ code: 2, stdout: "" });
  expect(missing.stderr).toMatch(/^retrospan: no-such-command: [^\n]+\n$/);
  const killed = await retrospan(folder, ["trace", "--", "sh", "-c", "kill -9 $$"]);
  expect(killed.code).toBe(137);
});

test("a command that does not hear Ctrl-C ends with the third", async () => {
  const deaf = 'process.on("SIGINT", () => console.log("heard")); setInterval(() => {}, 1000);';
  const args = [CLI, "trace", "--", process.execPath, "-e", `${deaf} console.log("heard")`];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  child.stdout.on("data", (chunk: Buffer) => {
    for (const _ of chunk.toString("utf8").match(/heard/g) ?? []) child.kill("SIGINT");
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(code).toBe(137);
});

test("a page shows a waterfall of each trace, whatever spans are called", async () => {
  const folder = program();
  writeFiles(folder, {
    "odd.mjs": `
const Sentry = await import("@sentry/node");
Sentry.init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: 1 });
Sentry.startSpan({ name: "<script>alert(1)</script>", op: '"><b>' }, () => Sentry.startSpan({ name: "inner" }, () => 1));
await Sentry.flush(5000);
`,
  });
  const args = ["trace", "--html", "traces.html", "--quiet", "--", process.execPath, "odd.mjs"];
  expect(await retrospan(folder, args)).toMatchObject({ code: 0, stderr: "" });
  const page = readFile(folder, "traces.html");
  expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(page).not.toMatch(/<script|<b>/);
  expect(page.match(/class="bar" style="left: \d+\.\d\d%; width: \d+\.\d\d%/g)).toHaveLength(2);
  const nowhere = ["trace", "--html", "no/such/folder.html", "--", process.execPath, "odd.mjs"];
  expect(await retrospan(folder, nowhere)).toMatchObject({ code: 2, stdout: "" });
});

test("the environment keeps what the user has put there", async () => {
  const folder = newTree({
    "first.cjs": 'require("node:fs").writeFileSync("first.txt", "loaded");',
    "main.cjs": "console.log(process.env.SENTRY_DSN, process.env.NEXT_PUBLIC_SENTRY_DSN);",
  });
  const env = { NODE_OPTIONS: "--require ./first.cjs" };
  const args = ["trace", "--quiet", "--", process.execPath, "main.cjs"];
  const { stdout } = await retrospan(folder, args, { env });
  expect(readFile(folder, "first.txt")).toBe("loaded");
  expect(stdout).toMatch(/^http:\/\/\w+@127\.0\.0\.1:\d+\/\d+ http:\/\/\w+@127\.0\.0\.1:\d+\/1\n/);
});

test("no envelope is too strange to be read", () => {
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ type: fc.constantFrom("span", "transaction"), length: fc.anything() })
      .map((header) => {
        try {
          return JSON.stringify(header) ?? "";
        } catch {
          return "";
        }
      }),
    fc.constantFrom('{"type":"span"}', '{"items":[null,{"trace_id":"a"}]}', '{"contexts":null}'),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const items = parseEnvelope(Buffer.from(lines.join("\n")));
      for (const item of items) spansOf(item, "1");
    }),
  );
});

test("a payload ends where its header says, also when it has lines", () => {
  const payload = '{\n"a": "é"\n}';
  const length = Buffer.byteLength(payload);
  const text = `{}\n{"type":"one","length":${length}}\n${payload}\n{"type":"two"}\n{"b":1}`;
  expect(parseEnvelope(Buffer.from(text))).toEqual([
    { type: "one", payload: { a: "é" } },
    { type: "two", payload: { b: 1 } },
  ]);
});

function spanNamed(id: string, parentId: string | null, start = 0, end = start + 1): Span {
  const said = { name: id, op: null, failed: false, project: "1", sdk: null };
  return { traceId: "t", id, parentId, start, end, ...said };
}

test("rings and very deep traces are drawn as well", () => {
  const ring = [spanNamed("a", "b"), spanNamed("b", "a"), spanNamed("c", "c")];
  const [found] = tracesOf(ring);
  expect(found?.orphans.map(({ span }) => span.id)).toEqual(["a", "c"]);
  const deep = Array.from({ length: 20_000 }, (_, index) =>
    spanNamed(String(index), index === 0 ? null : String(index - 1), index),
  );
  const [trace] = tracesOf([...deep, ...deep]);
  expect([...rowsOf(trace?.roots ?? [])].length).toBe(20_000);
});

test("the time in which no child ran is a gap", () => {
  const spans = [
    spanNamed("build", null, 0, 100),
    spanNamed("first", "build", 10, 50),
    spanNamed("inside", "build", 20, 30),
    spanNamed("last", "build", 70, 90),
  ];
  const [trace] = tracesOf(spans);
  const rows = [...rowsOf(trace?.roots ?? [])];
  expect(rows.map(({ node, gap }) => [node.span.id, gap])).toEqual([
    ["build", 0],
    ["first", 10],
    ["inside", 0],
    ["last", 20],
  ]);
});

test("the receiver takes envelopes of pages, packed ones, and no others", async () => {
  const receiver = await startReceiver();
  try {
    const url = receiver.dsn.replace(/retrospan@(.*)\/1$/, "$1/api/5/envelope/");
    const span = { trace_id: "t", span_id: "s", start_timestamp: 1, end_timestamp: 2, name: "n" };
    const body = gzipSync(`{}\n{"type":"span"}\n${JSON.stringify({ items: [span] })}`);
    const packed = { method: "POST", body, headers: { "content-encoding": "gzip" } };
    const taken = await fetch(url, packed);
    expect(taken.headers.get("access-control-allow-origin")).toBe("*");
    expect((await fetch(url, { method: "OPTIONS" })).status).toBe(204);
    expect((await fetch(url, { ...packed, body: "no gzip" })).status).toBe(400);
    expect((await fetch(url.replace("api", "other"), packed)).status).toBe(404);
    expect(receiver.spans).toMatchObject([{ id: "s", project: "5", start: 1000, end: 2000 }]);
  } finally {
    await receiver.close();
  }
});
