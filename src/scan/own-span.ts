import { ts, type TS } from "../syntax/compiler.js";
import type { NamedFunction } from "../syntax/names.js";
import { ancestors, findNode, isInlineFunction } from "../syntax/walk.js";

/** What helpers are called that run what they are given in a span. */
const HELPER = /(span|trace[ds]?|tracing|instrument\w*)$/i;

/** Whether most of a function is what such a helper is given: `return instrumentAsync({ name }, async () => ...)`. */
export function hasOwnSpan(fn: NamedFunction): boolean {
  const isMost = (given: TS.Expression) =>
    isInlineFunction(given) && given.getWidth() * 2 > fn.body.getWidth();
  const isHeld = (node: TS.Node) => {
    if (!ts.isCallExpression(node)) return false;
    const work = node.arguments.find(isMost);
    return work !== undefined && (isSpanHelper(node.expression) || takesSpan(work));
  };
  return findNode(fn.body, isHeld) !== undefined;
}

/** Whether a node lies in what such a helper is given. */
export function isInOwnSpan(node: TS.Node): boolean {
  return [...ancestors(node)].some(
    (around) =>
      isInlineFunction(around) &&
      ts.isCallExpression(around.parent) &&
      around.parent.expression !== around &&
      isSpanHelper(around.parent.expression),
  );
}

/** Whether what is called runs in a span what it is given, by its name. */
export function isSpanHelper(callee: TS.Expression): boolean {
  const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
  return ts.isIdentifier(name) && (HELPER.test(name.text) || /^instrument/.test(name.text));
}

function takesSpan(work: TS.Expression): boolean {
  const [first] = isInlineFunction(work) ? work.parameters : [];
  return first !== undefined && /^\w*span$/i.test(first.name.getText());
}
