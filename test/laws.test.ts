import { format, type Options } from "prettier";
import { describe, expect, test } from "vitest";
import { loadCompiler, ts } from "../src/syntax/compiler.js";
import { emptyLedger } from "../src/plan/ledger.js";
import type { SiteReport } from "../src/plan/model.js";
import { isParseFailure, parseSource } from "../src/syntax/source.js";
import { readFixtures, transformNames, type Fixture } from "./support/fixture.js";
import {
  activeRules,
  applyInMemory,
  memoryTree,
  revertInMemory,
  type MemoryTree,
} from "./support/memory-tree.js";
import { importsRenamed, importsSplit, localNames, renamed } from "./support/rename.js";
import { VARIANTS, type Variant } from "./support/variants.js";

const TRANSFORMS = transformNames();

/** Far from the style of any fixture, and from each other. */
const STYLES: readonly Style[] = [
  {
    name: "narrow lines and no semicolons",
    printWidth: 40,
    semi: false,
    singleQuote: true,
    useTabs: true,
    arrowParens: "avoid",
    trailingComma: "none",
  },
  { name: "wide lines and semicolons", printWidth: 140, tabWidth: 4 },
];

type Style = Options & { readonly name: string };

function inStyle(path: string, text: string, { name: _name, ...style }: Style): Promise<string> {
  return format(text, { ...style, filepath: path });
}

/** A text of which only the code counts: prettier keeps some line breaks that it finds. */
async function withoutLayout(path: string, text: string, style: Style): Promise<string> {
  const even = await inStyle(path, text, { ...style, objectWrap: "collapse" });
  return even.replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/\n\s*/g, "\n"));
}

async function treeFor(fixture: Fixture, variant: Variant): Promise<MemoryTree> {
  const input = await variant.write(fixture.input, fixture.file);
  return memoryTree([...fixture.files, [fixture.file, input]]);
}

/** The local names of a file's imports. */
function importedNames(path: string, text: string): string[] {
  const source = parseSource(path, text);
  if (isParseFailure(source)) return [];
  return source.file.statements.filter(ts.isImportDeclaration).flatMap(({ importClause }) => {
    const { name, namedBindings } = importClause ?? {};
    const named = namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements : [];
    const whole = namedBindings && ts.isNamespaceImport(namedBindings) ? [namedBindings] : [];
    return [...(name ? [name] : []), ...[...named, ...whole].map((each) => each.name)].map(
      (each) => each.text,
    );
  });
}

