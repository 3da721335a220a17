import type { TraceOutcome } from "../commands/trace.js";
import { processOf, serviceOf } from "./trace-labels.js";

/** What was received, for programs; times in milliseconds. */
export function traceToDocument({ traces, processes, dropped, exitCode }: TraceOutcome) {
  return {
    version: 1,
    command: "trace",
    traces: traces.map(({ id, start, end, spans, orphans }) => ({
      id,
      start: new Date(start).toISOString(),
      ms: rounded(end - start),
      orphans: orphans.map(({ span }) => span.id),
      spans: spans.map((span) => ({
        id: span.id,
        parent: span.parentId,
        name: span.name,
        op: span.op,
        service: serviceOf(span, processes),
        pid: processOf(span, processes)?.pid ?? null,
        start: rounded(span.start - start),
        ms: rounded(span.end - span.start),
        failed: span.failed,
      })),
    })),
    processes,
    dropped,
    exitCode,
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
