import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { devNull } from "node:os";
import { join } from "node:path";

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const LIMIT_MS = 15 * 60_000;

/** Runs a command to its end; what it prints goes through files, for it can be very much. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { cwd, folder = cwd }: { cwd: string; folder?: string },
): Promise<Result> {
  const out = join(folder, ".stdout");
  const err = join(folder, ".stderr");
  const files = [openSync(out, "w"), openSync(err, "w")] as const;
  const code = await new Promise<number>((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: cleanEnvironment(),
      stdio: ["ignore", ...files],
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
    });
    child.once("error", reject);
    child.once("close", (status, signal) => {
      if (status === null) reject(new Error(`${command} ${args.join(" ")} ended by ${signal}`));
      else resolve(status);
    });
  }).finally(() => files.forEach(closeSync));
  return { code, stdout: readFileSync(out, "utf8"), stderr: readFileSync(err, "utf8") };
}

/** Runs git in a folder, untouched by the user's own settings. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand("git", args, {
    cwd,
    folder: join(cwd, ".."),
  });
  if (code !== 0) throw new Error(`git ${args.join(" ")} ended with ${code}\n${stderr}`);
  return stdout;
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(GIT_|FORCE_COLOR$)/.test(name));
  return { ...Object.fromEntries(kept), GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: devNull };
}
