import type { TS } from "./compiler.js";
import type { AttachedEdit, Removal } from "./instrumentation.js";
import { reason, type Reason } from "./reason.js";
import type { Source } from "./source.js";

/**
 * Makes an expression an argument of a call.
 * @param open what comes before it, such as `sample(rates, `
 * @param close what comes behind it
 */
export function callAround(
  { file }: Source,
  node: TS.Node,
  open: string,
  close = ")",
): AttachedEdit[] {
  const start = node.getStart(file);
  return [
    { start, end: start, text: open, attach: "right" },
    { start: node.end, end: node.end, text: close, attach: "left" },
  ];
}

/**
 * Leaves of a call only one argument; not where somebody has written a comment into the rest.
 * @param start where what goes with the call begins
 */
export function callRemoval(
  { file, text }: Source,
  call: TS.CallExpression,
  kept: TS.Expression,
  start = call.getStart(file),
): Removal | Reason {
  const rest = text.slice(start, kept.getStart(file)) + text.slice(kept.end, call.end);
  if (/\/\/|\/\*/.test(rest)) return reason("changed-by-hand", "a comment stands in the call");
  return {
    edits: [
      { start, end: kept.getStart(file), text: "" },
      { start: kept.end, end: call.end, text: "" },
    ],
    dedent: null,
  };
}
