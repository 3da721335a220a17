import { looseHashOf } from "./hash.js";
import type { Ledger, LedgerImport, LedgerModule } from "./ledger.js";
import type { FileChange, Finding } from "./model.js";
import { importerOf } from "./importers.js";
import type { Tree } from "./tree.js";

/** What a revert leaves of the files that call created modules. */
export interface Remaining {
  readonly imports: readonly LedgerImport[];
  /** The texts that it changes, by path. */
  readonly changed: ReadonlyMap<string, string | null>;
  /** What the files in which some of ours stays would say without any of it. */
  readonly bare: ReadonlyMap<string, string>;
}

/** Created modules that go, and those that stay. */
export interface RevertedModules {
  readonly changes: readonly FileChange[];
  readonly kept: LedgerModule[];
  readonly findings: readonly Finding[];
}

/**
 * A created module goes with the last import of it, unless somebody has changed it; what it imported
 * itself goes after it.
 */
export function revertModules(
  {
    tree,
    ledger,
    madeElsewhere,
  }: {
    readonly tree: Tree;
    readonly ledger: Ledger;
    readonly madeElsewhere: ReadonlyMap<string, LedgerModule>;
  },
  { imports, changed, bare }: Remaining,
): RevertedModules {
  const needed = new Set(imports.map((each) => tree.resolve(each.file, each.module)));
  const isNeeded = ({ file }: LedgerModule) => needed.has(file);
  const after = new Map(changed);
  const changes: FileChange[] = [];
  let left = ledger.modules.flatMap((module) => whereItIs(tree, module));
  for (let isGoing = true; isGoing;) {
    const going = left.filter(
      (module) => !isNeeded(module) && reasonToStay(tree, module, after) === null,
    );
    for (const { file } of going) {
      after.set(file, null);
      changes.push({ path: file, before: tree.read(file), after: null });
    }
    left = left.filter((module) => !going.includes(module));
    isGoing = going.length > 0;
  }
  // What other shards need is theirs from now on.
  left = left.filter((module) => isNeeded(module) || !madeElsewhere.has(module.file));
  const theirs = new Map([...after, ...bare, ...left.map(({ file }) => [file, null] as const)]);
  const isOursAlone = ({ file }: LedgerModule) =>
    importerOf(tree, file, after) !== undefined && importerOf(tree, file, theirs) === undefined;
  const findings = left.flatMap((module): Finding[] => {
    if (isNeeded(module) || isOursAlone(module)) return [];
    const why = reasonToStay(tree, module, theirs);
    return why === null ? [] : [moduleFinding(module.file, why)];
  });
  return { changes, kept: left, findings };
}

/** A created module, also where somebody has moved it to. */
function whereItIs(tree: Tree, module: LedgerModule): LedgerModule[] {
  if (tree.read(module.file) !== null) return [module];
  const moved = tree
    .filesWith("@sentry/")
    .find((path) => looseHashOf(tree.read(path) ?? "") === module.looseHash);
  return moved === undefined ? [] : [{ ...module, file: moved }];
}

/** Why a module that no instrumentation needs is not deleted; null if it can be. */
function reasonToStay(
  tree: Tree,
  { file, looseHash }: LedgerModule,
  after: ReadonlyMap<string, string | null>,
): string | null {
  const importer = importerOf(tree, file, after);
  if (importer !== undefined) return `the created module stays: ${importer} imports it`;
  const isOurs = looseHashOf(tree.read(file) ?? "") === looseHash;
  return isOurs ? null : "the created module stays: it was changed by hand";
}

function moduleFinding(file: string, message: string): Finding {
  return { code: "module-kept", level: "error", message, file, line: null };
}
