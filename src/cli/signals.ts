import { setImmediate } from "node:timers/promises";
import { EXIT } from "./exit.js";

/** By which people and shells end a command. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does what must not be cut off while signals are held back, which otherwise end the process at once,
 * also while it computes. One that came ends it afterwards, with a word about what was done.
 * @param work is told of it, and may end early by throwing
 */
export async function holdSignals(work: (asked: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  let first: NodeJS.Signals | null = null;
  const hear = (signal: NodeJS.Signals): void => {
    first ??= signal;
    controller.abort(signal);
  };
  for (const signal of SIGNALS) process.on(signal, hear);
  let told = "all of it was written before it ended";
  try {
    await work(controller.signal);
  } catch (error) {
    told = error instanceof Error ? error.message : String(error);
    throw error;
  } finally {
    // One that has come already is heard at the latest in the turn that begins next.
    await setImmediate();
    await setImmediate();
    for (const signal of SIGNALS) process.off(signal, hear);
    if (first) end(first, told);
  }
}

function end(signal: NodeJS.Signals, told: string): void {
  process.stderr.write(`retrospan: ${told}\n`);
  // Windows has no signals that a process could send itself.
  if (process.platform === "win32") process.exit(EXIT.interrupted);
  process.kill(process.pid, signal);
}
