import { extentOf, type Range } from "../text/edit.js";
import type { Style } from "../text/style.js";
import type { Reduced } from "../text/reduce.js";
import type { ReasonCode } from "../syntax/reason.js";
import type { Source } from "../syntax/source.js";
import type { Types } from "../syntax/value-kind.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { FileContext, Lessons, Site } from "../transform.js";
import type { View } from "./base-view.js";
import type { LedgerImport, LedgerSite } from "./ledger.js";
import type { ActiveRule } from "./model.js";
import { isGone, type Recognised } from "./recognise.js";

/** What planning one file starts from. */
export interface FileInput {
  readonly path: string;
  readonly text: string;
  readonly rules: readonly ActiveRule[];
  readonly entries: readonly LedgerSite[];
  readonly imports: readonly LedgerImport[];
  /** Whether a site was asked for (`--site`, `--except`). */
  readonly wants: (id: string) => boolean;
  /** Whether a site was ruled out by name (`--except`). */
  readonly rejects: (id: string) => boolean;
  /** What the type check taught, by site. */
  readonly lessons: ReadonlyMap<string, Lessons>;
  /** Sites that could not be taken out again, and why. */
  readonly refused: ReadonlyMap<string, ReasonCode>;
  /** The style of modules that are made; by default that of the file that needs one first. */
  readonly moduleStyle?: ((path: string) => Style | null) | undefined;
  /** Answers about the types of a file. */
  readonly typesOf: (source: Source) => Types;
}

/** A site of a rule, before anything is decided about it. */
export interface Draft {
  readonly active: ActiveRule;
  readonly site: Site<unknown>;
}

/** A draft with its id. */
export interface NumberedDraft extends Draft {
  readonly id: string;
  /** The ledger's entry when the site is instrumented already. */
  readonly own: Recognised | null;
}

/** The sites of all rules in the base text. */
export function findDrafts(context: FileContext, rules: readonly ActiveRule[]): Draft[] {
  return rules
    .filter(({ covers }) => covers(context.source.path))
    .flatMap((active) => {
      const transform = TRANSFORMS.get(active.rule.use);
      const sites = transform?.find(context, active.rule) ?? [];
      return sites.map((site) => ({ active, site }));
    });
}

/** Gives each site its id: the one the ledger knows it by, else the next free number of its rule. */
export function numberDrafts(
  input: FileInput,
  drafts: readonly Draft[],
  own: readonly Recognised[],
  view: View,
): NumberedDraft[] {
  const numbered: NumberedDraft[] = [];
  const ids = new Set(input.rules.map(({ rule }) => rule.id));
  const orphans = new Set(own.filter(({ entry }) => !ids.has(entry.rule)));
  for (const { rule, digest } of input.rules) {
    const mine = drafts.filter((draft) => draft.active.rule.id === rule.id);
    const known = own.filter(({ entry }) => entry.rule === rule.id);
    // Of a rule that says the same under another name, what it made is there already.
    const renamed = [...orphans].filter(({ entry }) => entry.digest === digest);
    const found = assignOwn(mine, [...known, ...renamed], view.reduced);
    for (const each of found.values()) orphans.delete(each);
    const taken = new Set(known.filter((each) => !isGone(each)).map(({ entry }) => entry.id));
    const rejected = new Set<Site<unknown>>();
    let number = 0;
    for (const draft of mine) {
      const mineAlready = found.get(draft) ?? null;
      let id = mineAlready?.entry.id;
      while (id === undefined) {
        const candidate = `${rule.id}:${input.path}:${++number}`;
        if (!taken.has(candidate)) id = candidate;
      }
      if (input.rejects(id)) rejected.add(draft.site);
      const { insteadOf } = draft.site;
      if (!input.wants(id) || (insteadOf && rejected.has(insteadOf))) continue;
      numbered.push({ ...draft, id, own: mineAlready });
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
  const extents = drafts.map((draft) => ({ draft, ...extentOf(placesOf(draft.site)) }));
  const apart: (readonly [own: Recognised, at: Range])[] = [];
  const isFreeFor = (own: Recognised) => (draft: Draft) =>
    !assigned.has(draft) && draft.site.part === own.entry.shape.part;
  const assign = (own: Recognised, at: Range, near: readonly Draft[]) => {
    const [nearest] = [...near].sort((a, b) => distanceOf(a, at) - distanceOf(b, at));
    if (nearest) assigned.set(nearest, own);
    return nearest !== undefined;
  };
  for (const each of known) {
    if (!each.candidate) continue;
    const at = reduced.toReduced(each.candidate.range);
    const touching = extents
      .filter((extent) => touches(extent, at))
      .map(({ draft }) => draft)
      .filter(isFreeFor(each))
      .filter((draft) => placesOf(draft.site).some((one) => touches(one, at)));
    if (!assign(each, at, touching)) apart.push([each, at]);
  }
  // With something written in between, it still belongs to the next site on its side.
  for (const [each, at] of apart) {
    const isBefore = each.entry.shape.side === "before";
    const isBeside = ({ site: { region } }: Draft) =>
      isBefore ? region.start >= at.end : region.end <= at.start;
    assign(each, at, drafts.filter(isBeside).filter(isFreeFor(each)));
  }
  return assigned;
}

function placesOf({ region, alternatives }: Site<unknown>): readonly Range[] {
  return [region, ...(alternatives ?? [])];
}

/** How far a draft's nearest place is from where an entry's code stands. */
function distanceOf({ site }: Draft, at: Range): number {
  return Math.min(...placesOf(site).map((each) => distance(each, at)));
}

function touches(region: Range, at: Range): boolean {
  return region.start <= at.end && at.start <= region.end;
}

function distance(region: Range, at: Range): number {
  return Math.abs(region.start - at.start) + Math.abs(region.end - at.end);
}
