import {
  chmodSync,
  closeSync,
  fsync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { FileChange } from "../plan/model.js";
import { STATE_DIR } from "./ledger-file.js";
import type { Root } from "./root.js";

/** Where everything stands that a run is about to put into place, and what it takes the place of. */
export const STAGE = `${STATE_DIR}/pending`;

/** So many changes are staged at once: the disk takes many files in little more time than one. */
const AT_ONCE = 64;

/** Stages the new text of each change, and keeps each old file under a second name. */
export async function stage(root: Root, changes: readonly FileChange[]): Promise<void> {
  mkdirSync(join(root.path, STAGE), { recursive: true });
  for (let from = 0; from < changes.length; from += AT_ONCE) {
    const part = changes.slice(from, from + AT_ONCE);
    await writeAll(part.flatMap((change, at) => textsOf(root, change, from + at)));
  }
}

/** The staged file of a change, by its place among all. */
export function staged(root: Root, index: number, kind: "new" | "old"): string {
  return join(root.path, STAGE, `${index}.${kind}`);
}

export function clearStage(root: Root): void {
  rmSync(join(root.path, STAGE), { recursive: true, force: true });
}

/** What has to be written for a change; an old file is linked and need not be. */
function textsOf(root: Root, { path, before, after }: FileChange, index: number): NewText[] {
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
  readonly text: string;
  readonly mode: number | null;
}

/** Writes files and waits until they are on the disk. */
export async function writeAll(texts: readonly NewText[]): Promise<void> {
  const files: number[] = [];
  try {
    for (const { path, text, mode } of texts) {
      // Never through what is there already: it may be a second name of a file of the user's.
      const file = openSync(path, "wx");
      files.push(file);
      const bytes = Buffer.from(text, "utf8");
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      if (mode !== null) chmodSync(path, mode);
    }
    const ends = await Promise.allSettled(files.map((file) => onDisk(file)));
    const failed = ends.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  } finally {
    for (const file of files) closeSync(file);
  }
}

const onDisk = promisify(fsync);
