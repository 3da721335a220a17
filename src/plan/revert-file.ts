import { applyEdits } from "../text/edit.js";
import { reason, type Reason } from "../syntax/reason.js";
import { redeclaredNames } from "../syntax/redeclared.js";
import { isParseFailure, parseSource, type Source } from "../syntax/source.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { FileContext } from "../transform.js";
import { withoutOurs } from "./base-view.js";
import { createFileContext } from "./context.js";
import { freeImports } from "./free-imports.js";
import { handOver } from "./hand-over.js";
import { hashOf } from "./hash.js";
import { insideOut } from "./inside-out.js";
import type { Ledger, LedgerImport, LedgerSite } from "./ledger.js";
import type { FileChange, Finding, SiteReport, SiteState } from "./model.js";
import { isGone, isRemovable, recogniseAll, type Recognised } from "./recognise.js";
import { copiesLeft, editGone } from "./revert-findings.js";
import { combineRemovals, removalEdits } from "./removals.js";
import { bareReport, siteReport } from "./site-report.js";
import type { Copies } from "./relocate.js";
import type { Tree } from "./tree.js";

/** What reverting one file starts from. */
export interface RevertFileInput {
  readonly tree: Tree;
  readonly ledger: Ledger;
  /** Whether an entry of the ledger is to be taken out. */
  readonly wants: (entry: LedgerSite) => boolean;
  /** Whether a file is among those asked for, for what is not bound to a site. */
  readonly covers: (path: string) => boolean;
  /** Where entries that their files have no more may be. */
  readonly copies: Copies;
  /** The tree with the files that come back as a whole. */
  readonly restored: Tree;
}

/** What becomes of one file, and what stays of it in the ledger. */
export interface RevertedFile {
  readonly sites: readonly SiteReport[];
  readonly edited: readonly string[];
  readonly findings: readonly Finding[];
  readonly changes: readonly FileChange[];
  readonly entries: readonly LedgerSite[];
  readonly imports: readonly LedgerImport[];
  readonly exact: readonly (readonly [string, string])[];
  /** The text without anything of ours, where some of it stays. */
  readonly bare: readonly (readonly [string, string])[];
}

/** Takes out of a file what is asked for and can go. */
export function revertFile(
  input: RevertFileInput,
  path: string,
  entries: readonly LedgerSite[],
  imports: readonly LedgerImport[],
): RevertedFile {
  const text = input.tree.read(path);
  if (text === null) return goneFile(input, entries, imports);
  const source = parseSource(path, text);
  if (isParseFailure(source))
    return brokenFile(input, entries, imports, {
      message: `the file does not parse: ${source.message}`,
    });
  const own = findOwn(input, source, entries, imports);
  const wanted = own.filter(({ entry }) => isWanted(input, entry));
  const record = input.ledger.files[path];
  const isUntouched = record?.written === hashOf(text);
  const chosen = chosenOf(input, source, own, wanted, imports, isUntouched);
  const removable = chosen.filter(isRemovable);
  const kept = own.filter(({ entry }) => !removable.some((other) => other.entry === entry));
  const siteEdits = removalEdits(
    source,
    removable.map(({ removal }) => removal),
    kept,
  );
  const freed = freeImports(source, input.covers, siteEdits, kept, imports);
  const after = applyEdits(text, combineRemovals([...siteEdits, ...freed.edits]));
  const broken = after === text ? null : brokenBy(source, path, after);
  if (broken !== null) return brokenFile(input, entries, imports, { message: broken });
  const left = new Set(
    chosen.filter((each) => !removable.some((one) => one === each) && !isGone(each)),
  );
  const leftEntries = new Set([...left].map(({ entry }) => entry));
  const stays = own
    .filter((each) => !wanted.includes(each) || leftEntries.has(each.entry))
    .map(({ entry }) => entry);
  const isWhole = stays.length === 0 && freed.kept.length === 0;
  const edited = removable.filter(({ candidate }) => !candidate.exact);
  return {
    sites: chosen.map((each) => siteReport(source, each, left.has(each) ? "left" : stateOf(each))),
    edited: edited.map(({ entry }) => entry.id),
    findings: [
      ...freed.findings,
      ...edited
        // What was changed in the user's own code that it was put around stays.
        .filter(({ entry, candidate }) => candidate.key !== entry.shape.key)
        .map((each) => editGone(source, each)),
      ...copiesLeft(source, removable),
    ],
    changes: after === text ? [] : [{ path, before: text, after }],
    entries: stays,
    imports: freed.kept,
    exact: isWhole && isUntouched && record?.original ? [[path, record.original]] : [],
    bare: stays.length > 0 ? [[path, withoutOurs(source, own, imports).base.text]] : [],
  };
}

/** Why a reverted text must not be written: what came free may clash with what is there by now. */
function brokenBy({ file }: Source, path: string, after: string): string | null {
  const reverted = parseSource(path, after);
  if (isParseFailure(reverted)) return "its revert would not parse";
  const known = redeclaredNames(file);
  const name = redeclaredNames(reverted.file).find((each) => !known.includes(each));
  return name === undefined ? null : `its revert would declare ${name} twice`;
}

/**
 * The entries that are asked for, with a reason those that cannot go.
 * @param isUntouched whether nobody has edited the file since: it was proved when it was applied
 */
