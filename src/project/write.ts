import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { hashOf } from "../plan/hash.js";
import { UserError } from "../plan/user-error.js";
import { textIfThere } from "./if-there.js";
import { STATE_DIR } from "./ledger-file.js";
import { isInside, liesInside, type Root } from "./root.js";
import {
  assertFree,
  assertGone,
  clearLargeStage,
  clearStage,
  hasStage,
  openStage,
  STAGE,
} from "./stage-folder.js";
import { stage, staged, writeToDisk, type Step, type Writing } from "./stage.js";

/**
 * All or nothing. Every new text, and a link to every old file, is first staged beside the ledger;
 * then a journal says what is about to happen; then each file is renamed into place; then the
 * journal goes. Whoever finds a journal knows that a run was cut off, and puts the old files back.
 */
const JOURNAL = `${STATE_DIR}/journal.json`;

interface Journal {
  readonly pid: number;
  readonly command: string;
  readonly steps: readonly Step[];
}

/**
 * Writes all changes, or none.
 * @param asked ends it as long as no file has been put into place
 * @throws {UserError} when a file is no longer what the plan was made from
 */
export async function writeChanges(
  root: Root,
  command: string,
  changes: readonly Writing[],
  asked: AbortSignal | null,
): Promise<void> {
  if (changes.length === 0) return;
  const assertReady = (change: Writing) => {
    assertWanted(command, asked);
    assertInside(root, change.path);
    assertWritable(root, change);
    assertUnchanged(root, change);
  };
  const isNewState = !existsSync(join(root.path, STATE_DIR));
  const tidy = () => {
    if (isNewState) removeIfEmpty(join(root.path, STATE_DIR));
  };
  try {
    openStage(root);
  } catch (error) {
    tidy();
    throw asUserError(error);
  }
  let steps: readonly Step[];
  try {
    steps = await stage(root, changes, assertReady);
    assertWanted(command, asked);
    await writeJournal(root, { pid: process.pid, command, steps });
    assertWanted(command, asked);
  } catch (error) {
    // Nothing of the tree was touched yet.
    rmSync(join(root.path, JOURNAL), { force: true });
    clearStage(root);
    tidy();
    throw asUserError(error);
  }
  try {
    for (const [index, { path, after }] of steps.entries()) put(root, path, index, after, "new");
  } catch (error) {
    undo(root, steps);
    throw asUserError(error);
  }
  rmSync(join(root.path, JOURNAL), { force: true });
  await clearLargeStage(root);
}

function assertWanted(command: string, asked: AbortSignal | null): void {
  if (!asked?.aborted) return;
  throw new UserError(command, `ended by ${String(asked.reason)}`, "nothing was changed");
}

function assertInside(root: Root, path: string): void {
  if (liesInside(root, path)) return;
  throw new UserError(path, "a symbolic link leads out of the root", "use a path inside it");
}

/** A file is put into the place of another, which the system allows though that is read-only. */
function assertWritable(root: Root, { path, before }: Writing): void {
  const stats = statSync(join(root.path, path), { throwIfNoEntry: false });
  if (before === null || !stats || (stats.mode & 0o222) !== 0) return;
  throw new UserError(path, "it is read-only", "make it writable, or leave it out");
}

const DISK_PROBLEMS = new Set(["ENOSPC", "EDQUOT", "EACCES", "EPERM", "EROFS", "EMFILE"]);

/** What the disk refuses is for the user to mend; anything else is our bug. */
function asUserError(error: unknown): unknown {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (!code || !DISK_PROBLEMS.has(code)) return error;
  return new UserError(
    path ?? "the disk",
    `it cannot be written (${message})`,
    "nothing was changed",
  );
}

function assertUnchanged(root: Root, { path, before }: Writing): void {
  if (currentText(root, path) === before) return;
  throw new UserError(path, "it changed while the plan was made", "run the command again");
}

function currentText(root: Root, path: string): string | null {
  return textIfThere(join(root.path, path));
}

function currentHash(root: Root, path: string): string | null {
  const text = currentText(root, path);
  return text === null ? null : hashOf(text);
}

/** Written under another name first, so that there is a whole journal or none. */
async function writeJournal(root: Root, journal: Journal): Promise<void> {
  const path = join(root.path, STAGE, `${basename(JOURNAL)}.tmp`);
  await writeToDisk(path, JSON.stringify(journal));
  renameSync(path, join(root.path, JOURNAL));
}

function put(
  root: Root,
  path: string,
  index: number,
  hash: string | null,
  kind: "new" | "old",
): void {
  const target = join(root.path, path);
  if (hash === null) {
    rmSync(target, { force: true });
    removeEmptyFolders(root, dirname(target));
    return;
  }
  mkdirSync(dirname(target), { recursive: true });
  renameSync(staged(root, index, kind), target);
}

function finish(root: Root): void {
  rmSync(join(root.path, JOURNAL), { force: true });
  clearStage(root);
}

/** A file that was created may have brought its folders along. */
function removeEmptyFolders(root: Root, dir: string): void {
  for (let at = dir; at !== root.path && isInside(root.path, at); at = dirname(at)) {
    if (readdirSync(at).length > 0) return;
    removeIfEmpty(at);
  }
}

function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // Something is in it; then it stays.
  }
}

/** What a run that is at work or was cut off is about to do; null where there is none. */
function readJournal(root: Root): Journal | null {
  const text = textIfThere(join(root.path, JOURNAL));
  return text === null ? null : (JSON.parse(text) as Journal);
}

/** What was found of a run that was cut off. */
export interface Recovery {
  readonly command: string;
  readonly outcome: "undone" | "finished";
}

/**
 * Brings the tree back to one of its two states after a crash, a kill or a full disk.
 * @returns what was done, or null when no run was cut off
 * @throws {UserError} when another retrospan is at work, or a file is in neither state
 */
export function recover(root: Root): Recovery | null {
  const journal = readJournal(root);
  if (!journal) {
    // Cut off while staging: nothing of the tree was touched.
    if (hasStage(root)) {
      assertFree(root);
      clearStage(root);
      removeIfEmpty(join(root.path, STATE_DIR));
    }
    return null;
  }
  const { pid, command, steps } = journal;
  assertGone(root, pid);
  // It may have come to its end just now, and another may have begun.
  if (readJournal(root)?.pid !== pid) return recover(root);
  if (steps.every(({ path, after }) => currentHash(root, path) === after)) {
    finish(root);
    return { command, outcome: "finished" };
  }
  undo(root, steps);
  return { command, outcome: "undone" };
}

function undo(root: Root, steps: readonly Step[]): void {
  const states = steps.map(({ path }) => currentHash(root, path));
  const foreign = steps.find(
    ({ before, after }, at) => states[at] !== before && states[at] !== after,
  );
  if (foreign) {
    throw new UserError(
      foreign.path,
      "it was changed after a run of retrospan was cut off",
      `compare it with ${STAGE}, then delete ${JOURNAL}`,
    );
  }
  for (const [index, { path, before }] of steps.entries()) {
    if (states[index] !== before) put(root, path, index, before, "old");
  }
  finish(root);
  removeIfEmpty(join(root.path, STATE_DIR));
}

export type { Writing } from "./stage.js";

/** Removes the folder of the ledger once nothing of ours is left. */
export function removeStateDir(root: Root): void {
  removeIfEmpty(join(root.path, STATE_DIR));
}
