import { createHash } from "node:crypto";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

/**
 * Counts the calls of node:fs that write, and makes the n-th of them end badly. As a preload it
 * reads RETROSPAN_TEST_FAIL, a JSON text:
 * - `{ "record": FILE }` writes into FILE what was called, and the state of the tree around it;
 * - `{ "kill": N, "when": "before" | "after", "signal": NAME }` sends a signal, by default SIGKILL, to
 *   the process at the N-th call;
 * - `{ "full": N, "stays": BOOLEAN }` throws ENOSPC from the N-th call, or from all that need space.
 */
const WATCHED = /** @type {const} */ ([
  "openSync",
  "writeSync",
  "renameSync",
  "rmSync",
  "chmodSync",
  "mkdirSync",
  "fsync",
  "linkSync",
  "rmdirSync",
  "unlinkSync",
]);
const NEEDS_SPACE = ["openSync", "writeSync", "mkdirSync", "fsync", "linkSync"];
const JOURNAL = ".retrospan/journal.json";
const root = process.cwd();

/**
 * @typedef {{ record?: string, kill?: number, when?: string, signal?: string, full?: number, stays?: boolean }} Fault
 * @typedef {{ number: number, name: string, when: string, state: string, hasJournal: boolean }} Moment
 * @typedef {(...args: unknown[]) => unknown} Call
 */

const real = { ...fs };
const functions = /** @type {Record<string, Call>} */ (/** @type {unknown} */ (fs));
const realFunctions = /** @type {Record<string, Call>} */ (/** @type {unknown} */ (real));

/** @type {Fault} */
let fault = {};
let count = 0;
let isBusy = false;
/** @type {Moment[]} */
let moments = [];
/** @type {string | null} */
let failed = null;

for (const name of WATCHED) functions[name] = (...args) => watched(name, args);
syncBuiltinESMExports();

// Two runs of one command must write the same bytes.
Date.prototype.toISOString = () => "2026-01-02T03:04:05.678Z";

if (process.env.RETROSPAN_TEST_FAIL) {
  arm(/** @type {Fault} */ (JSON.parse(process.env.RETROSPAN_TEST_FAIL)));
  process.on("exit", () => {
    if (fault.record) real.writeFileSync(fault.record, JSON.stringify(moments));
  });
}

/**
 * Starts counting anew.
 * @param {Fault} next
 */
export function arm(next) {
  fault = next;
  count = 0;
  moments = [];
  failed = null;
}

/** The call that last failed because the disk was full. */
export function thrownAt() {
  return failed;
}

/**
 * @param {string} name
 * @param {unknown[]} args
 */
function watched(name, args) {
  const call = /** @type {Call} */ (realFunctions[name]);
  if (isBusy || isReading(name, args)) return call(...args);
  const number = ++count;
  failBefore(number, name, args);
  const result = call(...args);
  killAt(number, "after");
  if (fault.record) note(number, name, "after");
  return result;
}

/**
 * @param {number} number
 * @param {string} when
 */
function killAt(number, when) {
  if (fault.kill !== number || fault.when !== when) return;
  process.kill(process.pid, fault.signal ?? "SIGKILL");
}

/**
 * Node itself opens the modules that it loads with the same function.
 * @param {string} name
 * @param {unknown[]} args
 */
function isReading(name, [, flags]) {
  return name === "openSync" && (flags === undefined || flags === "r" || flags === 0);
}

/**
 * @param {number} number
 * @param {string} name
 * @param {unknown[]} args
 */
function failBefore(number, name, args) {
  killAt(number, "before");
  if (fault.record) note(number, name, "before");
  if (!fault.full || !isFull(number, name, args)) return;
  failed = name;
  throw Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: "ENOSPC" });
}

/**
 * @param {number} number
 * @param {string} name
 * @param {unknown[]} args
 */
function isFull(number, name, args) {
  if (!fault.stays) return number === fault.full;
  const isThere = name === "mkdirSync" && real.existsSync(String(args[0]));
  return number >= (fault.full ?? 0) && NEEDS_SPACE.includes(name) && !isThere;
}

/**
 * @param {number} number
 * @param {string} name
 * @param {string} when
 */
function note(number, name, when) {
  isBusy = true;
  const hasJournal = real.existsSync(join(root, JOURNAL));
  moments.push({ number, name, when, state: stateOf(root), hasJournal });
  isBusy = false;
}

/**
 * A hash of every path, mode and byte below a folder but git's own.
 * @param {string} folder
 */
function stateOf(folder) {
  const hash = createHash("sha256");
  const visit = (/** @type {string} */ prefix) => {
    for (const entry of real.readdirSync(join(folder, prefix), { withFileTypes: true })) {
      const path = `${prefix}${entry.name}`;
      if (path === ".git") continue;
      hash.update(`${path}\0${real.statSync(join(folder, path)).mode}\0`);
      if (entry.isDirectory()) visit(`${path}/`);
      else hash.update(real.readFileSync(join(folder, path)));
    }
  };
  visit("");
  return hash.digest("hex");
}
