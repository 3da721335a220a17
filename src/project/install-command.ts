import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { readJson } from "./read-json.js";
import { isInside, type Root } from "./root.js";

/** The command that adds an SDK to a package, for the package manager the tree uses. */
export function installCommand(root: Root, dir: string, name: string): string {
  const manager = packageManager(root, dir);
  const verb = manager === "npm" ? "install" : "add";
  const flag = FOLDER_FLAGS[manager];
  if (dir === ".") return `${manager} ${verb} ${name}`;
  if (manager === "npm" && isWorkspace(root)) return `npm install --workspace ${dir} ${name}`;
  return manager === "npm" || manager === "bun"
    ? `${manager} ${verb} ${flag} ${dir} ${name}`
    : `${manager} ${flag} ${dir} ${verb} ${name}`;
}

/** Whether one lock file at the top is for all packages. */
function isWorkspace(root: Root): boolean {
  const manifest = readJson(join(root.path, "package.json")) as { workspaces?: unknown } | null;
  return manifest?.workspaces !== undefined;
}

/** How each is told another folder than the current one. */
const FOLDER_FLAGS = { npm: "--prefix", pnpm: "--dir", yarn: "--cwd", bun: "--cwd" } as const;

const LOCK_FILES = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
  ["package-lock.json", "npm"],
] as const;

function packageManager(root: Root, dir: string): "npm" | "pnpm" | "yarn" | "bun" {
  for (let at = join(root.path, dir); isInside(root.path, at); at = dirname(at)) {
    const lock = LOCK_FILES.find(([file]) => existsSync(join(at, file)));
    if (lock) return lock[1];
    const named = (readJson(join(at, "package.json")) as { packageManager?: string } | null)
      ?.packageManager;
    const name = named?.split("@")[0];
    if (name === "pnpm" || name === "yarn" || name === "bun" || name === "npm") return name;
    if (dirname(at) === at) break;
  }
  return "npm";
}
