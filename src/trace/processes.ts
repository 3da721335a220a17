import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import type { Span } from "./spans.js";

/** What a process of CMD says of itself. */
export interface Registration {
  readonly pid: number;
  readonly ppid: number;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** What its SDK was started with; null as long as it was not. */
  readonly sdk: {
    readonly version: string;
    readonly dsn: string | null;
    readonly rate: number | null;
    readonly hasSampler: boolean;
  } | null;
}

/** A process of CMD and what came of it. */
export interface TracedProcess {
  readonly pid: number;
  /** What it ran, such as `apps/runner/src/index.ts`. */
  readonly name: string;
  readonly sdkVersion: string | null;
  readonly spans: number;
  /** Why it sent nothing, or less than it could, where that can be told. */
  readonly problem: string | null;
}

/** Reads what processes have said; a file that is being written is read the next time. */
export function readRegistrations(folder: string): Registration[] {
  return readdirSync(folder).flatMap((name) => {
    try {
      return [JSON.parse(readFileSync(join(folder, name), "utf8")) as Registration];
    } catch {
      return [];
    }
  });
}

/** The processes that had to do with Sentry, and those that started nothing else and had not. */
export function processesOf(
  registrations: readonly Registration[],
  spans: readonly Span[],
  dsn: string,
  cwd: string,
): TracedProcess[] {
  const parents = new Set(registrations.map(({ ppid }) => ppid));
  return registrations
    .filter((each) => each.sdk !== null || !(parents.has(each.pid) || isStarter(each)))
    .map((each) => {
      const sent = spans.filter(({ project }) => project === String(each.pid)).length;
      return {
        pid: each.pid,
        name: nameOf(each, cwd),
        sdkVersion: each.sdk?.version ?? null,
        spans: sent,
        problem: problemOf(each, sent, dsn),
      };
    })
    .sort((a, b) => a.pid - b.pid);
}

/** What runs a script in a shell: its children are the shell's. */
function isStarter({ argv }: Registration): boolean {
  return /[\\/](?:npm|npx|pnpm|pnpx|yarn|corepack)(?:-cli)?(?:\.[cm]?js)?$/.test(argv[1] ?? "");
}

function nameOf({ argv, pid }: Registration, cwd: string): string {
  const script = argv[1];
  if (script === undefined) return `${basename(argv[0] ?? "node")} ${pid}`;
  const path = relative(cwd, script);
  return path.startsWith("..") ? basename(script) : path;
}

function problemOf({ sdk }: Registration, sent: number, dsn: string): string | null {
  // One that came late is not among what its process said, but its spans are there.
  if (sdk === null) return sent > 0 ? null : "Sentry.init was not called";
  const origin = dsn.slice(0, dsn.lastIndexOf("/") + 1);
  if (sdk.dsn === null) return "Sentry.init was given no DSN";
  if (!sdk.dsn.startsWith(origin)) return `Sentry.init has a DSN of its own: ${hostOf(sdk.dsn)}`;
  if (sdk.rate !== null && sdk.rate < 1 && !sdk.hasSampler) {
    return `Sentry.init has a tracesSampleRate of its own: ${sdk.rate}`;
  }
  return sent === 0 ? "nothing was sent" : null;
}

/** A DSN without its key, which need not be shown. */
function hostOf(dsn: string): string {
  return dsn.replace(/\/\/.*@/, "//");
}
