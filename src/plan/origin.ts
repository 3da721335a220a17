import { originIn } from "../syntax/exports.js";
import type { Source } from "../syntax/source.js";
import type { Tree } from "./tree.js";

/** A module, and what it calls something that it declares. */
export interface Origin {
  readonly source: Source;
  readonly name: string;
}

/**
 * The module of the tree that declares what another one exports, also through those that pass it on.
 * @param read a file of the tree, parsed
 */
export function originOf(
  { resolve }: Pick<Tree, "resolve">,
  read: (path: string) => Source | null,
  path: string,
  exported: string,
): Origin | null {
  const asked = new Set<string>();
  const open = [{ path, name: exported }];
  for (let at = open.shift(); at; at = open.shift()) {
    const key = `${at.path} ${at.name}`;
    const source = asked.has(key) ? null : read(at.path);
    asked.add(key);
    if (!source) continue;
    const { local, passedFrom } = originIn(source, at.name);
    if (local !== null) return { source, name: local };
    for (const { module, name } of passedFrom) {
      const next = resolve(at.path, module);
      if (next !== null) open.push({ path: next, name });
    }
  }
  return null;
}
