import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

/** One run of a tool. */
export interface Run {
  readonly seconds: number;
  /** Of all processors together. */
  readonly cpu: number;
  readonly peakMB: number;
}

const TIME = "/usr/bin/time";

/** Runs a command in a folder, with what the kernel says of it and its children. */
export function measure(command: readonly string[], folder: string): Run {
  if (!existsSync(TIME)) throw new Error("GNU time is needed: apt-get install time");
  const started = performance.now();
  const { stderr, status } = spawnSync(TIME, ["-f", "@@ %U %S %M", ...command], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1024 ** 3,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const seconds = (performance.now() - started) / 1000;
  const [, user, system, peak] = /@@ ([\d.]+) ([\d.]+) (\d+)/.exec(stderr) ?? [];
  // `git grep` and ast-grep end with 1 where nothing matches.
  if (user === undefined || (status !== 0 && status !== 1)) {
    throw new Error(`${command.join(" ")} ended with ${status}: ${stderr.slice(-500)}`);
  }
  return { seconds, cpu: Number(user) + Number(system), peakMB: Number(peak) / 1024 };
}

/** Spans that a run has put into the corpus; then the corpus is as it was. */
export function countAndRestore(folder: string): number {
  const git = (...args: string[]) =>
    spawnSync("git", args, { cwd: folder, encoding: "utf8", maxBuffer: 1024 ** 3 }).stdout;
  const lines = git("grep", "-ohF", "Sentry.startSpan(").split("\n");
  // Written in place: where many files were deleted, a file system makes new ones slowly for a
  // minute, which would fall on the next tool.
  for (const path of git("diff", "--name-only", "-z").split("\0").filter(Boolean)) {
    copyFileSync(join(originalOf(folder), path), join(folder, path));
  }
  git("clean", "--quiet", "-fd");
  git("update-index", "-q", "--refresh");
  if (git("status", "--porcelain") !== "") throw new Error(`${folder} was not restored`);
  return lines.filter((line) => line !== "").length;
}

/** A copy of a corpus, which no tool sees. */
export function originalOf(folder: string): string {
  return `${folder}.original`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
