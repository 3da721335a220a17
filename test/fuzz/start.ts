import { fork, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const JITI = join(dirname(createRequire(import.meta.url).resolve("jiti/package.json")), "lib");

/** Starts a process that runs a TypeScript file. */
export function startTypeScript(url: URL, parameters: readonly string[]): ChildProcess {
  const env = { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" };
  const cli = join(JITI, "jiti-cli.mjs");
  return fork(cli, [url.pathname, ...parameters], { execArgv: [], env });
}
