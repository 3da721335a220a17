import type { Range } from "../text/edit.js";
import { position } from "../text/lines.js";
import { isReason, type Reason } from "../syntax/reason.js";
import type { Source } from "../syntax/source.js";
import type { Instrumentation } from "../transform.js";
import type { View } from "./base-view.js";
import type { NumberedDraft } from "./drafts.js";
import type { SiteReport } from "./model.js";

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
    by: isInstrumentation ? "retrospan" : entry ? "retrospan" : (draft.site.present ?? null),
    strategy: isInstrumentation ? result.strategy : (entry?.strategy ?? null),
    span: isInstrumentation ? result.span : (entry?.span ?? null),
    reason: result !== "present" && isReason(result) ? result : null,
  };
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
