import type { FileChange, Finding, SiteReport } from "../plan/model.js";
import type { Sdk } from "../project/sdk.js";
import type { TypeReport } from "../verify/typecheck.js";
import type { LedgerWriting } from "./next-ledger.js";

/** What a command found out and did; reports print it. */
export interface Outcome {
  readonly command: "preview" | "apply" | "status" | "revert";
  readonly sdk: readonly Sdk[];
  readonly sites: readonly SiteReport[];
  readonly changes: readonly FileChange[];
  /** What becomes of the ledger with them: a patch without it could not be reverted. */
  readonly ledger: LedgerWriting;
  /** Whether the changes were written, rather than shown or checked. */
  readonly isWritten: boolean;
  readonly findings: readonly Finding[];
  readonly typecheck: TypeReport | null;
  /** Whether a search for what the rules name left any file to be read; told by what plans. */
  readonly isAnyRead?: boolean;
  /** Whether somebody who was asked about the sites wanted none of them. */
  readonly isDeclined?: boolean;
  /** 0 when all is well, 1 when something could not be done or drifted. */
  readonly exitCode: 0 | 1;
  /** Milliseconds. */
  readonly ms: number;
}
