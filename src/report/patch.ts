import type { Outcome } from "../commands/outcome.js";
import { unifiedDiff } from "../text/diff.js";

/** All changes as one patch that `git apply` takes, with the ledger, so that they can be reverted. */
export function toPatch({ changes, ledger }: Pick<Outcome, "changes" | "ledger">): string {
  return [...changes, ...ledger()]
    .map(({ path, before, after }) => unifiedDiff(path, before, wholeText(after)))
    .join("");
}

/** A long text comes in pieces. */
function wholeText(text: string | Iterable<string> | null): string | null {
  return text === null || typeof text === "string" ? text : [...text].join("");
}
