import type { FileChange } from "../plan/model.js";
import { unifiedDiff } from "../text/diff.js";

/** All changes as one patch that `git apply` takes. */
export function toPatch(changes: readonly FileChange[]): string {
  return changes.map(({ path, before, after }) => unifiedDiff(path, before, after)).join("");
}
