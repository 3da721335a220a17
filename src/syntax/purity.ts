import { ts, type TS } from "./compiler.js";
import { isAssignment, isInlineFunction, unwrapped } from "./walk.js";

/** Whether an expression can be read twice with the same result: a name, a literal, a plain path. */
export function isStablePath(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (ts.isIdentifier(code) || code.kind === ts.SyntaxKind.ThisKeyword) return true;
  if (ts.isStringLiteralLike(code) || ts.isNumericLiteral(code)) return true;
  if (ts.isPropertyAccessExpression(code)) return isStablePath(code.expression);
  if (ts.isElementAccessExpression(code)) {
    return isStablePath(code.expression) && isStablePath(code.argumentExpression);
  }
  if (!ts.isTemplateExpression(code)) return false;
  return code.templateSpans.every((span) => isStablePath(span.expression));
}

const HARMLESS_CALLS =
  /^(Date\.now|performance\.now|String|Number|Boolean|Math\.\w+|JSON\.stringify)$/;

/** Whether leaving an expression out cannot be noticed: nothing in it acts or can throw on its own. */
export function isEffectFree(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (isStablePath(code) || ts.isLiteralExpression(code)) return true;
  if (isInlineFunction(code)) return true;
  switch (code.kind) {
    case ts.SyntaxKind.TrueKeyword:
    case ts.SyntaxKind.FalseKeyword:
    case ts.SyntaxKind.NullKeyword:
      return true;
    default:
      return partsOf(code)?.every(isEffectFree) ?? false;
  }
}

/** The operands of an expression that only combines them; null for one that acts. */
function partsOf(code: TS.Expression): readonly TS.Expression[] | null {
  if (ts.isBinaryExpression(code)) {
    return isAssignment(code.operatorToken.kind) ? null : [code.left, code.right];
  }
  if (ts.isConditionalExpression(code)) return [code.condition, code.whenTrue, code.whenFalse];
  if (ts.isTypeOfExpression(code)) return [code.expression];
  if (ts.isTemplateExpression(code)) return code.templateSpans.map((span) => span.expression);
  if (ts.isArrayLiteralExpression(code)) return [...code.elements];
  if (ts.isPrefixUnaryExpression(code)) {
    const counts =
      code.operator === ts.SyntaxKind.PlusPlusToken ||
      code.operator === ts.SyntaxKind.MinusMinusToken;
    return counts ? null : [code.operand];
  }
  if (ts.isObjectLiteralExpression(code)) return objectParts(code);
  if (!ts.isCallExpression(code)) return null;
  return HARMLESS_CALLS.test(code.expression.getText()) ? [...code.arguments] : null;
}

function objectParts(code: TS.ObjectLiteralExpression): readonly TS.Expression[] | null {
  const parts: TS.Expression[] = [];
  for (const property of code.properties) {
    if (ts.isPropertyAssignment(property)) parts.push(property.initializer);
    else if (!ts.isShorthandPropertyAssignment(property)) return null;
    if (property.name && ts.isComputedPropertyName(property.name)) return null;
  }
  return parts;
}
