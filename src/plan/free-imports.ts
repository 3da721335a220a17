import { commentsIn } from "../text/comments.js";
import { encloses, type Edit } from "../text/edit.js";
import { groupedBy } from "../text/grouped.js";
import type { Source } from "../syntax/source.js";
import type { LedgerImport } from "./ledger.js";
import type { Finding } from "./model.js";
import { findOwnImports, importRemovals, type OwnImport } from "./own-imports.js";
import { isGone, type Recognised } from "./recognise.js";
import { importInUse, importNoted } from "./revert-findings.js";

/** What becomes of the imports of a file once its sites are out. */
export interface FreedImports {
  readonly edits: readonly Edit[];
  readonly kept: readonly LedgerImport[];
  readonly findings: readonly Finding[];
}

/**
 * Imports nobody needs any more go; one that the user's own code uses stays and is named.
 * @param covers whether a file is among those asked for
 */
export function freeImports(
  source: Source,
  covers: (path: string) => boolean,
  siteEdits: readonly Edit[],
  keptSites: readonly Recognised[],
  imports: readonly LedgerImport[],
): FreedImports {
  const free: OwnImport[] = [];
  const kept: LedgerImport[] = [];
  const findings: Finding[] = [];
  // What is still ours, but cannot be told where, may be what uses an import.
  const isSure = keptSites.every((each) => each.candidate !== null || isGone(each));
  for (const own of findOwnImports(source, imports, siteEdits)) {
    const { entry, uses, isMoved } = own;
    if (!covers(entry.file)) kept.push(entry);
    else if (uses.length === 0) free.push(own);
    else {
      kept.push(entry);
      const foreign = uses.find((use) => !isInside(use.getStart(source.file), keptSites));
      if (foreign && isSure && !isMoved)
        findings.push(importInUse(source, entry, foreign.getStart(source.file)));
    }
  }
  const edits: Edit[] = [];
  for (const group of groupedBy(free, ({ imported }) => imported.statement).values()) {
    const removals = importRemovals(source, group);
    const isNoted = commentsIn(removals.map(({ start, end }) => source.text.slice(start, end))) > 0;
    if (!isNoted) {
      edits.push(...removals);
      continue;
    }
    kept.push(...group.map(({ entry }) => entry));
    findings.push(...group.map(({ entry }) => importNoted(source, entry, removals)));
  }
  return { edits, kept, findings };
}

function isInside(offset: number, sites: readonly Recognised[]): boolean {
  const at = { start: offset, end: offset };
  return sites.some(({ candidate }) => candidate && encloses(candidate.range, at));
}
