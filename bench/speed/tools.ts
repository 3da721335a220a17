/** What is measured: us, `git grep` as the floor, and the peers. */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { NOBODY, TARGET } from "./corpus.js";

export type Job = "narrow" | "nothing" | "broad";
export const JOBS: readonly Job[] = ["narrow", "nothing", "broad"];

export interface Tool {
  readonly name: string;
  /** The command for a job; null where the tool has none. */
  readonly command: (job: Job, folder: string) => readonly string[] | null;
  /** Rounds at most: the slow ones would take hours. */
  readonly rounds: number;
  /** Files at most, of jobs that it does not finish on more. */
  readonly files?: Partial<Record<Job, number>>;
}

export const PEERS = fileURLToPath(new URL("../peers/", import.meta.url));
/** The CLI of Codemod is large, and has a folder of its own. */
export const CODEMOD = fileURLToPath(new URL("../../codemod/", import.meta.url));
const CLI = fileURLToPath(new URL("../../dist/src/bin/retrospan.js", import.meta.url));
const bin = (name: string) => join(PEERS, "node_modules/.bin", name);

const literalOf = (job: Job) => (job === "broad" ? "async" : job === "narrow" ? TARGET : NOBODY);

function retrospan(config: string): string[] {
  const rest = ["--no-typecheck", "--allow-dirty", "--quiet", "--config", config];
  return [process.execPath, CLI, "apply", ...rest];
}

export const TOOLS: readonly Tool[] = [
  {
    name: "git-grep",
    rounds: 9,
    command: (job) => ["git", "grep", "-lzF", "--untracked", "-e", literalOf(job)],
  },
  {
    name: "retrospan",
    rounds: 9,
    command: (job, folder) => retrospan(`${folder}.configs/${job}.json`),
  },
  {
    name: "retrospan (TS config)",
    rounds: 9,
    command: (job, folder) => retrospan(`${folder}.configs/${job}.ts`),
  },
  {
    name: "git-grep + ast-grep",
    rounds: 9,
    command: (job) =>
      job === "broad"
        ? null
        : [
            "sh",
            "-c",
            `git grep -lzF --untracked -e ${literalOf(job)} | xargs -0 -r ${bin("ast-grep")} scan --rule ${PEERS}${job}.yml -U`,
          ],
  },
  {
    name: "ast-grep",
    rounds: 5,
    command: (job) => [bin("ast-grep"), ...["scan", "--rule", `${PEERS}${job}.yml`, "-U", "."]],
  },
  {
    name: "oxc + magic-string",
    rounds: 5,
    command: (job, folder) => [process.execPath, join(PEERS, "oxc.mjs"), job, folder],
  },
  {
    name: "jssg",
    rounds: 2,
    command: (job, folder) => [
      join(CODEMOD, "node_modules/.bin/codemod"),
      ...["jssg", "run", "--language", "typescript", "--target", folder, "--param", `job=${job}`],
      ...["--allow-dirty", "--no-interactive", "--disable-analytics", join(PEERS, "jssg.js")],
    ],
  },
  {
    name: "ts-morph",
    rounds: 1,
    // Of 30,000 files it holds 8 GB, and is not done after ten minutes.
    files: { broad: 5000 },
    command: (job, folder) => [
      process.execPath,
      "--max-old-space-size=12000",
      join(PEERS, "ts-morph.mjs"),
      ...[job, folder],
    ],
  },
  {
    name: "jscodeshift",
    rounds: 1,
    command: (job, folder) => [
      bin("jscodeshift"),
      ...["-t", join(PEERS, "jscodeshift.cjs"), "--parser=ts", "--extensions=ts"],
      ...["--silent", `--job=${job}`, folder],
    ],
  },
];

/** The config of each of our jobs. */
export function configOf(job: Job): object {
  const at = job === "broad" ? { function: "*" } : { call: `${literalOf(job)}($$$)` };
  const region = job === "broad" ? { region: "body" } : {};
  const span = { name: job === "broad" ? "{{function}}" : "nightly" };
  return { rules: [{ id: job, use: "wrap-span", at, ...region, span }] };
}
