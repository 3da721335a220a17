import { statSync } from "node:fs";
import type { TS } from "../syntax/compiler.js";
import type { Compiler } from "./programs.js";

type Parsed = TS.SourceFile | undefined;

/** Declaration files that were parsed, most of what a program reads. */
export interface DeclarationCache {
  /**
   * The file that has been parsed before, else what `parse` gives.
   * @param kind tells apart what one file can be parsed as
   */
  readonly file: (path: string, kind: string, parse: () => Parsed) => Parsed;
}

/** A file as it was parsed, and what the disk said of it then. */
interface Entry {
  readonly file: Parsed;
  readonly stamp: string;
}

type Entries = Map<string, Entry>;

/** What was read last: somebody who previews and then applies need not wait for it twice. */
const latest = new Map<Compiler, Entries>();

/** Creates a cache for the programs of a compiler, in which files do not change. */
export function createDeclarationCache(compiler: Compiler): DeclarationCache {
  const before = latest.get(compiler);
  const entries: Entries = new Map();
  latest.set(compiler, entries);
  return {
    file: (path, kind, parse) => {
      const key = `${kind}:${path}`;
      const known = entries.get(key);
      if (known) return known.file;
      const stamp = stampOf(path);
      const old = before?.get(key);
      const entry = old?.file && old.stamp === stamp ? old : { file: parse(), stamp };
      entries.set(key, entry);
      return entry.file;
    },
  };
}

/** Whether a file has changed; the libraries that come with the compiler are on no disk. */
function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}` : "";
}
