import fc from "fast-check";
import type { RuleConfig } from "../../src/plan/define-config.js";
import { filesAround } from "./around.js";
import { choicesFrom, type Choices } from "./choices.js";
import { initLines } from "./inits.js";
import { item, type Item } from "./items.js";
import { ruleFor } from "./rules.js";
import { twinLines } from "./twin.js";
import { createWriter, typed, type Callee, type ModuleFacts, type Writer } from "./writer.js";

/** A generated program with the rules that are applied to it. */
export interface Program {
  readonly path: string;
  readonly text: string;
  /** Other files of the tree; rules are not applied to them. */
  readonly others: readonly (readonly [path: string, text: string])[];
  readonly rules: readonly RuleConfig[];
  readonly isSloppy: boolean;
  readonly isTypeScript: boolean;
  /** Whether a span of a rule was written by hand where a second one could not be told from it. */
  readonly hasTwin: boolean;
  /** What decides how it is edited after it was instrumented. */
  readonly edits: readonly number[];
  /** What decides what a type check tells about it. */
  readonly knowledge: readonly number[];
}

/** The numbers that a program is made from, in parts that can be dropped one by one. */
interface Recipe {
  readonly style: readonly number[];
  readonly items: readonly (readonly number[])[];
  readonly rules: readonly (readonly number[])[];
  readonly edits: readonly number[];
  readonly knowledge: readonly number[];
}

const numbers = (minLength: number, maxLength: number) =>
  fc.array(fc.nat({ max: 9999 }), { minLength, maxLength, size: "max" });

/** Programs. */
export const program: fc.Arbitrary<Program> = fc
  .record({
    style: numbers(48, 48),
    items: fc.array(numbers(0, 400), { minLength: 1, maxLength: 5, size: "max" }),
    rules: fc.array(numbers(12, 12), { minLength: 1, maxLength: 4, size: "max" }),
    edits: numbers(8, 8),
    knowledge: numbers(24, 24),
  })
  .map(programFrom);

function programFrom({ style, items, rules, edits, knowledge }: Recipe): Program {
  const look = choicesFrom(style);
  const facts = factsFrom(look);
  const { lines, callees, writer } = moduleFrom(facts, items, look);
  const path = `program.${facts.isTypeScript ? "ts" : facts.isSloppy ? "cjs" : "js"}`;
  const text = written(look, lines);
  const others = [
    ...(facts.hasLegacy ? [legacyModule(facts)] : []),
    ...filesAround(look, facts.isTypeScript),
  ];
  const subject = { path, text, callees, others: others.map(([each]) => each) };
  const made = rules.map((each, index) => ruleFor(choicesFrom(each), `r${index}`, subject));
  const twin = twinLines(writer, made);
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return {
    path,
    text: text + twin.map((line) => line + eol).join(""),
    others,
    rules: made,
    hasTwin: twin.length > 0,
    isSloppy: facts.isSloppy,
    isTypeScript: facts.isTypeScript,
    edits,
    knowledge,
  };
}

function factsFrom(look: Choices): ModuleFacts {
  const isTypeScript = look.chance(30);
  const isSloppy = look.chance(15) && !isTypeScript;
  const semicolons = !look.chance(30);
  const hasDatabase = look.chance(12);
  const hasSchemas = !isSloppy && look.chance(12);
  const hasLegacy = look.chance(15) && !isSloppy;
  const sdk = look.chance(12)
    ? look.pick(["@sentry/node", "@sentry/node", "@sentry/nextjs", "@sentry/browser"])
    : null;
  return { isTypeScript, isSloppy, semicolons, hasDatabase, hasSchemas, hasLegacy, sdk };
}

/** What the calls of `traceStep` and `traceGuarded` would call. */
function legacyModule({ isTypeScript, semicolons }: ModuleFacts): readonly [string, string] {
  const any = isTypeScript ? ": any" : "";
  const end = semicolons ? ";" : "";
  const parameters = `name${any}, value${any}, ms${any}`;
  const lines = [
    `let isOn = false${end}`,
    `export function traceStep(${parameters}) {`,
    `  console.log(name, value, ms)${end}`,
    "}",
    `export function traceGuarded(${parameters}) {`,
    `  if (!isOn) return${end}`,
    `  console.log(name, value, ms)${end}`,
    "}",
    "",
  ];
  return [isTypeScript ? "lib/tracing.ts" : "lib/tracing.js", lines.join("\n")];
}

