import type { TracedProcess } from "../trace/processes.js";
import type { Span } from "../trace/spans.js";

export type Processes = readonly TracedProcess[];

/** The process that sent a span, where it said which one it is. */
export function processOf({ project }: Span, processes: Processes): TracedProcess | undefined {
  return processes.find(({ pid }) => String(pid) === project);
}

/** The script that a span's process runs; else its SDK, which for a page is `browser` or the like. */
export function serviceOf(span: Span, processes: Processes): string {
  const found = processOf(span, processes);
  return found?.name ?? span.sdk?.replace(/^sentry\.javascript\./, "") ?? "unknown";
}

/** What a span is called: its op, where it says more, and its name. */
export function titleOf({ name, op }: Span): string {
  return op === null || op === name ? name : `${op} ${name}`;
}

/** Milliseconds. */
export function lengthOf({ start, end }: Span): number {
  return end - start;
}

/** A length of time for people, out of milliseconds. */
export function milliseconds(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
