import { posix } from "node:path";
import { buildPlan } from "../../src/plan/build-plan.js";
import { hashOf } from "../../src/plan/hash.js";
import type { ActiveRule, Plan } from "../../src/plan/model.js";
import type { Tree } from "../../src/plan/tree.js";
import type { MemoryTree } from "../support/memory-tree.js";
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

function treeOf({ files }: MemoryTree): Tree {
  return {
    read: (path) => files.get(path) ?? null,
    filesWith: (text) => [...files.keys()].filter((path) => files.get(path)?.includes(text)),
    resolve: (from, specifier) => {
      if (!specifier.startsWith(".")) return null;
      const path = posix.normalize(posix.join(posix.dirname(from), specifier));
      const bare = path.replace(/\.[cm]?js$/, "");
      return [path, `${bare}.ts`, `${bare}.js`].find((each) => files.has(each)) ?? null;
    },
    specifierFor: (from, to) => {
      const way = posix.relative(posix.dirname(from), to).replace(/\.[cm]?[jt]sx?$/, "");
      return way.startsWith(".") ? way : `./${way}`;
    },
    pathOf: (module) => posix.normalize(module),
    isModule: () => true,
    sdkFor: () => "@sentry/node",
    tracingSdk: () => ({ version: null, modules: new Map() }),
  };
}
