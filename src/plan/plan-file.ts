import { applyEdits, encloses, type Edit, type Range } from "../text/edit.js";
import { indentationAt, lineStart, position } from "../text/lines.js";
import { reduceText, type Reduced } from "../text/reduce.js";
import type { Style } from "../text/style.js";
import { importPlace, importStatement, type ImportNeed } from "../syntax/imports.js";
import { isReason, reason, type Reason } from "../syntax/reason.js";
import { isParseFailure, parseSource, type Source } from "../syntax/source.js";
import { TRANSFORMS } from "../../transforms/index.js";
import {
  NO_LESSONS,
  type AttachedEdit,
  type FileContext,
  type Instrumentation,
  type Lessons,
  type Site,
} from "../transform.js";
import { composeEdits, conflictWith, type Piece } from "./compose.js";
import { createFileContext } from "./context.js";
import type { LedgerImport, LedgerSite } from "./ledger.js";
import type { ActiveRule, FilePlan, Finding, NeededModule, SiteReport } from "./model.js";
import { findOwnImports } from "./own-imports.js";
import { isRemovable, recogniseAll, removalEdits, type Recognised } from "./recognise.js";
import type { Tree } from "./tree.js";

/** What planning one file starts from. */
export interface FileInput {
  readonly path: string;
  readonly text: string;
  readonly rules: readonly ActiveRule[];
  readonly entries: readonly LedgerSite[];
  readonly imports: readonly LedgerImport[];
  /** Whether a site was asked for (`--site`, `--except`). */
  readonly wants: (id: string) => boolean;
  /** What the type check taught, by site. */
  readonly lessons: ReadonlyMap<string, Lessons>;
}

/**
 * Plans one file. Sites are sought in the text without our own instrumentation, so that what is
 * there already neither hides a site nor becomes one; what is new is then placed into the text as
 * it is.
 */
