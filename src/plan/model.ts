import type { Edit } from "../text/edit.js";
import type { FindingCode } from "../syntax/finding.js";
import type { Reason } from "../syntax/reason.js";
import type { Rule, Strategy } from "../transform.js";
import type { HopEnd } from "./hops.js";
import type { LedgerImport, LedgerModule, LedgerSite } from "./ledger.js";

export type SiteState =
  "planned" | "present" | "skipped" | "applied" | "reverted" | "drifted" | "missing" | "left";

/** One place in the user's code, as reports show it. */
export interface SiteReport {
  readonly id: string;
  readonly rule: string;
  readonly transform: string;
  readonly phase: number | null;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly anchor: number;
  readonly state: SiteState;
  readonly by: "retrospan" | "hand" | "sdk" | null;
  readonly strategy: Strategy | null;
  readonly span: { readonly name: string; readonly op: string | null } | null;
  readonly reason: Reason | null;
}

/** Something worth knowing that is not a site. */
export interface Finding {
  readonly code: FindingCode;
  readonly level: "info" | "warning" | "error";
  readonly message: string;
  readonly file: string | null;
  readonly line: number | null;
}

/** One file's change: null before means created, null after deleted. */
export interface FileChange {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Where a planned site's instrumentation stands in the text after, for blaming diagnostics. */
export interface Placement {
  readonly site: string;
  readonly strategy: Strategy;
  /** Offsets in the text before; the compiler's complaints are mapped back to them. */
  readonly region: { readonly start: number; readonly end: number };
}

/** Everything that planning one file found out. */
export interface FilePlan {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly isChanged: boolean;
  /** The text without anything of ours; what a revert of everything must give back. */
  readonly base: string;
  /** The edits that lead from before to after. */
  readonly edits: readonly Edit[];
  readonly sites: readonly SiteReport[];
  readonly placements: readonly Placement[];
  readonly findings: readonly Finding[];
  /** The parts of hops in it. */
  readonly hops: readonly HopEnd[];
  /** The ledger's entries for this file once the plan is applied. */
  readonly entries: readonly LedgerSite[];
  readonly imports: readonly LedgerImport[];
  readonly modules: readonly NeededModule[];
}

/** A module that sites of a file call and that must exist. */
export interface NeededModule {
  readonly path: string;
  readonly rule: string;
  /** The site that calls it. */
  readonly site: string;
  readonly text: string;
}

/** The whole plan: plain data between thinking and writing. */
export interface Plan {
  readonly sites: readonly SiteReport[];
  readonly findings: readonly Finding[];
  readonly changes: readonly FileChange[];
  readonly files: readonly FilePlan[];
  readonly modules: readonly LedgerModule[];
  /** The ledger's entries for whole files once the plan is applied. */
  readonly whole: readonly LedgerSite[];
}

/** A rule ready to run: its defaults filled in and its globs compiled. */
export interface ActiveRule {
  readonly rule: Rule;
  readonly digest: string;
  readonly covers: (path: string) => boolean;
  /** Whether a preset brings it: that has rules for all kinds of trees, some of which match nothing. */
  readonly isOfPreset?: boolean;
}
