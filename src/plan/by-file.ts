import { groupedBy } from "../text/grouped.js";

/** Looks up what belongs to a file; one search for each file would grow with the square of the tree. */
export function byFile<T extends { readonly file: string }>(
  items: readonly T[],
): (path: string) => readonly T[] {
  const groups = groupedBy(items, ({ file }) => file);
  return (path) => groups.get(path) ?? [];
}