export function planFile(tree: Tree, input: FileInput): FilePlan {
  const source = parseSource(input.path, input.text);
  if (isParseFailure(source)) return unparsed(input, source);
  const own = recogniseAll(createFileContext(tree, source), input.entries);
  const stale = own.filter((each) => isStale(each, input.rules)).filter(isRemovable);
  if (stale.length > 0) return replan(tree, input, source, stale);
  const view = withoutOurs(source, own, input.imports);
  const context = createFileContext(tree, view.base);
  const drafts = numberDrafts(input, findDrafts(context, input.rules), own, view);
  const outcomes = instrumentAll(context, drafts, input.lessons);
  return assemble(tree, input, source, context, view, own, outcomes);
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
  const none = { edits: [], sites: [], placements: [], modules: [] };
  return {
    path,
    before: text,
    after: text,
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
): FilePlan {
  const edits = removalEdits(
    source,
    stale.map(({ removal }) => removal),
  );
  const gone = new Set<LedgerSite>(stale.map(({ entry }) => entry));
  const plan = planFile(tree, {
    ...input,
    text: applyEdits(input.text, edits),
    entries: input.entries.filter((entry) => !gone.has(entry)),
  });
  return { ...plan, before: input.text };
}

// The text without our instrumentation

interface View {
  readonly base: Source;
  readonly reduced: Reduced;
  /** Whose each removed piece is, with its site's region in the base text. */
  readonly owners: ReadonlyMap<Edit, { key: string; region: Range }>;
}

function withoutOurs(
  source: Source,
  own: readonly Recognised[],
  imports: readonly LedgerImport[],
): View {
  const removable = own.filter(isRemovable);
  const siteEdits = removalEdits(
    source,
    removable.map(({ removal }) => removal),
  );
  const importEdits = findOwnImports(source, imports, siteEdits)
    .filter(({ uses }) => uses.length === 0)
    .map(({ removal }) => removal);
  const edits = [...siteEdits, ...importEdits];
  if (edits.length === 0)
    return { base: source, reduced: reduceText(source.text, []), owners: new Map() };
  const reduced = reduceText(source.text, edits);
  const base = parseSource(source.path, reduced.text);
  if (isParseFailure(base)) throw new Error(`${source.path}: removing our own work broke it`);
  const owners = new Map<Edit, { key: string; region: Range }>();
  for (const { entry, candidate, removal } of removable) {
    const region = reduced.toReduced(candidate.range);
    for (const edit of removal.edits) owners.set(edit, { key: entry.id, region });
  }
  return { base, reduced, owners };
}

// Finding and numbering

interface Draft {
  readonly active: ActiveRule;
  readonly site: Site<unknown>;
}

interface NumberedDraft extends Draft {
  readonly id: string;
  /** The ledger's entry when the site is instrumented already. */
  readonly own: Recognised | null;
}

function findDrafts(context: FileContext, rules: readonly ActiveRule[]): Draft[] {
  return rules
    .filter(({ covers }) => covers(context.source.path))
    .flatMap((active) => {
      const transform = TRANSFORMS.get(active.rule.use);
      const sites = transform?.find(context, active.rule) ?? [];
      return sites.map((site) => ({ active, site }));
    });
}

function numberDrafts(
  input: FileInput,
  drafts: readonly Draft[],
  own: readonly Recognised[],
  view: View,
): NumberedDraft[] {
  const numbered: NumberedDraft[] = [];
  for (const { rule } of input.rules) {
    const mine = drafts.filter((draft) => draft.active.rule.id === rule.id);
    const known = own.filter(({ entry }) => entry.rule === rule.id);
    const found = assignOwn(mine, known, view.reduced);
    const taken = new Set(known.filter(({ candidate }) => candidate).map(({ entry }) => entry.id));
    let number = 0;
    for (const draft of mine) {
      const mineAlready = found.get(draft) ?? null;
      let id = mineAlready?.entry.id;
      while (id === undefined) {
        const candidate = `${rule.id}:${input.path}:${++number}`;
        if (!taken.has(candidate)) id = candidate;
      }
      if (mineAlready || input.wants(id)) numbered.push({ ...draft, id, own: mineAlready });
    }
  }
  return numbered;
}

/** Which site each entry of the ledger instruments: the tightest one around its place. */
function assignOwn(
  drafts: readonly Draft[],
  known: readonly Recognised[],
  reduced: Reduced,
): Map<Draft, Recognised> {
  const assigned = new Map<Draft, Recognised>();
  for (const each of known) {
    if (!each.candidate) continue;
    const at = reduced.toReduced(each.candidate.range);
    const fitting = drafts
      .filter((draft) => !assigned.has(draft) && touches(draft.site.region, at))
      .sort((a, b) => distance(a.site.region, at) - distance(b.site.region, at));
    if (fitting[0]) assigned.set(fitting[0], each);
  }
  return assigned;
}

function touches(region: Range, at: Range): boolean {
  return region.start <= at.end && at.start <= region.end;
}

function distance(region: Range, at: Range): number {
  return Math.abs(region.start - at.start) + Math.abs(region.end - at.end);
}

// Instrumenting

interface Outcome {
  readonly draft: NumberedDraft;
  readonly result: Instrumentation | Reason | "present";
}

function instrumentAll(
  context: FileContext,
  drafts: readonly NumberedDraft[],
  lessons: FileInput["lessons"],
): Outcome[] {
  const placed: Piece[] = [];
  const ordered = [...drafts].sort((a, b) => compareSites(a, b));
  return ordered.map((draft) => {
    const result = instrument(context, draft, lessons.get(draft.id) ?? NO_LESSONS);
    if (result === "present" || isReason(result)) return { draft, result };
    const piece = { key: draft.id, ...result };
    const other = conflictWith(piece, placed);
    if (other) return { draft, result: reason("overlap", other.key) };
    placed.push(piece);
    return { draft, result };
  });
}

function compareSites(a: NumberedDraft, b: NumberedDraft): number {
  const [first, second] = [a.site.region, b.site.region];
  return first.start - second.start || second.end - first.end || (a.id < b.id ? -1 : 1);
}

function instrument(
  context: FileContext,
  { active, site, own }: NumberedDraft,
  lessons: Lessons,
): Instrumentation | Reason | "present" {
  if (own) return "present";
  if (site.present) return "present";
  const ignored = ignoredBy(context.source, site);
  if (ignored) return ignored;
  if (site.skip) return site.skip;
  const transform = TRANSFORMS.get(active.rule.use);
  if (!transform) throw new Error(`no transform ${active.rule.use}`);
  return transform.instrument(context, site, active.rule, lessons);
}

/** A `retrospan-ignore-next-line` comment above the site's region or above what matched. */
function ignoredBy({ text }: Source, site: Site<unknown>): Reason | null {
  for (const offset of [site.region.start, site.anchor]) {
    const start = lineStart(text, offset);
    const above = text.slice(lineStart(text, Math.max(0, start - 1)), start);
    const found = /retrospan-ignore-next-line\b[ \t]*(.*?)\s*(?:\*\/.*)?$/.exec(above.trimEnd());
    if (found) return reason("ignored", found[1]?.trim() || undefined);
  }
  return null;
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
): FilePlan {
  const planned = outcomes.filter(isPlanned);
  const pieces = planned.map(({ draft, result }) => placeInFull(source, view, draft.id, result));
  const needs = missingImports(
    planned.flatMap(({ result }) => result.imports),
    input.imports,
    source,
  );
  const added =
    needs.length > 0 ? addImports(source, input.path, needs, tree.isModule(input.path)) : null;
  const edits = [...composeEdits(source, pieces), ...(added ? [added.edit] : [])];
  return {
    path: input.path,
    before: input.text,
    after: applyEdits(source.text, edits),
    base: view.base.text,
    edits,
    sites: outcomes.map((outcome) => report(source, view, input.path, outcome)),
    placements: planned.map(({ draft, result }, index) => ({
      site: draft.id,
      strategy: result.strategy,
      region: pieces[index]?.region ?? result.region,
    })),
    findings: [],
    entries: orderedEntries(input, own, planned, pieces),
    imports: [...input.imports, ...(added?.entries ?? [])],
    modules: planned.flatMap((each) => modulesOf(context.source.style, each)),
  };
}

/** An entry whose instrumentation was taken out by hand is planned anew while its rule is active. */
function keptEntries(input: FileInput, own: readonly Recognised[]): LedgerSite[] {
  const active = new Set(input.rules.map(({ rule }) => rule.id));
  return own
    .filter(({ entry, candidate }) => candidate !== null || !active.has(entry.rule))
    .map(({ entry }) => entry);
}

/** The entries of a file in the order of their places, outside in. */
function orderedEntries(
  input: FileInput,
  own: readonly Recognised[],
  planned: readonly Planned[],
  pieces: readonly Piece[],
): LedgerSite[] {
  const kept = new Set(keptEntries(input, own));
  const known = own
    .filter(({ entry }) => kept.has(entry))
    .map(({ entry, candidate }) => ({ entry, range: candidate?.range ?? { start: 0, end: 0 } }));
  const added = planned.map((each, index) => ({
    entry: entryOf(input.path, each),
    range: pieces[index]?.region ?? each.result.region,
  }));
  return [...known, ...added]
    .sort(
      (a, b) =>
        a.range.start - b.range.start ||
        b.range.end - a.range.end ||
        (a.entry.id < b.entry.id ? -1 : 1),
    )
    .map(({ entry }, order) => ({ ...entry, order }));
}

type Planned = Outcome & { readonly result: Instrumentation };

function isPlanned(outcome: Outcome): outcome is Planned {
  return outcome.result !== "present" && !isReason(outcome.result);
}

function modulesOf(style: Style, { draft, result }: Planned): NeededModule[] {
  return result.modules.map(({ path, text }) => ({
    path,
    rule: draft.active.rule.id,
    text: text(style),
  }));
}

function entryOf(path: string, { draft, result }: Planned): LedgerSite {
  const { rule, digest } = draft.active;
  if (result.strategy === "create" || result.strategy === "delete") {
    throw new Error(`${draft.id}: ${result.strategy} is not a strategy for a site in a file`);
  }
  return {
    id: draft.id,
    rule: rule.id,
    transform: rule.use,
    ...(rule.phase === undefined ? {} : { phase: rule.phase }),
    file: path,
    strategy: result.strategy,
    span: result.span,
    digest,
    order: 0,
    container: result.container,
    head: result.head,
    shape: result.shape,
  };
}

/** Moves a site's edits from the base text into the text as it is, past what stands there. */
function placeInFull(source: Source, view: View, key: string, result: Instrumentation): Piece {
  const { base, reduced, owners } = view;
  const { region } = result;
  const at = (offset: number, attach: AttachedEdit["attach"]) =>
    reduced.toFull(offset, (edit) => {
      const owner = owners.get(edit);
      if (!owner) return attach === "right";
      return standsBefore(owner, { key, region }, attach, offset);
    });
  const extra = addedIndentation(base, source, region.start, at(region.start, "right"));
  const edits = result.edits.map((edit) => ({
    start: at(edit.start, edit.attach),
    end: edit.end > edit.start ? at(edit.end, "left") : at(edit.start, edit.attach),
    text: extra === "" ? edit.text : edit.text.replace(/\n(?=[^\r\n]|$)/g, `\n${extra}`),
    attach: edit.attach,
  }));
  const full = { start: at(region.start, "right"), end: at(region.end, "left") };
  const { reindent } = result;
  return { key, region: full, edits, reindent: reindent ? { ...reindent, range: full } : null };
}

/** Whether a piece of an existing site lies before a new site's edit at the same place. */
function standsBefore(
  owner: { key: string; region: Range },
  site: { key: string; region: Range },
  attach: AttachedEdit["attach"],
  offset: number,
): boolean {
  const same = owner.region.start === site.region.start && owner.region.end === site.region.end;
  const isOutside = same ? owner.key < site.key : encloses(owner.region, site.region);
  if (attach === "right") return owner.region.end === offset || isOutside;
  return owner.region.end === offset && !isOutside;
}

/** The indentation that existing instrumentation has put before a line. */
function addedIndentation(base: Source, full: Source, inBase: number, inFull: number): string {
  if (base === full) return "";
  const [before, now] = [indentationAt(base.text, inBase), indentationAt(full.text, inFull)];
  return now.endsWith(before) ? now.slice(0, now.length - before.length) : "";
}

function missingImports(
  needs: readonly ImportNeed[],
  existing: readonly LedgerImport[],
  source: Source,
): ImportNeed[] {
  const present = findOwnImports(source, existing, []).map(({ entry }) => keyOf(entry));
  const wanted = new Map(needs.map((need) => [keyOf(need), need]));
  return [...wanted]
    .filter(([key]) => !present.includes(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, need]) => need);
}

function keyOf({ module, member, local }: ImportNeed): string {
  return `${member ?? "*"} ${local} ${module}`;
}

function addImports(source: Source, path: string, needs: readonly ImportNeed[], isModule: boolean) {
  const place = importPlace(source);
  const { eol } = source.style;
  const lines = needs.map((need, index) => {
    const [isFirst, isLast] = [index === 0, index === needs.length - 1];
    const ending = place.before === "" || !isLast ? eol : "";
    const text = `${isFirst ? place.before : ""}${importStatement(source, need, isModule)}${ending}${isLast ? place.after : ""}`;
    return {
      entry: { file: path, module: need.module, member: need.member, local: need.local, text },
      text,
    };
  });
  return {
    edit: { start: place.offset, end: place.offset, text: lines.map(({ text }) => text).join("") },
    entries: lines.map(({ entry }) => entry),
  };
}

function report(source: Source, view: View, path: string, { draft, result }: Outcome): SiteReport {
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