describe.each(TRANSFORMS)("%s", (transform) => {
  describe.each(readFixtures(transform))("$name", (fixture) => {
    test.each(VARIANTS)("$name: as expected, stable, and back to the byte", async (variant) => {
      const rules = await activeRules(fixture.rules);
      const memory = await treeFor(fixture, variant);
      const original = new Map(memory.files);
      const plan = applyInMemory(memory, rules);
      const applied = new Map(memory.files);
      const after = applied.get(fixture.file) ?? "";

      if (variant.isGolden) {
        expect(after).toBe(await variant.write(fixture.expected, fixture.file));
        expect(plan.sites.flatMap(({ reason }) => reason?.code ?? []).sort()).toEqual(
          [...fixture.skips].sort(),
        );
      }
      expect(isParseFailure(parseSource(fixture.file, after))).toBe(false);
      expect(plan.sites.map(({ reason }) => reason?.code)).not.toContain("not-reversible");

      const second = applyInMemory(memory, rules);
      expect(second.changes).toEqual([]);
      expect(memory.files).toEqual(applied);

      const reverted = revertInMemory(memory);
      expect(memory.files).toEqual(original);
      expect(reverted.sites.every(({ state }) => state === "reverted")).toBe(true);
      expect(memory.ledger).toMatchObject({ sites: [], imports: [], modules: [] });
    });

    test("an empty ledger removes nothing", async () => {
      await loadCompiler();
      const memory = memoryTree([[fixture.file, fixture.expected]]);
      expect(revertInMemory(memory).changes).toEqual([]);
    });

    test("rules under other names go on with what was made", async () => {
      const memory = memoryTree([...fixture.files, [fixture.file, fixture.input]]);
      applyInMemory(memory, await activeRules(fixture.rules));
      const renamed = fixture.rules.map((rule) => ({ ...rule, id: `other-${rule.id}` }));
      expect(applyInMemory(memory, await activeRules(renamed)).changes).toEqual([]);
    });

    test("with its ledger lost, nothing is instrumented twice", async () => {
      const rules = await activeRules(fixture.rules);
      const memory = memoryTree([...fixture.files, [fixture.file, fixture.input]]);
      const first = applyInMemory(memory, rules);
      const instrumented = memory.files.get(fixture.file);
      memory.ledger = emptyLedger();
      // What stood in the way of a site may do so no more.
      const skipped = first.sites.filter(({ state }) => state === "skipped");
      const isNew = ({ rule, file }: SiteReport) =>
        file === fixture.file && !skipped.some((each) => each.rule === rule);
      const planned = applyInMemory(memory, rules).sites.filter(({ state }) => state === "planned");
      const isSame = memory.files.get(fixture.file) === instrumented;
      expect(isSame ? [] : planned.filter(isNew)).toEqual([]);
    });

    test("the plan does not depend on the order of rules and files", async () => {
      const files = [...fixture.files, [fixture.file, fixture.input] as const];
      const [forward, backward] = [memoryTree(files), memoryTree([...files].reverse())];
      applyInMemory(forward, await activeRules(fixture.rules));
      applyInMemory(backward, await activeRules([...fixture.rules].reverse()));
      expect(new Map([...backward.files].sort())).toEqual(new Map([...forward.files].sort()));
    });

    test.runIf(fixture.rules.length > 1).each([
      { order: "in order", isReversed: false },
      { order: "the last first", isReversed: true },
      { order: "each asked for alone", isReversed: false, isAlone: true },
      { order: "each asked for alone, the last first", isReversed: true, isAlone: true },
    ])("one rule after the other, $order", async ({ isReversed, isAlone = false }) => {
      const rules = await activeRules(isReversed ? fixture.rules.toReversed() : fixture.rules);
      const memory = memoryTree([...fixture.files, [fixture.file, fixture.input]]);
      const original = new Map(memory.files);
      for (const count of rules.keys()) {
        const plan = applyInMemory(memory, rules.slice(isAlone ? count : 0, count + 1));
        expect(plan.sites.map(({ reason }) => reason?.code)).not.toContain("not-reversible");
      }
      const after = memory.files.get(fixture.file) ?? "";
      expect(isParseFailure(parseSource(fixture.file, after))).toBe(false);
      const imported = importedNames(fixture.file, after);
      expect(imported).toEqual([...new Set(imported)]);
      expect(applyInMemory(memory, rules).changes).toEqual([]);
      for (const { rule } of rules) revertInMemory(memory, (entry) => entry.rule === rule.id);
      revertInMemory(memory);
      expect(memory.files).toEqual(original);
    });

    test.runIf(fixture.rules.length > 1).each([
      { order: "in order", isReversed: false },
      { order: "the last first", isReversed: true },
    ])("all at once, and back one rule after the other, $order", async ({ isReversed }) => {
      const rules = await activeRules(fixture.rules);
      const memory = memoryTree([...fixture.files, [fixture.file, fixture.input]]);
      const original = new Map(memory.files);
      applyInMemory(memory, rules);
      for (const { rule } of isReversed ? rules.toReversed() : rules) {
        revertInMemory(memory, (entry) => entry.rule === rule.id);
      }
      expect(memory.files).toEqual(original);
    });

    test.each(STYLES)("formatted since with $name, all of it is known and goes", async (style) => {
      const rules = await activeRules(fixture.rules);
      const memory = memoryTree([...fixture.files, [fixture.file, fixture.input]]);
      applyInMemory(memory, rules);
      const formatted = await inStyle(fixture.file, memory.files.get(fixture.file) ?? "", style);
      // Without semicolons, what prettier writes is not always what the compiler reads.
      if (isParseFailure(parseSource(fixture.file, formatted))) return;
      memory.files.set(fixture.file, formatted);
      const { ledger } = memory;
      expect(applyInMemory(memory, rules).changes).toEqual([]);
      expect(memory.ledger.sites.length).toBe(ledger.sites.length);
      const { sites } = revertInMemory(memory);
      expect(sites.filter(({ state }) => state !== "reverted")).toEqual([]);
      const reverted = memory.files.get(fixture.file) ?? "";
      const bare = (text: string) => withoutLayout(fixture.file, text, style);
      expect(await bare(reverted)).toBe(await bare(fixture.input));
    });

    test("with its variables renamed since, all of it is known and goes", async () => {
      const rules = await activeRules(fixture.rules);
      const memory = memoryTree([...fixture.files, [fixture.file, fixture.input]]);
      const names = localNames(fixture.file, fixture.input);
      applyInMemory(memory, rules);
      const instrumented = memory.files.get(fixture.file) ?? "";
      memory.files.set(fixture.file, renamed(fixture.file, instrumented, names));
      expect(applyInMemory(memory, rules).changes).toEqual([]);
      const { sites } = revertInMemory(memory);
      const left = sites.filter(({ state }) => state !== "reverted");
      // Old code that says a variable which no new code says has lost it.
      const lost = left.filter(({ reason }) => reason?.code === "legacy-gone");
      expect(lost.length === 0 ? left : []).toEqual([]);
      if (lost.length > 0) return;
      expect(memory.files.get(fixture.file)).toBe(renamed(fixture.file, fixture.input, names));
    });

    test.each([
      { how: "renamed", rewrite: importsRenamed },
      { how: "split into their members", rewrite: importsSplit },
    ])("with our imports $how since, all of it is known and goes", async ({ rewrite }) => {
      const rules = await activeRules(fixture.rules);
      const memory = memoryTree([...fixture.files, [fixture.file, fixture.input]]);
      applyInMemory(memory, rules);
      const ours = memory.ledger.imports.filter(({ file }) => file === fixture.file);
      const names = new Set(ours.map(({ local }) => local));
      const instrumented = memory.files.get(fixture.file) ?? "";
      memory.files.set(fixture.file, rewrite(fixture.file, instrumented, names));
      expect(applyInMemory(memory, rules).changes).toEqual([]);
      const { sites } = revertInMemory(memory);
      expect(sites.filter(({ state }) => state !== "reverted")).toEqual([]);
      expect(memory.files.get(fixture.file)).toBe(fixture.input);
    });

    test.runIf(fixture.edited !== null)("keeps edits made since", async () => {
      const rules = await activeRules(fixture.rules);
      const memory = memoryTree([...fixture.files, [fixture.file, fixture.input]]);
      applyInMemory(memory, rules);
      const instrumented = memory.files.get(fixture.file) ?? "";
      const edited = fixture.edited ?? "";
      memory.files.set(fixture.file, edited);
      const { sites } = revertInMemory(memory);
      const reverted = memory.files.get(fixture.file) ?? "";
      expect(reverted).toBe(fixture.reverted);
      // A span of ours that stays is named.
      const byHand = Math.max(0, spansIn(edited) - spansIn(instrumented));
      const left = sites.filter(({ state }) => state === "left").length;
      const ours = spansIn(reverted) - spansIn(fixture.input) - byHand;
      expect(ours).toBeLessThanOrEqual(left);
    });

    test.runIf(fixture.edited !== null)("an apply after edits puts in nothing twice", async () => {
      const rules = await activeRules(fixture.rules);
      const memory = memoryTree([...fixture.files, [fixture.file, fixture.input]]);
      applyInMemory(memory, rules);
      memory.files.set(fixture.file, fixture.edited ?? "");
      applyInMemory(memory, rules);
      revertInMemory(memory);
      expect(memory.files.get(fixture.file)).toBe(fixture.reverted);
    });
  });
});

function spansIn(text: string): number {
  return text.match(/\bstart(Inactive)?Span\(/g)?.length ?? 0;
}
