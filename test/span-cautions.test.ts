import { expect, test } from "vitest";
import { activeRules, applyInMemory, memoryTree } from "./support/memory-tree.js";

async function cautions(span: object) {
  const memory = memoryTree([
    ["load.ts", "export function load(id: string): number {\n  return id.length;\n}\n"],
  ]);
  const rules = await activeRules([
    { id: "load", use: "wrap-span", at: { function: "load" }, span },
  ]);
  const { findings, sites } = applyInMemory(memory, rules);
  expect(sites.map(({ state }) => state)).toEqual(["planned"]);
  return findings.map(({ code, level, message }) => `${level} ${code}: ${message}`);
}

test("a name that varies at run time is accepted with a warning", async () => {
  expect(await cautions({ name: "load ${id}" })).toEqual([
    'warning varying-span-name: the span\'s name of "load" varies at run time: say ${id} in an attribute',
  ]);
  expect(await cautions({ name: "{{function}}", attributes: { id: "${id}" } })).toEqual([]);
});

test("an op that Sentry has no group for is accepted, with the nearest one", async () => {
  expect(await cautions({ name: "load", op: "htp.client" })).toEqual([
    'info unknown-op: Sentry has no group for the op "htp.client" of "load"; did you mean "http.client"?',
  ]);
  expect(await cautions({ name: "load", op: "ai.build" })).toEqual([]);
});
