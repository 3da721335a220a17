import { perFile } from "./per-file.js";
import { callEdges, callerOf, type CallEdge } from "./call-graph.js";
import type { TS } from "./compiler.js";
import type { Source } from "./source.js";

/** Calls that lead back to the function that makes them. */
const known = perFile((): { calls: readonly CallEdge[] | null } => ({ calls: null }));

/**
 * A call in some code by which the function around it comes to run again before it is done, so that
 * calls pile up on the stack, and the frames of each span with them.
 * @param fn the function whose body the code is; by default the one around the code
 */
export function callBack(
  source: Source,
  code: TS.Node,
  fn: TS.Node | null = callerOf(code),
): TS.Node | undefined {
  if (!fn) return undefined;
  const kept = known(source.file);
  kept.calls ??= callsInCircles(callEdges(source));
  return kept.calls.find(({ from, call }) => {
    return from === fn && code.pos <= call.pos && call.end <= code.end;
  })?.call;
}

/** The calls that are part of a circle. */
function callsInCircles(edges: readonly CallEdge[]): CallEdge[] {
  const component = components(edges);
  return edges.filter(({ from, to }) => component.get(from) === component.get(to));
}

/**
 * Numbers functions so that two have the same number if each comes to call the other (Kosaraju).
 * Without recursion of its own: generated code has chains of thousands.
 */
function components(edges: readonly CallEdge[]): Map<TS.Node, number> {
  const forward = new Map<TS.Node, TS.Node[]>();
  const backward = new Map<TS.Node, TS.Node[]>();
  for (const { from, to } of edges) {
    add(forward, from, to);
    add(backward, to, from);
  }
  const seen = new Set<TS.Node>();
  const done: TS.Node[] = [];
  for (const start of forward.keys()) visit(start, forward, seen, (node) => done.push(node));
  const numbers = new Map<TS.Node, number>();
  const numbered = new Set<TS.Node>();
  for (const [number, start] of done.toReversed().entries()) {
    visit(start, backward, numbered, (node) => numbers.set(node, number));
  }
  return numbers;
}

function add(map: Map<TS.Node, TS.Node[]>, from: TS.Node, to: TS.Node): void {
  const all = map.get(from);
  if (all) all.push(to);
  else map.set(from, [to]);
}

/** Visits what is not seen yet from a node on, and tells each node once all behind it are told. */
function visit(
  start: TS.Node,
  next: ReadonlyMap<TS.Node, readonly TS.Node[]>,
  seen: Set<TS.Node>,
  tell: (node: TS.Node) => void,
): void {
  if (seen.has(start)) return;
  seen.add(start);
  const stack = [{ node: start, at: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const child = next.get(top.node)?.[top.at++];
    if (child === undefined) {
      tell(top.node);
      stack.pop();
    } else if (!seen.has(child)) {
      seen.add(child);
      stack.push({ node: child, at: 0 });
    }
  }
}
