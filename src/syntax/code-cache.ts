import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { createRequire, Module } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Script } from "node:vm";

/** The user's own folder for what can be made again: others must not be able to write there. */
function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  return join(XDG_CACHE_HOME ?? LOCALAPPDATA ?? join(homedir(), ".cache"), "retrospan");
}

/**
 * Loads a large CommonJS module with the code that V8 made of it the last time, which takes a third
 * of the time. Without a cache that can be read or written it is just loaded.
 */
export async function requireCached(file: string): Promise<unknown> {
  const { size, mtimeMs } = await stat(file);
  const key = createHash("sha256")
    .update([file, size, mtimeMs, process.version, process.arch].join(" "))
    .digest("hex");
  const place = join(cacheFolder(), `${key.slice(0, 16)}.code`);
  const [text, cachedData] = await Promise.all([
    readFile(file, "utf8"),
    readFile(place).catch(() => undefined),
  ]);
  const script = new Script(Module.wrap(text), {
    filename: file,
    ...(cachedData ? { cachedData } : {}),
  });
  const run = script.runInThisContext() as (...given: unknown[]) => void;
  const module = { exports: {} as unknown };
  run.call(module.exports, module.exports, createRequire(file), module, file, dirname(file));
  const isFresh = cachedData !== undefined && script.cachedDataRejected !== true;
  if (!isFresh) await keep(place, script.createCachedData());
  return module.exports;
}

/** Nobody must ever read half of a cache. */
async function keep(place: string, data: Buffer): Promise<void> {
  try {
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    const half = `${place}.${process.pid}`;
    await writeFile(half, data, { mode: 0o600 });
    await rename(half, place);
    await prune(dirname(place));
  } catch {
    // The next run takes as long as this one.
  }
}

/** Each place that the tool is installed at has its own, and some are there for one run only. */
const MAX_KEPT = 8;

async function prune(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".code"));
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      return { path, since: (await stat(path)).mtimeMs };
    }),
  );
  const old = found.sort((a, b) => b.since - a.since).slice(MAX_KEPT);
  await Promise.all(old.map(({ path }) => unlink(path)));
}
