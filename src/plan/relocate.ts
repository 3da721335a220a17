import { groupedBy } from "../text/grouped.js";
import { isParseFailure, parseSource } from "../syntax/source.js";
import { TRANSFORMS } from "../../transforms/index.js";
import { byFile } from "./by-file.js";
import { SearchElsewhere, type PlaceElsewhere } from "./elsewhere.js";
import { hashOf } from "./hash.js";
import type { Ledger, LedgerImport, LedgerSite } from "./ledger.js";
import { findOwnImports } from "./own-imports.js";
import { isLost, isRemovable, recogniseAll } from "./recognise.js";
import type { Tree } from "./tree.js";

/**
 * Finds instrumentation that was moved to another file, by a split or a rename that git does not
 * know. An entry follows only to a place that is as it was inserted, and can be no other's.
 */
export function relocate(tree: Tree, ledger: Ledger): Relocated {
  const lost = lostEntries(tree, ledger);
  const found = lookedFor(tree, ledger, lost);
  const elsewhere = found.flatMap(({ entry, places: all }) => {
    const places = all.filter(({ isSame }) => isSame);
    return places.length === 0 ? [] : [{ entry, places }];
  });
  const isKnown = new Set(elsewhere.map(({ entry }) => entry));
  const alike = new Map(
    found
      .filter(({ entry, places }) => !isKnown.has(entry) && places.length > 0)
      .map(({ entry, places }) => [entry.id, places] as const),
  );
  if (elsewhere.length === 0) return { ledger, copies: new Map(), alike };
  const moves = movesOf(elsewhere);
  const sites = ledger.sites.map((entry) => ({ ...entry, file: moves.get(entry) ?? entry.file }));
  const imports = ledger.imports.map((entry) => ({
    ...entry,
    file: newPlaceOf(tree, entry, moves) ?? entry.file,
  }));
  const copies = elsewhere
    .filter(({ entry }) => !moves.has(entry))
    .map(({ entry, places }) => [entry.id, [...new Set(places.map(({ path }) => path))]] as const);
  return {
    ledger: {
      ...ledger,
      sites,
      imports: [...imports, ...broughtAlong(tree, ledger, sites, moves)],
    },
    copies: new Map(copies),
    alike,
  };
}

/** A ledger whose entries are in the files where their work was found. */
export interface Relocated {
  readonly ledger: Ledger;
  /** The files that hold what an entry may mean, by its id, where it cannot be told which. */
  readonly copies: Copies;
  /** Places that say what an entry says, under other names than those around it. */
  readonly alike: Alike;
}

export type Copies = ReadonlyMap<string, readonly string[]>;
export type Alike = ReadonlyMap<string, readonly PlaceElsewhere[]>;

/** An entry that its file has no more, and the places of other files that look like it. */
interface Elsewhere {
  readonly entry: LedgerSite;
  readonly places: readonly PlaceElsewhere[];
}

function lookedFor(tree: Tree, ledger: Ledger, lost: readonly LedgerSite[]): Elsewhere[] {
  const search = new SearchElsewhere(tree, ledger);
  return lost.map((entry) => ({ entry, places: search.placesOf(entry) }));
}

/**
 * Where entries went: into the one file that has as many places for those that say the same as there
 * are of them.
 */
function movesOf(elsewhere: readonly Elsewhere[]): Map<LedgerSite, string> {
  const alike = groupedBy(
    elsewhere.filter(
      ({ entry, places }) =>
        new Set(places.map(({ path }) => path)).size === 1 &&
        !TRANSFORMS.get(entry.transform)?.isBoundToFile,
    ),
    ({ entry: { transform, shape }, places }) =>
      `${transform} ${shape.key} ${places[0]?.path ?? ""}`,
  );
  const moves = new Map<LedgerSite, string>();
  for (const group of alike.values()) {
    const places = new Set(group.flatMap((each) => each.places.map(({ start }) => start)));
    if (places.size !== group.length) continue;
    for (const { entry, places: own } of group) moves.set(entry, own[0]?.path ?? entry.file);
  }
  return moves;
}

/**
 * Imports that came with code to its new file while the old one still has its own: what imports the
 * same there, and is used by nothing but that code.
 */
function broughtAlong(
  tree: Tree,
  ledger: Ledger,
  sites: readonly LedgerSite[],
  moves: ReadonlyMap<LedgerSite, string>,
): LedgerImport[] {
  return [...new Set(moves.values())].flatMap((path) => {
    const source = parseSource(path, tree.read(path) ?? "");
    if (isParseFailure(source)) return [];
    const from = new Set([...moves].flatMap(([{ file }, to]) => (to === path ? [file] : [])));
    const known = ledger.imports.filter(({ file }) => file === path);
    const nameOf = ({ local, member }: LedgerImport) => `${local} ${member}`;
    // Code of several files may have come together, each with the same import.
    const coming = new Map(
      ledger.imports
        .filter((entry) => from.has(entry.file) && (isIn(tree, entry) || isGone(tree, entry)))
        .map((entry) => [nameOf(entry), { ...entry, file: path }]),
    );
    for (const each of known) coming.delete(nameOf(each));
    const copies = [...coming.values()];
    const own = sites.filter(({ file }) => file === path);
    const removed = recogniseAll(tree, source, own, [...known, ...copies]).flatMap((each) =>
      isRemovable(each) ? each.removal.edits : [],
    );
    return findOwnImports(source, copies, removed)
      .filter(({ uses }) => uses.length === 0)
      .map(({ entry }) => entry);
  });
}

/** Where an import that its file has no more went, with all that was found of the file. */
function newPlaceOf(
  tree: Tree,
  entry: LedgerImport,
  moves: ReadonlyMap<LedgerSite, string>,
): string | undefined {
  const places = new Set([...moves].flatMap(([{ file }, to]) => (file === entry.file ? [to] : [])));
  const [place, ...others] = places;
  return place !== undefined && others.length === 0 && !isIn(tree, entry) ? place : undefined;
}

function isGone(tree: Tree, { file }: LedgerImport): boolean {
  return tree.read(file) === null;
}

function isIn(tree: Tree, entry: LedgerImport): boolean {
  const text = tree.read(entry.file);
  const source = text === null ? null : parseSource(entry.file, text);
  if (!source || isParseFailure(source)) return false;
  return findOwnImports(source, [entry], []).length > 0;
}

/** Entries that are missing in their files; a file that nobody has edited is not looked at. */
function lostEntries(tree: Tree, ledger: Ledger): LedgerSite[] {
  const paths = new Set(ledger.sites.map(({ file }) => file));
  const entriesOf = byFile(ledger.sites);
  const importsOf = byFile(ledger.imports);
  return [...paths].flatMap((path) => {
    const entries = entriesOf(path);
    const text = tree.read(path);
    if (text === null) return entries;
    if (ledger.files[path]?.written === hashOf(text)) return [];
    return missingIn(tree, path, text, entries, importsOf(path));
  });
}

function missingIn(
  tree: Tree,
  path: string,
  text: string,
  entries: readonly LedgerSite[],
  imports: readonly LedgerImport[],
): LedgerSite[] {
  const source = parseSource(path, text);
  if (isParseFailure(source)) return [];
  return recogniseAll(tree, source, entries, imports)
    .filter(isLost)
    .map(({ entry }) => entry);
}
