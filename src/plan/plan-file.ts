import { applyEdits } from "../text/edit.js";
import { position } from "../text/lines.js";
import type { Style } from "../text/style.js";
import type { ImportNeed } from "../syntax/import-place.js";
import { isParseFailure, parseSource, type Source } from "../syntax/source.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { FileContext } from "../transform.js";
import { addImports, missingImports } from "./add-imports.js";
import { placeInFull, withoutOurs, type View } from "./base-view.js";
import { composeEdits, nestingKey } from "./compose.js";
import { createFileContext } from "./context.js";
import { findDrafts, numberDrafts, type FileInput } from "./drafts.js";
import { isPlanned, orderedEntries, type Planned } from "./file-entries.js";
import type { LedgerImport, LedgerSite } from "./ledger.js";
import type { ActiveRule, FilePlan, Finding, NeededModule, SiteReport } from "./model.js";
import { hopEnds } from "./hops.js";
import { leftOutEnds } from "./left-out.js";
import { lookalikesIn } from "./lookalikes.js";
import { instrumentAll } from "./instrument-sites.js";
import { findOwnImports, importRemovals } from "./own-imports.js";
import { isRemovable, recogniseAll, type Recognised } from "./recognise.js";
import { combineRemovals, removalEdits } from "./removals.js";
import { endedParents, repeatedSpans, type PlacedSpan } from "./span-cautions.js";
import { reportSite, siteReport, type Outcome } from "./site-report.js";
import type { Tree } from "./tree.js";

export type { FileInput } from "./drafts.js";

/**
 * Plans one file. Sites are sought in the text without our own instrumentation, so that what is
 * there already neither hides a site nor becomes one; what is new is then placed into the text as
 * it is.
 */
export function planFile(tree: Tree, input: FileInput): FilePlan {
  const source = parseSource(input.path, input.text);
  if (isParseFailure(source)) return unparsed(input, source);
  const own = recogniseAll(tree, source, input.entries, input.imports);
  const stale = own.filter((each) => isStale(each, input.rules)).filter(isRemovable);
  if (stale.length > 0) {
    const kept = own.filter((each) => !stale.some(({ entry }) => entry === each.entry));
    return replan(tree, input, source, stale, kept);
  }
  const view = withoutOurs(source, own, input.imports);
  const standing = standingImports(source, input.imports);
  const context = createFileContext(tree, view.base, input.typesOf(view.base), standing);
  const found = findDrafts(context, input.rules);
  const drafts = numberDrafts(input, found, own, view);
  const outcomes = instrumentAll(context, drafts, own, view, input);
  const plan = assemble(tree, input, source, context, view, own, outcomes);
  const leftOut = leftOutEnds(context, input.rules, found);
  const spans = spansOf(outcomes, plan.sites);
  return {
    ...plan,
    findings: [
      ...repeatedSpans(view.base, spans),
      ...endedParents(view.base, spans),
      ...observations(context, view, input),
    ],
    hops: hopEnds(context, outcomes, leftOut, view, input.text),
  };
}

/** What the rules' transforms have seen beside their sites. */
function observations(context: FileContext, view: View, input: FileInput): Finding[] {
  const { path, text, rules } = input;
  const seen = rules
    .filter(({ covers }) => covers(path))
    .flatMap(({ rule }) => TRANSFORMS.get(rule.use)?.observe?.(context, rule) ?? []);
  const told = seen.filter(({ evidence = "" }) => text.includes(evidence));
  return told.map(({ offset, evidence: _evidence, ...finding }) => {
    const { line } = position(
      text,
      view.reduced.toFull(offset, () => true),
    );
    return { ...finding, file: path, line };
  });
}

/** The sites that have a span, with their places in the text in which they were sought. */
function spansOf(outcomes: readonly Outcome[], reports: readonly SiteReport[]): PlacedSpan[] {
  const byId = new Map(reports.map((report) => [report.id, report]));
  return outcomes.flatMap(({ draft }) => {
    const report = byId.get(draft.id);
    if (!report?.span) return [];
    const { rule, line } = report;
    const isLocal = !TRANSFORMS.get(draft.active.rule.use)?.isHop;
    return [{ rule, region: draft.site.region, line, isLocal }];
  });
}

function unparsed(input: FileInput, failure: { message: string; offset: number }): FilePlan {
  const { line } = position(input.text, failure.offset);
  const finding: Finding = {
    code: "parse-error",
    level: "warning",
    message: `left alone because it does not parse: ${failure.message}`,
    file: input.path,
    line,
  };
  const { path, text, entries, imports } = input;
  const none = { edits: [], sites: [], placements: [], modules: [], hops: [] };
  return {
    path,
    before: text,
    after: text,
    isChanged: false,
    base: text,
    ...none,
    findings: [finding],
    entries,
    imports,
  };
}

