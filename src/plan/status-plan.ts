import { isParseFailure, parseSource } from "../syntax/source.js";
import { reason } from "../syntax/reason.js";
import { byFile } from "./by-file.js";
import type { Ledger, LedgerImport, LedgerSite } from "./ledger.js";
import type { SiteReport } from "./model.js";
import { isRemovable, recogniseAll, type Recognised } from "./recognise.js";
import { bareReport, siteReport } from "./site-report.js";
import type { Tree } from "./tree.js";
import { isWholeFile, stateOf as wholeStateOf } from "./whole-files.js";

/** How every site of the ledger stands in the tree as it is. */
export function ledgerStatus(
  tree: Tree,
  ledger: Ledger,
  wants: (entry: LedgerSite) => boolean,
): SiteReport[] {
  const inCode = ledger.sites.filter((site) => !isWholeFile(site));
  const paths = [...new Set(inCode.filter(wants).map(({ file }) => file))].sort();
  const whole = ledger.sites.filter((site) => isWholeFile(site) && wants(site));
  const entriesOf = byFile(inCode);
  const importsOf = byFile(ledger.imports);
  const found = paths.flatMap((path) => {
    const entries = entriesOf(path);
    return fileStatus(tree, path, entries, importsOf(path)).filter((_, index) => {
      const entry = entries[index];
      return entry !== undefined && wants(entry);
    });
  });
  return [...found, ...whole.map((entry) => wholeStatus(tree, entry))];
}

function wholeStatus(tree: Tree, entry: LedgerSite): SiteReport {
  const state = wholeStateOf(tree, entry);
  const code = state === "missing" ? "missing" : "changed-by-hand";
  return bareReport(entry, state, state === "applied" ? null : reason(code));
}

function fileStatus(
  tree: Tree,
  path: string,
  entries: readonly LedgerSite[],
  imports: readonly LedgerImport[],
): SiteReport[] {
  const text = tree.read(path);
  if (text === null) {
    return entries.map((entry) =>
      bareReport(entry, "missing", reason("missing", "the file is gone")),
    );
  }
  const source = parseSource(path, text);
  if (isParseFailure(source)) {
    const why = reason("changed-by-hand", `the file does not parse: ${source.message}`);
    return entries.map((entry) => bareReport(entry, "drifted", why));
  }
  return recogniseAll(tree, source, entries, imports).map((each) => {
    const state = stateOf(each);
    const report = siteReport(source, each, state);
    if (state !== "drifted" || report.reason) return report;
    return { ...report, reason: reason("changed-by-hand") };
  });
}

function stateOf(each: Recognised): "applied" | "drifted" | "missing" {
  if (isRemovable(each)) return each.candidate.exact ? "applied" : "drifted";
  return each.left.code === "missing" ? "missing" : "drifted";
}
