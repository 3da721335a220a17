import { posix } from "node:path";
import { resolveConfig } from "../../src/plan/config.js";
import type { RuleConfig } from "../../src/plan/define-config.js";
import { buildPlan } from "../../src/plan/build-plan.js";
import { digestOf, hashOf } from "../../src/plan/hash.js";
import { emptyLedger, type Ledger, type LedgerSite } from "../../src/plan/ledger.js";
import type { ActiveRule, Plan } from "../../src/plan/model.js";
import { planRevert, type RevertPlan } from "../../src/plan/revert-plan.js";
import type { Tree } from "../../src/plan/tree.js";
import { isSourcePath, pathMatcher } from "../../src/project/files.js";
import { loadCompiler } from "../../src/syntax/compiler.js";
import { NO_TYPES } from "../../src/syntax/value-kind.js";

/** A tree in memory, for the pure part of the tool. */
export interface MemoryTree {
  readonly files: Map<string, string>;
  ledger: Ledger;
}

export function memoryTree(files: Iterable<readonly [string, string]>): MemoryTree {
  return { files: new Map(files), ledger: emptyLedger() };
}

export async function activeRules(rules: readonly RuleConfig[]): Promise<ActiveRule[]> {
  await loadCompiler();
  const config = await resolveConfig({ rules }, "rule.json", []);
  return config.rules.map((rule) => ({
    rule,
    digest: digestOf(rule),
    covers: rule.in === undefined ? () => true : pathMatcher([rule.in].flat(), ""),
  }));
}

/** Plans all files and writes the result into the tree. */
export function applyInMemory(memory: MemoryTree, rules: readonly ActiveRule[]): Plan {
  const plan = buildPlan({
    tree: treeOf(memory),
    rules,
    ledger: memory.ledger,
    files: [...memory.files]
      .filter(([path]) => isSourcePath(path))
      .map(([path, text]) => ({ path, text })),
    wants: () => true,
    rejects: () => false,
    lessons: new Map(),
    typesOf: () => NO_TYPES,
    known: new Map(),
  });
  write(memory, plan.changes);
  memory.ledger = {
    ...memory.ledger,
    sites: [...plan.files.flatMap(({ entries }) => entries), ...plan.whole],
    imports: plan.files.flatMap(({ imports }) => imports),
    modules: [...memory.ledger.modules, ...plan.modules],
    files: Object.fromEntries(
      plan.files.map(({ path, base, after }) => [
        path,
        { original: hashOf(base), written: hashOf(after) },
      ]),
    ),
  };
  return plan;
}

/** Reverts everything and writes the result into the tree. */
export function revertInMemory(
  memory: MemoryTree,
  wants: (entry: LedgerSite) => boolean = () => true,
): RevertPlan {
  const plan = planRevert({
    copies: new Map(),
    alike: new Map(),
    made: memory.ledger.modules,
    tree: treeOf(memory),
    ledger: memory.ledger,
    wants,
    covers: () => true,
    madeElsewhere: new Map(),
  });
  write(memory, plan.changes);
  memory.ledger = { ...memory.ledger, ...plan.ledger };
  return plan;
}

function write(memory: MemoryTree, changes: Plan["changes"]): void {
  for (const { path, after } of changes) {
    if (after === null) memory.files.delete(path);
    else memory.files.set(path, after);
  }
}

export function treeOf({ files }: MemoryTree): Tree {
  return {
    read: (path) => files.get(path) ?? null,
    exists: (path) => files.has(path),
    filesWith: (text) => [...files.keys()].filter((path) => files.get(path)?.includes(text)),
    importersWith: (text) => [...files.keys()].filter((path) => files.get(path)?.includes(text)),
    matching: (globs) => [...files.keys()].filter(pathMatcher(globs, "")).sort(),
    resolve: (from, specifier) => {
      if (!specifier.startsWith(".")) return null;
      const path = posix.normalize(posix.join(posix.dirname(from), specifier));
      const bare = path.replace(/\.[cm]?js$/, "");
      return (
        [path, `${bare}.ts`, `${bare}.tsx`, `${bare}.js`].find((each) => files.has(each)) ?? null
      );
    },
    specifierFor: (from, to) => {
      const way = posix.relative(posix.dirname(from), to).replace(/\.[cm]?[jt]sx?$/, "");
      return way.startsWith(".") ? way : `./${way}`;
    },
    pathOf: (module) => posix.normalize(module),
    helperDir: () => "lib",
    isModule: () => true,
    sdkFor: () => sdkIn(files) ?? "@sentry/node",
    serverSdkFor: () => "@sentry/node",
    dependsOn: (_, name) => dependenciesIn(files)[name] !== undefined,
    tracingSdk: () => {
      const version = dependenciesIn(files)[sdkIn(files) ?? ""] ?? null;
      return { version, modules: new Map() };
    },
  };
}

function sdkIn(files: ReadonlyMap<string, string>): string | undefined {
  return Object.keys(dependenciesIn(files)).find((name) => name.startsWith("@sentry/"));
}

/** What the tree's manifest asks for, where it has one. */
function dependenciesIn(files: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const manifest = JSON.parse(files.get("package.json") ?? "{}") as {
    dependencies?: Record<string, string>;
  };
  return manifest.dependencies ?? {};
}
