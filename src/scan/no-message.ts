import { ts, type TS } from "../syntax/compiler.js";
import type { Source } from "../syntax/source.js";
import { unwrapped } from "../syntax/walk.js";

/** What a list holds: the element of `T[]`, `readonly T[]` or `Array<T>`. */
export function elementOf(type: TS.TypeNode): TS.TypeNode | undefined {
  if (ts.isTypeOperatorNode(type)) return elementOf(type.type);
  if (ts.isArrayTypeNode(type)) return type.elementType;
  const isArray =
    ts.isTypeReferenceNode(type) && /^(Readonly)?Array$/.test(type.typeName.getText());
  return isArray ? type.typeArguments?.[0] : undefined;
}

/** Types of which no value is a message: it has no room for a context. */
const NO_MESSAGE =
  /^(number|string|boolean|bigint|Buffer|ArrayBuffer|Uint8Array|Date|(Readonly)?(Map|Set|Array)<.*>|.*\[\])$/s;

/** Whether an expression says, there or where its name is declared, that it is no message. */
export function isNoMessage({ scope }: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (ts.isLiteralExpression(code) || ts.isTemplateExpression(code)) return true;
  if (ts.isArrayLiteralExpression(code)) return true;
  if (ts.isPropertyAccessExpression(code)) return code.name.text === "length";
  if (ts.isCallExpression(code))
    return /^(Date\.now|String|Number)$/.test(code.expression.getText());
  if (!ts.isIdentifier(code)) return false;
  const [declared] = scope.resolve(code.text, code) ?? [];
  const { type } = (declared ?? {}) as { readonly type?: TS.TypeNode };
  return type !== undefined && NO_MESSAGE.test(type.getText());
}
