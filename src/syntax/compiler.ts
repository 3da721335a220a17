import type { ts as TS } from "ts-morph";

export type { ts as TS } from "ts-morph";

/**
 * TypeScript's compiler API, as ts-morph carries it. It is loaded on demand, because a run that
 * finds no candidate must not pay for it; every way into this layer calls `loadCompiler` first.
 */
export let ts: typeof TS;

/** The compiler's own declarations (`lib.d.ts` and its like), which ts-morph keeps in memory. */
export let libraryFiles: () => { fileName: string; text: string }[];

/** Loads the compiler once. Nothing in the syntax layer works before this has resolved. */
export async function loadCompiler(): Promise<void> {
  if (ts) return;
  ({ getLibFiles: libraryFiles } = await import("@ts-morph/common"));
  ({ ts } = await import("ts-morph"));
}
