import { beforeAll, describe, expect, test } from "vitest";
import type { Plan } from "../src/plan/model.js";
import { readFixtures, readShared, transformNames, type Fixture } from "./support/fixture.js";
import { activeRules, applyInMemory, memoryTree } from "./support/memory-tree.js";
import { runPrograms, SDKS, type Program, type Run } from "./support/run.js";

const driven = transformNames()
  .flatMap(readFixtures)
  .filter(({ drive }) => drive !== null);

const REAL_SDKS = SDKS.filter((sdk) => sdk !== "stub");

/** Every case runs eight times; a busy machine takes minutes. */
const TIMEOUT = 400_000;

interface Prepared {
  readonly before: Program;
  readonly after: Program;
  readonly plan: Plan;
}

async function prepare(fixture: Fixture): Promise<Prepared> {
  const memory = memoryTree([...fixture.files, [fixture.file, fixture.input]]);
  const drive = ["drive.ts", fixture.drive ?? ""] as const;
  const shared = readShared();
  const before = new Map([...shared, ...memory.files, drive]);
  const plan = applyInMemory(memory, await activeRules(fixture.rules));
  return { before, after: new Map([...shared, ...memory.files, drive]), plan };
}

const prepared = new Map<string, Prepared>();
let original: Run;
let recorded: Run;
const real = new Map<string, { plain: Run; initialised: Run }>();

beforeAll(async () => {
  for (const fixture of driven) prepared.set(fixture.name, await prepare(fixture));
  const pick = (side: "before" | "after") =>
    new Map([...prepared].map(([name, program]) => [name, program[side]]));
  original = await runPrograms(pick("before"), "stub", false);
  recorded = await runPrograms(pick("after"), "stub", false);
  for (const sdk of REAL_SDKS) {
    const plain = await runPrograms(pick("after"), sdk, false);
    real.set(sdk, { plain, initialised: await runPrograms(pick("after"), sdk, true) });
  }
}, TIMEOUT);

/** Whether a span has a planned name, which is the code of a template where the code makes it. */
function isSpanOf(planned: string, opened: string): boolean {
  if (!planned.startsWith("`")) return planned === opened;
  const parts = planned.slice(1, -1).split(/\$\{[^}]*\}/);
  return new RegExp(
    `^${parts.map((part) => part.replace(/[^\w]/g, "\\$&")).join(".*")}$`,
    "s",
  ).test(opened);
}

test("a program that was not instrumented asks nothing of the SDK", () => {
  expect(original.seen).toEqual([]);
});

describe.each(driven)("$name", ({ name, captured }) => {
  test("prints the same before and after", () => {
    expect(recorded.output.get(name)).toBe(original.output.get(name));
  });

  test("opens the spans that were planned", () => {
    const opened = recorded.seen
      .filter(({ program }) => program === name)
      .flatMap((each) => each.name ?? []);
    const planned = prepared
      .get(name)
      ?.plan.sites.flatMap(({ state, span }) => (state === "planned" && span ? [span.name] : []));
    const unplanned = opened.filter((each) => !planned?.some((span) => isSpanOf(span, each)));
    const unopened = planned?.filter((span) => !opened.some((each) => isSpanOf(span, each)));
    expect({ unplanned, unopened }).toEqual({ unplanned: [], unopened: [] });
  });

  test("captures the errors that it should, each once", () => {
    const seen = recorded.seen.filter(({ program }) => program === name);
    expect(seen.flatMap((each) => each.captured ?? [])).toEqual(captured);
  });

  test.each(REAL_SDKS)("prints the same with %s, initialised or not", (sdk) => {
    expect(real.get(sdk)?.plain.output.get(name)).toBe(original.output.get(name));
    expect(real.get(sdk)?.initialised.output.get(name)).toBe(original.output.get(name));
  });
});
