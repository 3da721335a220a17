import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test } from "vitest";
import { removeFolders, retrospan, writeFiles } from "./support/cli.js";
import { expectConnectedBuilds } from "./support/builds.js";
import { compile, MAJORS, newService, runAlone, runTraced, sources } from "./support/service.js";

afterEach(removeFolders);

const APPLY = ["apply", "--preset", "manual-tracing"];

test.each(MAJORS)("a build is one trace, and comes back to the byte, SDK %i", async (major) => {
  const folder = newService("build-service", major);
  const original = sources(folder);
  await compile(folder);
  const before = await runTraced(folder);
  expect(before.document.exitCode).toBe(0);
  // The runner and what it causes are in no trace of a command.
  expect(before.document.processes).toContainEqual(
    expect.objectContaining({ name: "dist/runner/main.js", problem: "nothing was sent" }),
  );
  expect(before.document.traces.length).toBeGreaterThan(3);

  const applied = await retrospan(folder, [...APPLY, "--json"]);
  expect(JSON.parse(applied.stdout)).toMatchObject({ typecheck: { before: 0, after: 0 } });
  await compile(folder);
  const after = await runTraced(folder);
  expect(after.printed).toBe(before.printed);
  expectConnectedBuilds(after.document, "dist/viewer/main.js", "with chunks");

  expect((await runAlone(folder)).stdout).toBe(before.printed);
  expect(await retrospan(folder, ["revert"])).toMatchObject({ code: 0 });
  expect(sources(folder)).toEqual(original);
});

interface Applied {
  readonly sites: readonly { readonly id: string; readonly state: string }[];
  readonly typecheck: { readonly after: number } | null;
}

/** The preset, with a filter for the chunks of a stream, which are most of what is sent. */
const FILTERED = {
  presets: ["manual-tracing"],
  rules: [
    {
      id: "events-sent",
      use: "trace-send",
      phase: 2,
      at: { call: "$socket.send($text)", within: "sendEvent" },
      unsampled: { type: ["build-stream"] },
    },
  ],
};

test.each(MAJORS)("streamed chunks can be left without spans, SDK %i", async (major) => {
  const folder = newService("build-service", major);
  writeFiles(folder, { "retrospan.config.json": JSON.stringify(FILTERED) });
  expect(await retrospan(folder, ["apply"])).toMatchObject({ code: 0 });
  await compile(folder);
  const { document } = await runTraced(folder);
  expectConnectedBuilds(document, "dist/viewer/main.js", "without chunks");
});

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
  const folder = newService("build-service");
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

test("the phases one after the other make the plan of all, and each goes back alone", async () => {
  const folder = newService("build-service");
  const original = sources(folder);
  const planned = async (...args: readonly string[]) => {
    const { stdout } = await retrospan(folder, [...APPLY, "--json", ...args]);
    const { sites, typecheck } = JSON.parse(stdout) as Applied;
    expect(typecheck?.after ?? 0).toBe(0);
    return sites.filter(({ state }) => state === "applied").map(({ id }) => id);
  };
  const phases = ["1", "2", "3", "4", "5"];
  const byPhase: string[] = [];
  for (const phase of phases) byPhase.push(...(await planned("--phase", phase)));
  expect(await planned()).toEqual([]);
  for (const phase of phases) {
    const args = ["revert", "--phase", phase, "--allow-dirty"];
    expect(await retrospan(folder, args)).toMatchObject({ code: 0 });
  }
  expect(sources(folder)).toEqual(original);
  expect((await planned()).sort()).toEqual(byPhase.sort());
});

test("a revert that keeps the fields leaves the types and nothing else", async () => {
  const folder = newService("build-service");
  const original = sources(folder);
  await retrospan(folder, APPLY);
  const args = ["revert", "--keep", "trace-field", "--reason", "too many spans"];
  expect(await retrospan(folder, args)).toMatchObject({ code: 0 });
  const kept = sources(folder);
  const changed = Object.keys({ ...original, ...kept }).filter(
    (path) => original[path] !== kept[path],
  );
  expect(changed).toEqual(["page/src/use-build-websocket.ts", "src/shared/messages.ts"]);
  expect(await retrospan(folder, ["revert", "--allow-dirty"])).toMatchObject({ code: 0 });
  expect(sources(folder)).toEqual(original);
});
