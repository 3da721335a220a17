import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../plan/user-error.js";
import { namesIfThere, textIfThere } from "./if-there.js";
import { STATE_DIR } from "./ledger-file.js";
import type { Root } from "./root.js";

/**
 * Where everything stands that a run is about to put into place, and what it takes the place of. It
 * belongs to one process: each makes a folder of its own first, and only one can be renamed to this.
 */
export const STAGE = `${STATE_DIR}/pending`;

/** The stage, and with a process behind it the folder that was or will be one. */
const NAME = /^pending(?:-(\d+))?$/;

/** Says whose the stage is: nobody else can open one as long as it stands. */
const OWNER = "owner";

/** How systems say that a folder cannot be put onto one that holds something. */
const TAKEN = new Set(["ENOTEMPTY", "EEXIST"]);

/** So many files are written or removed at once: that takes little more time than one. */
export const AT_ONCE = 64;

/**
 * Opens the stage for this process.
 * @throws {UserError} when it is another's
 */
export function openStage(root: Root): void {
  const own = ownStage(root);
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, OWNER), String(process.pid));
  try {
    // Onto one that holds something, it fails.
    renameSync(own, join(root.path, STAGE));
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    assertFree(root);
    if (!TAKEN.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
    // Whose it was has come to its end just now.
    throw new UserError(root.path, "another retrospan was writing here", "run the command again");
  }
}

/** @throws {UserError} when the stage is that of a process that still runs */
export function assertFree(root: Root): void {
  const owner = ownerOf(root);
  if (owner !== null) assertGone(root, owner);
}

/** The process that a stage belongs to; null where there is none, or nothing says whose it is. */
function ownerOf(root: Root): number | null {
  const owner = textIfThere(join(root.path, STAGE, OWNER));
  return owner === null ? null : Number(owner);
}

/** @throws {UserError} when another process is at work */
export function assertGone(root: Root, pid: number): void {
  if (!isOther(pid)) return;
  const what = `another retrospan (process ${pid}) is writing here`;
  throw new UserError(root.path, what, "wait for it");
}

/** Whether it is another process, and still there. */
function isOther(pid: number): boolean {
  return pid !== process.pid && isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process is there, but another user's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Where a stage stands before and after it is the one that counts. */
function ownStage(root: Root): string {
  return join(root.path, `${STAGE}-${process.pid}`);
}

/** Whether a stage stands, or one that was being opened or given up. */
export function hasStage(root: Root): boolean {
  return stagesIn(root).length > 0;
}

function stagesIn(root: Root): string[] {
  return namesIfThere(join(root.path, STATE_DIR)).filter((name) => NAME.test(name));
}

/** Gives the stage up, and removes what processes that are gone have left of theirs. */
export function clearStage(root: Root): void {
  rmSync(closedStage(root), { recursive: true, force: true });
  sweep(root);
}

/** The same for a stage of many files: several are removed at once. */
export async function clearLargeStage(root: Root): Promise<void> {
  const closed = closedStage(root);
  const names = readdirSync(closed);
  for (let from = 0; from < names.length; from += AT_ONCE) {
    const part = names.slice(from, from + AT_ONCE);
    await Promise.all(part.map((name) => unlink(join(closed, name))));
  }
  rmSync(closed, { recursive: true, force: true });
  sweep(root);
}

/** Whoever opens one next must not find it half removed, nor lose the one that they have opened. */
function closedStage(root: Root): string {
  const [open, closed] = [join(root.path, STAGE), ownStage(root)];
  const owner = ownerOf(root);
  if (!existsSync(open) || (owner !== null && isOther(owner))) return closed;
  try {
    renameSync(open, closed);
    return closed;
  } catch {
    // On a full disk it is removed where it stands.
    return open;
  }
}

function sweep(root: Root): void {
  for (const name of stagesIn(root)) {
    const pid = NAME.exec(name)?.[1];
    const isLeft = pid !== undefined && !isAlive(Number(pid));
    if (isLeft) rmSync(join(root.path, STATE_DIR, name), { recursive: true, force: true });
  }
}
