import { hashOf } from "../plan/hash.js";
import {
  formatLedger,
  sitesByFile,
  type LedgerModule,
  type LedgerToWrite,
} from "../plan/ledger.js";
import type { Plan } from "../plan/model.js";
import { UserError } from "../plan/user-error.js";
import { isWholeFile } from "../plan/whole-files.js";
import { ledgerPath, ledgerPaths } from "../project/ledger-file.js";
import type { Writing } from "../project/stage.js";
import { createTree, readText } from "../project/tree.js";
import type { Options } from "./options.js";
import type { Workspace } from "./workspace.js";

/** What becomes of the ledger; made when it is asked for, since it is as large as the plan. */
export type LedgerWriting = () => readonly Writing[];

/** What becomes of the ledger when a plan is applied. */
export function ledgerOf(workspace: Workspace, plan: Plan, options: Options): LedgerWriting {
  if (plan.changes.length === 0) return () => [];
  return once(() => ledgerChanges(workspace, ledgerAfter(workspace, plan), options));
}

/** What was there before is read the first time: once it is written, it is gone. */
export function once(make: LedgerWriting): LedgerWriting {
  let made: readonly Writing[] | null = null;
  return () => (made ??= make());
}

/**
 * The ledger as a change like any other, so that it is written with the files or not at all. A run
 * over all of the tree brings the ledgers of shards together.
 */
export function ledgerChanges(
  workspace: Workspace,
  next: LedgerToWrite | null,
  { shard }: Options,
): Writing[] {
  const { root } = workspace;
  const path = ledgerPath(shard);
  const others = shard ? [] : ledgerPaths(root).filter((each) => each !== path);
  const gone = others.map((each) => ({
    path: each,
    before: currentLedger(workspace, each),
    after: null,
  }));
  const before = currentLedger(workspace, path);
  if (before === null && next === null) return gone;
  const after = next ? { [Symbol.iterator]: () => formatLedger(next) } : null;
  return [...gone, { path, before, after }];
}

/** The text of a ledger's file, which must be the one that was read. */
function currentLedger({ root, ledgerHashes }: Workspace, path: string): string | null {
  const text = readText(root, path);
  const hash = text === null ? undefined : hashOf(text);
  if (hash === ledgerHashes.get(path)) return text;
  throw new UserError(path, "it changed while the plan was made", "run the command again");
}

function ledgerAfter(workspace: Workspace, plan: Plan): LedgerToWrite {
  const { ledger } = workspace;
  const planned = new Set(plan.files.map(({ path }) => path));
  const others = <T extends { file: string }>(items: readonly T[]) =>
    items.filter(({ file }) => !planned.has(file));
  const files = { ...ledger.files };
  for (const file of plan.files) {
    const isKnown = files[file.path] !== undefined;
    if ((isKnown && !file.isChanged) || file.entries.length === 0) continue;
    files[file.path] = { original: hashOf(file.base), written: hashOf(file.after) };
  }
  const changed = new Map(plan.changes.map((each) => [each.path, each]));
  for (const { file } of plan.whole) {
    const change = changed.get(file);
    if (change?.after == null) continue;
    const original = change.before === null ? null : hashOf(change.before);
    files[file] = { original, written: hashOf(change.after) };
  }
  const made = [...plan.modules, ...sharedModules(workspace, plan)];
  const created = new Set(made.map(({ file }) => file));
  return {
    ...ledger,
    files,
    sites: [
      ...sitesByFile([...others(ledger.sites).filter((site) => !isWholeFile(site)), ...plan.whole]),
      ...plan.files.map((file) => ({ file: file.path, sites: () => file.entries })),
    ],
    imports: [...others(ledger.imports), ...plan.files.flatMap(({ imports }) => imports)],
    modules: [...ledger.modules.filter(({ file }) => !created.has(file)), ...made],
  };
}

/** What another shard has made and this one imports: both list it, and the last of them takes it out. */
function sharedModules({ root, madeElsewhere }: Workspace, { files }: Plan): LedgerModule[] {
  if (madeElsewhere.size === 0) return [];
  const { resolve } = createTree(root, "");
  const imported = files.flatMap(({ imports }) =>
    imports.map(({ file, module }) => resolve(file, module)),
  );
  return [...new Set(imported)].flatMap((path) => madeElsewhere.get(path ?? "") ?? []);
}
