import type { FileChange, SiteReport } from "../plan/model.js";
import { UserError } from "../plan/user-error.js";
import type { Shard } from "../project/ledger-file.js";
import { nearest } from "../text/nearest.js";

/** What the command line (or a caller of the library) asks for. */
export interface Options {
  /** The current directory; relative paths are relative to it. */
  readonly cwd: string;
  /** A folder, a file or a glob that narrows what is planned or reverted. */
  readonly target: string;
  readonly config?: string | undefined;
  readonly preset: readonly string[];
  readonly rule?: string | undefined;
  readonly transform?: string | undefined;
  readonly phase?: number | undefined;
  readonly site: readonly string[];
  readonly except: readonly string[];
  /** How many threads may plan files at once; null for as many as are worth it. */
  readonly concurrency: number | null;
  /** The part of the files that this run is about. */
  readonly shard: Shard | null;
  readonly typecheck: boolean;
  readonly allowDirty: boolean;
  /** Write nothing; only say what would be done. */
  readonly check: boolean;
  /** Transforms whose work `revert` leaves in place. */
  readonly keep: readonly string[];
  /** Kept in the ledger's history by `revert`. */
  readonly reason?: string | undefined;
  /** Told what is being done, in words for people; null when somebody else is to be heard. */
  readonly onProgress?: ((step: string | null) => void) | undefined;
  /** Runs what writes: in it, what would end the process is told and has to wait. */
  readonly uncut?: ((work: (asked: AbortSignal) => Promise<void>) => Promise<void>) | undefined;
  /** Asked by `apply` about each planned site, before anything is written. */
  readonly choose?: ((choice: Choice) => Promise<Answer>) | undefined;
}

/** A site that somebody is to decide about. */
export interface Choice {
  readonly site: SiteReport;
  /** The change of its file. */
  readonly change: FileChange;
  readonly number: number;
  readonly count: number;
}

/** `all` also means those that come, `quit` means neither this one nor those that come. */
export type Answer = "yes" | "no" | "all" | "quit";

/** The name of every option. */
const OPTION_NAMES: Readonly<Record<keyof Options, true>> = {
  cwd: true,
  target: true,
  config: true,
  preset: true,
  rule: true,
  transform: true,
  phase: true,
  site: true,
  except: true,
  concurrency: true,
  shard: true,
  typecheck: true,
  allowDirty: true,
  check: true,
  keep: true,
  reason: true,
  onProgress: true,
  uncut: true,
  choose: true,
};

export const DEFAULT_OPTIONS: Options = {
  cwd: process.cwd(),
  target: ".",
  preset: [],
  site: [],
  except: [],
  keep: [],
  concurrency: null,
  shard: null,
  typecheck: true,
  allowDirty: false,
  check: false,
};

/**
 * The options that a caller of the library gives, with the defaults for all others.
 * @throws {UserError} for a name that is none: what it asks for would be lost without a word
 */
export function withDefaults(given: Partial<Options>): Options {
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(OPTION_NAMES, name));
  if (unknown === undefined) return { ...DEFAULT_OPTIONS, ...said };
  const known = Object.keys(OPTION_NAMES);
  const guess = nearest(unknown, known);
  const mend = guess === null ? `known: ${known.join(", ")}` : `did you mean "${guess}"?`;
  throw new UserError(`options.${unknown}`, "unknown option", mend);
}

/** Whether a site id was asked for. */
export function wantsSite({ site, except }: Options): (id: string) => boolean {
  return (id) => (site.length === 0 || site.includes(id)) && !except.includes(id);
}
