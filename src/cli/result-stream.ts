/**
 * Runs a command with stdout left for its result: what a config prints while it is loaded goes to
 * stderr instead.
 */
export async function keepingStdout<T>(run: () => Promise<T>): Promise<T> {
  const toStderr: typeof process.stdout.write = (
    chunk: string | Uint8Array,
    ...others: never[]
  ): boolean => process.stderr.write(chunk, ...others);
  process.stdout.write = toStderr;
  try {
    return await run();
  } finally {
    // What was set hides the stream's own.
    Reflect.deleteProperty(process.stdout, "write");
  }
}