function chosenOf(
  { tree }: RevertFileInput,
  source: Source,
  own: readonly Recognised[],
  wanted: readonly Recognised[],
  imports: readonly LedgerImport[],
  isUntouched: boolean,
): Recognised[] {
  const chosen = wanted
    .map((each) => (isNeededBack(each, wanted) ? each : withoutNeed(each, wanted)))
    .map((each, _index, all) => (isOrphan(source, each, all) ? orphaned(each) : each));
  if (isUntouched) return chosen;
  const others = own.filter((each) => !wanted.includes(each)).map(({ entry }) => entry);
  return insideOut(source, chosen, (next, open) =>
    recogniseAll(tree, next, [...open, ...others], imports),
  );
}

/** The entries in the text, those that stay with what they take over from those that go. */
function findOwn(
  input: RevertFileInput,
  source: Source,
  entries: readonly LedgerSite[],
  imports: readonly LedgerImport[],
): Recognised[] {
  const later = createFileContext(input.restored, source);
  const find = (all: readonly LedgerSite[]) =>
    recogniseAll(input.tree, source, all, imports)
      .map((each) => heldBack(later, each))
      .map((each) => (isGone(each) ? lost(input, each.entry) : each));
  const own = find(entries);
  const told = handOver(source, own, (entry) => isWanted(input, entry));
  if (!told) return own;
  const heirs = find(told);
  const bare = (all: readonly Recognised[]) => withoutOurs(source, all, imports).base.text;
  return bare(heirs) === bare(own) ? heirs : own;
}

/** What is not there any more, as far as can be told. */
function lost(input: RevertFileInput, entry: LedgerSite): Recognised {
  return { entry, candidate: null, left: whereItWent(input, entry) ?? reason("missing") };
}

function whereItWent({ copies }: RevertFileInput, { id }: LedgerSite): Reason | null {
  const [path, ...others] = copies.get(id) ?? [];
  if (path === undefined) return null;
  if (others.length === 0) return reason("changed-by-hand", `it may stand in ${path} now`);
  return reason("ambiguous-match", [path, ...others].join(", "));
}

/** What could go, but for others that have come to use it. */
function heldBack(context: FileContext, each: Recognised): Recognised {
  if (!isRemovable(each)) return each;
  const { entry, candidate } = each;
  const left = TRANSFORMS.get(entry.transform)?.heldBy?.(context, entry.shape);
  return left ? { entry, candidate, left } : each;
}

/** What was taken out for the sake of other sites comes back with the first of them. */
function isWanted({ wants, ledger }: RevertFileInput, entry: LedgerSite): boolean {
  if (wants(entry)) return true;
  const { dependsOn } = entry;
  return (
    dependsOn !== undefined &&
    ledger.sites.some((each) => dependsOn.includes(each.id) && wants(each))
  );
}

/** An import comes back only with a call that needs it. */
function isNeededBack({ entry }: Recognised, chosen: readonly Recognised[]): boolean {
  if (!entry.dependsOn) return true;
  return chosen.some((each) => entry.dependsOn?.includes(each.entry.id) && isRemovable(each));
}

/** Whether a call would come back without its import, whose place is not there any more. */
function isOrphan({ scope }: Source, each: Recognised, all: readonly Recognised[]): boolean {
  const { entry } = each;
  const { local } = entry.shape;
  if (isGone(each) || local === undefined || scope.declared(local).length > 0) return false;
  return all.some((other) => other.entry.dependsOn?.includes(entry.id) && !isRemovable(other));
}

function orphaned({ entry, candidate }: Recognised): Recognised {
  return { entry, candidate, left: reason("legacy-gone", entry.shape.local) };
}

/**
 * What becomes of an entry none of whose others can be taken out: where all of those are gone, it goes
 * as well, and what it would bring back is for nothing.
 */
function withoutNeed(each: Recognised, chosen: readonly Recognised[]): Recognised {
  if (isGone(each)) return each;
  const { entry, candidate } = each;
  const others = chosen.filter((other) => entry.dependsOn?.includes(other.entry.id));
  const areGone = others.length === entry.dependsOn?.length && others.every(isGone);
  if (!areGone) return { entry, candidate, left: reason("still-needed") };
  const isBack = isRemovable(each) && each.removal.edits.some(({ text }) => text !== "");
  return isBack ? { entry, candidate: null, left: reason("missing") } : each;
}

function stateOf(each: Recognised): SiteState {
  if (isRemovable(each)) return "reverted";
  return isGone(each) ? "missing" : "left";
}

/** A file that was deleted took its instrumentation along. */
function goneFile(
  input: RevertFileInput,
  entries: readonly LedgerSite[],
  imports: readonly LedgerImport[],
): RevertedFile {
  const wanted = entries.filter(input.wants);
  const chosen = wanted.filter(({ id }) => !input.copies.has(id));
  const isChosen = chosen.length === entries.length;
  return {
    sites: wanted.map((entry) => {
      const why = whereItWent(input, entry);
      return why
        ? bareReport(entry, "left", why)
        : bareReport(entry, "missing", reason("missing", "the file is gone"));
    }),
    edited: [],
    findings: [],
    changes: [],
    entries: entries.filter((entry) => !chosen.includes(entry)),
    imports: isChosen ? [] : imports,
    exact: [],
    bare: [],
  };
}

function brokenFile(
  input: RevertFileInput,
  entries: readonly LedgerSite[],
  imports: readonly LedgerImport[],
  failure: { message: string },
): RevertedFile {
  const why = reason("changed-by-hand", `${failure.message}`);
  return {
    sites: entries.filter(input.wants).map((entry) => bareReport(entry, "left", why)),
    edited: [],
    findings: [],
    changes: [],
    entries,
    imports,
    exact: [],
    bare: [],
  };
}
