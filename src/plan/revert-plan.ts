import { byFile } from "./by-file.js";
import type { Ledger, LedgerModule } from "./ledger.js";
import type { FileChange, Finding, SiteReport } from "./model.js";
import type { Alike } from "./relocate.js";
import { revertFile, type RevertFileInput } from "./revert-file.js";
import { revertModules } from "./revert-modules.js";
import { changesTo, isWholeFile, revertWhole, withTexts } from "./whole-files.js";

/** What a revert would do, and what stays in the ledger after it. */
export interface RevertPlan {
  readonly sites: readonly SiteReport[];
  /** The ids of those that go though somebody has edited them since. */
  readonly edited: ReadonlySet<string>;
  readonly findings: readonly Finding[];
  readonly changes: readonly FileChange[];
  readonly ledger: Pick<Ledger, "sites" | "imports" | "modules">;
  /** Texts that must come out byte for byte, because nobody has edited the file since. */
  readonly exact: ReadonlyMap<string, string>;
}

export interface RevertInput extends Omit<RevertFileInput, "restored"> {
  /** Places of other files that say what an entry says that is not there any more. */
  readonly alike: Alike;
  /** All modules that were made, whether they are to go or not. */
  readonly made: readonly LedgerModule[];
  /** Modules that are listed by the ledgers of other shards as well. */
  readonly madeElsewhere: ReadonlyMap<string, LedgerModule>;
}

/** Plans taking out what the ledger and the code's shape both say is ours. */
export function planRevert(input: RevertInput): RevertPlan {
  const { ledger } = input;
  const inCode = ledger.sites.filter((site) => !isWholeFile(site));
  const paths = new Set([...inCode, ...ledger.imports].map(({ file }) => file));
  const entries = byFile(inCode);
  const ownImports = byFile(ledger.imports);
  const whole = revertWholeFiles(input);
  // What the modules that were made use is no reason for anything to stay.
  const restored = withTexts(
    whole.tree,
    new Map(input.made.map(({ file }) => [file, null] as const)),
  );
  const files = [...paths].sort().map((path) => {
    return revertFile({ ...input, restored }, path, entries(path), ownImports(path));
  });
  const imports = files.flatMap((file) => file.imports);
  const sites = [...files.flatMap((file) => file.entries), ...whole.entries];
  const changes = [...files.flatMap((file) => file.changes), ...whole.changes];
  const changed = new Map(changes.map(({ path, after }) => [path, after]));
  const bare = new Map(files.flatMap((file) => file.bare));
  const modules = revertModules(input, { imports, changed, bare });
  const sitesInCode = files.flatMap((file) => file.sites);
  return {
    sites: [...sitesInCode, ...whole.sites],
    edited: new Set(files.flatMap((file) => file.edited)),
    findings: [
      ...files.flatMap((file) => file.findings),
      ...alikeLeft(input, sitesInCode),
      ...modules.findings,
    ],
    changes: [...changes, ...modules.changes],
    ledger: { sites, imports, modules: modules.kept },
    exact: new Map(files.flatMap((file) => file.exact)),
  };
}

/** Told of what may have moved and got other names, where nothing is left of an entry. */
function alikeLeft({ alike }: RevertInput, sites: readonly SiteReport[]): Finding[] {
  return sites
    .filter(({ state }) => state === "missing")
    .flatMap(({ id }) =>
      (alike.get(id) ?? []).map(({ path, line }): Finding => {
        const message = `what says the same as ${id} did stands here, and stays`;
        return { code: "copy-stays", level: "warning", message, file: path, line };
      }),
    );
}

/** Files that go back as a whole; those that nobody asked for keep their entries. */
function revertWholeFiles({ tree, ledger, wants }: RevertInput) {
  const all = ledger.sites.filter(isWholeFile);
  const texts = new Map<string, string | null>();
  // What was added last goes first.
  const done = all
    .filter(wants)
    .toReversed()
    .map((entry) => {
      const reverted = revertWhole(withTexts(tree, texts), entry);
      if (reverted.change) texts.set(entry.file, reverted.change.after);
      return { entry, ...reverted };
    });
  return {
    tree: withTexts(tree, texts),
    sites: done.map(({ report }) => report).toReversed(),
    changes: changesTo(tree, texts),
    entries: [
      ...all.filter((entry) => !wants(entry)),
      ...done.filter(({ isLeft }) => isLeft).map(({ entry }) => entry),
    ],
  };
}
