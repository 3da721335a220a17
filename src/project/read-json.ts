import { readFileSync } from "node:fs";

/** What a JSON file says; null where there is none, or none that can be read. */
export function readJson(path: string): unknown {
  try {
    return parseJsonFile(path);
  } catch {
    return null;
  }
}

/**
 * What a JSON file says, with the mark in front that some editors write or without it.
 * @throws where there is no such file, and where it is no JSON
 */
export function parseJsonFile(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));
}
