import type { Range } from "../text/edit.js";
import { position } from "../text/lines.js";
import { isReason, type Reason } from "../syntax/reason.js";
import type { Source } from "../syntax/source.js";
import type { Instrumentation } from "../transform.js";
import type { View } from "./base-view.js";
import type { NumberedDraft } from "./drafts.js";
import type { LedgerSite } from "./ledger.js";
import type { SiteReport, SiteState } from "./model.js";
import type { Recognised } from "./recognise.js";

/** What became of one site. */
export interface Outcome {
  readonly draft: NumberedDraft;
  readonly result: Instrumentation | Reason | "present";
}

/** Describes a site for people and programs; places are in the file as it is. */
export function reportSite(
  source: Source,
  view: View,
  path: string,
  { draft, result }: Outcome,
): SiteReport {
  const { rule } = draft.active;
  const isInstrumentation = result !== "present" && !isReason(result);
  const region = isInstrumentation ? result.region : draft.site.region;
  const place = placeOf(view, draft, region);
  const start = position(source.text, place.start);
  const entry = draft.own?.entry;
  return {
    id: draft.id,
    rule: rule.id,
    transform: rule.use,
    phase: rule.phase ?? null,
    file: path,
    line: start.line,
    column: start.column,
    endLine: position(source.text, place.end).line,
    anchor: position(source.text, place.anchor).line,
    state: isInstrumentation ? "planned" : result === "present" ? "present" : "skipped",
    by: isInstrumentation || entry ? "retrospan" : presentBy(draft, result),
    strategy: isInstrumentation ? result.strategy : (entry?.strategy ?? null),
    span: isInstrumentation ? result.span : (entry?.span ?? null),
    reason: result !== "present" && isReason(result) ? result : null,
  };
}

function presentBy({ site }: NumberedDraft, result: Outcome["result"]): SiteReport["by"] {
  const isTraced = result !== "present" && isReason(result) && result.code === "already-traced";
  return isTraced ? "sdk" : (site.present ?? null);
}

/** Where a site stands in the text as it is; one whose code was replaced, where its successor is. */
function placeOf(view: View, { own, site }: NumberedDraft, region: Range) {
  const { toFull } = view.reduced;
  if (own?.candidate && own.entry.strategy === "replace") {
    return { ...own.candidate.range, anchor: own.candidate.range.start };
  }
  return {
    start: toFull(region.start, () => true),
    end: toFull(region.end, () => false),
    anchor: toFull(site.anchor, () => true),
  };
}

/** How a ledger entry stands in the current text of its file. */
export function siteReport(source: Source, each: Recognised, state: SiteState): SiteReport {
  const { entry, candidate } = each;
  const why: Reason | null = "left" in each ? each.left : null;
  if (!candidate) return bareReport(entry, state, why);
  const start = position(source.text, candidate.range.start);
  return {
    ...bareReport(entry, state, why),
    line: start.line,
    column: start.column,
    endLine: position(source.text, candidate.range.end).line,
    anchor: start.line,
  };
}

/** A ledger entry without a place. */
export function bareReport(entry: LedgerSite, state: SiteState, why: Reason | null): SiteReport {
  const { id, rule, transform, file, strategy, span } = entry;
  const place = { line: 0, column: 0, endLine: 0, anchor: 0 };
  const phase = entry.phase ?? null;
  return {
    id,
    rule,
    transform,
    phase,
    file,
    ...place,
    state,
    by: "retrospan",
    strategy,
    span,
    reason: why,
  };
}
