import { setImmediate } from "node:timers/promises";

/** By which people and shells end a command. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does what must not be cut off while signals are held back, which otherwise end the process at once,
 * also while it computes. One that came does its work afterwards.
 * @param work is told of it, and may end early
 */
export async function holdSignals(work: (asked: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  let first: NodeJS.Signals | null = null;
  const hear = (signal: NodeJS.Signals): void => {
    first ??= signal;
    controller.abort(signal);
  };
  for (const signal of SIGNALS) process.on(signal, hear);
  try {
    await work(controller.signal);
  } finally {
    // One that has come already is heard at the latest in the turn that begins next.
    await setImmediate();
    await setImmediate();
    for (const signal of SIGNALS) process.off(signal, hear);
    if (first) process.kill(process.pid, first);
  }
}
