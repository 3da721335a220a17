import type { TS } from "./compiler.js";
import type { Source } from "./source.js";

/** Names that browsers provide and Node does not; the others are read off this process. */
const BROWSER_GLOBALS = new Set([
  "document",
  "history",
  "localStorage",
  "location",
  "self",
  "sessionStorage",
  "window",
]);

/** Whether code at an offset can read a name: declared there, or provided by the platform. */
export function isReadable(source: Source, name: string, at: TS.Node, offset: number): boolean {
  const { scope } = source;
  if (scope.resolve(name, at)?.length) return scope.isReadable(name, at, offset);
  return name === "undefined" || name in globalThis || BROWSER_GLOBALS.has(name);
}
