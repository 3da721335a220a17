import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";

const MODULES = new URL("../../node_modules/", import.meta.url);

let made: Promise<string> | null = null;

/**
 * The file of an empty database, made once for each version: what starts from it is there in a third
 * of the time.
 */
export function databaseImage(): Promise<string> {
  return (made ??= findImage());
}

async function findImage(): Promise<string> {
  const manifest = readFileSync(new URL("@electric-sql/pglite/package.json", MODULES), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const path = fileURLToPath(new URL(`.cache/retrospan-tests/pglite-${version}.tar`, MODULES));
  if (existsSync(path)) return path;
  const database = await PGlite.create();
  const image = await database.dumpDataDir("none");
  await database.close();
  mkdirSync(dirname(path), { recursive: true });
  // Another process may make it too, and none must read half of it.
  const half = `${path}.${process.pid}`;
  writeFileSync(half, Buffer.from(await image.arrayBuffer()));
  renameSync(half, path);
  return path;
}
