import { createColors } from "picocolors";
import type { TraceOutcome } from "../commands/trace.js";
import type { Span } from "../trace/spans.js";
import { rowsOf, type Row, type SpanNode, type Trace } from "../trace/tree.js";
import { counted } from "../text/count.js";
import { lengthOf, milliseconds, serviceOf, titleOf, type Processes } from "./trace-labels.js";
import { groupedBy } from "../text/grouped.js";

type Colors = ReturnType<typeof createColors>;

/** Siblings of the same name and op that are drawn one by one; of more, only their sum is. */
const REPEATED = 5;
/** Characters for the titles of spans, and for their bars. */
const TITLE = 56;
const BAR = 24;

/** One trace for people: a tree with services, times and the gaps in which nothing was traced. */
export function traceToTerminal(trace: Trace, processes: Processes, color: boolean): string {
  const colors = createColors(color);
  const services = new Set(trace.spans.map((span) => serviceOf(span, processes)));
  const head = [
    colors.bold(`trace ${trace.id}`),
    counted(trace.spans.length, "span"),
    counted(services.size, "service"),
    milliseconds(trace.end - trace.start),
  ].join("  ");
  const canvas = { trace, processes, colors };
  const draw = (node: SpanNode) => drawn(canvas, node);
  const orphans = trace.orphans.flatMap((node) => {
    const parent = `  orphan: its parent ${node.span.parentId} was never received`;
    return [colors.yellow(parent), ...draw(node)];
  });
  return `${[head, ...trace.roots.flatMap(draw), ...orphans].join("\n")}\n`;
}

/** What was received altogether. */
export function traceSummary({ traces }: TraceOutcome): string {
  const spans = traces.reduce((sum, each) => sum + each.spans.length, 0);
  const orphans = traces.reduce((sum, each) => sum + each.orphans.length, 0);
  const counts = [
    counted(traces.length, "trace"),
    counted(spans, "span"),
    counted(orphans, "orphan"),
  ];
  return `${counts.join(", ")}\n`;
}

/** What was amiss, a line each. */
export function traceWarnings({ processes, dropped }: TraceOutcome, color: boolean): string[] {
  const colors = createColors(color);
  const lines = processes.flatMap(({ name, pid, problem }) =>
    problem === null ? [] : [`${colors.yellow("warning")} ${withPid(name, pid)}: ${problem}`],
  );
  if (dropped > 0) {
    lines.push(`${colors.yellow("warning")} ${counted(dropped, "span")} too many to be kept`);
  }
  return lines.map((line) => `${line}\n`);
}

/** A process without a script is called by its number already. */
function withPid(name: string, pid: number): string {
  return name.endsWith(` ${pid}`) ? name : `${name} (${pid})`;
}

/** What a tree is drawn for. */
interface Canvas {
  readonly trace: Trace;
  readonly processes: Processes;
  readonly colors: Colors;
}

function drawn(canvas: Canvas, top: SpanNode): string[] {
  const repeats = new Map<SpanNode, readonly SpanNode[]>();
  const hidden = new Set<SpanNode>();
  const lines: string[] = [];
  for (const row of rowsOf([top])) {
    if (hidden.has(row.node)) continue;
    for (const [first, ...others] of repeatedLeaves(row.node)) {
      if (first) repeats.set(first, [first, ...others]);
      for (const each of others) hidden.add(each);
    }
    lines.push(...gapLine(canvas, row), spanLine(canvas, row, repeats.get(row.node) ?? []));
  }
  return lines;
}

/** Children without children of their own that are many and look the same. */
function repeatedLeaves({ children }: SpanNode): SpanNode[][] {
  const leaves = children.filter((child) => child.children.length === 0 && !child.span.failed);
  const groups = groupedBy(leaves, ({ span }) => titleOf(span));
  return [...groups.values()].filter(({ length }) => length > REPEATED);
}

/** A gap is told where it is a good part of the trace. */
function gapLine({ trace, colors }: Canvas, { gap, above }: Row): string[] {
  if (gap < 10 || gap < (trace.end - trace.start) / 10) return [];
  const stem = stemBelow(above);
  return [colors.dim(`  ${stem}│  · ${milliseconds(gap)} without a span`)];
}

function spanLine(canvas: Canvas, { node, above, isLast }: Row, same: readonly SpanNode[]): string {
  const { trace, processes, colors } = canvas;
  const { span } = node;
  const branch = above === null ? "" : isLast ? "└─ " : "├─ ";
  const left = `  ${stemBelow(above)}${branch}`;
  const times = same.length > 0 ? ` × ${same.length}` : "";
  const spent = same.reduce((sum, each) => sum + lengthOf(each.span), 0) || lengthOf(span);
  const title = `${titleOf(span)}${times}`;
  const columns = [
    `${left}${span.failed ? colors.red(title) : title}${" ".repeat(gapTo(left + title))}`,
    colors.dim(`+${milliseconds(span.start - trace.start)}`.padStart(9)),
    milliseconds(spent).padStart(8),
    colors.cyan(bar(trace, span)),
    colors.dim(serviceOf(span, processes)),
  ];
  return columns.join("  ");
}

/** The lines that go on beside what hangs from a row. */
function stemBelow(row: Row | null): string {
  const parts: string[] = [];
  for (let at = row; at?.above; at = at.above) parts.push(at.isLast ? "   " : "│  ");
  return parts.reverse().join("");
}

function gapTo(text: string): number {
  return Math.max(0, TITLE - text.length);
}

function bar({ start, end }: Trace, span: Span): string {
  const scale = BAR / Math.max(1, end - start);
  const from = Math.min(BAR - 1, Math.floor((span.start - start) * scale));
  const length = Math.min(BAR - from, Math.max(1, Math.round(lengthOf(span) * scale)));
  return `${" ".repeat(from)}${"━".repeat(length)}`.padEnd(BAR);
}
