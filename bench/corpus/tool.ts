import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run-command.js";

const CLI = fileURLToPath(new URL("../../dist/src/bin/retrospan.js", import.meta.url));

/** What `--json` says of one site, as far as the corpus looks at it. */
export interface Site {
  readonly id: string;
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly anchor: number;
  readonly state: string;
  readonly by: string | null;
  readonly strategy: string | null;
  readonly reason: { readonly code: string; readonly message: string } | null;
}

/** What `--json` says. */
export interface Document {
  readonly sites: readonly Site[];
  readonly files: readonly {
    readonly path: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
  readonly findings: readonly { readonly code: string; readonly message: string }[];
  readonly typecheck: {
    readonly before: number;
    readonly after: number;
    readonly new: readonly { readonly file: string | null; readonly message: string }[];
  } | null;
}

/** One run of the command line. */
export interface ToolRun {
  readonly code: number;
  readonly stderr: string;
  readonly document: Document;
  readonly seconds: number;
}

/** Runs the built command line on a tree; where it fails, its document says nothing. */
export async function retrospan(tree: string, ...args: string[]): Promise<ToolRun> {
  const started = performance.now();
  const { code, stdout, stderr } = await runCommand(process.execPath, [CLI, ...args, "--json"], {
    cwd: tree,
    folder: join(tree, ".."),
  });
  const seconds = (performance.now() - started) / 1000;
  return { code, stderr, document: code > 1 ? NOTHING : parseDocument(stdout), seconds };
}

const NOTHING: Document = { sites: [], files: [], findings: [], typecheck: null };

function parseDocument(stdout: string): Document {
  return JSON.parse(stdout) as Document;
}
