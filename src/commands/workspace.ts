import type { Ledger, LedgerModule, LedgerSite } from "../plan/ledger.js";
import type { Finding } from "../plan/model.js";
import { UserError } from "../plan/user-error.js";
import { nearest } from "../text/nearest.js";
import { loadConfig } from "../project/config-file.js";
import { gitDirty } from "../project/git.js";
import { hashOf } from "../plan/hash.js";
import { isInShard, readLedger } from "../project/ledger-file.js";
import { findRoot, type Root } from "../project/root.js";
import { recover } from "../project/write.js";
import type { FileChange } from "../plan/model.js";
import { wantsSite, type Options } from "./options.js";

/** The tree a command works on, brought back to a whole state if a run before was cut off. */
export interface Workspace {
  readonly root: Root;
  readonly ledger: Ledger;
  /** The hashes of the ledger's files as they were read, by path. */
  readonly ledgerHashes: ReadonlyMap<string, string>;
  /** Modules that the ledgers of other shards list, by their files. */
  readonly madeElsewhere: ReadonlyMap<string, LedgerModule>;
  readonly findings: readonly Finding[];
}

/** Opens the tree that the options mean. */
export function openWorkspace(options: Options): Workspace {
  const root = rootFor(options);
  const recovery = recover(root);
  const findings: Finding[] = recovery
    ? [
        {
          code: "interrupted-run",
          level: "warning",
          message: `a ${recovery.command} had been cut off; it was ${recovery.outcome}`,
          file: null,
          line: null,
        },
      ]
    : [];
  const { ledger, hashes, madeElsewhere } = readLedger(root, options.shard);
  return { root, ledger, ledgerHashes: hashes, madeElsewhere, findings };
}

/** The tree that the options mean; a shard covers its own files only. */
function rootFor({ cwd, target, shard }: Options): Root {
  const root = findRoot(cwd, target);
  if (!shard) return root;
  const covers = (path: string) => root.covers(path) && isInShard(path, shard);
  return { ...root, covers, isWhole: false };
}

/** Which entries of the ledger the options mean. */
export function wantsEntry(root: Root, options: Options): (entry: LedgerSite) => boolean {
  const wants = wantsSite(options);
  return (entry) =>
    root.covers(entry.file) &&
    wants(entry.id) &&
    !options.keep.includes(entry.transform) &&
    (options.rule === undefined || entry.rule === options.rule) &&
    (options.transform === undefined || entry.transform === options.transform) &&
    (options.phase === undefined || entry.phase === options.phase);
}

/**
 * Refuses to write files with uncommitted changes, unless retrospan itself wrote them.
 * @throws {UserError} naming the first such file
 */
export function assertClean(
  { root, ledger }: Workspace,
  changes: readonly FileChange[],
  options: Options,
): void {
  if (options.allowDirty || !root.hasGit) return;
  const existing = changes.filter(({ before }) => before !== null);
  const dirty = gitDirty(
    root.path,
    existing.map(({ path }) => path),
  );
  const refused = existing.filter(
    ({ path, before }) => dirty.has(path) && !isOwnWriting(ledger, path, hashOf(before ?? "")),
  );
  const [first, ...others] = refused;
  if (!first) return;
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  throw new UserError(
    first.path,
    `it has uncommitted changes${more}`,
    "commit or stash them, or use --allow-dirty",
  );
}

/** Does what writes, however the process is asked to end meanwhile. */
export function uncut(
  options: Options,
  write: (asked: AbortSignal | null) => Promise<void>,
): Promise<void> {
  return options.uncut ? options.uncut(write) : write(null);
}

/** Whether a content is what retrospan last wrote at that path. */
function isOwnWriting(ledger: Ledger, path: string, hash: string): boolean {
  const created = ledger.modules.some((module) => module.file === path && module.hash === hash);
  return created || ledger.files[path]?.written === hash;
}

/**
 * Checks that the sites exist that the command line names.
 * @throws {UserError} with the nearest known id
 */
export function assertSites({ site, except }: Options, known: ReadonlySet<string>): void {
  for (const id of site) assertKnown("--site", id, known);
  for (const id of except) assertKnown("--except", id, known);
}

/**
 * Checks that a rule exists that `--rule` names: in the ledger, or in the config where there is one.
 * @throws {UserError} with the nearest known name
 */
export async function assertRule({ root, ledger }: Workspace, options: Options): Promise<void> {
  const made = ledger.sites.map(({ rule }) => rule);
  if (options.rule === undefined || made.includes(options.rule)) return;
  assertKnown("--rule", options.rule, [...made, ...(await rulesOfConfig(root, options))]);
}

/** The ids of a config's rules; none where it cannot be used, since nothing but its names is asked. */
async function rulesOfConfig(root: Root, { cwd, config, preset }: Options): Promise<string[]> {
  try {
    const { rules } = await loadConfig(root, cwd, config, preset);
    return rules.map(({ id }) => id);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [];
  }
}

/** Names that a message lists. */
const MAX_LISTED = 12;

/**
 * Checks that a name given on the command line exists.
 * @throws {UserError} with the nearest known name
 */
export function assertKnown(
  option: string,
  name: string | undefined,
  known: Iterable<string>,
): void {
  if (name === undefined) return;
  const names = [...new Set(known)];
  if (names.includes(name)) return;
  const guess = nearest(name, names);
  const rest = names.length - MAX_LISTED;
  const shown = names.slice(0, MAX_LISTED).join(", ");
  const list =
    names.length > 0 ? `known: ${shown}${rest > 0 ? `, and ${rest} more` : ""}` : "there are none";
  throw new UserError(
    `${option} ${name}`,
    "unknown name",
    guess ? `did you mean "${guess}"?` : list,
  );
}
