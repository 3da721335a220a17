import type { TS } from "./compiler.js";
import { fingerprint } from "./fingerprint.js";
import { headOf, type AttachedEdit, type Candidate, type Removal } from "./instrumentation.js";
import { containerOf } from "./names.js";
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
 * Leaves of a call only one argument.
 * @param start where what goes with the call begins
 */
export function callRemoval(
  { file }: Source,
  call: TS.CallExpression,
  kept: TS.Expression,
  start = call.getStart(file),
): Removal {
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
  return {
    range: { start: call.getStart(source.file), end: call.end },
    container: containerOf(call),
    head: headOf(kept),
    key: fingerprint(call.expression),
    exact: true,
    similar: true,
    removal: callRemoval(source, call, kept, start),
  };
}
