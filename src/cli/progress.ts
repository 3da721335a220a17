/** A line of a terminal that says how far a command is, and goes when it is done. */
export interface Progress {
  readonly show: (done: number, total: number) => void;
  readonly clear: () => void;
}

/** Shows progress where a person looks at it; null where nobody does. */
export function progressOn(stream: NodeJS.WriteStream): Progress | null {
  if (!stream.isTTY) return null;
  const write = (text: string) => void stream.write(`\r\u001B[K${text}`);
  return {
    show: (done, total) => write(done < total ? `planning: ${done} of ${total} files` : ""),
    clear: () => write(""),
  };
}
