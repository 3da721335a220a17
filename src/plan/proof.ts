import { placeTooDeep } from "../syntax/depth.js";
import { isParseFailure, parseSource } from "../syntax/source.js";
import { reduceText } from "../text/reduce.js";
import type { FilePlan, Placement } from "./model.js";
import { findOwnImports } from "./own-imports.js";
import { isRemovable, recogniseAll } from "./recognise.js";
import { combineRemovals, removalEdits } from "./removals.js";
import type { Tree } from "./tree.js";

/**
 * Proves, before anything is written, that a revert of the planned text gives back every byte; else
 * names the new sites that stand in the way, as far as that can be told.
 */
export function stuckSites(tree: Tree, plan: FilePlan): "none" | readonly string[] {
  if (!plan.isChanged) return "none";
  const source = parseSource(plan.path, plan.after);
  if (isParseFailure(source)) return siteNear(plan, source.offset);
  const deep = placeTooDeep(source.file);
  if (deep !== null) return sitesAround(plan, deep);
  const recognised = recogniseAll(tree, source, plan.entries, plan.imports);
  const edits = removalEdits(
    source,
    recognised.filter(isRemovable).map(({ removal }) => removal),
    [],
  );
  const imports = findOwnImports(source, plan.imports, edits).filter(
    ({ uses }) => uses.length === 0,
  );
  const removals = combineRemovals([...edits, ...imports.flatMap((each) => each.removals)]);
  const reverted = reduceText(plan.after, removals);
  if (reverted.text === plan.base) return "none";
  const isNew = new Set(plan.placements.map(({ site }) => site));
  const left = recognised.filter((each) => !isRemovable(each) && isNew.has(each.entry.id));
  if (left.length > 0) return left.map(({ entry }) => entry.id);
  const differs = sharedLength(reverted.text, plan.base);
  return siteNear(
    plan,
    reverted.toFull(differs, () => true),
  );
}

/** How far two texts are the same. */
function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** The new site that begins or ends nearest to where the planned text is not as it must be. */
function siteNear({ before, edits, placements }: FilePlan, offset: number): readonly string[] {
  const at = reduceText(before, edits).toFull(offset, () => true);
  const distance = ({ region }: Placement) =>
    Math.min(Math.abs(region.start - at), Math.abs(region.end - at));
  const nearestFirst = [...placements].sort((a, b) => distance(a) - distance(b));
  return nearestFirst.slice(0, 1).map(({ site }) => site);
}

/** The new sites around a place of the planned text; all of them where there is none. */
function sitesAround({ before, edits, placements }: FilePlan, offset: number): readonly string[] {
  const at = reduceText(before, edits).toFull(offset, () => true);
  const around = placements.filter(({ region }) => region.start <= at && at < region.end);
  return (around.length > 0 ? around : placements).map(({ site }) => site);
}
