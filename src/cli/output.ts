import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { UserError } from "../plan/user-error.js";

/**
 * Finds out that a file can be written before anything else is done.
 * @throws {UserError} when it cannot
 */
export function assertWritable(option: string, path: string): void {
  const isThere = existsSync(path);
  try {
    closeSync(openSync(path, "a"));
    if (!isThere) rmSync(path);
  } catch (error) {
    const { message } = error as Error;
    throw new UserError(`${option} ${path}`, message, "name a file that can be written");
  }
}

/** Whether to print colours: as the flags say, else on a terminal whose user does not refuse them. */
export function wantsColor({ color }: { color?: boolean }): boolean {
  return color ?? (process.stdout.isTTY === true && !process.env.NO_COLOR);
}

/** Goes on when nobody reads what is printed any more, as with `| head`: what is done is done. */
export function outliveReaders(): void {
  const ignoreClosed = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE") throw error;
  };
  process.stdout.on("error", ignoreClosed);
  process.stderr.on("error", ignoreClosed);
}

/** Ends a run in which somebody pressed Ctrl-C before anything was written. */
export class Interrupted extends Error {}
