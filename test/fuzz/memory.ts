import { buildPlan } from "../../src/plan/build-plan.js";
import { hashOf } from "../../src/plan/hash.js";
import type { ActiveRule, Plan } from "../../src/plan/model.js";
import { treeOf, type MemoryTree } from "../support/memory-tree.js";
import { UNREADABLE } from "./around.js";
import type { Knowledge } from "./knowledge.js";

/** What is planned beside the program: it exports what others import, and does nothing. */
const INDEX = /^lib\/index\.\w+$/;

/** Plans the program of a tree. */
export function planInMemory(
  memory: MemoryTree,
  path: string,
  rules: readonly ActiveRule[],
  { lessons, typesOf }: Knowledge,
): Plan {
  const paths = [path, ...[...memory.files.keys()].filter((each) => INDEX.test(each))];
  const tree = treeOf(memory);
  return buildPlan({
    tree: { ...tree, exists: (each) => each === UNREADABLE || tree.exists(each) },
    rules,
    ledger: memory.ledger,
    files: paths.map((each) => ({ path: each, text: memory.files.get(each) ?? "" })),
    wants: () => true,
    rejects: () => false,
    lessons,
    typesOf,
    known: new Map(),
  });
}

/** Plans the program of a tree and writes the result into it. */
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
    sites: [...plan.files.flatMap(({ entries }) => entries), ...plan.whole],
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