function moduleFrom(facts: ModuleFacts, items: Recipe["items"], look: Choices) {
  const callees: Callee[] = [];
  const entries: string[] = [];
  const start = createWriter(choicesFrom([]), facts, callees);
  const lines = [...header(start), ...(facts.sdk === null ? [] : initLines(look, start.end))];
  let writer: Writer = start;
  for (const each of items) {
    writer = { ...writer, choices: choicesFrom(each) };
    const made: Item = item(writer);
    lines.push("", ...made.lines);
    entries.push(...made.entries);
    callees.push(...made.callees);
  }
  lines.push("", ...waysIn(start, entries));
  return { lines, callees, writer: start };
}

/** What a test calls: functions of a task and a number, as the module's export. */
function waysIn({ facts, end }: Writer, entries: readonly string[]): string[] {
  const any = facts.isTypeScript ? ": any" : "";
  const ways = entries.map((entry) => `  (t${any}, n${any}) => ${entry},`);
  const start = facts.isSloppy ? "module.exports =" : "export const ways =";
  return [`${start} [`, ...ways, `]${end}`];
}

/** What every module has: things to share, a class to extend. */
function header(writer: Writer): string[] {
  const { end, facts } = writer;
  const any = typed(writer, "any");
  const names = "log, sleep, lazy, fork";
  return [
    facts.isSloppy
      ? `const runtime = require("./runtime")${end}`
      : `import { ${names} } from "./runtime.js"${end}`,
    ...imports(writer),
    "",
    `const bus = createBus()${end}`,
    `const state${any} = { n: 0 }${end}`,
    `const timing${any} = {}${end}`,
    `const spent${any} = {}${end}`,
    `const stages${any} = createStages()${end}`,
    ...(facts.isTypeScript ? guardLines(writer) : []),
    "class Base {",
    `  n${any}${end}`,
    `  constructor(n${any}) {`,
    `    this.n = n${end}`,
    "  }",
    "  get twice() {",
    `    return this.n + this.n${end}`,
    "  }",
    `  base(t${any}, n${any}) {`,
    `    return log(t, "base", [n, this.n])${end}`,
    "  }",
    "}",
  ];
}

function imports({ facts, end }: Writer): string[] {
  const sdk = facts.isSloppy
    ? `const Sentry = require("${facts.sdk}")${end}`
    : `import * as Sentry from "${facts.sdk}"${end}`;
  const database = facts.isSloppy
    ? `const pg = require("pg")${end}`
    : `import * as pg from "pg"${end}`;
  return [
    ...(facts.sdk === null ? [] : [sdk]),
    ...(facts.hasDatabase ? [database] : []),
    ...(facts.hasSchemas ? [`import { z } from "zod"${end}`] : []),
    ...(facts.hasLegacy
      ? [`import { traceStep, traceGuarded } from "./lib/tracing.js"${end}`]
      : []),
  ];
}

/** A function that tells the compiler what its argument is. */
function guardLines({ end }: Writer): string[] {
  return [
    "function isText(value: any): value is string {",
    `  return typeof value === "string"${end}`,
    "}",
  ];
}

/** The lines in one of several ways to write the same. */
function written(look: Choices, lines: readonly string[]): string {
  const quote = look.pick(['"', "'"]);
  const indent = look.pick(["  ", "\t", "    ", "  "]);
  const eol = look.chance(20) ? "\r\n" : "\n";
  const text = lines
    .map((line) => line.replace(/^(?: {2})+/, (spaces) => indent.repeat(spaces.length / 2)))
    .map((line) => (quote === '"' ? line : line.replace(/"/g, "'")))
    .join("\n");
  return `${text}\n`.replace(/\n/g, eol);
}
