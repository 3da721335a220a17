import { ts, type TS } from "./compiler.js";
import { listedNodes } from "./walk.js";

/**
 * Half of what the compiler's parser manages at least with the stack of a process that has just
 * started (of nested calls; of blocks it is thrice as much). Once its code is optimised it gets
 * further, which the next run need not.
 */
const SAFE_DEPTH = 300;

/** A place so deep that a parser may not get there; null where there is none. */
export function placeTooDeep(file: TS.SourceFile): number | null {
  const { nodes, ends } = listedNodes(file);
  const open: { readonly end: number; readonly depth: number }[] = [];
  for (const [at, node] of nodes.entries()) {
    while ((open.at(-1)?.end ?? Infinity) <= at) open.pop();
    const depth = (open.at(-1)?.depth ?? 0) + (isRecursedInto(node) ? 1 : 0);
    if (depth > SAFE_DEPTH) return node.getStart(file);
    open.push({ end: ends[at] ?? 0, depth });
  }
  return null;
}

/** Chains of operators, accesses and calls are parsed in a loop, however long they are. */
function isRecursedInto(node: TS.Node): boolean {
  const parent = node.parent as TS.Node | undefined;
  if (!parent) return false;
  if (ts.isBinaryExpression(parent)) return parent.left !== node;
  const isLink =
    ts.isPropertyAccessExpression(parent) ||
    ts.isElementAccessExpression(parent) ||
    ts.isCallExpression(parent) ||
    ts.isNonNullExpression(parent);
  return !isLink || parent.expression !== node;
}
