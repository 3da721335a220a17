import * as v from "valibot";
import { byFile } from "./by-file.js";
import { mergeLedgers, sidesOf } from "./ledger-merge.js";

const SHA256 = v.pipe(v.string(), v.regex(/^sha256-[0-9a-f]{64}$/));

/** A ledger comes with the tree, and whoever wrote it must not reach beyond that. */
const PATH = v.pipe(
  v.string(),
  v.check((path) => !path.split(/[\\/]/).includes(".."), "a path inside the tree is expected"),
);

/** Code of the user's own that an entry could be taken for, as a place is known. */
const LOOKALIKE = v.strictObject({
  container: v.string(),
  head: v.string(),
  /** Between those of the entries before and behind it. */
  order: v.number(),
  /** Whether it says all that the entry's own code says, and not only its name. */
  exact: v.boolean(),
});

const SITE = v.strictObject({
  id: v.string(),
  rule: v.string(),
  transform: v.string(),
  phase: v.optional(v.number()),
  file: PATH,
  strategy: v.picklist([
    "expression",
    "statement",
    "body",
    "inactive",
    "insert",
    "replace",
    "create",
    "delete",
  ]),
  span: v.nullable(v.strictObject({ name: v.string(), op: v.nullable(v.string()) })),
  /** Changes when the rule's own text does, so that a changed rule is applied anew. */
  digest: v.string(),
  /** How many comments stand in what was put there; more of them are the user's. */
  comments: v.optional(v.number()),
  /** Its place among the entries of its file: tells alike ones apart while none is missing. */
  order: v.number(),
  /** Sites without which this one must not stay. */
  dependsOn: v.optional(v.array(v.string())),
  container: v.string(),
  head: v.string(),
  shape: v.record(v.string(), v.string()),
  lookalikes: v.optional(v.array(LOOKALIKE)),
});

const IMPORT = v.strictObject({
  file: PATH,
  module: v.string(),
  member: v.nullable(v.string()),
  local: v.string(),
  /** The inserted text, with the line breaks it came with. */
  text: v.string(),
});

const MODULE = v.strictObject({
  file: PATH,
  rule: v.string(),
  hash: SHA256,
  /** The same once a formatter has run over it. */
  looseHash: SHA256,
});

const FILE = v.strictObject({
  /** The content that the first apply found, null when there was no file. */
  original: v.nullable(SHA256),
  /** The content that retrospan last wrote. */
  written: SHA256,
});

/** Reverts only: what was applied stands in the sites, and a shared tail would never merge. */
const EVENT = v.strictObject({
  at: v.string(),
  command: v.literal("revert"),
  sites: v.array(v.string()),
  reason: v.optional(v.string()),
});

const LEDGER = v.strictObject({
  version: v.literal(1),
  files: v.record(PATH, FILE),
  history: v.array(EVENT),
  imports: v.array(IMPORT),
  modules: v.array(MODULE),
  sites: v.array(SITE),
});

export type Lookalike = v.InferOutput<typeof LOOKALIKE>;
export type LedgerSite = v.InferOutput<typeof SITE>;
export type LedgerImport = v.InferOutput<typeof IMPORT>;
export type LedgerModule = v.InferOutput<typeof MODULE>;
export type LedgerEvent = v.InferOutput<typeof EVENT>;

/** What is ours in the tree: the only licence to remove anything. */
export type Ledger = v.InferOutput<typeof LEDGER>;

export const LEDGER_VERSION = 1;

export function emptyLedger(): Ledger {
  return { version: LEDGER_VERSION, files: {}, history: [], imports: [], modules: [], sites: [] };
}

/** Whether nothing of ours is in the tree. */
export function isEmpty(ledger: Ledger): boolean {
  return ledger.sites.length + ledger.imports.length + ledger.modules.length === 0;
}

/** Why a text is no ledger, in a phrase, and what to do about it. */
export interface LedgerProblem {
  readonly problem: string;
  readonly mend: string;
}

const FROM_GIT = "restore it from git";

/** Reads a ledger's text, or says what is wrong with it. What git could not merge is merged here. */
export function parseLedger(text: string): Ledger | LedgerProblem {
  const sides = sidesOf(text);
  if (!sides) return parseOne(text);
  const [ours, theirs] = sides.map(parseOne);
  if (ours && theirs && !("problem" in ours) && !("problem" in theirs)) {
    return mergeLedgers(ours, theirs);
  }
  const problem = "it holds the marks of a merge conflict, and a side of it is no ledger";
  return { problem, mend: "resolve it: what both sides list belongs in the lists" };
}

function parseOne(text: string): Ledger | LedgerProblem {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return { problem: `it is not JSON (${(error as Error).message})`, mend: FROM_GIT };
  }
  const version = (data as { version?: unknown } | null)?.version;
  if (typeof version === "number" && version > LEDGER_VERSION) {
    const problem = `it has version ${version}, made by a newer retrospan than this one`;
    return { problem, mend: "update retrospan" };
  }
  const parsed = v.safeParse(LEDGER, data);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const place = v.getDotPath(issue) ?? "the document";
  return { problem: `${place}: ${issue.message}`, mend: FROM_GIT };
}

/** Sites of one file; they may be made when they are asked for. */
export interface SitesOfFile {
  readonly file: string;
  readonly sites: () => readonly LedgerSite[];
}

/** A ledger about to be written, whose sites may be more than memory should hold. */
export interface LedgerToWrite extends Omit<Ledger, "sites"> {
  readonly sites: readonly SitesOfFile[];
}

/** Sites that are at hand, by their files. */
export function sitesByFile(sites: readonly LedgerSite[]): SitesOfFile[] {
  const ownOf = byFile(sites);
  const files = new Set(sites.map(({ file }) => file));
  return [...files].map((file) => ({ file, sites: () => ownOf(file) }));
}

/**
 * Writes a ledger so that git can merge it: keys sorted, one block a site, in a stable order.
 * @returns its text in pieces
 */
export function* formatLedger(ledger: LedgerToWrite): Generator<string> {
  const { sites, version, imports, modules, ...rest } = ledger;
  const head = {
    ...rest,
    imports: byText(imports, (each) => `${each.file}\0${each.local}`),
    modules: byText(modules, (each) => each.file),
  };
  // All keys but these two come before them.
  yield JSON.stringify(sortKeys(head), null, 2).replace(/\n\}$/, ',\n  "sites": [');
  let isFirst = true;
  const partsOf = byFile(sites);
  for (const file of [...new Set(sites.map((part) => part.file))].sort()) {
    const own = partsOf(file).flatMap((part) => part.sites());
    const blocks = byText(own, ({ id }) => id).map(block);
    if (blocks.length === 0) continue;
    yield `${isFirst ? "" : ","}\n${blocks.join(",\n")}`;
    isFirst = false;
  }
  yield `${isFirst ? "" : "\n  "}],\n  "version": ${version}\n}\n`;
}

/** A site as it stands in the list of them. */
function block(site: LedgerSite): string {
  // Not by `^`, which also means the line separators of Unicode, and these may stand in a string.
  return `    ${JSON.stringify(sortKeys(site), null, 2).replace(/\n/g, "\n    ")}`;
}

function byText<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sortKeys(each)]));
}
