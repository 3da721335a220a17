import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { startTypeScript } from "./start.js";

export const REAL_SDKS = ["@sentry/node", "sentry-node-10", "sentry-node-9"] as const;
export type RealSdkName = (typeof REAL_SDKS)[number];

const RUNNER = new URL("./sdk-runner.ts", import.meta.url);

const runners = new Map<string, Promise<ChildProcess>>();

/** Runs programs against a real SDK in a process of its own, which stays for the next ones. */
export async function runReal(
  sdk: RealSdkName,
  isInitialised: boolean,
  bodies: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const key = `${sdk} ${isInitialised}`;
  const started = runners.get(key) ?? start(sdk, isInitialised);
  runners.set(key, started);
  const runner = await started;
  const answer = once(runner, "message");
  runner.send(bodies);
  const [logs] = (await answer) as [readonly (readonly string[])[]];
  return logs;
}

async function start(sdk: RealSdkName, isInitialised: boolean): Promise<ChildProcess> {
  const runner = startTypeScript(RUNNER, [sdk, String(isInitialised)]);
  await once(runner, "message");
  return runner;
}

/** Ends the processes. */
export async function stopRunners(): Promise<void> {
  for (const runner of runners.values()) (await runner).disconnect();
  runners.clear();
}
