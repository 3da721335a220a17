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
  const answer = messageOf(runner);
  runner.send(bodies);
  return (await answer) as readonly (readonly string[])[];
}

async function start(sdk: RealSdkName, isInitialised: boolean): Promise<ChildProcess> {
  const runner = startTypeScript(RUNNER, [sdk, String(isInitialised)]);
  await messageOf(runner);
  return runner;
}

/** The next message of a process, which must not end before it. */
async function messageOf(runner: ChildProcess): Promise<unknown> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const ended = once(runner, "exit", { signal }).then(([code, name]: unknown[]) => {
    throw new Error(`a process that runs programs ended with ${String(code ?? name)}`);
  });
  try {
    const [message] = (await Promise.race([once(runner, "message", { signal }), ended])) as [
      unknown,
    ];
    return message;
  } finally {
    ended.catch(() => {});
    waiting.abort();
  }
}

/** Ends the processes. */
export async function stopRunners(): Promise<void> {
  for (const runner of runners.values()) (await runner).disconnect();
  runners.clear();
}
