import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { emptyLedger, parseLedger, type Ledger } from "../plan/ledger.js";
import { UserError } from "../plan/user-error.js";
import { gitRenames } from "./git.js";
import type { Root } from "./root.js";

export const STATE_DIR = ".retrospan";
export const LEDGER_PATH = `${STATE_DIR}/ledger.json`;

/**
 * Reads the ledger; a tree without one has an empty one. Files that git knows as renamed are found
 * under their new names.
 * @throws {UserError} when it is damaged or was written by a newer version
 */
export function readLedger(root: Root): Ledger {
  const path = join(root.path, LEDGER_PATH);
  if (!existsSync(path)) return emptyLedger();
  const ledger = parseLedger(readFileSync(path, "utf8"));
  if ("problem" in ledger) {
    throw new UserError(
      LEDGER_PATH,
      `the ledger cannot be used: ${ledger.problem}`,
      "restore it from git, or update retrospan",
    );
  }
  return followRenames(root, ledger);
}

function followRenames(root: Root, ledger: Ledger): Ledger {
  const paths = new Set(
    [...ledger.sites, ...ledger.imports, ...ledger.modules].map(({ file }) => file),
  );
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
