/**
 * A second service, written by somebody who had not seen the transforms: CommonJS, classes, socket.io,
 * worker threads, queues of its own. Its config alone must do.
 */
import { afterEach, expect, test } from "vitest";
import { removeFolders, retrospan } from "./support/cli.js";
import {
  compile,
  complaints,
  MAJORS,
  newService,
  runAlone,
  runOverWire,
  runTraced,
  sources,
  useSdk,
  WIRES,
  type TraceDocument,
} from "./support/service.js";
import { duplicates, pathsOf } from "./support/traces.js";

afterEach(removeFolders);

const ORDERS = 3;

/** Spans of one order, from the studio to the watcher. */
const ORDER_LIMIT = 60;

const PARTS = ["gateway", "lab", "main", "watcher"].map((part) => `dist/${part}.js`);
/** What hangs from what; the SDK's own spans are told by their ops. */
const ORDERED = ["studio.order", "http.client", "http.server"];
const PROCESSED = [...ORDERED, "lab.process"];
const DEVELOPED = [...PROCESSED, "developer.develop"];
const PROGRESS = [...PROCESSED, "gateway.progress"];
const FINISHED = [...PROCESSED, "gateway.finished"];
const SHELVED = [...FINISHED, "archive.shelve"];
const UPDATES = [PROGRESS, FINISHED, SHELVED].map((path) => [...path, "watcher.update"]);

test("an order is one trace whatever the SDK", { timeout: 300_000 }, async () => {
  const folder = newService("darkroom");
  const original = sources(folder);
  await compile(folder);
  const before = await runTraced(folder);
  const lines = before.printed.split("\n");
  expect(lines.filter((line) => line.startsWith("order-")).length).toBe(ORDERS);
  // The labs, where the work is done, are in nobody's trace.
  const labs = before.document.processes.filter(({ name }) => name === "dist/lab.js");
  expect(labs.map(({ problem }) => problem)).toEqual(["nothing was sent", "nothing was sent"]);
  const applied = await retrospan(folder, ["apply", "--json"]);
  expect(JSON.parse(applied.stdout)).toMatchObject({ typecheck: { before: 0, after: 0 } });
  await compile(folder);
  for (const major of MAJORS) {
    useSdk(folder, major);
    expect({ major, complaints: await complaints(folder) }).toEqual({ major, complaints: "" });
    const { printed, document } = await runTraced(folder);
    expect(printed).toBe(before.printed);
    expectConnectedOrders(document);
  }
  expect((await runAlone(folder)).stdout).toBe(before.printed);
  expect(await retrospan(folder, ["revert"])).toMatchObject({ code: 0 });
  expect(sources(folder)).toEqual(original);
});

function expectConnectedOrders({ traces }: TraceDocument): void {
  expect(traces.flatMap(({ orphans }) => orphans)).toEqual([]);
  expect(traces.length).toBe(ORDERS);
  for (const trace of traces) {
    const { spans } = trace;
    expect([...new Set(spans.map(({ service }) => service))].sort()).toEqual(PARTS);
    expect(spans.filter(({ parent }) => parent === null).length).toBe(1);
    expect(spans.length).toBeLessThanOrEqual(ORDER_LIMIT);
    expect(pathsOf(trace, "developer.develop")).toEqual([DEVELOPED]);
    expect(pathsOf(trace, "archive.shelve")).toEqual([SHELVED]);
    expect(pathsOf(trace, "watcher.update").sort()).toEqual(UPDATES.sort());
    expect(duplicates(trace)).toEqual([]);
  }
}

test("whatever comes off the wire or out of a thread, the service does the same", async () => {
  const folder = newService("darkroom");
  await compile(folder);
  const before = await runAlone(folder);
  await retrospan(folder, ["apply", "--no-typecheck"]);
  await compile(folder);
  for (const wire of WIRES) {
    const { run, channels } = await runOverWire(folder, wire);
    expect({ wire, ...run }).toEqual({ wire, ...before });
    expect(channels).toEqual(["socket.io", "thread"]);
  }
});

test("a revert that keeps the fields leaves the types and nothing else", async () => {
  const folder = newService("darkroom");
  const original = sources(folder);
  await retrospan(folder, ["apply"]);
  expect(await retrospan(folder, ["revert", "--keep", "trace-field"])).toMatchObject({ code: 0 });
  const kept = sources(folder);
  const paths = Object.keys({ ...original, ...kept });
  expect(paths.filter((path) => original[path] !== kept[path]).sort()).toEqual([
    "src/archive.ts",
    "src/protocol.ts",
  ]);
  expect(await retrospan(folder, ["revert", "--allow-dirty"])).toMatchObject({ code: 0 });
  expect(sources(folder)).toEqual(original);
});
