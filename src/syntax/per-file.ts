import type { TS } from "./compiler.js";

/**
 * What is made once for a parsed file, and goes with it. It is kept on the file itself: the values of
 * a WeakMap outlive all of V8's young collections, and a tree that they lead to would as well.
 * Source: `VisitEphemeronHashTable` in V8's scavenger.
 */
export function perFile<T>(make: (file: TS.SourceFile) => T): (file: TS.SourceFile) => T {
  const key = Symbol(make.name);
  return (file) => {
    const kept = file as unknown as Record<symbol, T | undefined>;
    return (kept[key] ??= make(file));
  };
}
