import type { TS } from "./compiler.js";
import { fingerprint } from "./fingerprint.js";
import { headOf, type AttachedEdit, type Candidate, type Removal } from "./instrumentation.js";
import { containerOf } from "./names.js";
import { isReason, reason, type Reason } from "./reason.js";
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

/** What looks like a comment in a string is none. */
const STRING = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;

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
  if (/\/[/*]/.test(rest.replace(STRING, "")))
    return reason("changed-by-hand", "a comment stands in the call");
  return {
    edits: [
      { start, end: kept.getStart(file), text: "" },
      { start: kept.end, end: call.end, text: "" },
    ],
    dedent: null,
  };
}

/**
 * A call that may be ours around what it keeps.
 * @param start where what goes with the call begins
 */
export function callCandidate(
  source: Source,
  call: TS.CallExpression,
  kept: TS.Expression,
  start?: number,
): Candidate {
  const removal = callRemoval(source, call, kept, start);
  return {
    range: { start: call.getStart(source.file), end: call.end },
    container: containerOf(call),
    head: headOf(kept),
    key: fingerprint(call.expression),
    exact: !isReason(removal),
    similar: true,
    removal,
  };
}
