// Instruments a small program with retrospan, watches the spans arrive, and takes it all out
// again. Everything happens in a temporary folder; the only network is the loopback.
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { devNull, tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { styleText } from "node:util";
import { gunzipSync } from "node:zlib";

/**
 * @typedef {{ stdout: string, stderr: string, code: number }} Result
 * @typedef {{ state: string, file: string, span: { name: string } | null,
 *   reason: { code: string } | null, id: string, transform: string }} Site
 * @typedef {{ sites: Site[], files: Array<{ path: string, patch: string, change: string }>,
 *   findings: Array<{ level: string, message: string }>,
 *   typecheck: { after: number, before: number, new: unknown[] } | null,
 *   summary: { skipped: number, present: number, applied?: number, reverted?: number } }} Report
 * @typedef {{ type?: string }} ItemHeader
 * @typedef {{ items?: Array<{ name: string }>, transaction?: string,
 *   spans?: Array<{ description?: string }> }} Payload
 */

const repository = fileURLToPath(new URL("..", import.meta.url));
const modules = join(repository, "node_modules");
const cli = join(repository, "dist/src/bin/retrospan.js");
const compiler = join(modules, "typescript/bin/tsc");
const CONFIG = "retrospan.config.ts";
const TRANSFORMS = ["record-stage", "replace-legacy", "trace-field", "wrap-span"];
const CHILD_TIMEOUT_MS = 60_000;
const EXCERPT_LINES = 32;

const isColorful = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (/** @type {Parameters<typeof styleText>[0]} */ style, /** @type {string} */ text) =>
  isColorful ? styleText(style, text) : text;

// Ends whatever child is running, so that an interrupted demo tidies up as well.
const interrupt = new AbortController();
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(signal, () => interrupt.abort());
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), "retrospan-demo-")));
try {
  await demonstrate(join(folder, "site-builder"));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  console.error(
    `${paint("red", "failed")}    ${interrupt.signal.aborted ? "interrupted" : message}`,
  );
  process.exitCode = interrupt.signal.aborted ? 130 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @param {string} project */
async function demonstrate(project) {
  assert(existsSync(cli), `${relative(repository, cli)} is missing: npm run build makes it`);
  /** @type {Map<string, Buffer>} */
  let originals = new Map();
  /** @type {Map<string, Buffer>} */
  let instrumented = new Map();
  let expected = "";
  /** @type {Site[]} */
  let planned = [];

  await step("prepare", async () => {
    await prepare(project);
    originals = readTree(project);
    await compile(project);
    expected = (await program(project)).stdout;
    return `${originals.size} files committed, compiled; ${count(lines(expected), "line")} printed`;
  });

  await step("preview", async () => {
    const { report } = await retrospan(project, "preview");
    planned = report.sites.filter(({ state }) => state === "planned");
    const used = [...new Set(planned.map(({ transform }) => transform))].sort();
    expectEqual(used.join(), TRANSFORMS.join(), "the transforms used");
    expectSame(originals, readTree(project));
    const [first] = report.files;
    assert(first !== undefined, "no file would change");
    return [
      `${count(planned.length, "site")} in ${count(report.files.length, "file")}, ${report.summary.skipped} skipped`,
      ...excerpt(first),
    ];
  });

  await step("apply", async () => {
    const { report } = await retrospan(project, "apply");
    expectEqual(report.summary.applied, planned.length, "sites applied");
    instrumented = readTree(project);
    const created = report.files.filter(({ change }) => change === "create").length;
    return `${count(planned.length, "site")}: ${report.files.length - created} files changed, ${created} created`;
  });

  await step("again", async () => {
    const { report } = await retrospan(project, "apply");
    expectEqual(report.files.length, 0, "files changed by a second apply");
    expectEqual(report.summary.present, planned.length, "sites present");
    expectSame(instrumented, readTree(project));
    return `a second apply changes nothing, ${report.summary.present} present`;
  });

  await step("types", async () => {
    await compile(project);
    return "0 errors";
  });

  await step("run", async () => {
    const { stdout } = await program(project);
    expectEqual(stdout, expected, "stdout");
    return "without a DSN: the same output";
  });

  await step("trace", async () => {
    const { stdout, names } = await traced(project);
    expectEqual(stdout, expected, "stdout");
    const wanted = [...new Set(planned.flatMap(({ span }) => (span ? [span.name] : [])))].sort();
    expectEqual([...names.keys()].sort().join("\n"), wanted.join("\n"), "the names of the spans");
    const total = [...names.values()].reduce((sum, number) => sum + number, 0);
    return [
      `with a DSN: the same output and ${count(total, "span")}`,
      ...[...names].sort().map(([name, number]) => `${String(number).padStart(3)} x ${name}`),
    ];
  });

  await step("status", async () => {
    const { report } = await retrospan(project, "status");
    expectEqual(report.summary.applied, planned.length, "sites applied");
    expectEqual(report.sites.length, planned.length, "sites");
    return `${report.summary.applied} applied, none drifted or missing`;
  });

  await step("revert", async () => {
    const { report } = await retrospan(project, "revert");
    expectEqual(report.summary.reverted, planned.length, "sites reverted");
    return `${count(planned.length, "site")} in ${count(report.files.length, "file")}`;
  });

  await step("compare", async () => {
    const restored = readTree(project);
    expectSame(originals, restored);
    const { stdout } = await git(project, "status", "--porcelain", "--untracked-files=all");
    expectEqual(stdout.trim(), `?? ${CONFIG}`, "git status");
    const bytes = [...restored.values()].reduce((sum, { length }) => sum + length, 0);
    return `${count(restored.size, "file")}, ${bytes} bytes as they were; git finds nothing changed`;
  });
}

/**
 * Runs one step and prints its outcome, with further lines below it.
 * @param {string} name
 * @param {() => Promise<string | string[]>} work
 */
async function step(name, work) {
  interrupt.signal.throwIfAborted();
  const started = performance.now();
  try {
    const [outcome = "", ...details] = [await work()].flat();
    const ms = paint("dim", `${Math.round(performance.now() - started)} ms`);
    console.log(`${paint("bold", name.padEnd(9))} ${outcome}  ${ms}`);
    for (const line of details) console.log(`          ${line}`);
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

// The project

/**
 * Makes the fixture a git repository with one commit, and puts the config beside it.
 * @param {string} project
 */
async function prepare(project) {
  cpSync(join(repository, "fixtures/projects/site-builder"), project, { recursive: true });
  const ignoreFile = join(project, ".gitignore");
  const ignored = existsSync(ignoreFile) ? readFileSync(ignoreFile, "utf8") : "";
  // Without a slash at the end: the modules are a link, which git does not take for a folder.
  writeFileSync(ignoreFile, `${ignored}node_modules\ndist\n`);
  await git(project, "init", "--quiet");
  await git(project, "add", "--all");
  const identity = ["-c", "user.name=retrospan demo", "-c", "user.email=demo@localhost"];
  await git(project, ...identity, "commit", "--quiet", "--message", "The site builder");
  symlinkSync(modules, join(project, "node_modules"), "junction");
  cpSync(join(repository, "demo/site-builder.config.ts"), join(project, CONFIG));
}

/** @param {string} project */
async function compile(project) {
  const { code, stdout } = await run(project, process.execPath, [
    compiler,
    "--project",
    ".",
    "--skipLibCheck",
  ]);
  assert(code === 0, `tsc found errors\n${stdout}`);
}

/**
 * Every file but the config, git's own, and what git ignores; among them anything left behind.
 * @param {string} root
 */
function readTree(root) {
  const left = [".git", "node_modules", "dist", CONFIG];
  /** @type {Map<string, Buffer>} */
  const files = new Map();
  /** @param {string} dir */
  const visit = (dir) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name);
      if (dir === root && left.includes(entry.name)) continue;
      if (entry.isDirectory()) visit(path);
      else files.set(relative(root, path).replaceAll(sep, "/"), readFileSync(path));
    }
  };
  visit(root);
  return files;
}

