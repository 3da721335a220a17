import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { arm, thrownAt } from "./fail-at.js";

/**
 * Runs one command of the library in a fresh copy of a tree again and again, each time with the
 * disk full one call later, until a run ends without having met the fault. One process for all,
 * because loading the compiler takes most of a run.
 */
/** @typedef {(options: object) => Promise<unknown>} Command */

const { library, command, template, folder, options, stays, report } =
  /** @type {Record<"library" | "command" | "template" | "folder" | "report", string> & { options: object, stays: boolean }} */ (
    JSON.parse(process.argv[2] ?? "{}")
  );
const commands = /** @type {Record<string, Command>} */ (await import(library));

const runs = [];
for (let number = 1; number === 1 || runs.at(-1)?.thrownAt !== null; number++) {
  const tree = join(folder, String(number));
  arm({});
  cpSync(template, tree, { recursive: true });
  arm({ full: number, stays });
  const error = await failureOf(() => commands[command]?.({ ...options, cwd: tree }));
  runs.push({ number, tree, thrownAt: thrownAt(), error });
}
arm({});
writeFileSync(report, JSON.stringify(runs));

/**
 * @param {() => unknown} run
 * @returns {Promise<string | null>}
 */
async function failureOf(run) {
  try {
    await run();
    return null;
  } catch (error) {
    return String(error);
  }
}
