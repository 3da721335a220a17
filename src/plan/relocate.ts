import { isParseFailure, parseSource } from "../syntax/source.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { Candidate } from "../transform.js";
import { createFileContext } from "./context.js";
import type { Ledger, LedgerSite } from "./ledger.js";
import { candidatesFor, isLost, recogniseAll } from "./recognise.js";
import type { Tree } from "./tree.js";

/**
 * Finds instrumentation that was moved to another file, by a split or a rename that git does not
 * know. An entry follows only to a single place that is as it was inserted.
 */
export function relocate(tree: Tree, ledger: Ledger): Ledger {
  const lost = lostEntries(tree, ledger);
  if (lost.length === 0) return ledger;
  const moves = new Map<LedgerSite, string>();
  for (const entry of lost) {
    const places = landmarkOf(entry) === null ? [] : placesElsewhere(tree, ledger, entry);
    const [path, ...others] = places;
    if (path !== undefined && others.length === 0) moves.set(entry, path);
  }
  const sites = ledger.sites.map((entry) => ({ ...entry, file: moves.get(entry) ?? entry.file }));
  return { ...ledger, sites };
}

/** A text that the work of an entry contains, or null where there is none to search for. */
function landmarkOf({ transform, shape }: LedgerSite): string | null {
  return TRANSFORMS.get(transform)?.landmark(shape) ?? null;
}

/** Entries that are missing in their files; only files with too few landmarks are parsed. */
function lostEntries(tree: Tree, ledger: Ledger): LedgerSite[] {
  const paths = new Set(ledger.sites.map(({ file }) => file));
  return [...paths].flatMap((path) => {
    const entries = ledger.sites.filter(({ file }) => file === path);
    const text = tree.read(path);
    if (text === null) return entries;
    return entries.some((entry) => isScarce(text, entry, entries))
      ? missingIn(tree, path, text, entries)
      : [];
  });
}

function isScarce(text: string, entry: LedgerSite, entries: readonly LedgerSite[]): boolean {
  const landmark = landmarkOf(entry);
  if (landmark === null) return false;
  const wanted = entries.filter((each) => landmarkOf(each) === landmark).length;
  return text.split(landmark).length - 1 < wanted;
}

function missingIn(
  tree: Tree,
  path: string,
  text: string,
  entries: readonly LedgerSite[],
): LedgerSite[] {
  const source = parseSource(path, text);
  if (isParseFailure(source)) return [];
  return recogniseAll(createFileContext(tree, source), entries)
    .filter(isLost)
    .map(({ entry }) => entry);
}

/** The files, once for each place, that hold an entry's work and do not owe it to another entry. */
function placesElsewhere(tree: Tree, ledger: Ledger, entry: LedgerSite): string[] {
  const paths = tree.filesWith(landmarkOf(entry) ?? "").filter((path) => path !== entry.file);
  return paths.flatMap((path) => {
    const source = parseSource(path, tree.read(path) ?? "");
    if (isParseFailure(source)) return [];
    const file = createFileContext(tree, source);
    const own = ledger.sites.filter((site) => site.file === path);
    const held = recogniseAll(file, own).filter((each) => !isLost(each));
    const taken = new Set(held.map(({ candidate }) => candidate?.range.start));
    return candidatesFor(file, entry)
      .filter((each) => isSame(entry, each) && !taken.has(each.range.start))
      .map(() => path);
  });
}

function isSame(entry: LedgerSite, { exact, container, head }: Candidate): boolean {
  return exact && (container === entry.container || (head !== "" && head === entry.head));
}
