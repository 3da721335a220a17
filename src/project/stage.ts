import {
  chmodSync,
  closeSync,
  existsSync,
  fsync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { hashOf, startHash } from "../plan/hash.js";
import { UserError } from "../plan/user-error.js";
import { STATE_DIR } from "./ledger-file.js";
import type { Root } from "./root.js";

/** Where everything stands that a run is about to put into place, and what it takes the place of. */
export const STAGE = `${STATE_DIR}/pending`;

/** Says whose the stage is: nobody else can open one as long as it stands. */
const OWNER = "owner";

/** So many changes are staged at once: the disk takes many files in little more time than one. */
const AT_ONCE = 64;

/** A change to be written; a long text comes in pieces, which are made while they are written. */
export interface Writing {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | Iterable<string> | null;
}

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
    throw error;
  }
}

/** @throws {UserError} when the stage is that of a process that still runs */
export function assertFree(root: Root): void {
  const file = join(root.path, STAGE, OWNER);
  if (existsSync(file)) assertGone(root, Number(readFileSync(file, "utf8")));
}

/** @throws {UserError} when another process is at work */
export function assertGone(root: Root, pid: number): void {
  if (pid === process.pid || !isAlive(pid)) return;
  const what = `another retrospan (process ${pid}) is writing here`;
  throw new UserError(root.path, what, "wait for it");
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

/** What is known of a change once it is staged: the hashes of its texts. */
export interface Step {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/**
 * Stages the new text of each change, and keeps each old file under a second name. While the disk
 * takes some of them, the next are written.
 * @param assertReady throws where a change cannot be made
 */
export async function stage(
  root: Root,
  changes: readonly Writing[],
  assertReady: (change: Writing) => void,
): Promise<Step[]> {
  const steps: Step[] = [];
  let onDisk: Promise<Error | null> = Promise.resolve(null);
  try {
    for (let from = 0; from < changes.length; from += AT_ONCE) {
      // A text may be made anew whenever it is asked for.
      const part = changes.slice(from, from + AT_ONCE).map((change) => ({ ...change }));
      for (const change of part) assertReady(change);
      const written = writeFiles(part.flatMap((change, at) => textsOf(root, change, from + at)));
      steps.push(...part.map((change, at) => stepOf(root, change, from + at, written)));
      const before = onDisk;
      onDisk = written.problem;
      throwIfAny(await before);
    }
  } finally {
    throwIfAny(await onDisk);
  }
  return steps;
}

function stepOf(
  root: Root,
  { path, before, after }: Writing,
  index: number,
  { hashes }: Written,
): Step {
  const hash = hashes.get(staged(root, index, "new")) ?? null;
  return {
    path,
    before: before === null ? null : hashOf(before),
    after: after === null ? null : hash,
  };
}

function throwIfAny(problem: Error | null): void {
  if (problem) throw problem;
}

/** The staged file of a change, by its place among all. */
export function staged(root: Root, index: number, kind: "new" | "old"): string {
  return join(root.path, STAGE, `${index}.${kind}`);
}

/** Whether a stage stands, or one that was being opened or given up. */
export function hasStage(root: Root): boolean {
  return stagesIn(root).length > 0;
}

function stagesIn(root: Root): string[] {
  const state = join(root.path, STATE_DIR);
  return existsSync(state)
    ? readdirSync(state).filter((name) => /^pending(-\d+)?$/.test(name))
    : [];
}

/** Gives the stage up, and removes what processes that are gone have left of theirs. */
export function clearStage(root: Root): void {
  rmSync(closedStage(root), { recursive: true, force: true });
  for (const name of stagesIn(root)) {
    const pid = Number(name.split("-")[1]);
    if (!isAlive(pid)) rmSync(join(root.path, STATE_DIR, name), { recursive: true, force: true });
  }
}

/** Whoever opens one next must not find it half removed. */
function closedStage(root: Root): string {
  const [open, closed] = [join(root.path, STAGE), ownStage(root)];
  if (!existsSync(open)) return closed;
  try {
    renameSync(open, closed);
    return closed;
  } catch {
    // On a full disk it is removed where it stands.
    return open;
  }
}

/** The same for a stage of many files: several are removed at once. */
export async function clearLargeStage(root: Root): Promise<void> {
  const own = closedStage(root);
  const names = readdirSync(own);
  for (let from = 0; from < names.length; from += AT_ONCE) {
    const part = names.slice(from, from + AT_ONCE);
    await Promise.all(part.map((name) => unlink(join(own, name))));
  }
  clearStage(root);
}

/** What has to be written for a change; an old file is linked and need not be. */
function textsOf(root: Root, { path, before, after }: Writing, index: number): NewText[] {
  const target = join(root.path, path);
  const mode = before === null ? null : statSync(target).mode;
  const old = staged(root, index, "old");
  return [
    ...(after === null ? [] : [{ path: staged(root, index, "new"), text: after, mode }]),
    ...(before === null || isLinked(target, old) ? [] : [{ path: old, text: before, mode }]),
  ];
}

/** Not every file system has links, and some allow them to the owner only. */
function isLinked(path: string, name: string): boolean {
  try {
    linkSync(path, name);
    return true;
  } catch {
    return false;
  }
}

interface NewText {
  readonly path: string;
  readonly text: string | Iterable<string>;
  readonly mode: number | null;
}

/** Files that were written, and are on the disk once `problem` is known to be none. */
interface Written {
  /** By path. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly problem: Promise<Error | null>;
}

function writeFiles(texts: readonly NewText[]): Written {
  const files: number[] = [];
  const hashes = new Map<string, string>();
  try {
    for (const { path, text, mode } of texts) {
      // Never through what is there already: it may be a second name of a file of the user's.
      const file = openSync(path, "wx");
      files.push(file);
      hashes.set(path, writeText(file, typeof text === "string" ? [text] : text));
      if (mode !== null) chmodSync(path, mode);
    }
  } catch (error) {
    for (const file of files) closeSync(file);
    throw error;
  }
  return { hashes, problem: problemOf(files) };
}

/** Waits until files are on the disk, and closes them; what went wrong, if anything did. */
async function problemOf(files: readonly number[]): Promise<Error | null> {
  const ends = await Promise.allSettled(files.map((file) => toDisk(file)));
  for (const file of files) closeSync(file);
  const failed = ends.find(({ status }) => status === "rejected");
  return failed?.status === "rejected" ? (failed.reason as Error) : null;
}

/** Writes a file and waits until it is on the disk. */
export async function writeToDisk(path: string, text: string): Promise<void> {
  throwIfAny(await writeFiles([{ path, text, mode: null }]).problem);
}

function writeText(file: number, pieces: Iterable<string>): string {
  const hash = startHash();
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, "utf8");
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    hash.update(piece);
  }
  return hash.end();
}

const toDisk = promisify(fsync);
