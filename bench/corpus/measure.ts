import { join } from "node:path";
import { examplesOf, kindsOf, type Skips } from "./examples.js";
import { coverageOf, type Coverage } from "./figures.js";
import { versionOf } from "./install.js";
import { originalOf, tryOut, type Original, type Trial, type Violation } from "./laws.js";
import type { CorpusPackage } from "./packages.js";
import { CONFIGS, type ConfigName } from "./rules.js";
import { awaitedCalls } from "./syntax.js";
import type { Site } from "./tool.js";
import { makeTree } from "./tree.js";

/** What one config came to. */
export interface ConfigFigures {
  readonly filesChanged: number;
  readonly seconds: number;
  readonly diagnosticsAfter: number;
  readonly bodies: Coverage;
  readonly calls: Coverage;
  readonly awaited: { readonly matched: number; readonly wrapped: number };
  readonly skips: readonly Skips[];
  readonly unclear: Readonly<Record<string, number>> | null;
}

/** What one package came to. */
export interface PackageFigures {
  readonly package: string;
  readonly version: string;
  readonly files: number;
  readonly diagnosticsBefore: number;
  readonly configs: Readonly<Partial<Record<ConfigName, ConfigFigures>>>;
  readonly violations: readonly (Violation & { readonly config: ConfigName })[];
}

/** What is asked of a measurement. */
export interface Wanted {
  readonly configs: readonly ConfigName[];
  /** How many examples of each reason to skip. */
  readonly examples: number;
}

/** Instruments a package with each config and checks every law. */
export async function measure(
  folder: string,
  source: CorpusPackage,
  wanted: Wanted,
): Promise<PackageFigures> {
  const original = originalOf(await makeTree(folder, source));
  const configs: Partial<Record<ConfigName, ConfigFigures>> = {};
  const violations: (Violation & { config: ConfigName })[] = [];
  for (const config of wanted.configs) {
    const trial = await tryOut(original, configFile(folder, config));
    configs[config] = figuresOf(original, trial, wanted.examples);
    violations.push(...trial.violations.map((each) => ({ ...each, config })));
  }
  return {
    package: source.name,
    version: versionOf(source.name),
    files: consideredFiles(original).length,
    diagnosticsBefore: original.complaints.length,
    configs,
    violations,
  };
}

/** Where a config is written for a run. */
export function configFile(folder: string, config: ConfigName): string {
  return join(folder, `${config}.json`);
}

/** The configs as files, by their names. */
export function configFiles(folder: string): [path: string, text: string][] {
  return (Object.keys(CONFIGS) as ConfigName[]).map((name) => [
    configFile(folder, name),
    JSON.stringify(CONFIGS[name]),
  ]);
}

function figuresOf(original: Original, trial: Trial, examples: number): ConfigFigures {
  const { tree, texts } = original;
  const { sites, filesChanged, seconds, complaintsAfter } = trial;
  const calls = sites.filter(({ rule }) => rule === "calls");
  return {
    filesChanged,
    seconds,
    diagnosticsAfter: complaintsAfter,
    bodies: coverageOf(sites.filter(({ rule }) => rule !== "calls")),
    calls: coverageOf(calls),
    awaited: awaitedOf(original, calls),
    skips: examplesOf(texts, sites, examples),
    unclear: examples > 0 ? kindsOf(tree, sites) : null,
  };
}

/** Awaited calls, counted in the code itself: several matches of one chain are one place. */
function awaitedOf(original: Original, calls: readonly Site[]) {
  const places = (sites: readonly Site[]) =>
    new Set(sites.map(({ file, line, column }) => `${file}:${line}:${column}`));
  const found = places(calls);
  const wrapped = places(calls.filter(({ state }) => state === "applied"));
  const awaited = consideredFiles(original).flatMap(([path, text]) =>
    [...awaitedCalls(path, text)].map((place) => `${path}:${place}`),
  );
  return {
    matched: awaited.filter((place) => found.has(place)).length,
    wrapped: awaited.filter((place) => wrapped.has(place)).length,
  };
}

function consideredFiles({ texts }: Original): [path: string, text: string][] {
  return [...texts].flatMap(([path, text]): [string, string][] =>
    /\.[cm]?tsx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path) ? [[path, text.toString("utf8")]] : [],
  );
}
