import type { Ledger, LedgerSite } from "./ledger.js";

const OPEN = /^<{7}(?: |$)/;
const BASE = /^\|{7}(?: |$)/;
const PARTED = /^={7}$/;
const CLOSE = /^>{7}(?: |$)/;

/** The two texts that git could not merge into one; null where it left no marks. */
export function sidesOf(text: string): readonly [ours: string, theirs: string] | null {
  const lines = text.split(/\r?\n/);
  if (!lines.some((line) => OPEN.test(line))) return null;
  const [ours, theirs]: [string[], string[]] = [[], []];
  let isOurs = true;
  let isTheirs = true;
  for (const line of lines) {
    const isMark = [OPEN, BASE, PARTED, CLOSE].some((mark) => mark.test(line));
    if (OPEN.test(line)) [isOurs, isTheirs] = [true, false];
    if (BASE.test(line)) [isOurs, isTheirs] = [false, false];
    if (PARTED.test(line)) [isOurs, isTheirs] = [false, true];
    if (CLOSE.test(line)) [isOurs, isTheirs] = [true, true];
    if (isMark) continue;
    if (isOurs) ours.push(line);
    if (isTheirs) theirs.push(line);
  }
  return [ours.join("\n"), theirs.join("\n")];
}

/**
 * What two branches know of one tree. A site that only one of them has left is told as missing; of
 * two sites with one id the second gets another one.
 */
export function mergeLedgers(ours: Ledger, theirs: Ledger): Ledger {
  const known = new Map(ours.sites.map((site) => [site.id, site]));
  const fresh = theirs.sites.filter((site) => !isSame(known.get(site.id), site));
  const taken = new Set([...ours.sites, ...theirs.sites].map(({ id }) => id));
  const ids = new Map(
    fresh.filter(({ id }) => known.has(id)).map((site) => [site.id, freeId(site, taken)]),
  );
  const idOf = (id: string) => ids.get(id) ?? id;
  const added = fresh.map((site) => ({
    ...site,
    id: idOf(site.id),
    ...(site.dependsOn ? { dependsOn: site.dependsOn.map(idOf) } : {}),
  }));
  return {
    version: ours.version,
    files: { ...theirs.files, ...ours.files },
    history: union(ours.history, theirs.history, (each) => JSON.stringify(each)),
    imports: union(ours.imports, theirs.imports, (each) => JSON.stringify(each)),
    modules: union(ours.modules, theirs.modules, ({ file }) => file),
    sites: [...ours.sites, ...added],
  };
}

/** Its place among the others changes with each that comes beside it. */
function isSame(one: LedgerSite | undefined, other: LedgerSite): boolean {
  if (!one) return false;
  const textOf = ({ order: _order, ...site }: LedgerSite) =>
    JSON.stringify(Object.entries(site).sort(([a], [b]) => (a < b ? -1 : 1)));
  return textOf(one) === textOf(other);
}

function freeId({ rule, file }: LedgerSite, taken: Set<string>): string {
  for (let number = 1; ; number++) {
    const id = `${rule}:${file}:${number}`;
    if (taken.has(id)) continue;
    taken.add(id);
    return id;
  }
}

function union<T>(ours: readonly T[], theirs: readonly T[], keyOf: (each: T) => string): T[] {
  const known = new Set(ours.map(keyOf));
  return [...ours, ...theirs.filter((each) => !known.has(keyOf(each)))];
}
