import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import { loadCompiler, ts } from "../../src/syntax/compiler.js";
import { databaseImage } from "./database-image.js";
import { newRepository, retrospan, runScript, userFiles, writeFiles, type Run } from "./cli.js";

const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));
const PROJECTS = fileURLToPath(new URL("../../fixtures/projects", import.meta.url));

const HOSTILE_WIRE = new URL("hostile-wire.js", import.meta.url).href;

/** The majors of the SDK that the services run with; the last is the one they are written for. */
export const MAJORS = [9, 10, 11] as const;
export type Major = (typeof MAJORS)[number];

interface Manifest {
  readonly type?: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A service of several processes, in a repository of its own, with one of the SDKs. */
export function newService(name: string, major: Major = 11): string {
  const source = join(PROJECTS, name);
  const paths = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(source, join(entry.parentPath, entry.name)));
  const files = paths.map((path) => [path, readFileSync(join(source, path))] as const);
  const folder = newRepository({
    ...Object.fromEntries(files),
    ".gitignore": "node_modules\ndist\n",
  });
  useSdk(folder, major);
  return folder;
}

/** Gives a service its dependencies, with a certain SDK among them. */
export function useSdk(folder: string, major: Major): void {
  for (const each of dependenciesOf(folder)) {
    const target = join(folder, "node_modules", each);
    mkdirSync(dirname(target), { recursive: true });
    rmSync(target, { force: true });
    symlinkSync(join(MODULES, installedAs(each, major)), target);
  }
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** What a package and its workspaces depend on. */
function dependenciesOf(folder: string): string[] {
  const root = manifestIn(folder);
  const all = [root, ...(root.workspaces ?? []).map((path) => manifestIn(join(folder, path)))];
  return [
    ...new Set(
      all.flatMap(({ dependencies, devDependencies }) =>
        Object.keys({ ...dependencies, ...devDependencies }),
      ),
    ),
  ];
}

/** Older majors of the SDK are installed under names of their own. */
function installedAs(dependency: string, major: Major): string {
  const isOlder = dependency.startsWith("@sentry/") && major !== MAJORS.at(-1);
  return isOlder ? `${dependency.replace("@", "").replace("/", "-")}-${major}` : dependency;
}

/** Compiles a service; its types are for the type check of an apply. */
export async function compile(folder: string): Promise<void> {
  await loadCompiler();
  const source = join(folder, "src");
  const { type } = manifestIn(folder);
  const module = type === "module" ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS;
  for (const path of readdirSync(source, { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".ts")) continue;
    const { outputText } = ts.transpileModule(readFileSync(join(source, path), "utf8"), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module, esModuleInterop: true },
    });
    writeFiles(join(folder, "dist"), { [path.replace(/\.ts$/, ".js")]: outputText });
  }
}

/** What the compiler says of a service with the SDK that it has. */
export async function complaints(folder: string): Promise<string> {
  const tsc = join(MODULES, "typescript/bin/tsc");
  return (await runScript(folder, tsc, ["--noEmit", "--pretty", "false"])).stdout;
}

/** Bundles the page of a service. */
export async function bundlePage(folder: string): Promise<void> {
  const page = join(folder, "page");
  await build({
    input: join(page, "src/main.ts"),
    output: { file: join(page, "dist/page.js") },
    logLevel: "warn",
  });
}

/** What the repository of a service holds; what was compiled does not count. */
export function sources(folder: string): Record<string, string> {
  const files = Object.entries(userFiles(folder));
  return Object.fromEntries(files.filter(([path]) => !/(^|\/)(dist|node_modules)\//.test(path)));
}

/** A span as `trace --json` prints it. */
export interface TracedSpan {
  readonly id: string;
  readonly parent: string | null;
  readonly name: string;
  readonly op: string | null;
  readonly service: string;
}

export interface TraceDocument {
  readonly traces: readonly {
    readonly id: string;
    readonly orphans: readonly string[];
    readonly spans: readonly TracedSpan[];
  }[];
  readonly processes: readonly {
    readonly name: string;
    readonly spans: number;
    readonly problem: string | null;
  }[];
  readonly exitCode: number;
}

/** What a service printed and what it sent. */
export interface Traced {
  readonly printed: string;
  readonly document: TraceDocument;
}

/** Runs a compiled service under `retrospan trace`. */
export async function runTraced(folder: string, env: NodeJS.ProcessEnv = {}): Promise<Traced> {
  const args = ["trace", "--json", "--", process.execPath, "dist/main.js"];
  const { stdout, stderr } = await retrospan(folder, args, {
    env: { ...(await usualEnvironment(folder)), ...env },
  });
  return { printed: stderr, document: JSON.parse(stdout) as TraceDocument };
}

/** What becomes of the `_sentry` of every message on its way; `hostile-wire.js` has them by name. */
export const WIRES = ["stripped", "number", "wrong members", "long", "prototype"] as const;

/** A run over such a wire, and over what the messages went that were changed. */
export interface WireRun {
  readonly run: Run;
  readonly channels: readonly string[];
}

/** Runs a compiled service, which sends to nobody, over a wire that changes what it carries. */
export async function runOverWire(folder: string, wire: (typeof WIRES)[number]): Promise<WireRun> {
  const log = join(folder, "dist", `wire-${wire}.log`);
  const run = await runAlone(folder, {
    NODE_OPTIONS: `--import ${HOSTILE_WIRE}`,
    WIRE: wire,
    WIRE_LOG: log,
    SENTRY_DSN: "http://public@127.0.0.1:9/1",
  });
  const lines = readFileSync(log, "utf8").trim().split("\n");
  return { run, channels: [...new Set(lines)].sort() };
}

/** Runs a compiled service by itself, without anything that sends. */
export async function runAlone(folder: string, env: NodeJS.ProcessEnv = {}): Promise<Run> {
  return runScript(folder, join(folder, "dist/main.js"), [], {
    env: { ...(await usualEnvironment(folder)), ...env },
  });
}

/** What every run of a service gets. */
async function usualEnvironment(folder: string): Promise<NodeJS.ProcessEnv> {
  const hasDatabase = dependenciesOf(folder).includes("@electric-sql/pglite");
  const image = hasDatabase ? { DATABASE_IMAGE: await databaseImage() } : {};
  return { NODE_NO_WARNINGS: "1", ...image };
}
