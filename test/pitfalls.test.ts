/**
 * Every case with a `naive` output shows a pitfall: what a person following the plan would write
 * breaks the law that the case names, and what comes out of the tool holds it.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { apply } from "../src/index.js";
import { loadCompiler } from "../src/syntax/compiler.js";
import { added, diagnosticsOf } from "./support/diagnostics.js";
import { readFixtures, readShared, transformNames, type Fixture } from "./support/fixture.js";
import { activeRules, applyInMemory, memoryTree, revertInMemory } from "./support/memory-tree.js";
import { linesOf, observe, type Happening } from "./support/observe.js";
import { BUNDLED_TSCONFIG, temporaryProject } from "./support/project.js";
import type { Program } from "./support/run.js";
import { uncoveredWork, unnestedSpans, wrongMarks } from "./support/span-laws.js";
import { textDamage } from "./support/text-law.js";

const cases = transformNames()
  .flatMap(readFixtures)
  .filter(({ naive }) => naive !== null);

const driven = cases.filter(({ drive }) => drive !== null);
const typed = cases.filter(({ naive }) => naive?.breaks === "types");
const goneBack = cases.filter(({ naive }) => naive?.breaks === "residue");

type Side = "before" | "ours" | "naive";
const SIDES: readonly Side[] = ["before", "ours", "naive"];

function textOf(fixture: Fixture, side: Side): string {
  if (side === "before") return fixture.input;
  return side === "ours"
    ? (fixture.checked ?? fixture.expected)
    : (fixture.naive?.text ?? fixture.input);
}

function programsOf(
  fixtures: readonly Fixture[],
  side: Side,
  withDrive: boolean,
): Map<string, Program> {
  const shared = readShared();
  return new Map(
    fixtures.map((fixture) => {
      const files = new Map([...shared, ...fixture.files, [fixture.file, textOf(fixture, side)]]);
      if (withDrive) files.set("drive.ts", fixture.drive ?? "");
      return [fixture.name, files];
    }),
  );
}

const happened = new Map<Side, ReadonlyMap<string, readonly Happening[]>>();
let said: ReadonlyMap<string, readonly string[]>;

beforeAll(async () => {
  await loadCompiler();
  for (const side of SIDES) happened.set(side, await observe(programsOf(driven, side, true)));
  const all = SIDES.flatMap((side) =>
    [...programsOf(cases, side, false)].map(([name, files]) => [`${side}/${name}`, files] as const),
  );
  said = diagnosticsOf(new Map(all));
  for (const fixture of goneBack) await rollBack(fixture);
});

/** The text of each case about going back, once it was gone back on. */
const rolledBack = new Map<string, Readonly<Record<Side, string>>>();

async function rollBack(fixture: Fixture): Promise<void> {
  const memory = memoryTree([...fixture.files, [fixture.file, fixture.input]]);
  applyInMemory(memory, await activeRules(fixture.rules));
  const isExpected = memory.files.get(fixture.file) === fixture.expected;
  revertInMemory(memory);
  const ours = memory.files.get(fixture.file) ?? "";
  rolledBack.set(fixture.name, {
    before: fixture.input,
    ours: isExpected ? ours : "another output than expected",
    naive: fixture.naive?.text ?? "",
  });
}

const happenings = (fixture: Fixture, side: Side) => happened.get(side)?.get(fixture.name) ?? [];
const diagnostics = (fixture: Fixture, side: Side) => said.get(`${side}/${fixture.name}`) ?? [];

/** How one side of a case breaks the law that the case is about. */
function violations(fixture: Fixture, side: Side): readonly string[] {
  switch (fixture.naive?.breaks) {
    case "behaviour":
      return differences(
        linesOf(happenings(fixture, "before")),
        linesOf(happenings(fixture, side)),
      );
    case "types":
      return added(diagnostics(fixture, "before"), diagnostics(fixture, side));
    case "span-covers-work":
      return uncoveredWork(happenings(fixture, side));
    case "nesting":
      return unnestedSpans(happenings(fixture, side));
    case "marks":
      return wrongMarks(happenings(fixture, side), spanNames(fixture));
    case "text":
      return textDamage(fixture.file, fixture.input, textOf(fixture, side));
    case "residue":
      return differences(
        fixture.input.split("\n"),
        (rolledBack.get(fixture.name)?.[side] ?? "").split("\n"),
      );
    case undefined:
      return [];
  }
}

/** What two lists of lines have not in common, their order included. */
function differences(before: readonly string[], now: readonly string[]): string[] {
  if (before.join("\n") === now.join("\n")) return [];
  const changes = [
    ...added(before, now).map((line) => `+ ${line}`),
    ...added(now, before).map((line) => `- ${line}`),
  ];
  return changes.length > 0 ? changes : ["the same lines in another order"];
}

function spanNames({ rules }: Fixture): string[] {
  return rules.map((rule) => (rule.span as { name: string }).name);
}

describe.each(cases)("$name", (fixture) => {
  test("by hand: breaks the law", () => {
    expect(violations(fixture, "naive")).not.toEqual([]);
    if (fixture.naive?.breaks === "residue") expect(fixture.naive.text).not.toContain("startSpan(");
  });

  test("ours holds it", () => {
    expect(violations(fixture, "ours")).toEqual([]);
  });

  test("ours adds no diagnostic", () => {
    expect(added(diagnostics(fixture, "before"), diagnostics(fixture, "ours"))).toEqual([]);
  });
});

test.each(typed)("$name: so it comes out with the type check", async (fixture) => {
  const inSource = [...readShared(), ...fixture.files, [fixture.file, fixture.input] as const].map(
    ([path, text]) => [`src/${path}`, text] as const,
  );
  const manifest = { type: "module", dependencies: { "@sentry/node": "^11.0.0" } };
  const project = temporaryProject(
    {
      ...Object.fromEntries(inSource),
      "package.json": JSON.stringify(manifest),
      "tsconfig.json": BUNDLED_TSCONFIG,
    },
    fixture.rules,
  );
  try {
    const outcome = await apply({ cwd: project.dir });
    expect(project.read(`src/${fixture.file}`)).toBe(textOf(fixture, "ours"));
    expect(outcome.typecheck?.new).toEqual([]);
    expect(outcome.exitCode).toBe(0);
  } finally {
    project.remove();
  }
});
