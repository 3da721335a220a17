import { touches, type Range } from "../text/edit.js";
import { lineStart } from "../text/lines.js";
import { RangeIndex } from "../text/range-index.js";
import { isReason, reason, type Reason } from "../syntax/reason.js";
import type { Source } from "../syntax/source.js";
import { TRANSFORMS } from "../../transforms/index.js";
import {
  NO_LESSONS,
  typesNamedIn,
  type FileContext,
  type Instrumentation,
  type Lessons,
  type Shape,
  type Site,
  type Surroundings,
} from "../transform.js";
import type { View } from "./base-view.js";
import { isContinuedTwice, type Continuing } from "./continued.js";
import { hiddenName, readingsIn, type Standing } from "./hidden-names.js";
import { outOfPlace } from "./out-of-place.js";
import { isRemovable, type Recognised } from "./recognise.js";
import { conflictWith, nestingKey, wholeOf, type Piece } from "./compose.js";
import type { FileInput, NumberedDraft } from "./drafts.js";
import type { Outcome } from "./site-report.js";

/**
 * Decides about every site of a file, outside in, so that an inner one knows what stands around it.
 */
export function instrumentAll(
  context: FileContext,
  drafts: readonly NumberedDraft[],
  recognised: readonly Recognised[],
  view: View,
  { lessons, refused, text }: FileInput,
): Outcome[] {
  const works = standingWorks(drafts, recognised, view);
  const placed = new RangeIndex<PlacedSite>();
  for (const piece of works.flatMap(ownPiece)) placed.add(wholeOf(piece), piece);
  const standing = works.flatMap((work) => ownStanding(work, view, text));
  const readers = standing.filter(({ readings }) => readings.length > 0);
  const continuing = works.map(({ own, region }): Continuing => ({
    region,
    message: own.candidate?.continues ?? own.entry.shape.continues,
  }));
  const names = works.flatMap(({ own, region }) => namesOf(own.entry.shape, region));
  const taken = new Map(
    drafts.flatMap((draft) => {
      if (!draft.own) return [];
      const { shape } = draft.own.entry;
      return claimsOf(draft, ownRegion(draft, view), shape).map((claim) => [claim, draft.id]);
    }),
  );
  const decided = new Map<Site<unknown>, Outcome>();
  const twins = new Map<Site<unknown>, string>();
  const substitutes = drafts.filter(({ own, site }) => own !== null && site.insteadOf);
  const decide = (draft: NumberedDraft): Outcome["result"] => {
    const needs = draft.site.dependsOn ?? [];
    const isAlone = needs.some((site) => !isInstrumented(decided.get(site)));
    if (isAlone) return reason("still-needed");
    const rival = rivalOf(draft, substitutes, decided);
    if (rival) return reason("overlap", rival.id);
    // What another rule says already needs nothing that stands in for it.
    const first = insteadOf(draft.site).flatMap((site) => twins.get(site) ?? [])[0];
    if (first !== undefined) return reason("overlap", first);
    const obstacle = refused.get(draft.id);
    if (obstacle) return reason(obstacle);
    const reserved = namesNear(draft.site, names);
    const result = instrument(context, draft, lessons.get(draft.id) ?? NO_LESSONS, { reserved });
    if (result === "present" || isReason(result)) return result;
    const claims = claimsOf(draft, result.region, result.shape);
    const twin = claims.flatMap((claim) => taken.get(claim) ?? [])[0] ?? rivalWork(result, works);
    if (twin !== undefined) {
      twins.set(draft.site, twin);
      return reason("overlap", twin);
    }
    const key = nestingKey(draft.active.rule.use, result.strategy, draft.id);
    const piece = { id: draft.id, key, ...result };
    const other = conflictWith(piece, placed);
    if (other) return reason("overlap", other.id);
    const inner = { region: result.region, message: result.shape.continues };
    const isTwice = (each: Continuing) => isContinuedTwice(context.source, inner, each);
    if (!result.span && continuing.some(isTwice)) return reason("already-continued");
    const own = standingOf(context.source, result);
    const isReader = own.readings.length > 0;
    for (const each of isReader ? standing : readers) {
      const unreadable = hiddenName(own, each);
      if (unreadable !== undefined) return reason("not-in-scope", unreadable);
      const hidden = hiddenName(each, own);
      if (hidden !== undefined) return reason("declaration-escapes", hidden);
    }
    standing.push(own);
    if (isReader) readers.push(own);
    continuing.push(inner);
    placed.add(wholeOf(piece), piece);
    names.push(...namesOf(result.shape, piece.region));
    for (const claim of claims) taken.set(claim, draft.id);
    return result;
  };
  const ordered = [...drafts].sort(compareSites);
  const isDependent = ({ site }: NumberedDraft) => site.dependsOn !== undefined;
  for (const draft of [
    ...ordered.filter((each) => !isDependent(each)),
    ...ordered.filter(isDependent),
  ]) {
    decided.set(draft.site, { draft, result: decide(draft) });
  }
  const outcomes = ordered.flatMap(({ site }) => decided.get(site) ?? []);
  const replaced = new Set(
    outcomes.filter(isInstrumented).flatMap(({ draft }) => insteadOf(draft.site)),
  );
  return outcomes.filter((each) => isNews(each, replaced));
}

