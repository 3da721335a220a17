import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { loadCompiler, ts } from "../../src/syntax/compiler.js";

const MODULES = new URL("../../node_modules/", import.meta.url).pathname;

/** Stands in for the SDK where the test is about our calls: it lists what it was asked to do. */
const STUB = `
import { appendFileSync } from "node:fs";
const say = (what) => appendFileSync("seen.txt", JSON.stringify({ program: globalThis.program, ...what }) + "\\n");
export function startSpan({ name, op }, callback) {
  say({ name, op });
  const result = callback({ setStatus: (status) => say({ status }) });
  // The real one looks for a promise in what comes back.
  void result?.then;
  return result;
}
export function startInactiveSpan({ name, op }) {
  say({ name, op });
  return { setStatus: (status) => say({ status }), end: () => undefined };
}
export const getActiveSpan = () => undefined;
export const getClient = () => undefined;
export const withIsolationScope = (callback) => callback({});
export const captureException = (error) => say({ captured: String(error) });
export const addBreadcrumb = (breadcrumb) => say({ breadcrumb });
`;

export const SDKS = ["stub", "sentry-node-9", "sentry-node-10", "@sentry/node"] as const;
/** What the helper modules have to work with. */
export const HELPER_SDKS = [
  "sentry-node-8",
  "sentry-node-9",
  "sentry-node-10",
  "@sentry/node",
] as const;
export type Sdk = (typeof SDKS)[number] | (typeof HELPER_SDKS)[number];

/** A program: its files, with a \`drive.ts\` that exercises it. */
export type Program = ReadonlyMap<string, string>;

/** What the stub saw of one program. */
export interface Seen {
  readonly program: string;
  readonly name?: string;
  readonly status?: unknown;
  readonly captured?: string;
}

export interface Run {
  /** What each program printed, by its name. */
  readonly output: ReadonlyMap<string, string>;
  readonly seen: readonly Seen[];
}

/** What cases import beside the SDK. */
const LIBRARIES = ["valibot", "zod"];

/** Compiles programs to a temporary folder and runs them one behind the other in one process. */
export async function runPrograms(
  programs: ReadonlyMap<string, Program>,
  sdk: Sdk,
  init: boolean,
): Promise<Run> {
  return withPrograms(programs, sdk, mainModule([...programs.keys()], init), run);
}

/** Compiles programs beside a main module and an SDK, does something there, and cleans up. */
export async function withPrograms<T>(
  programs: ReadonlyMap<string, Program>,
  sdk: Sdk,
  main: string,
  use: (dir: string) => Promise<T>,
): Promise<T> {
  await loadCompiler();
  const dir = mkdtempSync(join(tmpdir(), "retrospan-run-"));
  try {
    writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
    writeFileSync(join(dir, "seen.txt"), "");
    for (const [name, files] of programs) {
      for (const [path, text] of files) writeCompiled(join(dir, name), path, text);
    }
    installSdk(dir, sdk);
    for (const name of LIBRARIES) symlinkSync(join(MODULES, name), join(dir, "node_modules", name));
    writeFileSync(join(dir, "main.js"), main);
    return await use(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function writeCompiled(dir: string, path: string, text: string): void {
  const target = join(dir, path.replace(/\.tsx?$/, ".js"));
  mkdirSync(dirname(target), { recursive: true });
  const { outputText } = ts.transpileModule(text, {
    fileName: path,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      jsx: ts.JsxEmit.React,
    },
  });
  writeFileSync(target, outputText.replace(/((?:from|import)\s+["']\.[^"']*?)(["'])/g, "$1.js$2"));
}

function installSdk(dir: string, sdk: Sdk): void {
  const target = join(dir, "node_modules/@sentry/node");
  mkdirSync(dirname(target), { recursive: true });
  if (sdk !== "stub") {
    symlinkSync(join(MODULES, sdk), target);
    return;
  }
  mkdirSync(target);
  writeFileSync(join(target, "package.json"), '{ "type": "module", "exports": "./index.js" }');
  writeFileSync(join(target, "index.js"), STUB);
}

const SEPARATOR = "=== ";

/** The DSN is one that nobody listens at: whatever the SDK does must not reach the program. */
function mainModule(names: readonly string[], init: boolean): string {
  const options = { dsn: "http://public@127.0.0.1:9/1", tracesSampleRate: 1 };
  const start = `import * as Sentry from "@sentry/node";\nSentry.init(${JSON.stringify(options)});\n`;
  const runs = names.map(
    (name) =>
      `console.log("${SEPARATOR}${name}"); globalThis.program = "${name}"; await import("./${name}/drive.js");`,
  );
  return `${init ? start : ""}${runs.join("\n")}\nprocess.exit(0);\n`;
}

/** Runs the main module in a process of its own; what it printed. */
export async function runMain(dir: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ["main.js"], {
    cwd: dir,
    timeout: 60_000,
    env: { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1" },
  });
  return stdout;
}

async function run(dir: string): Promise<Run> {
  const stdout = await runMain(dir);
  const parts = stdout.split(SEPARATOR).slice(1);
  const output = new Map(parts.map((part) => [part.slice(0, part.indexOf("\n")), part]));
  const lines = readFileSync(join(dir, "seen.txt"), "utf8").trim().split("\n");
  return { output, seen: lines.filter(Boolean).map((line) => JSON.parse(line) as Seen) };
}
