#!/usr/bin/env node
import { CommanderError } from "commander";
import { UserError } from "../plan/user-error.js";
import { EXIT } from "./exit.js";
import { Interrupted, outliveReaders } from "./output.js";
import { buildProgram, ownVersion } from "./program.js";

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done;
    process.stderr.write(
      `${error.message.replace(/^error: /, "retrospan: ").replace(/\n/g, " ")}\n`,
    );
    return EXIT.mistake;
  }
  if (error instanceof Interrupted) {
    process.stderr.write("retrospan: ended by Ctrl-C; nothing was changed\n");
    return EXIT.interrupted;
  }
  if (error instanceof UserError) {
    process.stderr.write(`retrospan: ${error.message}\n`);
    return EXIT.mistake;
  }
  const refused = refusedBySystem(error);
  if (refused) {
    process.stderr.write(`retrospan: ${refused.message}\n`);
    return EXIT.mistake;
  }
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT.bug;
}

/** What the file system does not let us do is no bug of ours. */
function refusedBySystem(error: unknown): UserError | null {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const mend = MENDS[code ?? ""];
  return mend === undefined || path === undefined ? null : new UserError(path, code ?? "", mend);
}

const MENDS: Readonly<Record<string, string>> = {
  EACCES: "give yourself the right to it, or exclude it",
  EPERM: "give yourself the right to it, or exclude it",
  EROFS: "it lies on a file system that cannot be written",
  ENOTDIR: "there must be a folder where there is a file",
  EISDIR: "there must be a file where there is a folder",
};

outliveReaders();
const program = buildProgram(ownVersion());
if (process.argv.length <= 2) {
  program.outputHelp();
} else {
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}
