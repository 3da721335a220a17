import { existsSync, realpathSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { resolveConfig, type ResolvedConfig } from "../plan/config.js";
import { UserError } from "../plan/user-error.js";
import { importConfig } from "./config-module.js";
import { parseJsonFile } from "./read-json.js";
import { findConfig, isInside, slashed, type Root } from "./root.js";

/** A config as loaded, and the folder (relative to the root) that its globs are relative to. */
export interface LoadedConfig extends ResolvedConfig {
  readonly base: string;
}

/**
 * Loads the config that `--config` names, or the nearest one.
 * @throws {UserError} when there is neither a config nor a preset, or the config is wrong
 */
export async function loadConfig(
  root: Root,
  cwd: string,
  named: string | undefined,
  presets: readonly string[],
): Promise<LoadedConfig> {
  const path = named === undefined ? findConfig(root) : namedConfig(cwd, named);
  if (!path) {
    if (presets.length === 0) {
      throw new UserError(
        root.path,
        "there is no retrospan.config.{ts,mts,js,mjs,json} here or above",
        "let `retrospan scan --write` make one, or name one with --config, or a preset with --preset",
      );
    }
    return { ...(await resolveConfig({}, "--preset", presets)), base: "" };
  }
  if (named === undefined && !isInside(root.path, realpathSync.native(path))) {
    const problem = "a symbolic link leads out of the root";
    throw new UserError(slashed(relative(root.path, path)), problem, "name it with --config");
  }
  const place = isInside(root.path, path) ? slashed(relative(root.path, path)) : path;
  const config = await resolveConfig(await read(path, place), place, presets);
  const folder = dirname(path);
  const isHere =
    isInside(root.path, folder) && (named === undefined || isInside(folder, root.start));
  return { ...config, base: isHere ? slashed(relative(root.path, folder)) : "" };
}

function namedConfig(cwd: string, named: string): string {
  const path = resolve(cwd, named);
  if (!existsSync(path))
    throw new UserError(`--config ${named}`, "there is no such file", "mend the path");
  return realpathSync.native(path);
}

async function read(path: string, place: string): Promise<unknown> {
  if (path.endsWith(".json")) return readJson(path, place);
  let module: unknown;
  try {
    module = await importConfig(path);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [what = "", ...where] = message.split("\n");
    // A syntax error says its place in a line of its own.
    const at = /:\d+:\d+$/.exec(where.find((line) => line.trim().startsWith(path)) ?? "")?.[0];
    throw new UserError(`${place}${at ?? ""}`, `it cannot be loaded: ${what.trim()}`, "mend it");
  }
  if (typeof module === "object" && module !== null) {
    if ("default" in module) return await module.default;
    if (!isEcmaScript(module) && Object.keys(module).length > 0) return module;
  }
  throw new UserError(
    place,
    "it has no default export",
    "write `export default defineConfig({ ... })`",
  );
}

/** Whether exports have names; what CommonJS exports is the value itself. */
function isEcmaScript(module: object): boolean {
  return "__esModule" in module || Symbol.toStringTag in module;
}

function readJson(path: string, place: string): unknown {
  try {
    const data = parseJsonFile(path);
    if (typeof data !== "object" || data === null || !("$schema" in data)) return data;
    const { $schema: _schema, ...config } = data;
    return config;
  } catch (error) {
    throw new UserError(place, `it is not JSON: ${(error as Error).message}`, "mend its syntax");
  }
}
