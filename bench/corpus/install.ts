import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run-command.js";
import { MODULES } from "./tree.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** Installs the packages, unless what the lock file says is there already. */
export async function install(folder: string): Promise<void> {
  if (isInstalled()) return;
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const { code, stderr } = await runCommand("npm", args, { cwd: HERE, folder });
  if (code !== 0) throw new Error(`npm ci ended with ${code}\n${stderr}`);
}

function isInstalled(): boolean {
  const done = join(MODULES, ".package-lock.json");
  return (
    existsSync(done) && statSync(done).mtimeMs >= statSync(join(HERE, "package-lock.json")).mtimeMs
  );
}

/** The version of an installed package. */
export function versionOf(name: string): string {
  const text = readFileSync(join(MODULES, name, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
