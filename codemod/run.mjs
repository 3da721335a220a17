// The one step of the workflow: the repository's own retrospan, else the one of this version.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

const MODES = ["scan", "preview", "apply", "status", "revert"];
/** What a mode takes beside its name. */
const PLANS = new Set(["preview", "apply", "status"]);

const given = Object.fromEntries(
  readFileSync(0, "utf8")
    .split(/\r?\n/)
    .map((line) => /^\s*(\w+)=(.*)$/.exec(line)?.slice(1) ?? []),
);
const mode = given.mode || "preview";
const target = resolve(given.target || ".");
process.exitCode = main();

function main() {
  if (!MODES.includes(mode)) return mistake(`mode is "${mode}"; accepted: ${MODES.join(", ")}`);
  if (!existsSync(target)) return mistake(`there is no folder ${target}`);
  const [command, ...start] = commandFor(target);
  const { status, error } = spawnSync(command, [...start, mode, ...options()], {
    cwd: target,
    stdio: ["ignore", "inherit", "inherit"],
    // npx is a script there.
    shell: command === "npx" && process.platform === "win32",
  });
  return error ? mistake(String(error)) : (status ?? 1);
}

function mistake(text) {
  console.error(text);
  return 2;
}

function options() {
  const named = (name) => (given[name] ? [`--${name}`, given[name]] : []);
  return [
    ...(PLANS.has(mode) ? [...named("config"), ...named("preset")] : []),
    ...(mode === "scan" ? [] : named("shard")),
  ];
}

/** The retrospan that a repository has installed; what it has not is fetched. */
function commandFor(folder) {
  const installed = installedIn(folder);
  if (installed) return [process.execPath, installed];
  const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));
  return ["npx", "--yes", `retrospan@${version}`];
}

function installedIn(folder) {
  try {
    const manifest = createRequire(join(folder, "index.js")).resolve("retrospan/package.json");
    return join(dirname(manifest), JSON.parse(readFileSync(manifest, "utf8")).bin.retrospan);
  } catch {
    return null;
  }
}
