import type { Span } from "./spans.js";

/** A span with those it is the parent of, the earliest first. */
export interface SpanNode {
  readonly span: Span;
  readonly children: readonly SpanNode[];
}

/** All that was received of one trace. */
export interface Trace {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  readonly spans: readonly Span[];
  readonly roots: readonly SpanNode[];
  /** Spans whose parent was never received, with all that hangs from them. */
  readonly orphans: readonly SpanNode[];
}

/** Groups spans into traces, the earliest first; a span that was received twice counts once. */
export function tracesOf(spans: Iterable<Span>): Trace[] {
  const byTrace = new Map<string, Map<string, Span>>();
  for (const span of spans) {
    const trace = byTrace.get(span.traceId) ?? new Map<string, Span>();
    byTrace.set(span.traceId, trace.set(span.id, span));
  }
  return [...byTrace]
    .map(([id, trace]) => traceOf(id, [...trace.values()].sort(byTime)))
    .sort((a, b) => a.start - b.start);
}

interface GrowingNode extends SpanNode {
  readonly children: GrowingNode[];
}

function traceOf(id: string, spans: readonly Span[]): Trace {
  const nodes = new Map(
    spans.map((span): [string, GrowingNode] => [span.id, { span, children: [] }]),
  );
  const roots: GrowingNode[] = [];
  const orphans: GrowingNode[] = [];
  for (const node of nodes.values()) {
    const { parentId } = node.span;
    const siblings = parentId === null ? roots : (nodes.get(parentId)?.children ?? orphans);
    siblings.push(node);
  }
  orphans.push(...unrooted([...roots, ...orphans], nodes));
  const start = spans.reduce((least, span) => Math.min(least, span.start), Infinity);
  const end = spans.reduce((most, span) => Math.max(most, span.end), 0);
  return { id, start, end, spans, roots, orphans };
}

/** Spans that are each other's parents hang from nothing; of such a ring, the first is cut loose. */
function unrooted(
  tops: readonly GrowingNode[],
  nodes: ReadonlyMap<string, GrowingNode>,
): GrowingNode[] {
  const reached = new Set<SpanNode>();
  for (const { node } of rowsOf(tops)) reached.add(node);
  const loose: GrowingNode[] = [];
  for (const node of nodes.values()) {
    if (reached.has(node)) continue;
    const siblings = nodes.get(node.span.parentId ?? "")?.children ?? [];
    siblings.splice(siblings.indexOf(node), 1);
    loose.push(node);
    for (const row of rowsOf([node])) reached.add(row.node);
  }
  return loose;
}

/** A line of a drawn tree. */
export interface Row {
  readonly node: SpanNode;
  /** The row of the span that it hangs from; null at the top. */
  readonly above: Row | null;
  /** How many rows are above. */
  readonly depth: number;
  /** Whether the node is the last of its siblings. */
  readonly isLast: boolean;
  /** Milliseconds between siblings before it, or after its parent's start, in which none ran. */
  readonly gap: number;
}

/** Trees from the top down, without recursion: a trace can be deeper than the stack. */
export function* rowsOf(tops: readonly SpanNode[]): Generator<Row> {
  const top = { above: null, depth: 0, isLast: true, gap: 0 };
  const waiting: Row[] = tops.map((node) => ({ node, ...top })).reverse();
  for (let row = waiting.pop(); row; row = waiting.pop()) {
    yield row;
    const { node, depth } = row;
    const gaps = gapsBefore(node);
    const below = node.children.map((child, index) => ({
      node: child,
      above: row,
      depth: depth + 1,
      isLast: index === node.children.length - 1,
      gap: gaps[index] ?? 0,
    }));
    waiting.push(...below.reverse());
  }
}

function gapsBefore({ span, children }: SpanNode): number[] {
  let busyUntil = span.start;
  return children.map((child) => {
    const gap = Math.max(0, child.span.start - busyUntil);
    busyUntil = Math.max(busyUntil, child.span.end);
    return gap;
  });
}

function byTime(a: Span, b: Span): number {
  return a.start - b.start || b.end - a.end;
}
