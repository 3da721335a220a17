import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { UserError } from "../plan/user-error.js";
import { processesOf, readRegistrations, type TracedProcess } from "../trace/processes.js";
import { startReceiver, type Receiver } from "../trace/receiver.js";
import { tracesOf, type Trace } from "../trace/tree.js";

/** What is asked of a trace. */
export interface TraceOptions {
  /** CMD and its arguments. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Keeps stdout free for a document: what CMD prints there goes to stderr. */
  readonly isQuietStdout: boolean;
  /** Called with each trace that nothing was added to for a while, as long as CMD runs. */
  readonly onTrace: (trace: Trace, processes: readonly TracedProcess[]) => void;
  /** Passes on the signals that this process gets, until CMD has ended. */
  readonly onChild: (child: ChildProcess) => void;
}

/** What CMD sent and how it ended. */
export interface TraceOutcome {
  readonly traces: readonly Trace[];
  readonly processes: readonly TracedProcess[];
  /** Spans that were too many to be kept. */
  readonly dropped: number;
  /** CMD's own, or 128 and the number of the signal that ended it. */
  readonly exitCode: number;
}

const REGISTER = fileURLToPath(new URL("../trace/register.cjs", import.meta.url));

/** A trace to which nothing was added for so long (ms) is shown. */
const QUIET = 3000;
/** For so long (ms) after CMD's end may others that it has started still send. */
const GRACE = { least: 300, most: 3000 };

/**
 * Runs CMD with a receiver as its DSN, and gathers what it and its children send.
 * @throws {UserError} when CMD cannot be started
 */
export async function trace(options: TraceOptions): Promise<TraceOutcome> {
  const receiver = await startReceiver();
  const folder = mkdtempSync(join(tmpdir(), "retrospan-trace-"));
  const processes = () =>
    processesOf(readRegistrations(folder), receiver.spans, receiver.dsn, options.cwd);
  const watch = setInterval(watcher(receiver, options, processes), QUIET / 3);
  try {
    const exitCode = await run(options, environment(options.env, receiver.dsn, folder));
    await settled(receiver);
    const { spans, dropped } = receiver;
    return { traces: tracesOf(spans), processes: processes(), dropped: dropped(), exitCode };
  } finally {
    clearInterval(watch);
    await receiver.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function environment(
  env: Readonly<NodeJS.ProcessEnv>,
  dsn: string,
  folder: string,
): NodeJS.ProcessEnv {
  const load = `--require ${JSON.stringify(REGISTER)}`;
  return {
    ...env,
    SENTRY_DSN: dsn,
    NEXT_PUBLIC_SENTRY_DSN: dsn,
    SENTRY_TRACES_SAMPLE_RATE: "1",
    RETROSPAN_TRACE_DSN: dsn,
    RETROSPAN_TRACE_FOLDER: folder,
    NODE_OPTIONS: env.NODE_OPTIONS ? `${env.NODE_OPTIONS} ${load}` : load,
  };
}

function run(
  { command, cwd, isQuietStdout, onChild }: TraceOptions,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const [file = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const stdout = isQuietStdout ? 2 : "inherit";
    const child = spawn(file, args, { cwd, env, stdio: ["inherit", stdout, "inherit"] });
    child.once("error", ({ message }) => {
      reject(new UserError(file, message, "name a command that can be run"));
    });
    child.once("close", (code, signal) => {
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
    onChild(child);
  });
}

async function settled({ idle }: Receiver): Promise<void> {
  const end = Date.now() + GRACE.most;
  const began = Date.now();
  while (Date.now() < end) {
    if (idle() >= GRACE.least && Date.now() - began >= GRACE.least) return;
    await sleep(50);
  }
}

/** Tells of traces that were added to and have come to rest. */
function watcher(
  { spans }: Receiver,
  { onTrace }: TraceOptions,
  processes: () => TracedProcess[],
): () => void {
  const told = new Map<string, number>();
  const seen = new Map<string, { count: number; since: number }>();
  return () => {
    for (const each of tracesOf(spans)) {
      const count = each.spans.length;
      const known = seen.get(each.id);
      if (known?.count !== count) {
        seen.set(each.id, { count, since: Date.now() });
      } else if (told.get(each.id) !== count && Date.now() - known.since >= QUIET) {
        told.set(each.id, count);
        onTrace(each, processes());
      }
    }
  };
}
