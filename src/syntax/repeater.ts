import { ts, type TS } from "./compiler.js";
import type { Source } from "./source.js";
import { ancestors, isFunctionBoundary, nodeAt } from "./walk.js";

/** What runs code again and again, in words. */
export type Repeater = "each turn of a loop" | "each message";

/**
 * What runs the code at a place again and again: a loop around it, a callback for each item of a
 * list, or a listener, unless it is for some messages only; null where the function around says
 * nothing about it.
 */
export function repeaterOf({ file }: Source, offset: number): Repeater | null {
  const inner = nodeAt(file, offset);
  let child = inner;
  let isSome = false;
  for (const parent of ancestors(inner)) {
    if (ts.isIterationStatement(parent, false) && parent.statement === child) {
      return "each turn of a loop";
    }
    if (isFunctionBoundary(parent)) {
      const repeater = calledBy(parent);
      return isSome && repeater === "each message" ? null : repeater;
    }
    isSome ||=
      ts.isCaseClause(parent) || (ts.isIfStatement(parent) && parent.thenStatement === child);
    child = parent;
  }
  return null;
}

function calledBy(fn: TS.Node): Repeater | null {
  const { parent } = fn;
  if (!ts.isCallExpression(parent) || !parent.arguments.some((each) => each === fn)) return null;
  const callee = parent.expression;
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
  if (/^(forEach|map|flatMap|reduce|filter)$/.test(name)) return "each turn of a loop";
  const [event] = parent.arguments;
  const isMessage = event && ts.isStringLiteralLike(event) && /^(message|data)$/.test(event.text);
  if (isMessage && /^(on|addListener|addEventListener)$/.test(name)) return "each message";
  return /subscribe/i.test(name) ? "each message" : null;
}
