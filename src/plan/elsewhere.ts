import { position } from "../text/lines.js";
import { isParseFailure, parseSource, type Source } from "../syntax/source.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { Candidate } from "../transform.js";
import type { Ledger, LedgerImport, LedgerSite } from "./ledger.js";
import { candidatesIn, isLost, recogniseAll } from "./recognise.js";
import type { Tree } from "./tree.js";

/** A place of another file that may hold an entry's work. */
export interface PlaceElsewhere {
  readonly path: string;
  readonly start: number;
  readonly line: number;
  /** Whether what is around it and in it has the same names, too. */
  readonly isSame: boolean;
}

/** Looks through other files, each of which is read once for all entries that it may hold. */
export class SearchElsewhere {
  readonly #tree: Tree;
  readonly #ledger: Ledger;
  readonly #files = new Map<string, SearchedFile | null>();

  constructor(tree: Tree, ledger: Ledger) {
    this.#tree = tree;
    this.#ledger = ledger;
  }

  /** The places in other files that hold an entry's work and do not owe it to another entry. */
  placesOf(entry: LedgerSite): PlaceElsewhere[] {
    const imports = this.#ledger.imports.filter(({ file }) => file === entry.file);
    for (const landmark of landmarksOf(entry)) {
      const paths = this.#tree.filesWith(landmark).filter((path) => path !== entry.file);
      const places = paths.flatMap((path) => this.#placesIn(path, entry, imports));
      if (places.length > 0) return places;
    }
    return [];
  }

  #placesIn(path: string, entry: LedgerSite, imports: readonly LedgerImport[]): PlaceElsewhere[] {
    const file = this.#fileAt(path);
    if (!file) return [];
    const { source, taken } = file;
    return candidatesIn(this.#tree, source, entry, imports).flatMap((each) => {
      const { start } = each.range;
      const isLike = isAround(entry, each) && isInside(entry, each);
      const isMeant = each.exact || (isLike && this.#isGone(entry));
      if (!isMeant || taken.has(start)) return [];
      const { line } = position(source.text, start);
      // What only wraps the same may as well be somebody's own, as may what says something else.
      const isSame = each.exact && (isLike || (isAround(entry, each) && this.#isGone(entry)));
      return [{ path, start, line, isSame }];
    });
  }

  /** Whether what was around an entry's work has left its file. */
  #isGone({ file, container }: LedgerSite): boolean {
    const name = /[\w$]+$/.exec(container)?.[0];
    const text = this.#tree.read(file);
    if (text === null || name === undefined) return text === null;
    return !new RegExp(`(^|[^\\w$.])${name.replace(/\$/g, "\\$")}\\s*[=:(<]`).test(text);
  }

  #fileAt(path: string): SearchedFile | null {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const file = this.#read(path);
    this.#files.set(path, file);
    return file;
  }

  #read(path: string): SearchedFile | null {
    const source = parseSource(path, this.#tree.read(path) ?? "");
    if (isParseFailure(source)) return null;
    const own = this.#ledger.sites.filter(({ file }) => file === path);
    const imports = this.#ledger.imports.filter(({ file }) => file === path);
    const held = recogniseAll(this.#tree, source, own, imports).filter((each) => !isLost(each));
    return { source, taken: new Set(held.map(({ candidate }) => candidate?.range.start)) };
  }
}

/** A file in which entries of others are sought. */
interface SearchedFile {
  readonly source: Source;
  /** Where its own entries stand. */
  readonly taken: ReadonlySet<number | undefined>;
}

function isAround(entry: LedgerSite, { container }: Candidate): boolean {
  return container === entry.container;
}

function isInside(entry: LedgerSite, { head }: Candidate): boolean {
  return head !== "" && head === entry.head;
}

/** Texts that the work of an entry contains, the rarest first; none where it cannot be sought. */
function landmarksOf({ transform, shape }: LedgerSite): string[] {
  const landmark = TRANSFORMS.get(transform)?.landmark(shape) ?? null;
  if (landmark === null) return [];
  // What was imported whole may be imported member by member there.
  const last = (path: string) => path.split(".").at(-1) ?? path;
  const isCallee = landmark === shape.callee;
  const { callee = landmark } = shape;
  return [...new Set([isCallee ? last(landmark) : landmark, last(callee)])];
}
