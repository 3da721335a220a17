import { ts, type TS } from "./compiler.js";
import type { NamedFunction } from "./names.js";
import type { Source } from "./source.js";
import { ancestors, findNode, isAsync } from "./walk.js";

/** What takes a function for later, when the stack is another one. */
const LATER =
  /^(then|catch|finally|setTimeout|setInterval|setImmediate|nextTick|queueMicrotask|on|once|addEventListener)$/;

/** Where a function calls itself before it gives anything back, so that calls pile up on the stack. */
export function ownCall({ scope }: Source, fn: NamedFunction): TS.Node | undefined {
  if (isAsync(fn)) return undefined;
  const name = ts.isVariableDeclaration(fn.parent) ? fn.parent.name : fn.name;
  if (!name) return undefined;
  if (!ts.isIdentifier(name) || ts.isMethodDeclaration(fn)) {
    return findNode(fn.body, (node) => isOwnMember(node, name.getText()) && isAtOnce(node, fn));
  }
  const isOwn = ({ parent }: TS.Identifier) => ts.isCallExpression(parent) && isAtOnce(parent, fn);
  const uses = scope.references(name).filter((use) => isCallee(use));
  return uses.find(isOwn)?.parent;
}

function isCallee(use: TS.Identifier): boolean {
  return ts.isCallExpression(use.parent) && use.parent.expression === use;
}

/** `this.name(...)`. */
function isOwnMember(node: TS.Node, name: string): boolean {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { expression, name: called } = node.expression;
  return called.getText() === name && expression.kind === ts.SyntaxKind.ThisKeyword;
}

/** Whether code runs while the function around it does, as far as what takes a callback tells. */
function isAtOnce(node: TS.Node, fn: NamedFunction): boolean {
  for (const around of ancestors(node)) {
    if (around === fn) return true;
    if (ts.isFunctionLike(around) && isTakenForLater(around)) return false;
  }
  return false;
}

function isTakenForLater({ parent }: TS.Node): boolean {
  if (!ts.isCallExpression(parent)) return false;
  return LATER.test(parent.expression.getText().split(".").at(-1) ?? "");
}
