/** A line of a terminal that says what a command is at, and goes when it is done. */
export type Progress = (step: string | null) => void;

/** Shows progress where a person looks at it; null where nobody does. */
export function progressOn(stream: NodeJS.WriteStream): Progress | null {
  if (!stream.isTTY) return null;
  return (step) => {
    const line = (step ?? "").slice(0, (stream.columns || 80) - 1);
    stream.write(`\r\u001B[K${line}`);
  };
}
