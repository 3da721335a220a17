import { buildPlan } from "../../src/plan/build-plan.js";
import { hashOf } from "../../src/plan/hash.js";
import type { ActiveRule, Plan } from "../../src/plan/model.js";
import { treeOf, type MemoryTree } from "../support/memory-tree.js";
import type { Knowledge } from "./knowledge.js";

/** Plans one file of a tree. */
export function planInMemory(
  memory: MemoryTree,
  path: string,
  rules: readonly ActiveRule[],
  { lessons, typesOf }: Knowledge,
): Plan {
  return buildPlan({
    tree: treeOf(memory),
    rules,
    ledger: memory.ledger,
    files: [{ path, text: memory.files.get(path) ?? "" }],
    wants: () => true,
    rejects: () => false,
    lessons,
    typesOf,
    known: new Map(),
  });
}

/** Plans one file of a tree and writes the result into it. */
export function applyKnowing(
  memory: MemoryTree,
  path: string,
  rules: readonly ActiveRule[],
  knowledge: Knowledge,
): Plan {
  const plan = planInMemory(memory, path, rules, knowledge);
  for (const { path: changed, after } of plan.changes) {
    if (after === null) memory.files.delete(changed);
    else memory.files.set(changed, after);
  }
  memory.ledger = {
    ...memory.ledger,
    sites: plan.files.flatMap(({ entries }) => entries),
    imports: plan.files.flatMap(({ imports }) => imports),
    modules: [...memory.ledger.modules, ...plan.modules],
    files: Object.fromEntries(
      plan.files.map(({ path: planned, base, after }) => [
        planned,
        { original: hashOf(base), written: hashOf(after) },
      ]),
    ),
  };
  return plan;
}
