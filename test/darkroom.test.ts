/**
 * A second service, written by somebody who had not seen the transforms: CommonJS, classes, socket.io,
 * worker threads, queues of its own. Its config alone must do.
 */
import { afterEach, expect, test } from "vitest";
import { removeFolders, retrospan } from "./support/cli.js";
import { compile, MAJORS, newService, runAlone, runTraced, sources } from "./support/service.js";

afterEach(removeFolders);

const ORDERS = 3;
const PARTS = ["gateway", "lab", "main", "watcher"].map((part) => `dist/${part}.js`);
const OWN = [
  "archive.shelve",
  "developer.develop",
  "gateway.finished",
  "gateway.progress",
  "lab.process",
  "studio.order",
  "watcher.update",
];

test.each(MAJORS)("an order is one trace, SDK %i", async (major) => {
  const folder = newService("darkroom", major);
  const original = sources(folder);
  await compile(folder);
  const before = await runAlone(folder);
  expect(before.stdout.split("\n").filter((line) => line.startsWith("order-")).length).toBe(ORDERS);
  const applied = await retrospan(folder, ["apply", "--json"]);
  expect(JSON.parse(applied.stdout)).toMatchObject({ typecheck: { before: 0, after: 0 } });
  await compile(folder);
  const { printed, document } = await runTraced(folder);
  expect(printed).toBe(before.stdout);
  expect(document.traces.flatMap(({ orphans }) => orphans)).toEqual([]);
  expect(document.traces.length).toBe(ORDERS);
  for (const { spans } of document.traces) {
    expect([...new Set(spans.map(({ service }) => service))].sort()).toEqual(PARTS);
    expect(spans.filter(({ parent }) => parent === null).length).toBe(1);
    const names = new Set(spans.map(({ name }) => name));
    expect(OWN.filter((name) => !names.has(name))).toEqual([]);
  }
  expect((await runAlone(folder)).stdout).toBe(before.stdout);
  expect(await retrospan(folder, ["revert"])).toMatchObject({ code: 0 });
  expect(sources(folder)).toEqual(original);
});