/** The site that has the place of another one, which stands in for it or is stood in for by it. */
function rivalOf(
  { site }: NumberedDraft,
  substitutes: readonly NumberedDraft[],
  decided: ReadonlyMap<Site<unknown>, Outcome>,
): NumberedDraft | undefined {
  const first = insteadOf(site)
    .map((each) => decided.get(each))
    .find(isInstrumented);
  if (first) return first.draft;
  return substitutes.find((each) => insteadOf(each.site).includes(site));
}

/** The sites that a site stands in for, the nearest first. */
function insteadOf(site: Site<unknown>): Site<unknown>[] {
  const next = site.insteadOf;
  return next ? [next, ...insteadOf(next)] : [];
}

/**
 * That something was not taken out because it is needed is no news. Of a site and what stands in
 * for it, only what is instrumented is told, or why the site itself is not.
 */
function isNews(
  { draft: { site }, result }: Outcome,
  replaced: ReadonlySet<Site<unknown>>,
): boolean {
  if (!isReason(result)) return true;
  return result.code !== "still-needed" && !site.insteadOf && !replaced.has(site);
}

interface PlacedSite extends Piece {
  readonly id: string;
}

/** What stands in the file already, and where in the text without it. */
interface StandingWork {
  readonly id: string;
  readonly own: Recognised;
  readonly region: Range;
}

/** What stands already that excludes a site in the same place. */
function rivalWork(
  { region, shape: { exclusive }, container }: Instrumentation,
  works: readonly StandingWork[],
): string | undefined {
  if (exclusive === undefined) return undefined;
  // An insertion has no extent: it stands at an end of what it is about.
  const meets = (place: Range) => region.start <= place.end && place.start <= region.end;
  const isRival = ({ own: { entry }, region: place }: StandingWork) =>
    entry.shape.exclusive === exclusive && entry.container === container && meets(place);
  return works.find(isRival)?.id;
}

/** All that stands, also of rules that were not asked for. */
function standingWorks(
  drafts: readonly NumberedDraft[],
  recognised: readonly Recognised[],
  view: View,
): StandingWork[] {
  const sought = drafts.flatMap((draft): StandingWork[] => {
    const { id, own } = draft;
    return own ? [{ id, own, region: ownRegion(draft, view) }] : [];
  });
  const known = new Set(sought.map(({ own }) => own));
  const others = recognised.flatMap((own): StandingWork[] => {
    if (known.has(own) || !own.candidate) return [];
    return [{ id: own.entry.id, own, region: view.reduced.toReduced(own.candidate.range) }];
  });
  return [...sought, ...others];
}

/**
 * What stands already: a new site cannot cross it, and of what replaced the user's code nothing is
 * left for another site.
 */
function ownPiece({ id, own, region }: StandingWork): PlacedSite[] {
  const { transform, strategy } = own.entry;
  if (strategy !== "replace" && !isRemovable(own)) return [];
  const edit = { ...region, text: "", attach: "right" } as const;
  const edits = strategy === "replace" ? [edit] : [];
  return [{ id, key: nestingKey(transform, strategy, id), region, edits, reindent: null }];
}

