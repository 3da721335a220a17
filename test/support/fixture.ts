import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RuleConfig } from "../../src/plan/define-config.js";

const FIXTURES = new URL("../../fixtures/", import.meta.url).pathname;

/** One case: a folder with an input, its rule or rules, and what must come out. */
export interface Fixture {
  readonly name: string;
  readonly dir: string;
  /** The input's file name: `input.ts`, `input.tsx`, `input.js`, ... */
  readonly file: string;
  readonly input: string;
  /** The same as the input where the case shows a skip. */
  readonly expected: string;
  readonly rules: readonly RuleConfig[];
  /** Codes of the skips that must be reported. */
  readonly skips: readonly string[];
  /** The errors that its program captures once it is instrumented. */
  readonly captured: readonly string[];
  readonly edited: string | null;
  readonly reverted: string | null;
  /** Files that stand beside the input, by path. */
  readonly files: ReadonlyMap<string, string>;
  /** Whether the case has a program to run. */
  readonly drive: string | null;
  /** What comes out once the type check has had its say, where that differs from the expected. */
  readonly checked: string | null;
  /** What a person would write who does it by hand, with the defect that the case is about. */
  readonly naive: Naive | null;
}

export const LAWS = [
  "behaviour",
  "types",
  "span-covers-work",
  "nesting",
  "marks",
  "text",
  "residue",
] as const;
export type Law = (typeof LAWS)[number];

export interface Naive {
  readonly text: string;
  readonly breaks: Law;
}

interface RuleFile {
  readonly rules: readonly RuleConfig[];
  readonly skips?: readonly string[];
  readonly captured?: readonly string[];
  readonly naive?: { readonly breaks: Law };
}

/** The transforms that have cases. */
export function transformNames(): string[] {
  return readdirSync(FIXTURES).filter((name) => name !== "projects" && name !== "shared");
}

/** What cases may import beside their own files, once they are run. */
export function readShared(): ReadonlyMap<string, string> {
  return readTree(join(FIXTURES, "shared"));
}

/** Reads all cases of one transform. */
export function readFixtures(transform: string): Fixture[] {
  const dir = join(FIXTURES, transform);
  return readdirSync(dir)
    .sort()
    .map((name) => readFixture(join(dir, name), `${transform}/${name}`));
}

function readFixture(dir: string, name: string): Fixture {
  const file = readdirSync(dir).find((each) => /^input\.[cm]?[jt]sx?$/.test(each));
  if (!file) throw new Error(`${name}: there is no input`);
  const ending = file.slice("input".length);
  const read = (path: string) =>
    existsSync(join(dir, path)) ? readFileSync(join(dir, path), "utf8") : null;
  const input = read(file) ?? "";
  const rule = JSON.parse(read("rule.json") ?? "{}") as RuleFile;
  return {
    name,
    dir,
    file,
    input,
    expected: read(`expected${ending}`) ?? input,
    rules: rule.rules,
    skips: rule.skips ?? [],
    captured: rule.captured ?? [],
    edited: read(`edited${ending}`),
    reverted: read(`reverted${ending}`),
    files: readTree(join(dir, "files")),
    drive: read("drive.ts"),
    checked: read(`checked${ending}`),
    naive: naiveOf(name, read(`naive${ending}`), rule),
  };
}

function naiveOf(name: string, text: string | null, rule: RuleFile): Naive | null {
  const breaks = rule.naive?.breaks;
  if (text === null && breaks === undefined) return null;
  if (text === null || !breaks || !LAWS.includes(breaks)) {
    throw new Error(`${name}: a naive output and the law it breaks belong together`);
  }
  return { text, breaks };
}

function readTree(dir: string, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  if (!existsSync(dir)) return found;
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (statSync(path).isDirectory()) {
      for (const [inner, text] of readTree(path, `${prefix}${name}/`)) found.set(inner, text);
    } else found.set(`${prefix}${name}`, readFileSync(path, "utf8"));
  }
  return found;
}
