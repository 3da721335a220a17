import { endOfLine } from "../text/lines.js";
import { reason, type Reason } from "../syntax/reason.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { FileSite, FileWork, TreeContext } from "../transform.js";
import { importerOf } from "./importers.js";
import type { Ledger, LedgerSite } from "./ledger.js";
import type { ActiveRule, FileChange, Finding, SiteReport } from "./model.js";
import { bareReport } from "./site-report.js";
import type { Tree } from "./tree.js";

/** What a plan does to files as a whole. */
export interface WholeFiles {
  readonly sites: readonly SiteReport[];
  readonly findings: readonly Finding[];
  readonly changes: readonly FileChange[];
  /** The ledger's entries for whole files once the plan is applied. */
  readonly entries: readonly LedgerSite[];
}

export interface WholeFilesInput {
  readonly tree: Tree;
  readonly rules: readonly ActiveRule[];
  readonly ledger: Ledger;
  readonly wants: (id: string) => boolean;
}

/** Whether an entry is about a file and not about code in it. */
export function isWholeFile({ transform }: LedgerSite): boolean {
  return TRANSFORMS.get(transform)?.files !== undefined;
}

/** Plans the files that go, and those that get lines which are no code. */
export function planWholeFiles(input: WholeFilesInput): WholeFiles {
  const known = input.ledger.sites.filter(isWholeFile);
  const texts = new Map<string, string | null>();
  // A rule finds what those before it have done to the same file.
  const tree = withTexts(input.tree, texts);
  const parts = input.rules.flatMap((active) => {
    const work = TRANSFORMS.get(active.rule.use)?.files?.(contextOf(tree), active.rule);
    if (!work) return [];
    const part = planRule({ ...input, tree }, active, work, known);
    for (const { path, after } of part.changes) texts.set(path, after);
    return [part];
  });
  const active = new Set(input.rules.map(({ rule }) => rule.id));
  return {
    sites: parts.flatMap((part) => part.sites),
    findings: parts.flatMap((part) => part.findings),
    changes: changesTo(input.tree, texts),
    entries: [
      ...known.filter(({ rule }) => !active.has(rule)),
      ...parts.flatMap((part) => part.entries),
    ],
  };
}

/** A tree in which some files have other texts. */
export function withTexts(tree: Tree, texts: ReadonlyMap<string, string | null>): Tree {
  const read = (path: string) => (texts.has(path) ? (texts.get(path) ?? null) : tree.read(path));
  return { ...tree, read };
}

/** One change for each file, whatever led to it. */
export function changesTo(tree: Tree, texts: ReadonlyMap<string, string | null>): FileChange[] {
  return [...texts]
    .map(([path, after]) => ({ path, before: tree.read(path), after }))
    .filter(({ before, after }) => before !== after);
}

function contextOf(tree: Tree): TreeContext {
  const { matching, read, filesWith, exists } = tree;
  return {
    matching,
    read,
    filesWith,
    exists,
    importerOf: (path) => importerOf(tree, path, new Map()),
  };
}

function planRule(
  { tree, wants }: WholeFilesInput,
  active: ActiveRule,
  { sites, observations }: FileWork,
  known: readonly LedgerSite[],
): WholeFiles {
  const own = known.filter(({ rule }) => rule === active.rule.id);
  const standing = own.filter((entry) => stateOf(tree, entry) !== "missing");
  const covered = new Map(standing.map((each) => [each.file, each]));
  const open = sites
    // Lines that are still missing are those of a rule that has got longer since.
    .filter(({ path, strategy }) => strategy === "insert" || !covered.has(path))
    .filter(({ path }) => active.covers(path))
    .map((site) => {
      const number = standing.filter(({ file }) => file === site.path).length + 1;
      return { site, entry: entryFor(tree, active, site, number) };
    })
    .filter(({ entry }) => wants(entry.id));
  const planned = open.filter(({ site }) => !site.skip);
  return {
    sites: [
      ...standing.map((entry) => bareReport(entry, "present", null)),
      ...open.map(({ site, entry }) => openReport(entry, site.skip ?? null)),
    ],
    findings: observations.map(({ path, ...finding }) => ({ ...finding, file: path, line: null })),
    changes: planned.map(({ entry }) => changeFor(tree, entry)),
    entries: [...standing, ...planned.map(({ entry }) => entry)],
  };
}

