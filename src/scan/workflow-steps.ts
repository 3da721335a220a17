import { ts, type TS } from "../syntax/compiler.js";
import { enclosingFunctionNames } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { callsIn, isAsync, isInlineFunction, unwrapped } from "../syntax/walk.js";
import { areaOf, idOf, meansOnly, proposal, type Detector, type Proposal } from "./detector.js";

/** Whose functions are run anew for each of their steps. */
const INNGEST = /["'][^"'\n]*inngest[^"'\n]*["']/;

/**
 * The steps of Inngest's functions. A span around the whole function would not end: what waits for a
 * step that has yet to run is left behind. Source: Inngest's documentation, "How functions are executed".
 */
export const workflowSteps: Detector = {
  finds: "the steps of Inngest functions",
  needles: ["inngest"],
  find: (source) => {
    if (!INNGEST.test(source.text) || /sentryMiddleware/.test(source.text)) return [];
    return callsIn(source.file).flatMap((call) => {
      const step = stepAt(source, call);
      return step ? [stepRule(source, call, step)] : [];
    });
  },
};

interface Step {
  readonly name: string;
  readonly at: { readonly listener: string; readonly on: string };
}

/** `step.run("charge", async () => ...)`. */
function stepAt(source: Source, call: TS.CallExpression): Step | null {
  const callee = unwrapped(call.expression);
  const [first, work] = call.arguments;
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== "run") return null;
  const on = callee.expression.getText(source.file);
  if (!/(^|\.)step$/.test(on) || !first || !ts.isStringLiteralLike(first) || !work) return null;
  const fn = unwrapped(work);
  if (!isInlineFunction(fn) || !isAsync(fn)) return null;
  const at = { listener: first.text, on };
  return meansOnly(source, at, [{ node: fn }]) ? { name: first.text, at } : null;
}

function stepRule(source: Source, call: TS.CallExpression, { name, at }: Step): Proposal {
  const around = enclosingFunctionNames(call)[0] ?? "step";
  return proposal(source, call, 2, "a step runs by itself, and nothing tells which one it is", {
    id: idOf(areaOf(source), around, name),
    use: "wrap-span",
    phase: 2,
    at,
    span: { name, op: "function" },
  });
}
