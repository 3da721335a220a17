import { ts, type TS } from "./compiler.js";
import { propertyName } from "./names.js";
import type { Source } from "./source.js";
import { unwrapped, walk } from "./walk.js";

/** A schema that refuses what has a field that it does not name. */
export interface StrictSchema {
  readonly node: TS.Node;
  readonly fields: readonly string[];
}

/** What a file with such a schema contains. */
export const STRICT_NEEDLES: readonly string[] = ["strict", "additionalProperties"];

/**
 * The strict schemas of a file: `z.object({ ... }).strict()`, `z.strictObject({ ... })` (also of
 * Valibot), `Type.Object({ ... }, { additionalProperties: false })`, JSON Schemas that say the same.
 */
export function strictSchemasIn(source: Source): StrictSchema[] {
  const found: StrictSchema[] = [];
  walk(source.file, (node) => {
    const fields = strictFields(source, node);
    if (fields.length > 0) found.push({ node, fields });
  });
  return found;
}

function strictFields(source: Source, node: TS.Node): string[] {
  if (ts.isObjectLiteralExpression(node)) {
    return isClosed(node) ? namesIn(valueOf(node, "properties")) : [];
  }
  if (!ts.isCallExpression(node)) return [];
  const [shape, options] = node.arguments;
  const called = calledName(node);
  if (called === "strict" && ts.isPropertyAccessExpression(node.expression)) {
    return fieldsOf(source, node.expression.expression);
  }
  if (called === "strictObject") return namesIn(shape);
  const isTold = options !== undefined && ts.isObjectLiteralExpression(options);
  return isTold && isClosed(options) ? namesIn(shape) : [];
}

/** The fields of a schema that is made where it stands, or by a constant of the file. */
function fieldsOf(source: Source, schema: TS.Expression, depth = 0): string[] {
  const code = unwrapped(schema);
  if (depth > MAX_DEPTH) return [];
  if (ts.isIdentifier(code)) {
    const [declared] = source.scope.resolve(code.text, code) ?? [];
    const value = declared && ts.isVariableDeclaration(declared) ? declared.initializer : undefined;
    return value ? fieldsOf(source, value, depth + 1) : [];
  }
  if (!ts.isCallExpression(code)) return [];
  const own = /^(object|extend|safeExtend|looseObject)$/.test(calledName(code) ?? "")
    ? namesIn(code.arguments[0])
    : [];
  const { expression } = code;
  const base = ts.isPropertyAccessExpression(expression)
    ? fieldsOf(source, expression.expression, depth + 1)
    : [];
  return [...base, ...own];
}

const MAX_DEPTH = 8;

function calledName({ expression }: TS.CallExpression): string | null {
  if (ts.isPropertyAccessExpression(expression)) return expression.name.text;
  return ts.isIdentifier(expression) ? expression.text : null;
}

function isClosed(options: TS.ObjectLiteralExpression): boolean {
  return valueOf(options, "additionalProperties")?.kind === ts.SyntaxKind.FalseKeyword;
}

function valueOf(object: TS.ObjectLiteralExpression, name: string): TS.Expression | undefined {
  const member = object.properties.find((each) => each.name && propertyName(each.name) === name);
  return member && ts.isPropertyAssignment(member) ? unwrapped(member.initializer) : undefined;
}

function namesIn(shape: TS.Expression | undefined): string[] {
  if (!shape || !ts.isObjectLiteralExpression(shape)) return [];
  return shape.properties.flatMap(({ name }) => (name ? (propertyName(name) ?? []) : []));
}
