/** Looks up what belongs to a file; one search for each file would grow with the square of the tree. */
export function byFile<T extends { readonly file: string }>(
  items: readonly T[],
): (path: string) => readonly T[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.file);
    if (group) group.push(item);
    else groups.set(item.file, [item]);
  }
  return (path) => groups.get(path) ?? [];
}