function openReport(entry: LedgerSite, skip: Reason | null): SiteReport {
  const report = bareReport(entry, skip ? "skipped" : "planned", skip);
  return skip ? { ...report, by: null, strategy: null } : report;
}

function entryFor(
  tree: Tree,
  { rule, digest }: ActiveRule,
  site: FileSite,
  number: number,
): LedgerSite {
  const before = tree.read(site.path);
  const isNew = site.strategy === "insert" && before === null;
  const text = site.strategy === "delete" ? (before ?? "") : linesAt(before, site.lines);
  return {
    id: `${rule.id}:${site.path}:${number}`,
    rule: rule.id,
    transform: rule.use,
    ...(rule.phase === undefined ? {} : { phase: rule.phase }),
    file: site.path,
    strategy: isNew ? "create" : site.strategy,
    span: null,
    digest,
    order: 0,
    container: "",
    head: "",
    shape: { text },
  };
}

/** Lines as they are put at the end of a text, which may have no last newline. */
function linesAt(before: string | null, lines: readonly string[]): string {
  const eol = endOfLine(before ?? "");
  const hasEnd = before === null || before === "" || before.endsWith("\n");
  return lines.map((line) => (hasEnd ? line + eol : eol + line)).join("");
}

function changeFor(tree: Tree, { file, strategy, shape }: LedgerSite): FileChange {
  const before = tree.read(file);
  return { path: file, before, after: strategy === "delete" ? null : (before ?? "") + shape.text };
}

/** How an entry stands: as it was left, changed since, or undone. */
export function stateOf(tree: Tree, entry: LedgerSite): "applied" | "drifted" | "missing" {
  const { text = "" } = entry.shape;
  const now = tree.read(entry.file);
  if (entry.strategy === "delete") {
    if (now === null) return "applied";
    return now === text ? "missing" : "drifted";
  }
  if (now === null) return "missing";
  if (placeOf(now, text)) return "applied";
  return isChanged(now, text) ? "drifted" : "missing";
}

/** Our lines with the line endings that the file has by now. */
function textIn(now: string, text: string): string {
  return text.replace(/\r?\n/g, endOfLine(now));
}

/** Where our lines stand in a text as whole lines, with the line break that came with them. */
function placeOf(now: string, text: string): { start: number; end: number } | null {
  const own = textIn(now, text);
  const isBehind = own.startsWith("\n") || own.startsWith("\r\n");
  for (let at = now.lastIndexOf(own); at >= 0; at = at > 0 ? now.lastIndexOf(own, at - 1) : -1) {
    const end = at + own.length;
    const begins = isBehind || at === 0 || now[at - 1] === "\n";
    const ends = !isBehind || end === now.length || /^\r?\n/.test(now.slice(end));
    if (begins && ends) return { start: at, end };
  }
  return null;
}

/** Whether one of our lines is there with something written behind it, such as the value of a variable. */
function isChanged(now: string, text: string): boolean {
  const lines = now.split(/\r?\n/);
  const own = text.split(/\r?\n/).filter((line) => line !== "");
  return own.some((line) => lines.some((each) => each.startsWith(line)));
}

/** What a revert makes of an entry. */
export interface RevertedWhole {
  readonly report: SiteReport;
  readonly change: FileChange | null;
  readonly isLeft: boolean;
}

/** Brings a deleted file back, and takes lines out again. */
export function revertWhole(tree: Tree, entry: LedgerSite): RevertedWhole {
  const state = stateOf(tree, entry);
  const { file, shape, strategy } = entry;
  const { text = "" } = shape;
  const before = tree.read(file);
  if (state === "drifted") {
    const what = strategy === "delete" ? "another file has its place" : "a line says more by now";
    const why = reason("changed-by-hand", what);
    return { report: bareReport(entry, "left", why), change: null, isLeft: true };
  }
  if (state === "missing") {
    const report = bareReport(entry, "missing", reason("missing"));
    return { report, change: null, isLeft: false };
  }
  const report = bareReport(entry, "reverted", null);
  if (strategy === "delete") {
    return { report, change: { path: file, before, after: text }, isLeft: false };
  }
  const now = before ?? "";
  const place = placeOf(now, text) ?? { start: now.length, end: now.length };
  const rest = now.slice(0, place.start) + now.slice(place.end);
  const after = strategy === "create" && rest === "" ? null : rest;
  return { report, change: { path: file, before, after }, isLeft: false };
}
