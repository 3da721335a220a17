/**
 * Loaded first by each process of `retrospan trace -- CMD`. It gives the process a DSN with its own
 * number and says in a file what the process is and what its SDK was started with.
 */
import fs = require("node:fs");
import threads = require("node:worker_threads");
import type { Registration } from "./processes.js";

const folder = process.env["RETROSPAN_TRACE_FOLDER"];
const base = process.env["RETROSPAN_TRACE_DSN"];

if (folder !== undefined && base !== undefined && threads.isMainThread) register(folder, base);

function register(into: string, dsn: string): void {
  const origin = dsn.slice(0, dsn.lastIndexOf("/") + 1);
  const own = `${origin}${process.pid}`;
  const given = process.env["SENTRY_DSN"];
  // Whoever put another DSN into the environment meant it.
  if (given?.startsWith(origin)) process.env["SENTRY_DSN"] = own;
  let written = "";
  const report = () => {
    const { pid, ppid, argv } = process;
    const registration: Registration = { pid, ppid, argv, cwd: process.cwd(), sdk: sdkOf() };
    const text = JSON.stringify(registration);
    if (text === written) return;
    written = text;
    try {
      fs.writeFileSync(`${into}/${pid}.json`, text);
    } catch {
      // The folder is gone: nobody is listening any more.
    }
  };
  report();
  process.once("exit", report);
  // A process that is killed has no exit of its own.
  for (const delay of [200, 1000, 3000, 10_000]) setTimeout(report, delay).unref();
}

interface Client {
  getOptions(): { dsn?: unknown; tracesSampleRate?: unknown; tracesSampler?: unknown };
}

interface Carrier {
  readonly [version: string]: { defaultCurrentScope?: { getClient?(): Client | undefined } };
}

/** What `Sentry.init` was given, read off the place where every SDK since 8 keeps its scopes. */
function sdkOf(): Registration["sdk"] {
  const carrier = (globalThis as { __SENTRY__?: Carrier }).__SENTRY__;
  for (const [version, kept] of Object.entries(carrier ?? {})) {
    const options = kept?.defaultCurrentScope?.getClient?.()?.getOptions();
    if (!options) continue;
    const { dsn, tracesSampleRate, tracesSampler } = options;
    return {
      version,
      dsn: typeof dsn === "string" ? dsn : null,
      rate: typeof tracesSampleRate === "number" ? tracesSampleRate : null,
      hasSampler: typeof tracesSampler === "function",
    };
  }
  return null;
}
