import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { removeFolders, retrospan } from "./support/cli.js";
import {
  compile,
  newService,
  runAlone,
  runTraced,
  sources,
  type TraceDocument,
  type TracedSpan,
} from "./support/service.js";

afterEach(removeFolders);

const APPLY = ["apply", "--preset", "manual-tracing"];
const PARTS = ["api", "broker", "runner", "viewer"].map((part) => `dist/${part}/main.js`);
const BUILDS = 3;

/** Spans of one build, from the command to the page. */
const BUILD_LIMIT = 60;

type Trace = TraceDocument["traces"][number];

function buildsIn({ traces }: TraceDocument): Trace[] {
  return traces.filter(({ spans }) => spans.some(({ name }) => name === "runner.build"));
}

/** Names of our own spans and ops of the SDK's, from the topmost down to a span. */
function pathTo(span: TracedSpan, trace: Trace): string[] {
  const parent = trace.spans.find(({ id }) => id === span.parent);
  const op = span.op ?? "";
  // SDK 9 knows no handlers of express 5.
  const isHandler = op.startsWith("handler") || op.startsWith("request_handler");
  const title = isHandler ? [] : [op.startsWith("http.") ? op : span.name];
  return [...(parent ? pathTo(parent, trace) : []), ...title];
}

/** The different ways to the spans of a name. */
function pathsOf(trace: Trace, name: string): string[][] {
  const found = trace.spans.filter((span) => span.name === name);
  const paths = new Map(
    found.map((span) => pathTo(span, trace)).map((path) => [path.join(), path]),
  );
  return [...paths.values()];
}

/** What hangs from what; the SDK's own spans are told by their ops, since each major names them anew. */
const COMMAND = ["http.server", "http.client", "http.server"];
const BUILD = [...COMMAND, "runner.build"];
const EVENT = [...BUILD, "broker.forwardEvent", "http.client", "http.server", "api.events.process"];

describe.each(["sentry-node-9", "sentry-node-10", "@sentry/node"])("with %s", (sdk) => {
  test("a build is one trace from the command to the page, and comes back to the byte", async () => {
    const folder = newService("build-service", sdk);
    const original = sources(folder);
    await compile(folder);
    const before = await runTraced(folder);
    expect(before.document.exitCode).toBe(0);
    // The runner and what it causes are in no trace of a command.
    expect(before.document.processes).toContainEqual(
      expect.objectContaining({ name: "dist/runner/main.js", problem: "nothing was sent" }),
    );
    expect(before.document.traces.length).toBeGreaterThan(BUILDS);

    const applied = await retrospan(folder, [...APPLY, "--json"]);
    expect(JSON.parse(applied.stdout)).toMatchObject({ typecheck: { before: 0, after: 0 } });
    await compile(folder);
    const after = await runTraced(folder);
    expect(after.printed).toBe(before.printed);
    expect(after.document.traces.flatMap(({ orphans }) => orphans)).toEqual([]);
    const builds = buildsIn(after.document);
    expect(builds.length).toBe(BUILDS);
    for (const build of builds) {
      expect([...new Set(build.spans.map(({ service }) => service))].sort()).toEqual(PARTS);
      expect(build.spans.length).toBeLessThanOrEqual(BUILD_LIMIT);
      expect(build.spans.filter(({ parent }) => parent === null).length).toBe(1);
      expect(pathsOf(build, "runner.build")).toEqual([BUILD]);
      expect(pathsOf(build, "persistEvent")).toEqual([[...EVENT, "persistEvent"]]);
      expect(pathsOf(build, "finalizeSession")).toEqual([[...EVENT, "finalizeSession"]]);
      expect(pathsOf(build, "page.updates")).toEqual([[...EVENT, "page.updates"]]);
      expect(duplicates(build)).toEqual([]);
    }

    expect((await runAlone(folder)).stdout).toBe(before.printed);
    expect(await retrospan(folder, ["revert"])).toMatchObject({ code: 0 });
    expect(sources(folder)).toEqual(original);
  });
});

/** Spans that say the same as the one above them, and requests that were taken twice. */
function duplicates({ spans }: Trace): string[] {
  return spans.flatMap((span) => {
    const parent = spans.find(({ id }) => id === span.parent);
    const servers = spans.filter(({ op, parent: up }) => op === "http.server" && up === span.id);
    const isSame = parent?.name === span.name && parent.op === span.op;
    return isSame || servers.length > 1 ? [span.name] : [];
  });
}

/** Changes what every socket sends, as somebody else's sender or a proxy may: each message another way. */
const WIRE = `
import { createRequire } from "node:module";
const { WebSocket } = createRequire(process.cwd() + "/package.json")("ws");
const long = { trace: "x".repeat(1_000_000), baggage: "y" };
const ways = [
  (message) => delete message._sentry,
  (message) => (message._sentry = 7),
  (message) => (message._sentry = { trace: {}, baggage: [] }),
  (message) => (message._sentry = long),
  ({ _sentry }) => Object.defineProperty(_sentry, "__proto__", { value: { trace: 1 }, enumerable: true }),
];
let sent = Number(process.env.WIRE);
const change = (value) => {
  if (typeof value !== "object" || value === null) return;
  for (const each of Object.values(value)) change(each);
  if ("_sentry" in value) ways[sent++ % ways.length](value);
};
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (data, ...rest) {
  const message = JSON.parse(String(data));
  change(message);
  return send.call(this, JSON.stringify(message), ...rest);
};
`;

test("whatever comes off the wire, the service does the same", async () => {
  const folder = newService("build-service", "@sentry/node");
  await compile(folder);
  const before = await runAlone(folder);
  await retrospan(folder, [...APPLY, "--no-typecheck"]);
  await compile(folder);
  const wire = join(folder, "dist/wire.mjs");
  writeFileSync(wire, WIRE);
  const NODE_OPTIONS = `--import ${pathToFileURL(wire).href}`;
  const SENTRY_DSN = "http://public@127.0.0.1:9/1";
  for (const first of ["0", "3"]) {
    const after = await runAlone(folder, { WIRE: first, NODE_OPTIONS, SENTRY_DSN });
    expect(after).toEqual(before);
  }
});

test("a revert that keeps the fields leaves the types and nothing else", async () => {
  const folder = newService("build-service", "@sentry/node");
  const original = sources(folder);
  await retrospan(folder, APPLY);
  const args = ["revert", "--keep", "trace-field", "--reason", "too many spans"];
  expect(await retrospan(folder, args)).toMatchObject({ code: 0 });
  const kept = sources(folder);
  const changed = Object.keys({ ...original, ...kept }).filter(
    (path) => original[path] !== kept[path],
  );
  expect(changed).toEqual(["src/shared/messages.ts"]);
  expect(await retrospan(folder, ["revert", "--allow-dirty"])).toMatchObject({ code: 0 });
  expect(sources(folder)).toEqual(original);
});
