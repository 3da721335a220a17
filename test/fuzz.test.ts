import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { listenForRejections } from "./fuzz/execute.js";
import { problemsOf, programsOf } from "./fuzz/campaign.js";
import { judge } from "./fuzz/laws.js";

/** Which part of the tool is broken on purpose, for showing that the laws notice. */
const sabotage = vi.hoisted(() => ({ name: "" }));

vi.mock("../src/syntax/promises.js", async (original) => {
  const real = await original<typeof import("../src/syntax/promises.js")>();
  return {
    ...real,
    hazardOf: (...given: Parameters<typeof real.hazardOf>) =>
      sabotage.name === "un-awaited calls are wrapped" ? null : real.hazardOf(...given),
  };
});

vi.mock("../src/syntax/results.js", async (original) => {
  const real = await original<typeof import("../src/syntax/results.js")>();
  return {
    ...real,
    resultHazard: (...given: Parameters<typeof real.resultHazard>) =>
      sabotage.name === "builders are returned from spans" ? null : real.resultHazard(...given),
  };
});

vi.mock("../src/syntax/declarations.js", async (original) => {
  const real = await original<typeof import("../src/syntax/declarations.js")>();
  return {
    ...real,
    escapingDeclaration: (...given: Parameters<typeof real.escapingDeclaration>) =>
      sabotage.name === "declarations may escape" ? null : real.escapingDeclaration(...given),
    redeclaredParameter: (...given: Parameters<typeof real.redeclaredParameter>) =>
      sabotage.name === "parameters may be redeclared" ? null : real.redeclaredParameter(...given),
  };
});

vi.mock("../src/syntax/control-flow.js", async (original) => {
  const real = await original<typeof import("../src/syntax/control-flow.js")>();
  return {
    ...real,
    returnsMayBeCaught: (...given: Parameters<typeof real.returnsMayBeCaught>) =>
      sabotage.name === "a return in a try is awaited" ? false : real.returnsMayBeCaught(...given),
    isTail: (...given: Parameters<typeof real.isTail>) =>
      sabotage.name === "a return anywhere is a tail" || real.isTail(...given),
  };
});

vi.mock("../src/syntax/wrapping.js", async (original) => {
  const real = await original<typeof import("../src/syntax/wrapping.js")>();
  return {
    ...real,
    wrappingFor: (...given: Parameters<typeof real.wrappingFor>) => {
      const wrapping = real.wrappingFor(...given);
      if (sabotage.name !== "sync functions become async" || "code" in wrapping) return wrapping;
      return { ...wrapping, isAsync: true };
    },
  };
});

/** What is broken, and a seed among whose first programs one shows it; others take longer. */
const SABOTAGES = [
  ["un-awaited calls are wrapped", 3],
  ["builders are returned from spans", 3],
  ["declarations may escape", 7],
  ["parameters may be redeclared", 3],
  ["a return in a try is awaited", 3],
  ["sync functions become async", 1],
  ["a return anywhere is a tail", 1],
] as const;

const PROGRAMS = 1200;
const SEED = 1;
const ENOUGH = 1000;

let giveBack = () => {};
beforeAll(() => {
  giveBack = listenForRejections();
});
afterAll(() => giveBack());

test(`${PROGRAMS} random programs keep the laws`, { timeout: 600_000 }, async () => {
  const broken: string[] = [];
  for (const [index, program] of programsOf(SEED, PROGRAMS).entries()) {
    const problems = await problemsOf(program);
    broken.push(...problems.map((each) => `seed ${SEED}, program ${index}: ${each}`));
  }
  expect(broken).toEqual([]);
});

test("the same seed gives the same programs", () => {
  expect(programsOf(SEED, 20)).toEqual(programsOf(SEED, 20));
});

describe("what is broken on purpose is found", () => {
  test.each(SABOTAGES)("%s", { timeout: 600_000 }, async (name, seed) => {
    let count = 0;
    let found: string[] = [];
    for (const program of programsOf(seed, ENOUGH)) {
      count++;
      sabotage.name = name;
      const broken = await judge(program);
      sabotage.name = "";
      if (broken.problems.length === 0) continue;
      const honest = await judge(program);
      if (honest.problems.length > 0) continue;
      found = [...broken.problems];
      break;
    }
    console.log(`${name}: found after ${count} programs (${found[0] ?? "not found"})`);
    expect(found).not.toEqual([]);
  });
});
