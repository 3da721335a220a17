import { placeTooDeep } from "../syntax/depth.js";
import { isParseFailure, parseSource } from "../syntax/source.js";
import { reduceText } from "../text/reduce.js";
import type { FilePlan, Placement } from "./model.js";
import { findOwnImports, importRemovals } from "./own-imports.js";
import { isRemovable, recogniseAll } from "./recognise.js";
import { combineRemovals, removalEdits } from "./removals.js";
import type { Tree } from "./tree.js";

/** New sites that stand in the way of a revert, as far as that can be told, and why. */
export interface Obstacle {
  readonly code: "not-reversible" | "too-deep";
  readonly sites: readonly string[];
}

/**
 * Proves, before anything is written, that a revert of the planned text gives back every byte.
 * @returns null when it does
 */
export function obstacleTo(tree: Tree, plan: FilePlan): Obstacle | null {
  if (!plan.isChanged) return null;
  const source = parseSource(plan.path, plan.after);
  if (isParseFailure(source)) return notReversible(siteNear(plan, source.offset));
  const deep = placeTooDeep(source.file);
  if (deep !== null) return { code: "too-deep", sites: deepestSites(plan, deep) };
  const recognised = recogniseAll(tree, source, plan.entries, plan.imports);
  const edits = removalEdits(
    source,
    recognised.filter(isRemovable).map(({ removal }) => removal),
    [],
  );
  const imports = findOwnImports(source, plan.imports, edits).filter(
    ({ uses }) => uses.length === 0,
  );
  const removals = combineRemovals([...edits, ...importRemovals(source, imports)]);
  const reverted = reduceText(plan.after, removals);
  if (reverted.text === plan.base) return null;
  const isNew = new Set(plan.placements.map(({ site }) => site));
  const left = recognised.filter((each) => !isRemovable(each) && isNew.has(each.entry.id));
  if (left.length > 0) return notReversible(left.map(({ entry }) => entry.id));
  const differs = sharedLength(reverted.text, plan.base);
  const offset = reverted.toFull(differs, () => true);
  return notReversible(siteNear(plan, offset));
}

function notReversible(sites: readonly string[]): Obstacle {
  return { code: "not-reversible", sites };
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

/**
 * The inner half of the new sites around a place that is too deep with them; all of the file where it
 * was so without them: whatever else is in it, the next run may not read it.
 */
function deepestSites(plan: FilePlan, offset: number): readonly string[] {
  const { before, edits, path, base } = plan;
  const placements = [...plan.placements].sort((a, b) => a.region.start - b.region.start);
  const original = parseSource(path, base);
  const wasDeep = isParseFailure(original) || placeTooDeep(original.file) !== null;
  const at = reduceText(before, edits).toFull(offset, () => true);
  const around = placements.filter(({ region }) => region.start <= at && at < region.end);
  const chosen =
    wasDeep || around.length === 0 ? placements : around.slice(Math.floor(around.length / 2));
  return chosen.map(({ site }) => site);
}
