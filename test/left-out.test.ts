import { expect, test } from "vitest";
import { activeRules, applyInMemory, memoryTree } from "./support/memory-tree.js";

const BROADCASTS = `
const batch: { type: string }[] = [];
export function broadcastState(type: string): void {
  batch.push({ type });
}
export function broadcastTodo(type: string): void {
  batch.push({ type });
}
export function retry(type: string): void {
  // retrospan-ignore-next-line it is sent again as it was
  batch.push({ type });
}
`;

const send = (id: string, within: string) => ({
  id,
  use: "trace-send",
  at: { call: "batch.push($update)", within },
});

async function leftOut(...rules: readonly ReturnType<typeof send>[]) {
  const memory = memoryTree([["broadcasts.ts", BROADCASTS]]);
  const active = await activeRules(rules);
  const first = applyInMemory(memory, active).findings;
  return [first, applyInMemory(memory, active).findings];
}

test("a sender that only the rule's place leaves out is told, before and after", async () => {
  const [before, after] = await leftOut(send("state", "broadcastState"));
  expect(before).toMatchObject([{ code: "left-out", file: "broadcasts.ts", line: 7 }]);
  expect(after).toMatchObject([{ code: "left-out", file: "broadcasts.ts", line: 9 }]);
});

test("what another rule takes is not left out", async () => {
  const both = await leftOut(send("state", "broadcastState"), send("todo", "broadcastTodo"));
  expect(both).toEqual([[], []]);
});
