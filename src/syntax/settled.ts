import { ts, type TS } from "./compiler.js";
import { propertyName } from "./names.js";
import { unwrapped } from "./walk.js";

/** Whether an expression is certainly no promise and no thenable. */
export function isSettled(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (ts.isConditionalExpression(code))
    return isSettled(code.whenTrue) && isSettled(code.whenFalse);
  if (ts.isBinaryExpression(code)) return isSettledOperation(code);
  return (
    ts.isAwaitExpression(code) ||
    ts.isLiteralExpression(code) ||
    ts.isTemplateExpression(code) ||
    ts.isArrayLiteralExpression(code) ||
    (ts.isObjectLiteralExpression(code) && !hasThen(code)) ||
    ts.isFunctionExpression(code) ||
    ts.isArrowFunction(code) ||
    ts.isClassExpression(code) ||
    ts.isPrefixUnaryExpression(code) ||
    ts.isPostfixUnaryExpression(code) ||
    ts.isTypeOfExpression(code) ||
    ts.isVoidExpression(code) ||
    ts.isDeleteExpression(code) ||
    ts.isJsxElement(code) ||
    ts.isJsxSelfClosingElement(code) ||
    ts.isJsxFragment(code) ||
    code.kind === ts.SyntaxKind.TrueKeyword ||
    code.kind === ts.SyntaxKind.FalseKeyword ||
    code.kind === ts.SyntaxKind.NullKeyword ||
    (ts.isIdentifier(code) && code.text === "undefined")
  );
}

function isSettledOperation(code: TS.BinaryExpression): boolean {
  const operator = code.operatorToken.kind;
  if (operator === ts.SyntaxKind.CommaToken || operator === ts.SyntaxKind.EqualsToken) {
    return isSettled(code.right);
  }
  const picksOperand =
    operator === ts.SyntaxKind.AmpersandAmpersandToken ||
    operator === ts.SyntaxKind.BarBarToken ||
    operator === ts.SyntaxKind.QuestionQuestionToken ||
    operator === ts.SyntaxKind.AmpersandAmpersandEqualsToken ||
    operator === ts.SyntaxKind.BarBarEqualsToken ||
    operator === ts.SyntaxKind.QuestionQuestionEqualsToken;
  return picksOperand ? isSettled(code.left) && isSettled(code.right) : true;
}

function hasThen(object: TS.ObjectLiteralExpression): boolean {
  return object.properties.some(
    ({ name }) => !name || ts.isComputedPropertyName(name) || propertyName(name) === "then",
  );
}
