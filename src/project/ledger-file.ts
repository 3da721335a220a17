import { createHash } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { hashOf } from "../plan/hash.js";
import { emptyLedger, parseLedger, type Ledger, type LedgerModule } from "../plan/ledger.js";
import { UserError } from "../plan/user-error.js";
import { gitRenames } from "./git.js";
import { namesIfThere, textIfThere } from "./if-there.js";
import { isInside, type Root } from "./root.js";

export const STATE_DIR = ".retrospan";
export const LEDGER_PATH = `${STATE_DIR}/ledger.json`;

/** A part of the tree's files: the `number`th of `count`, counted from 1. */
export interface Shard {
  readonly number: number;
  readonly count: number;
}

/** Whether a file belongs to a shard: the same on every machine, so that no two have the same file. */
export function isInShard(path: string, { number, count }: Shard): boolean {
  const hash = createHash("sha256").update(path).digest();
  return hash.readUInt32BE(0) % count === number - 1;
}

/** Where a run writes its ledger: shards that run at once must not write the same file. */
export function ledgerPath(shard: Shard | null): string {
  return shard ? `${STATE_DIR}/ledger-${shard.number}-of-${shard.count}.json` : LEDGER_PATH;
}

/** The ledgers that are there: one, or one for each shard that has run. */
export function ledgerPaths(root: Root): string[] {
  const names = namesIfThere(join(root.path, STATE_DIR));
  const ledgers = names.filter((name) => /^ledger(-\d+-of-\d+)?\.json$/.test(name));
  return ledgers.sort().map((name) => `${STATE_DIR}/${name}`);
}

/** A ledger, and the hashes of the files that it was read from. */
export interface ReadLedger {
  readonly ledger: Ledger;
  readonly hashes: ReadonlyMap<string, string>;
  /** Modules that the ledgers of other shards list, by their files. */
  readonly madeElsewhere: ReadonlyMap<string, LedgerModule>;
}

/**
 * Reads the ledger; a tree without one has an empty one. Files that git knows as renamed are found
 * under their new names.
 * @param shard the part of it that a run is about, or null for all of it
 * @throws {UserError} when it is damaged, was written by a newer version, or is divided otherwise
 */
export function readLedger(root: Root, shard: Shard | null = null): ReadLedger {
  assertOwnState(root);
  const paths = ledgerPaths(root);
  if (shard) assertSameShards(paths, shard);
  const wanted = shard ? paths.filter((path) => path === ledgerPath(shard)) : paths;
  const texts = textsOf(root, wanted);
  const others = textsOf(
    root,
    paths.filter((path) => !wanted.includes(path)),
  );
  const elsewhere = others.flatMap(([path, text]) => parsed(path, text).modules);
  return {
    madeElsewhere: new Map(elsewhere.map((module) => [module.file, module])),
    ledger: followRenames(root, merged(texts.map(([path, text]) => parsed(path, text)))),
    hashes: new Map(texts.map(([path, text]) => [path, hashOf(text)])),
  };
}

/** Another run may take a ledger away that was there when the names were read. */
function textsOf(root: Root, paths: readonly string[]): (readonly [path: string, text: string])[] {
  return paths.flatMap((path) => {
    const text = textIfThere(join(root.path, path));
    return text === null ? [] : [[path, text] as const];
  });
}

/** A folder that is a link would put the ledger where nothing may be written. */
function assertOwnState(root: Root): void {
  const dir = join(root.path, STATE_DIR);
  if (!existsSync(dir) || isInside(root.path, realpathSync.native(dir))) return;
  throw new UserError(STATE_DIR, "a symbolic link leads out of the root", "make it a folder");
}

function assertSameShards(paths: readonly string[], { count }: Shard): void {
  const other = paths.find((path) => !path.endsWith(`-of-${count}.json`));
  if (other === undefined) return;
  throw new UserError(
    other,
    `it is no ledger of one of ${count} shards`,
    "run without --shard, or with as many shards as before",
  );
}

function parsed(path: string, text: string): Ledger {
  const ledger = parseLedger(text);
  if (!("problem" in ledger)) return ledger;
  throw new UserError(path, `the ledger cannot be used: ${ledger.problem}`, ledger.mend);
}

/** A module that several shards have made is one module. */
function merged(ledgers: readonly Ledger[]): Ledger {
  const [first, ...others] = ledgers;
  if (!first) return emptyLedger();
  if (others.length === 0) return first;
  const modules = new Map(ledgers.flatMap((each) => each.modules.map((one) => [one.file, one])));
  return {
    ...first,
    files: Object.assign({}, ...ledgers.map(({ files }) => files)) as Ledger["files"],
    history: ledgers.flatMap(({ history }) => history).sort((a, b) => (a.at < b.at ? -1 : 1)),
    imports: ledgers.flatMap(({ imports }) => imports),
    modules: [...modules.values()],
    sites: ledgers.flatMap(({ sites }) => sites),
  };
}

function followRenames(root: Root, ledger: Ledger): Ledger {
  const kept = ledger.sites.filter(({ strategy }) => strategy !== "delete");
  const paths = new Set([...kept, ...ledger.imports, ...ledger.modules].map(({ file }) => file));
  const isGone = (path: string) => !existsSync(join(root.path, path));
  if (!root.hasGit || ![...paths].some(isGone)) return ledger;
  const renames = gitRenames(root.path);
  const now = (path: string): string => {
    let at = path;
    for (let hop = 0; isGone(at) && renames.has(at) && hop < 100; hop++) at = renames.get(at) ?? at;
    return isGone(at) ? path : at;
  };
  const moved = <T extends { file: string }>(items: readonly T[]) =>
    items.map((item) => ({ ...item, file: now(item.file) }));
  return {
    ...ledger,
    files: Object.fromEntries(
      Object.entries(ledger.files).map(([path, file]) => [now(path), file]),
    ),
    sites: moved(ledger.sites),
    imports: moved(ledger.imports),
    modules: moved(ledger.modules),
  };
}
