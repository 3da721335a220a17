import { ts, type TS } from "./compiler.js";
import { isAssignment } from "./walk.js";

/** Whether an expression would fall apart next to what stands around a call whose place it takes. */
export function needsBrackets(body: TS.ConciseBody, call: TS.CallExpression): boolean {
  const { parent } = call;
  if (ts.isBlock(body)) return false;
  if (ts.isOptionalChain(body)) return isChainedOn(call);
  const isAsserted = ts.isAsExpression(body) || ts.isSatisfiesExpression(body);
  const isWeak =
    isWeakest(body) || isAsserted || ts.isBinaryExpression(body) || ts.isAwaitExpression(body);
  if (!isWeak) return false;
  if (ts.isConditionalExpression(parent)) return parent.condition === call && isWeakest(body);
  const isTyped = ts.isAsExpression(parent) || ts.isSatisfiesExpression(parent);
  const isUnary = ts.isTypeOfExpression(parent) || ts.isDeleteExpression(parent);
  if (isTyped || isUnary) return !ts.isAwaitExpression(body) && !(isTyped && isAsserted);
  return (
    ts.isAwaitExpression(parent) ||
    isAccess(parent) ||
    ts.isNonNullExpression(parent) ||
    ts.isPrefixUnaryExpression(parent) ||
    ts.isVoidExpression(parent) ||
    (ts.isCallExpression(parent) && parent.expression === call) ||
    (ts.isBinaryExpression(parent) && !isAssignment(parent.operatorToken.kind))
  );
}

/** Expressions that take in all that stands behind them. */
function isWeakest(body: TS.Expression): boolean {
  return (
    ts.isConditionalExpression(body) ||
    ts.isArrowFunction(body) ||
    ts.isYieldExpression(body) ||
    (ts.isBinaryExpression(body) && isAssignment(body.operatorToken.kind))
  );
}

function isAccess(node: TS.Node): boolean {
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
}

/** Whether more is read off a call: as the end of a chain that may end early, it would be left out. */
function isChainedOn(call: TS.Node): boolean {
  const { parent } = call;
  if (ts.isNonNullExpression(parent)) return isChainedOn(parent);
  return isAccess(parent) || (ts.isCallExpression(parent) && parent.expression === call);
}
