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

test("pitfall 24: a name that varies at run time is accepted with a warning", async () => {
  expect(await cautions({ name: "load ${id}" })).toEqual([
    'warning varying-span-name: the span\'s name of "load" varies at run time: say ${id} in an attribute',
  ]);
  expect(await cautions({ name: "load ${[{ id }].length}" })).toEqual([
    'warning varying-span-name: the span\'s name of "load" varies at run time: say ${[{ id }].length} in an attribute',
  ]);
  expect(await cautions({ name: "{{function}}", attributes: { id: "${id}" } })).toEqual([]);
});

test("pitfall 22: a span in a loop or for each message is told once", async () => {
  const code = [
    "declare const bus: { on(event: string, listener: (n: number) => void): void };",
    "declare const use: (n: number) => string;",
    "for (const n of [1, 2]) if (`${use(n)}`) console.log(n);",
    "for (const n of [use(1)]) console.log(n);",
    'bus.on("message", (n) => { const text = `${use(n)}`; });',
    "",
  ].join("\n");
  const memory = memoryTree([["work.ts", code]]);
  const rule = { id: "use", use: "wrap-span", at: { call: "use($n)" }, span: { name: "use" } };
  const rules = await activeRules([{ ...rule, region: "statement" }]);
  const told = () =>
    applyInMemory(memory, rules).findings.map(({ code: kind, line }) => [kind, line]);
  expect(told()).toEqual([["repeated-span", 3]]);
  expect(told()).toEqual([["repeated-span", 6]]);
});

test("pitfall 25: an op that Sentry has no group for is accepted, with the nearest one", async () => {
  expect(await cautions({ name: "load", op: "htp.client" })).toEqual([
    'info unknown-op: Sentry has no group for the op "htp.client" of "load"; did you mean "http.client"?',
  ]);
  expect(await cautions({ name: "load", op: "ai.build" })).toEqual([]);
});

test("pitfall 11: headers that a rule sets are accepted with a warning", async () => {
  const memory = memoryTree([
    [
      "go.ts",
      "export const go = async (url: string) => await fetch(url, { headers: {}, body: JSON.stringify(url) });\n",
    ],
  ]);
  const span = { name: "go" };
  const rule = { id: "go", use: "trace-forward", at: { call: "fetch($$$)" }, span };
  const findings = async (more: object) =>
    applyInMemory(memory, await activeRules([{ ...rule, ...more }])).findings;
  expect(await findings({})).toEqual([]);
  expect(await findings({ headers: true })).toMatchObject([{ code: "manual-headers" }]);
  memory.files.set(
    "go.ts",
    "export const go = async (at: Request) => await fetch(at, { body: JSON.stringify(at) });\n",
  );
  expect(await findings({ headers: true })).toMatchObject([{ code: "no-headers" }]);
});

test("what a clock or a listener calls is told where it would go below a span that has ended", async () => {
  const code = `declare const bus: { on(event: string, then: (n: number) => void): void };
declare const done: Promise<void>;
export function start(): void {
  setInterval(sweep, 1000);
  bus.on("order", (n) => { take(n); });
}
function sweep(): void {
  console.log("sweeping");
}
export function take(n: number): void {
  console.log(n);
}
export async function all(): Promise<void> {
  bus.on("item", (n) => { seen(n); });
  await done;
}
function seen(n: number): void {
  console.log(n);
}
`;
  const rule = (id: string, at: object) => ({ id, use: "wrap-span", at, span: { name: id } });
  const told = async (...rules: ReturnType<typeof rule>[]) => {
    const active = await activeRules(rules);
    const { findings } = applyInMemory(memoryTree([["work.ts", code]]), active);
    return findings.map(({ code: kind, line, message }) => [kind, line, message.split(",")[0]]);
  };
  const start = rule("start", { function: "start" });
  const sweep = rule("sweep", { function: "sweep" });
  const order = rule("order", { listener: "order" });
  expect(await told(start, sweep, order)).toEqual([
    ["ended-parent", 5, '"order" opens spans below that of "start"'],
    ["ended-parent", 8, '"sweep" opens spans below that of "start"'],
  ]);
  expect(await told(sweep, order)).toEqual([]);
  expect(await told(rule("all", { function: "all" }), rule("item", { listener: "item" }))).toEqual(
    [],
  );
});
