import { createHash } from "node:crypto";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

/**
 * Counts the calls of node:fs that write, and makes the n-th of them end badly. As a preload it
 * reads RETROSPAN_TEST_FAIL, a JSON text:
 * - `{ "record": FILE }` writes into FILE what was called, and the state of the tree around it;
 * - `{ "kill": N, "when": "before" | "after" }` sends SIGKILL to the process at the N-th call;
 * - `{ "full": N, "stays": BOOLEAN }` throws ENOSPC from the N-th call, or from all that need space.
 */
const WATCHED = [
  "openSync",
  "writeSync",
  "renameSync",
  "rmSync",
  "chmodSync",
  "mkdirSync",
  "fsyncSync",
  "rmdirSync",
  "unlinkSync",
];
const NEEDS_SPACE = ["openSync", "writeSync", "mkdirSync", "fsyncSync"];
const real = { ...fs };
const root = process.cwd();

let fault = {};
let count = 0;
let isBusy = false;
let calls = [];

for (const name of WATCHED) fs[name] = (...args) => watched(name, args);
syncBuiltinESMExports();

// Two runs of one command must write the same bytes.
Date.prototype.toISOString = () => "2026-01-02T03:04:05.678Z";

if (process.env.RETROSPAN_TEST_FAIL) {
  arm(JSON.parse(process.env.RETROSPAN_TEST_FAIL));
  process.on("exit", () => {
    if (fault.record) real.writeFileSync(fault.record, JSON.stringify(calls));
  });
}

/** Starts counting anew. */
export function arm(next) {
  fault = next;
  count = 0;
  calls = [];
}

/** The last call of the fault so far: what `full` threw at. */
export function thrownAt() {
  return calls.at(-1) ?? null;
}

function watched(name, args) {
  if (isBusy || isReading(name, args)) return real[name](...args);
  const number = ++count;
  failBefore(number, name, args);
  const result = real[name](...args);
  if (fault.kill === number && fault.when === "after") process.kill(process.pid, "SIGKILL");
  if (fault.record) note(number, name, "after");
  return result;
}

/** Node itself opens the modules that it loads with the same function. */
function isReading(name, [, flags]) {
  return name === "openSync" && (flags === undefined || flags === "r" || flags === 0);
}

function failBefore(number, name, args) {
  if (fault.kill === number && fault.when === "before") process.kill(process.pid, "SIGKILL");
  if (fault.record) note(number, name, "before");
  if (!fault.full || !isFull(number, name, args)) return;
  calls.push(name);
  throw Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: "ENOSPC" });
}

function isFull(number, name, args) {
  if (!fault.stays) return number === fault.full;
  const isThere = name === "mkdirSync" && real.existsSync(args[0]);
  return number >= fault.full && NEEDS_SPACE.includes(name) && !isThere;
}

function note(number, name, when) {
  isBusy = true;
  calls.push({ number, name, when, state: stateOf(root) });
  isBusy = false;
}

/** A hash of every path, mode and byte below a folder but git's own. */
function stateOf(folder) {
  const hash = createHash("sha256");
  const visit = (prefix) => {
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