/** Whether the rule that made an entry says something else by now. */
function isStale({ entry }: Recognised, rules: readonly ActiveRule[]): boolean {
  const active = rules.find(({ rule }) => rule.id === entry.rule);
  return active !== undefined && active.digest !== entry.digest;
}

/** Takes out what changed rules had made, then plans on what is left. */
function replan(
  tree: Tree,
  input: FileInput,
  source: Source,
  stale: readonly Extract<Recognised, { removal: unknown }>[],
  kept: readonly Recognised[],
): FilePlan {
  const edits = removalEdits(
    source,
    stale.map(({ removal }) => removal),
    kept,
  );
  const gone = new Set<LedgerSite>(stale.map(({ entry }) => entry));
  const unused = findOwnImports(source, input.imports, edits).filter(
    ({ uses }) => uses.length === 0,
  );
  const removals = combineRemovals([...edits, ...importRemovals(source, unused)]);
  const plan = planFile(tree, {
    ...input,
    text: applyEdits(input.text, removals),
    imports: input.imports.filter((each) => !unused.some(({ entry }) => entry === each)),
    entries: input.entries.filter((entry) => !gone.has(entry)),
  });
  return { ...plan, before: input.text, isChanged: plan.after !== input.text };
}

// Putting the plan together

function assemble(
  tree: Tree,
  input: FileInput,
  source: Source,
  context: FileContext,
  view: View,
  own: readonly Recognised[],
  outcomes: readonly Outcome[],
): Omit<FilePlan, "findings" | "hops"> {
  const planned = outcomes.filter(isPlanned);
  const pieces = planned.map(({ draft, result }) =>
    placeInFull(source, view, nestingKey(draft.active.rule.use, result.strategy, draft.id), result),
  );
  const needs = missingImports(
    planned.flatMap(({ result }) => result.imports),
    input.imports,
    source,
  );
  const added =
    needs.length > 0
      ? addImports(source, input.path, needs, input.imports, tree.isModule(input.path))
      : null;
  const edits = [...(added ? [added.edit] : []), ...composeEdits(source, pieces)];
  const after = applyEdits(source.text, edits);
  return {
    path: input.path,
    before: input.text,
    after,
    isChanged: after !== input.text,
    base: view.base.text,
    edits,
    sites: [
      ...outcomes.map((outcome) => reportSite(source, view, input.path, outcome)),
      ...unsoughtSites(input, own, outcomes).map((each) => siteReport(source, each, "present")),
    ],
    placements: planned.map(({ draft, result }, index) => ({
      site: draft.id,
      strategy: result.strategy,
      region: pieces[index]?.region ?? result.region,
    })),
    entries: orderedEntries(input, own, planned, pieces, outcomes, lookalikesIn(tree, source, own)),
    imports: [...presentImports(source, input), ...(added?.entries ?? [])],
    modules: planned.flatMap((each) => modulesOf(context.source.style, each, input)),
  };
}

/** Work of ours whose reason is gone, such as a module that has changed since: still there. */
function unsoughtSites(
  input: FileInput,
  own: readonly Recognised[],
  outcomes: readonly Outcome[],
): Recognised[] {
  const active = new Set(input.rules.map(({ rule }) => rule.id));
  const sought = new Set(outcomes.map(({ draft }) => draft.own));
  return own.filter(
    (each) =>
      each.candidate !== null &&
      active.has(each.entry.rule) &&
      input.wants(each.entry.id) &&
      !sought.has(each),
  );
}

/** What our imports are called by now, for what is about to use them as well. */
function standingImports(source: Source, imports: readonly LedgerImport[]): ImportNeed[] {
  return findOwnImports(source, imports, []).flatMap(({ entry, local }) =>
    local === null ? [] : [{ ...entry, local }],
  );
}

/** An import that was taken out by hand is no longer ours; if it is needed it is added anew. */
function presentImports(source: Source, { imports }: FileInput): LedgerImport[] {
  return imports.filter((entry) => findOwnImports(source, [entry], []).length > 0);
}

function modulesOf(
  style: Style,
  { draft, result }: Planned,
  { moduleStyle }: FileInput,
): NeededModule[] {
  return result.modules.map(({ path, text }) => ({
    path,
    rule: draft.active.rule.id,
    site: draft.id,
    text: text(moduleStyle?.(path) ?? style),
  }));
}
