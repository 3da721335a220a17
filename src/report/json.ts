import { hashOf } from "../plan/hash.js";
import type { FileChange, SiteReport, SiteState } from "../plan/model.js";
import { unifiedDiff } from "../text/diff.js";
import type { Outcome } from "../commands/outcome.js";

/** The version of the document; additions keep it, renames would not. */
const DOCUMENT_VERSION = 1;

/** The one JSON document that `--json` prints. */
export function toDocument(outcome: Outcome) {
  const { command, sdk, sites, findings, ms } = outcome;
  return {
    version: DOCUMENT_VERSION,
    command,
    sdk,
    sites,
    files: outcome.changes.map(fileDocument),
    findings,
    typecheck: typecheckDocument(outcome),
    summary: summarise(outcome),
    ms,
  };
}

function typecheckDocument({ typecheck }: Outcome) {
  if (!typecheck) return null;
  const { programs, before, after } = typecheck;
  const added = typecheck.new.map(({ file, line, code, message }) => ({
    file,
    line,
    code,
    message,
  }));
  return { programs, before, after, new: added };
}

function fileDocument({ path, before, after }: FileChange) {
  const change = before === null ? "create" : after === null ? "delete" : "modify";
  const patch = unifiedDiff(path, before, after);
  return {
    path,
    change,
    before: before === null ? null : hashOf(before),
    after: after === null ? null : hashOf(after),
    patch: patch.slice(Math.max(0, patch.indexOf("@@ "))),
  };
}

/** Counts by state; the four that a preview can have are always there. */
export function summarise({ sites, changes }: Pick<Outcome, "sites" | "changes">) {
  const count = (state: SiteState) =>
    sites.filter((site: SiteReport) => site.state === state).length;
  const others = (["applied", "reverted", "drifted", "missing", "left"] as const)
    .map((state) => [state, count(state)] as const)
    .filter(([, number]) => number > 0);
  return {
    files: changes.length,
    planned: count("planned"),
    present: count("present"),
    skipped: count("skipped"),
    ...Object.fromEntries(others),
  };
}
