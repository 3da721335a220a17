import { ts, type TS } from "../syntax/compiler.js";
import { constantValue } from "../syntax/message.js";
import type { Source } from "../syntax/source.js";
import { unwrapped } from "../syntax/walk.js";
import { elementOf } from "./list-type.js";

/** Types of which no value has room for a context. */
const TYPES =
  /^(number|string|boolean|bigint|Buffer|ArrayBuffer|Uint8Array|Date|(Readonly)?(Map|Set)<.*>)$/s;

/** Calls that give no object, or one without room for a context. */
const CALLS = /^(JSON\.stringify|String|Number|Date\.now|Buffer\.from)$/;

/**
 * Whether an expression says, there or where its name is declared, that it is no message: a text, a
 * number, bytes or a list, none of which carries a context.
 */
export function isNoMessage(source: Source, expression: TS.Expression): boolean {
  const type = declaredType(source, unwrapped(expression));
  if (type) return elementOf(type) !== undefined || TYPES.test(type.getText());
  const code = unwrapped(constantValue(source, expression));
  if (ts.isPropertyAccessExpression(code)) return code.name.text === "length";
  if (ts.isCallExpression(code)) return CALLS.test(code.expression.getText());
  return (
    ts.isLiteralExpression(code) ||
    ts.isTemplateExpression(code) ||
    ts.isArrayLiteralExpression(code)
  );
}

function declaredType({ scope }: Source, code: TS.Expression): TS.TypeNode | undefined {
  const [declared] = ts.isIdentifier(code) ? (scope.resolve(code.text, code) ?? []) : [];
  return (declared as { readonly type?: TS.TypeNode } | undefined)?.type;
}
