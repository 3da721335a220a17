// Instruments the source of published packages completely, checks every law of the tool on it, and
// takes it all out again. Everything happens in a temporary folder.
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sumOfCoverages } from "./figures.js";
import { install } from "./install.js";
import { configFiles, measure, type PackageFigures, type Wanted } from "./measure.js";
import { PACKAGES, type CorpusPackage } from "./packages.js";
import { CONFIGS, type ConfigName } from "./rules.js";
import { toTerminal } from "./table.js";

const EXIT = { done: 0, broken: 1, mistake: 2 } as const;

const HELP = `npm run corpus -- [--only NAME,NAME] [--config functions|calls] [--examples N] [--json] [--keep]`;

process.exitCode = await main();

async function main(): Promise<number> {
  const asked = readArguments();
  if (typeof asked === "string") {
    console.error(`${asked}\n${HELP}`);
    return EXIT.mistake;
  }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "retrospan-corpus-")));
  try {
    await install(folder);
    for (const [path, text] of configFiles(folder)) writeFileSync(path, text);
    const all: PackageFigures[] = [];
    for (const each of asked.packages) all.push(await measureAloud(folder, each, asked));
    process.stdout.write(
      asked.json ? `${JSON.stringify(toDocument(all), null, 2)}\n` : toTerminal(all),
    );
    return all.some(({ violations }) => violations.length > 0) ? EXIT.broken : EXIT.done;
  } finally {
    if (asked.keep) console.error(`kept in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
}

interface Asked extends Wanted {
  readonly packages: readonly CorpusPackage[];
  readonly json: boolean;
  readonly keep: boolean;
}

/** What the command line asks for, or what is wrong with it. */
function readArguments(): Asked | string {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      config: { type: "string" },
      examples: { type: "string", default: "0" },
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
    },
  });
  const names = values.only?.split(",") ?? PACKAGES.map(({ name }) => name);
  const unknown = names.find((name) => !PACKAGES.some((each) => each.name === name));
  if (unknown !== undefined) return `no package ${unknown} in the corpus`;
  const configs = values.config === undefined ? Object.keys(CONFIGS) : [values.config];
  if (!configs.every(isConfigName)) return `no config ${values.config}`;
  const examples = Number(values.examples);
  if (!Number.isInteger(examples) || examples < 0) return "--examples takes a whole number";
  const packages = PACKAGES.filter(({ name }) => names.includes(name));
  return { packages, configs, examples, json: values.json, keep: values.keep };
}

function isConfigName(name: string): name is ConfigName {
  return name in CONFIGS;
}

/** Measures a package and says so on stderr; a tool that fails breaks a law as well. */
async function measureAloud(
  folder: string,
  source: CorpusPackage,
  wanted: Wanted,
): Promise<PackageFigures> {
  const started = performance.now();
  const figures = await measure(folder, source, wanted);
  const seconds = Math.round((performance.now() - started) / 1000);
  const { length } = figures.violations;
  console.error(
    `${source.name}: ${length === 0 ? "every law holds" : `${length} violations`}, ${seconds} s`,
  );
  return figures;
}

function toDocument(packages: readonly PackageFigures[]) {
  const picked = (config: ConfigName, part: "bodies" | "calls") =>
    sumOfCoverages(packages.flatMap((each) => each.configs[config]?.[part] ?? []));
  return {
    version: 1,
    packages,
    total: { functions: picked("functions", "bodies"), calls: picked("calls", "calls") },
  };
}
