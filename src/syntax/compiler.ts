import { createRequire } from "node:module";
import type { ts as TS } from "ts-morph";
import { requireCached } from "./code-cache.js";

export type { ts as TS } from "ts-morph";

/**
 * TypeScript's compiler API, as ts-morph carries it. It is loaded on demand, because a run that
 * finds no candidate must not pay for it; every way into this layer calls `loadCompiler` first.
 */
export let ts: typeof TS;

const COMMON = "@ts-morph/common";

/** Loads the compiler once. Nothing in the syntax layer works before this has resolved. */
export function loadCompiler(): Promise<void> {
  return (loading ??= load());
}

let loading: Promise<void> | undefined;

async function load(): Promise<void> {
  const file = createRequire(import.meta.url).resolve(`${COMMON}/dist/typescript.js`);
  ts = (await requireCached(file)) as typeof TS;
}

/** The compiler's own declarations (`lib.d.ts` and its like), which ts-morph keeps in memory. */
export function libraryFiles(): { fileName: string; text: string }[] {
  const { getLibFiles } = createRequire(import.meta.url)(COMMON) as {
    getLibFiles: () => { fileName: string; text: string }[];
  };
  return getLibFiles();
}
