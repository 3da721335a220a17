import { ts, type TS } from "./compiler.js";
import { propertyName } from "./names.js";
import type { Source } from "./source.js";
import { unwrapped, walk } from "./walk.js";

/** A schema that refuses what has a field that it does not name. */
export interface StrictSchema {
  readonly node: TS.Node;
  readonly fields: readonly string[];
  /** Those without which it refuses as well. */
  readonly required: readonly string[];
}

/** What a file with such a schema contains. */
export const STRICT_NEEDLES: readonly string[] = [
  "strict(",
  "strictObject(",
  "additionalProperties",
];

/**
 * The strict schemas of a file: `z.object({ ... }).strict()`, `z.strictObject({ ... })` (also of
 * Valibot), `Type.Object({ ... }, { additionalProperties: false })`, JSON Schemas that say the same.
 */
export function strictSchemasIn(source: Source): StrictSchema[] {
  const found: StrictSchema[] = [];
  walk(source.file, (node) => {
    const shape = strictShape(source, node);
    if (shape.length === 0 || isOpenedAgain(node)) return;
    const required = shape.filter((each) => each.isRequired).map(({ name }) => name);
    found.push({ node, fields: shape.map(({ name }) => name), required });
  });
  return found;
}

interface Field {
  readonly name: string;
  readonly isRequired: boolean;
}

/** The fields of a strict schema that a node is; none where it is no such schema. */
function strictShape(source: Source, node: TS.Node): Field[] {
  if (ts.isObjectLiteralExpression(node)) return isClosed(node) ? fieldsOfJson(source, node) : [];
  if (!ts.isCallExpression(node)) return [];
  const [shape, options] = node.arguments;
  const called = calledName(node);
  if (called === "strict" && ts.isPropertyAccessExpression(node.expression)) {
    return shapeOf(source, node.expression.expression);
  }
  if (called === "strictObject") return fieldsIn(source, shape);
  const isTold = options !== undefined && ts.isObjectLiteralExpression(options);
  return isTold && isClosed(options) ? fieldsIn(source, shape) : [];
}

/** `X.strict().passthrough()` takes what it gets. */
function isOpenedAgain({ parent }: TS.Node): boolean {
  const isCalled = ts.isPropertyAccessExpression(parent) && ts.isCallExpression(parent.parent);
  return isCalled && /^(passthrough|strip|loose|catchall)$/.test(parent.name.text);
}

const ADDING = /^(object|strictObject|looseObject|extend|safeExtend)$/;

/** What takes fields away, or where they are is not followed. */
const UNKNOWN = /^(omit|pick|merge|keyof|partial|deepPartial|required)$/;

const MAX_DEPTH = 8;

/** The fields of a schema that is made where it stands, or by a constant of the file. */
function shapeOf(source: Source, schema: TS.Expression, depth = 0): Field[] {
  const code = valueOf(source, schema);
  if (depth > MAX_DEPTH || !ts.isCallExpression(code)) return [];
  const called = calledName(code) ?? "";
  if (UNKNOWN.test(called)) return [];
  const own = ADDING.test(called) ? fieldsIn(source, code.arguments[0]) : [];
  const { expression } = code;
  const base = ts.isPropertyAccessExpression(expression)
    ? shapeOf(source, expression.expression, depth + 1)
    : [];
  return [...base, ...own];
}

/** What a name stands for, where the file says so. */
function valueOf(source: Source, expression: TS.Expression): TS.Expression {
  const code = unwrapped(expression);
  if (!ts.isIdentifier(code)) return code;
  const [declared] = source.scope.resolve(code.text, code) ?? [];
  const value = declared && ts.isVariableDeclaration(declared) ? declared.initializer : undefined;
  return value ? unwrapped(value) : code;
}

function calledName({ expression }: TS.CallExpression): string | null {
  if (ts.isPropertyAccessExpression(expression)) return expression.name.text;
  return ts.isIdentifier(expression) ? expression.text : null;
}

const OPTIONAL = /\b(optional|Optional|nullish|exactOptional|default|_default|catch|prefault)\(/;

/** The fields that an object literal says, with those that it takes over from others. */
function fieldsIn(source: Source, shape: TS.Expression | undefined): Field[] {
  const code = shape && valueOf(source, shape);
  if (!code || !ts.isObjectLiteralExpression(code)) return [];
  return code.properties.flatMap((each): Field[] => {
    if (ts.isSpreadAssignment(each)) return spreadFields(source, each.expression);
    const name = each.name && propertyName(each.name);
    return name == null ? [] : [{ name, isRequired: !OPTIONAL.test(each.getText(source.file)) }];
  });
}

/** `...Base.shape`, `...Base.entries`, `...fields`. */
function spreadFields(source: Source, spread: TS.Expression): Field[] {
  const code = unwrapped(spread);
  const isShape =
    ts.isPropertyAccessExpression(code) && /^(shape|entries|properties)$/.test(code.name.text);
  return isShape ? shapeOf(source, code.expression) : fieldsIn(source, code);
}

function isClosed(options: TS.ObjectLiteralExpression): boolean {
  return memberOf(options, "additionalProperties")?.kind === ts.SyntaxKind.FalseKeyword;
}

function fieldsOfJson(source: Source, schema: TS.ObjectLiteralExpression): Field[] {
  const named = memberOf(schema, "required");
  const required = named && ts.isArrayLiteralExpression(named) ? [...named.elements] : [];
  const names = new Set(
    required.flatMap((each) => (ts.isStringLiteralLike(each) ? each.text : [])),
  );
  return fieldsIn(source, memberOf(schema, "properties")).map(({ name }) => ({
    name,
    isRequired: names.has(name),
  }));
}

function memberOf(object: TS.ObjectLiteralExpression, name: string): TS.Expression | undefined {
  const member = object.properties.find((each) => each.name && propertyName(each.name) === name);
  return member && ts.isPropertyAssignment(member) ? unwrapped(member.initializer) : undefined;
}
