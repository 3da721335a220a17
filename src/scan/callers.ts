import type { Proposal } from "./detector.js";
import type { Calls } from "./calls.js";
import { memberOf } from "./wanted.js";

/** What is known of the program's calls. */
export interface Callers {
  /** What files call, by their paths. */
  readonly calls: ReadonlyMap<string, Calls>;
  /** All files of the program that say a name, also those that were not looked into. */
  readonly filesWith: (name: string) => readonly string[];
  /** What a file calls that was not looked into; null where that cannot be told. */
  readonly callsOf: (path: string) => Calls | null;
}

/**
 * Without functions whose span would have the extent of another one: they are given to what calls them
 * with a request, or all that calls them has a span and does nothing else.
 */
export function withoutDoubles(proposals: readonly Proposal[], callers: Callers): Proposal[] {
  return proposals.filter((each) => {
    const { use, at } = each.rule;
    const name = at?.function ?? memberOf(at?.method);
    if (!each.isSecond || use !== "wrap-span" || !/^\.?[\w$]+$/.test(name)) return true;
    const isStatic = at?.method !== undefined && isCalledSo(at.method, callers);
    return isStatic ? !isAllThin(at.method, callers) : !isDouble(name, each.file, callers);
  });
}

function isCalledSo(name: string, { calls }: Callers): boolean {
  return [...calls.values()].some(({ all }) => all.has(name));
}

/** Whether all that calls a static method has a span and does nothing else. */
function isAllThin(method: string, { calls }: Callers): boolean {
  return [...calls.values()].every((each) => isThinIn(each, [method]));
}

function isThinIn({ all, thin }: Calls, names: readonly string[]): boolean {
  return names.every((name) => (all.get(name) ?? 0) <= (thin.get(name) ?? 0));
}

function isDouble(name: string, own: string, { calls, filesWith, callsOf }: Callers): boolean {
  const word = name.replace(/^\./, "");
  // A function is also called as a member of its module.
  const names = [...new Set([name, `.${word}`])];
  const isOther = (each: Calls) => each.values.has(name) || !isThinIn(each, names);
  const known = [...calls.values()];
  if (known.some(isOther)) return false;
  const others = filesWith(word).filter((path) => path !== own && !calls.has(path));
  const all = [...known, ...others.map(callsOf)];
  const isUsed = (each: Calls) => each.given.has(word) || names.some((as) => each.all.has(as));
  return (
    all.every((each) => each !== null && !isOther(each)) && all.some((each) => each && isUsed(each))
  );
}
