/**
 * `npm run bench -- --files 30000 --json`: how long the same edits take us and others, side by side
 * in one run. `--folder DIR` takes a folder instead of a made corpus, `--growth` parts of it.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { commitAll, makeCorpus } from "./corpus.js";
import { countAndRestore, measure, median, originalOf, type Run } from "./measure.js";
import { CODEMOD, configOf, JOBS, PEERS, TOOLS, type Job, type Tool } from "./tools.js";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "3000" },
    folder: { type: "string" },
    seed: { type: "string", default: "1" },
    rounds: { type: "string", default: "3" },
    jobs: { type: "string", default: JOBS.join(",") },
    tools: { type: "string" },
    growth: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

interface Figures {
  readonly median: number;
  readonly cpu: number;
  readonly peakMB: number;
  readonly edits: number;
}

type Table = Partial<Record<Job, Record<string, Figures>>>;

const scratch = mkdtempSync(join(tmpdir(), "retrospan-bench-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

installPeers();
const tools = TOOLS.filter(({ name }) => !values.tools || values.tools.split(",").includes(name));
const jobs = JOBS.filter((job) => values.jobs.split(",").includes(job));
const sizes = values.growth
  ? [8, 4, 2, 1].map((part) => Number(values.files) / part)
  : [Number(values.files)];
const results = sizes.map((files) => ({
  files: Math.round(files),
  jobs: measureAll(Math.round(files)),
}));
const [last] = results.slice(-1);
if (values.json) console.log(JSON.stringify(values.growth ? results : last, null, 2));
else for (const { files, jobs: table } of results) printTable(files, table);

/** The peers have lock files of their own. */
function installPeers(): void {
  for (const cwd of [PEERS, CODEMOD]) {
    if (existsSync(join(cwd, "node_modules/.package-lock.json"))) continue;
    process.stderr.write("installing the peers\n");
    const args = ["ci", "--no-audit", "--no-fund"];
    execFileSync("npm", args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
  }
}

function measureAll(files: number): Table {
  const folder = join(scratch, `corpus-${files}`);
  corpusIn(folder, files);
  cpSync(folder, originalOf(folder), { recursive: true });
  mkdirSync(`${folder}.configs`);
  const table: Table = {};
  for (const job of jobs) {
    const config = JSON.stringify(configOf(job));
    writeFileSync(`${folder}.configs/${job}.json`, config);
    writeFileSync(`${folder}.configs/${job}.ts`, `export default ${config};\n`);
    table[job] = measureJob(job, folder, files);
  }
  return table;
}

function corpusIn(folder: string, files: number): void {
  if (values.folder === undefined) {
    makeCorpus(folder, files, Number(values.seed));
    return;
  }
  cpSync(values.folder, folder, {
    recursive: true,
    filter: (path) => !/\/(node_modules|\.git)$/.test(path),
  });
  commitAll(folder);
}

/** All tools in turn, round after round, so that what else the machine does falls on all of them. */
function measureJob(job: Job, folder: string, files: number): Record<string, Figures> {
  const runs = new Map<Tool, Run[]>();
  const edits = new Map<Tool, number>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const tool of tools) {
      const command = tool.command(job, folder);
      if (command === null || round >= tool.rounds) continue;
      if (files > (tool.files?.[job] ?? Infinity)) continue;
      process.stderr.write(`${job}: ${tool.name}, round ${round + 1}\n`);
      runs.set(tool, [...(runs.get(tool) ?? []), measure(command, folder)]);
      edits.set(tool, countAndRestore(folder));
    }
  }
  return Object.fromEntries(
    [...runs].map(([tool, all]) => [
      tool.name,
      {
        median: median(all.map(({ seconds }) => seconds)),
        cpu: median(all.map(({ cpu }) => cpu)),
        peakMB: Math.max(...all.map(({ peakMB }) => peakMB)),
        edits: edits.get(tool) ?? 0,
      },
    ]),
  );
}

function printTable(files: number, table: Table): void {
  console.log(`${files} files, ${new Date().toISOString().slice(0, 10)}\n`);
  console.log("| job | tool | wall s | CPU s | peak MB | edits | to git grep | to us |");
  console.log("| --- | --- | --: | --: | --: | --: | --: | --: |");
  for (const [job, rows] of Object.entries(table)) {
    const floor = rows["git-grep"]?.median ?? NaN;
    const own = rows["retrospan"]?.median ?? NaN;
    for (const [name, { median: wall, cpu, peakMB, edits }] of Object.entries(rows)) {
      const cells = [wall.toFixed(2), cpu.toFixed(2), peakMB.toFixed(0), edits];
      const ratios = [(wall / floor).toFixed(1), (wall / own).toFixed(1)];
      console.log(`| ${[job, name, ...cells, ...ratios].join(" | ")} |`);
    }
  }
}
