/** Questions about one trace, as `trace --json` prints it. */
import type { TraceDocument, TracedSpan } from "./service.js";

export type Trace = TraceDocument["traces"][number];

/** Names of our own spans and ops of the SDK's, from the topmost down to a span. */
export function pathTo(span: TracedSpan, trace: Trace): string[] {
  const parent = trace.spans.find(({ id }) => id === span.parent);
  const op = span.op ?? "";
  // SDK 9 knows no handlers of express 5.
  const isHandler = op.startsWith("handler") || op.startsWith("request_handler");
  const title = isHandler ? [] : [op.startsWith("http.") ? op : span.name];
  return [...(parent ? pathTo(parent, trace) : []), ...title];
}

/** The different ways to the spans of a name. */
export function pathsOf(trace: Trace, name: string): string[][] {
  const found = trace.spans.filter((span) => span.name === name);
  const paths = new Map(
    found.map((span) => pathTo(span, trace)).map((path) => [path.join(), path]),
  );
  return [...paths.values()];
}

/** Spans that say the same as the one above them, and requests that were taken twice. */
export function duplicates({ spans }: Trace): string[] {
  return spans.flatMap((span) => {
    const parent = spans.find(({ id }) => id === span.parent);
    const servers = spans.filter(({ op, parent: up }) => op === "http.server" && up === span.id);
    const isSame = parent?.name === span.name && parent.op === span.op;
    return isSame || servers.length > 1 ? [span.name] : [];
  });
}
