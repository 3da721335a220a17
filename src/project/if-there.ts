import { readdirSync, readFileSync } from "node:fs";

/** The text of a file; null where there is none, also when it has just gone. */
export function textIfThere(path: string): string | null {
  return ifThere(() => readFileSync(path, "utf8"));
}

/** The names in a folder; none where there is no folder, also when it has just gone. */
export function namesIfThere(dir: string): string[] {
  return ifThere(() => readdirSync(dir)) ?? [];
}

/** To ask first whether it is there would leave others the time to remove it. */
export function ifThere<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
