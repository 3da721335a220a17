import { chmodSync, closeSync, fsync, linkSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { hashOf, startHash } from "../plan/hash.js";
import type { Root } from "./root.js";
import { AT_ONCE, STAGE } from "./stage-folder.js";

/** A change to be written; a long text comes in pieces, which are made while they are written. */
export interface Writing {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | Iterable<string> | null;
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
