import { encloses, type Edit } from "../text/edit.js";
import { endOfLine } from "../text/lines.js";
import { groupedBy } from "../text/grouped.js";
import { indexRanges } from "../text/range-index.js";
import type { TS } from "../syntax/compiler.js";
import {
  importedNames,
  nameRemovals,
  type ImportedLocal,
  type ImportedNames,
} from "../syntax/import-names.js";
import type { Source } from "../syntax/source.js";
import type { LedgerImport } from "./ledger.js";

/** An import of ours in the current text, and who still needs it. */
export interface OwnImport {
  readonly entry: LedgerImport;
  /** What it is called by now; null where its members are imported one by one instead. */
  readonly local: string | null;
  /** The statement that it is a part of, and which of the names in it are its own. */
  readonly imported: ImportedNames;
  readonly names: readonly ImportedLocal[];
  /** Uses of its name that the given removals leave. */
  readonly uses: readonly TS.Identifier[];
  /** Whether it names another module by now: then what uses it may mean the user's own. */
  readonly isMoved: boolean;
}

/** Finds the ledger's imports of a file; those the user took out are not among the result. */
export function findOwnImports(
  source: Source,
  entries: readonly LedgerImport[],
  removed: readonly Edit[],
): OwnImport[] {
  const near = indexRanges(removed);
  const isRemoved = (use: TS.Identifier) => {
    const range = { start: use.getStart(source.file), end: use.end };
    return near.near(range).some((edit) => encloses(edit, range));
  };
  const isInRemoved = (name: TS.Identifier) =>
    removed.length === 0 || referencesTo(source, name).some(isRemoved);
  return entries.flatMap((entry) =>
    findImports(source, entry).flatMap((found): OwnImport[] => {
      const { imported, isMoved, isSplit, isSure } = found;
      const names = isSure ? found.names : found.names.filter(({ name }) => isInRemoved(name));
      if (names.length === 0) return [];
      const uses = names.flatMap(({ name }) =>
        // What is removed is left out first: nothing has to be bound where nothing is left.
        source.scope.references(name, (use) => use !== name && !isRemoved(use)),
      );
      const local = isSplit ? null : (names[0]?.name.text ?? null);
      return [{ entry, local, imported, names, uses, isMoved }];
    }),
  );
}

/** The edits that take imports out; several of them may be one statement by now. */
export function importRemovals(source: Source, gone: readonly OwnImport[]): Edit[] {
  const byStatement = groupedBy(gone, ({ imported }) => imported.statement.pos);
  return [...byStatement.values()].flatMap((group) => {
    const [{ imported, entry }] = group as [OwnImport];
    const nodes = new Set(group.flatMap(({ names }) => names.map(({ node }) => node)));
    const names = imported.names.filter(({ node }) => nodes.has(node));
    return names.length === imported.names.length
      ? [importRemoval(source, imported.statement, entry.text)]
      : nameRemovals(imported.names, names);
  });
}

function referencesTo({ scope }: Source, name: TS.Identifier): readonly TS.Identifier[] {
  return scope.references(name, (use) => use !== name);
}

/** Where an entry's import is by now. */
interface FoundImport {
  readonly imported: ImportedNames;
  readonly names: readonly ImportedLocal[];
  readonly isMoved: boolean;
  /** Whether what was the whole module are single members now. */
  readonly isSplit: boolean;
  /** Whether it has the name that it was inserted with; else it may be the user's own. */
  readonly isSure: boolean;
}

/** The import as it was inserted, else what an editor or a person may have rewritten it to. */
function findImports({ file }: Source, entry: LedgerImport): FoundImport[] {
  const all = file.statements.flatMap((statement) => importedNames(statement) ?? []);
  const isMoved = ({ module }: ImportedNames) => module !== entry.module;
  const find = (isIt: (each: ImportedLocal) => boolean, among: readonly ImportedNames[]) =>
    among.flatMap((imported) => {
      const names = imported.names.filter(isIt);
      return names.length === 0 ? [] : [{ imported, names, isMoved: isMoved(imported) }];
    });
  const isSame = ({ name, member }: ImportedLocal) =>
    member === entry.member && name.text === entry.local;
  const here = all.filter((imported) => !isMoved(imported));
  // Its module or the file itself was moved, or it is called otherwise.
  const moved = all.filter((imported) => isMoved(imported) && mayBe(entry.module, imported.module));
  const [sure] = [...find(isSame, here), ...find(isSame, moved)];
  if (sure) return [{ ...sure, isSplit: false, isSure: true }];
  const renamed = find(({ member }) => member === entry.member, here);
  const isPart = ({ member }: ImportedLocal) => entry.member === null && member !== null;
  return [
    ...renamed.map((each) => ({ ...each, isSplit: false, isSure: false })),
    ...find(isPart, here).map((each) => ({ ...each, isSplit: true, isSure: false })),
  ];
}

/** Whether a module may be what an import of ours names by now: by an alias, or another SDK. */
function mayBe(module: string, now: string): boolean {
  if (!module.startsWith(".")) return isSdk(module) && isSdk(now);
  return now.startsWith(".") || fileOf(now) === fileOf(module);
}

function isSdk(module: string): boolean {
  return module.startsWith("@sentry/");
}

function fileOf(module: string): string {
  return (module.split("/").at(-1) ?? "").replace(/\.[cm]?[jt]s$/, "");
}

/**
 * The edits that give the names of imports back which the ledger knows: what says our code by other
 * names is known by those.
 */
export function ledgerNames(source: Source, entries: readonly LedgerImport[]): Edit[] {
  return entries.flatMap((entry) => {
    const renamed = findImports(source, entry).filter(({ isSure }) => !isSure);
    return renamed.flatMap(({ imported, names, isSplit }) => {
      const uses = names.flatMap(({ name, member }) => {
        const text = isSplit ? `${entry.local}.${member}` : entry.local;
        return referencesTo(source, name).map((use) => inPlaceOf(source, use, text));
      });
      const declared = names.map(({ name }) => inPlaceOf(source, name, entry.local));
      const whole = inPlaceOf(source, imported.statement, entry.text.trim());
      return [...(isSplit ? [whole] : declared), ...uses];
    });
  });
}

function inPlaceOf({ file }: Source, node: TS.Node, text: string): Edit {
  return { start: node.getStart(file), end: node.end, text };
}

/** The statement with the line breaks it was inserted with, as far as they are still there. */
function importRemoval({ text, file }: Source, statement: TS.Statement, added: string): Edit {
  const start = statement.getStart(file);
  const inserted = added.replace(/\r?\n/g, endOfLine(text));
  const [lead, tail] = [/^\s*/.exec(inserted)?.[0] ?? "", /\s*$/.exec(inserted)?.[0] ?? ""];
  const from = start - lead.length;
  if (from >= 0 && text.startsWith(lead, from) && text.startsWith(tail, statement.end)) {
    return { start: from, end: statement.end + tail.length, text: "" };
  }
  // A formatter wrote it anew: as many line breaks as came with it go with it, where there are any.
  const before = new RegExp(`(?:\\r?\\n){0,${breaksIn(lead)}}$`).exec(text.slice(0, start));
  const behind = new RegExp(`^[ \\t]*(?:\\r?\\n){0,${breaksIn(tail)}}`).exec(
    text.slice(statement.end),
  );
  // What was written behind it on its line stays, from its first character.
  return {
    start: start - (before?.[0].length ?? 0),
    end: statement.end + (behind?.[0].length ?? 0),
    text: "",
  };
}

function breaksIn(space: string): number {
  return space.match(/\n/g)?.length ?? 0;
}