// The tools

/**
 * @param {string} cwd
 * @param {"preview" | "apply" | "status" | "revert"} command
 * @returns {Promise<{ report: Report }>}
 */
async function retrospan(cwd, command) {
  const { code, stdout, stderr } = await run(cwd, process.execPath, [cli, command, "--json"]);
  assert(code === 0, `retrospan ${command} ended with ${code}\n${stderr || stdout}`);
  const report = /** @type {Report} */ (parseJson(stdout));
  const skips = report.sites.filter(({ reason }) => reason !== null);
  const problems = [
    ...skips.map(({ id, reason }) => `${id}: ${reason?.code}`),
    ...report.findings.map(({ level, message }) => `${level}: ${message}`),
  ];
  assert(problems.length === 0, `retrospan ${command} reports\n${problems.join("\n")}`);
  expectEqual(report.typecheck?.new.length ?? 0, 0, "new diagnostics");
  return { report };
}

/**
 * @param {string} cwd
 * @param {string[]} args
 */
async function git(cwd, ...args) {
  const result = await run(cwd, "git", args);
  assert(result.code === 0, `git ${args.join(" ")} ended with ${result.code}\n${result.stderr}`);
  return result;
}

/**
 * Runs the compiled program.
 * @param {string} project
 * @param {{ flags?: string[], env?: Record<string, string> }} [extra]
 */
async function program(project, { flags = [], env = {} } = {}) {
  const result = await run(project, process.execPath, [...flags, "dist/main.js"], env);
  assert(result.code === 0, `the program ended with ${result.code}\n${result.stderr}`);
  return result;
}

/**
 * @param {string} cwd
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 * @returns {Promise<Result>}
 */