function standingOf(source: Source, { region, strategy, edits }: Instrumentation): Standing {
  const inserted = edits.map(({ start, text }) => ({ at: start, text }));
  return { region, strategy, readings: readingsIn(source, inserted) };
}

/** The same of a site that is instrumented already. */
function ownStanding({ own, region }: StandingWork, view: View, text: string): Standing[] {
  if (!isRemovable(own)) return [];
  const { edits } = own.removal;
  const inserted = edits.map(({ start, end }) => ({
    at: view.reduced.toReduced({ start, end }).start,
    text: text.slice(start, end),
  }));
  const readings = readingsIn(view.base, inserted);
  return [{ region, strategy: own.entry.strategy, readings }];
}

type NamedRegion = readonly [region: Range, name: string];

/** What a site declares: its span for its own region, its types for the file. */
function namesOf({ parameter, types = "" }: Shape, region: Range): NamedRegion[] {
  const everywhere = { start: 0, end: Infinity };
  const named = typesNamedIn(types).map((name): NamedRegion => [everywhere, name]);
  return parameter ? [[region, parameter], ...named] : named;
}

/**
 * The names that are declared around a site or inside it, where an earlier run may have left them:
 * what the site puts in could be read as theirs.
 */
function namesNear(
  { region, alternatives = [] }: Site<unknown>,
  names: readonly NamedRegion[],
): Set<string> {
  const own = [region, ...alternatives];
  const isNear = ([place]: NamedRegion) => own.some((each) => touches(each, place));
  return new Set(names.filter(isNear).map(([, name]) => name));
}

/**
 * What no other site may do beside this one: two sites of one rule in one statement are covered by
 * one span, and what is exclusive at a place is there once.
 */
function claimsOf({ active, site }: NumberedDraft, region: Range, { exclusive }: Shape): string[] {
  const cover = `${active.rule.id} ${site.part ?? ""} ${region.start} ${region.end}`;
  return exclusive ? [cover, `${exclusive} at ${site.region.start}`] : [cover];
}

function ownRegion({ own, site }: NumberedDraft, view: View): Range {
  return own?.candidate ? view.reduced.toReduced(own.candidate.range) : site.region;
}

function isInstrumented(outcome: Outcome | undefined): outcome is Outcome {
  if (!outcome) return false;
  const { draft, result } = outcome;
  return result === "present" ? draft.own !== null : !isReason(result);
}

function compareSites(a: NumberedDraft, b: NumberedDraft): number {
  const [first, second] = [a.site.region, b.site.region];
  const order = first.start - second.start || second.end - first.end;
  if (order !== 0) return order;
  if (insteadOf(a.site).includes(b.site)) return 1;
  if (insteadOf(b.site).includes(a.site)) return -1;
  return a.id < b.id ? -1 : 1;
}

function instrument(
  context: FileContext,
  { active, site, own }: NumberedDraft,
  lessons: Lessons,
  surroundings: Surroundings,
): Instrumentation | Reason | "present" {
  if (own) return "present";
  if (site.present) return "present";
  const ignored = ignoredBy(context.source, site);
  if (ignored) return ignored;
  if (site.skip) return site.skip;
  const transform = TRANSFORMS.get(active.rule.use);
  if (!transform) throw new Error(`no transform ${active.rule.use}`);
  if (lessons.isGivenUp) return reason("type-check", lessons.complaint ?? undefined);
  const result = transform.instrument(context, site, active.rule, lessons, surroundings);
  const isVetoed = isReason(result)
    ? result.code === "type-check"
    : lessons.vetoed.has(result.strategy);
  if (isVetoed) return reason("type-check", lessons.complaint ?? undefined);
  return isReason(result) ? result : (outOfPlace(context, result) ?? result);
}

/** A `retrospan-ignore-next-line` comment above the site's region or above what matched. */
export function ignoredBy({ text }: Source, site: Site<unknown>): Reason | null {
  for (const offset of [site.region.start, site.anchor]) {
    const start = lineStart(text, offset);
    const above = text.slice(lineStart(text, Math.max(0, start - 1)), start);
    const found = /retrospan-ignore-next-line\b[ \t]*(.*?)\s*(?:\*\/.*)?$/.exec(above.trimEnd());
    if (found) return reason("ignored", found[1]?.trim() || undefined);
  }
  return null;
}