function run(cwd, command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const options = {
      cwd,
      env: { ...cleanEnvironment(), ...env },
      timeout: CHILD_TIMEOUT_MS,
      killSignal: /** @type {const} */ ("SIGKILL"),
      maxBuffer: 64 * 1024 * 1024,
      signal: interrupt.signal,
    };
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === "number") resolve({ stdout, stderr, code });
      else if (error?.killed) reject(new Error(`${command} took over ${CHILD_TIMEOUT_MS} ms`));
      else reject(error ?? new Error(`${command} did not run`));
    });
  });
}

/** The environment without what would change git, Node, the SDK or the program. */
function cleanEnvironment() {
  const unwanted = /^(GIT_|SENTRY_|NODE_|TRACING_ENABLED$|FORCE_COLOR$|https?_proxy$)/i;
  const kept = Object.entries(process.env).filter(([name]) => !unwanted.test(name));
  return { ...Object.fromEntries(kept), GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: devNull };
}

// The receiver

/**
 * Runs the program with a DSN that leads to a receiver of our own.
 * @param {string} project
 */
async function traced(project) {
  /** @type {Buffer[]} */
  const envelopes = [];
  const receiver = createServer((request, response) => {
    /** @type {Buffer[]} */
    const chunks = [];
    request.on("data", (/** @type {Buffer} */ chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      envelopes.push(request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body);
      response.end("{}");
    });
  });
  await new Promise((resolve, reject) => {
    receiver.once("error", reject).listen(0, "127.0.0.1", () => resolve(null));
  });
  try {
    const address = receiver.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const env = { SENTRY_DSN: `http://public@127.0.0.1:${port}/1` };
    const { stdout } = await program(project, { flags: ["--import", flushAtTheEnd()], env });
    return { stdout, names: tally(envelopes.flatMap(spanNames)) };
  } finally {
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  }
}

/**
 * How often each name occurs.
 * @param {string[]} names
 */
function tally(names) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/**
 * A preload that sends what the SDK still holds once the program has nothing left to do: it
 * buffers spans for five seconds and does not keep the process for them.
 */
function flushAtTheEnd() {
  const sdk = JSON.stringify(import.meta.resolve("@sentry/node"));
  const code = `process.once("beforeExit", async () => (await import(${sdk})).flush(5000));`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/**
 * The names of the spans in an envelope: lines of JSON, a header before each item.
 * @param {Buffer} envelope
 */
function spanNames(envelope) {
  const [, ...rest] = envelope.toString("utf8").split("\n");
  return rest.flatMap((line, index) => {
    if (index % 2 !== 0) return [];
    const header = /** @type {ItemHeader} */ (parseJson(line || "{}"));
    if (header.type !== "span" && header.type !== "transaction") return [];
    const { items, transaction, spans } = /** @type {Payload} */ (parseJson(rest[index + 1] ?? ""));
    if (items) return items.map(({ name }) => name);
    return [transaction ?? "", ...(spans ?? []).map(({ description }) => description ?? "")];
  });
}

// What it prints and expects

/** @param {{ path: string, patch: string }} file */
function excerpt({ path, patch }) {
  const hunks = patch.split(/^(?=@@ )/m);
  const [hunk = ""] = hunks.filter((text) => /^-/m.test(text)).concat(hunks);
  const shown = hunk.trimEnd().split("\n");
  const cut = shown.length > EXCERPT_LINES ? ["..."] : [];
  return [path, ...shown.slice(0, EXCERPT_LINES), ...cut].map((line) => {
    if (line.startsWith("@@")) return paint("cyan", line);
    if (line.startsWith("+")) return paint("green", line);
    return line.startsWith("-") ? paint("red", line) : line;
  });
}

/**
 * @param {string} text
 * @returns {unknown}
 */
function parseJson(text) {
  return JSON.parse(text);
}

/** @param {string} text */
function lines(text) {
  return text.trimEnd().split("\n").length;
}

/**
 * @param {number} number
 * @param {string} noun
 */
function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * @param {boolean} holds
 * @param {string} message
 * @returns {asserts holds}
 */
function assert(holds, message) {
  if (!holds) throw new Error(message);
}

/**
 * @param {unknown} actual
 * @param {unknown} wanted
 * @param {string} what
 */
function expectEqual(actual, wanted, what) {
  assert(actual === wanted, `${what}: expected\n${String(wanted)}\nbut found\n${String(actual)}`);
}

/**
 * Names the first byte that differs.
 * @param {Map<string, Buffer>} wanted
 * @param {Map<string, Buffer>} actual
 */
function expectSame(wanted, actual) {
  for (const path of actual.keys()) assert(wanted.has(path), `${path} was not there before`);
  for (const [path, before] of wanted) {
    const after = actual.get(path);
    assert(after !== undefined, `${path} is missing`);
    if (before.equals(after)) continue;
    const at = before.findIndex((byte, index) => byte !== after[index]);
    assert(false, `${path} differs at byte ${at < 0 ? before.length : at}`);
  }
}
