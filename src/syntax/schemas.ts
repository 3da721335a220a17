import { ts, type TS } from "./compiler.js";
import { moduleOf } from "./imports.js";
import { constantValue } from "./message.js";
import { nameMatches, propertyName } from "./names.js";
import { propertyOf } from "./object-literal.js";
import type { Source } from "./source.js";
import { hasModifier, unwrapped, walk } from "./walk.js";

/** A schema that says which fields an object has, and that can take one more. */
export interface ObjectSchema {
  /** The literal that lists its fields. */
  readonly fields: TS.ObjectLiteralExpression;
  readonly library: Library;
}

/** How a file says a library of schemas. */
export interface Library {
  readonly dialect: "methods" | "functions" | "valibot";
  readonly local: string;
}

/** A schema that `at.type` names, by itself or by the type that is inferred from it. */
export interface SchemaMatch {
  readonly declaration: TS.VariableDeclaration;
  /** Null where it is a schema of another kind than an object's. */
  readonly target: ObjectSchema | null;
}

/**
 * Finds the schema of a name, or of the elements of a field with `Name.field`: a constant that a
 * schema is given to, or the constant that a type of this name is inferred from.
 */
export function findSchemas(source: Source, wanted: string): SchemaMatch[] {
  const [name = "", ...fields] = wanted.split(".");
  const declarations = new Set<TS.VariableDeclaration>();
  walk(source.file, (node) => {
    if (ts.isTypeAliasDeclaration(node) && nameMatches(name, node.name.text)) {
      const from = inferredFrom(source, node);
      if (from) declarations.add(from);
    }
    if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name)) return;
    const isNamed = nameMatches(name, node.name.text);
    if (isNamed && node.initializer && isSchema(source, node.initializer)) declarations.add(node);
  });
  return [...declarations].map((declaration) => ({
    declaration,
    target: fields.reduce(
      (schema, field) => schema && schemaOfField(source, schema, field),
      objectSchema(source, declaration.initializer),
    ),
  }));
}

const INFERRING = /(^|\.)(infer|input|output|TypeOf|InferInput|InferOutput)$/;

/** The name of the schema whose type an alias is: `type Job = z.infer<typeof job>`. */
export function schemaInferred({ type }: TS.TypeAliasDeclaration): string | null {
  return inferring(type)?.text ?? null;
}

/** The constant of the file whose type an alias is. */
export function inferredFrom(
  source: Source,
  { type }: TS.TypeAliasDeclaration,
): TS.VariableDeclaration | null {
  const schema = inferring(type);
  const [declaration] = schema ? (source.scope.resolve(schema.text, schema) ?? []) : [];
  const isConstant = declaration && ts.isVariableDeclaration(declaration);
  return isConstant && declaration.initializer ? declaration : null;
}

function inferring(type: TS.TypeNode): TS.Identifier | null {
  if (!ts.isTypeReferenceNode(type) || !INFERRING.test(type.typeName.getText())) return null;
  const [of] = type.typeArguments ?? [];
  return of && ts.isTypeQueryNode(of) && ts.isIdentifier(of.exprName) ? of.exprName : null;
}

/** Names of the constant around a schema's fields and of the fields around them: `batch.updates`. */
export function schemaPath(fields: TS.Node): string {
  const names: string[] = [];
  for (let at = fields; at; at = at.parent) {
    if (ts.isPropertyAssignment(at)) names.unshift(propertyName(at.name) ?? "");
    if (ts.isVariableDeclaration(at)) names.unshift(at.name.getText());
  }
  return names.join(".");
}

/** What makes a schema of an object of its fields. */
const OBJECTS = /^(object|strictObject|looseObject|interface)$/;

/** What is made of one schema and takes values of the same kind, or lists of them. */
const AROUND = /^(array|set|promise|optional|nullable|nullish|readonly|exactOptional|lazy|pipe)$/;

/** What a schema is given without a change of its fields. */
const KEEPING =
  /^(strict|strip|passthrough|loose|catchall|describe|meta|brand|readonly|optional|nullable|nullish|default|catch|array|min|max|length|nonempty|partial|deepPartial)$/;

/** What looks at the whole object. */
const CHECKING = /^(refine|superRefine|check|rawCheck|forward|partialCheck)$/;

const EXTENDING = /^(extend|safeExtend|augment)$/;

const MAX_DEPTH = 12;

/** The schema of an object that an expression makes, holds in a list, or adds fields to. */
function objectSchema(
  source: Source,
  expression: TS.Expression | undefined,
  depth = 0,
): ObjectSchema | null {
  const code = expression && unwrapped(constantValue(source, expression));
  if (!code || depth > MAX_DEPTH || !ts.isCallExpression(code)) return null;
  const callee = unwrapped(code.expression);
  if (!ts.isPropertyAccessExpression(callee)) return null;
  const name = callee.name.text;
  const [given, ...others] = code.arguments;
  const library = libraryOf(source, callee.expression);
  if (library) {
    if (OBJECTS.test(name)) return withFields(source, given, library);
    if (!AROUND.test(name) || !others.every((each) => keepsFields(source, each))) return null;
    return objectSchema(source, bodyOf(given), depth + 1);
  }
  const base = objectSchema(source, callee.expression, depth + 1);
  if (!base) return null;
  if (EXTENDING.test(name)) {
    // An extension of what is checked must not name a field again.
    return isChecked(source, callee.expression) ? null : withFields(source, given, base.library);
  }
  const isKept = CHECKING.test(name) ? !code.arguments.some(countsFields) : KEEPING.test(name);
  return isKept ? base : null;
}

/** Whether what stands behind the schema in a pipe gives on what it gets, and looks at no more of it. */
function keepsFields(source: Source, action: TS.Expression): boolean {
  const code = unwrapped(action);
  if (!ts.isCallExpression(code)) return false;
  const callee = unwrapped(code.expression);
  if (!ts.isPropertyAccessExpression(callee) || !libraryOf(source, callee.expression)) return false;
  const { text } = callee.name;
  const isPlain = /^(brand|readonly|title|description|metadata)$/.test(text);
  return isPlain || (CHECKING.test(text) && !code.arguments.some(countsFields));
}

/** A check of an object that goes by which fields there are. */
function countsFields(check: TS.Expression): boolean {
  return /\bObject\.(keys|entries|values)\b|\bReflect\.|\bin\b/.test(check.getText());
}

/** Whether something is checked on the way to a schema. */
function isChecked(source: Source, expression: TS.Expression, depth = 0): boolean {
  const code = unwrapped(constantValue(source, expression));
  if (!ts.isCallExpression(code) || depth > MAX_DEPTH) return false;
  const callee = unwrapped(code.expression);
  if (!ts.isPropertyAccessExpression(callee)) return false;
  return CHECKING.test(callee.name.text) || isChecked(source, callee.expression, depth + 1);
}

function withFields(
  source: Source,
  given: TS.Expression | undefined,
  library: Library,
): ObjectSchema | null {
  if (!given) return null;
  const code = unwrapped(given);
  const fields = unwrapped(constantValue(source, code));
  if (!ts.isObjectLiteralExpression(fields)) return null;
  // Fields with a name of their own may be read by others.
  return fields === code || isReadOnce(source, code) ? { fields, library } : null;
}

function isReadOnce({ scope }: Source, code: TS.Expression): boolean {
  if (!ts.isIdentifier(code)) return false;
  const [declaration] = scope.resolve(code.text, code) ?? [];
  if (!declaration || !ts.isVariableDeclaration(declaration)) return false;
  const statement = declaration.parent.parent;
  const isOpen =
    ts.isVariableStatement(statement) && hasModifier(statement, ts.SyntaxKind.ExportKeyword);
  return (
    !isOpen && ts.isIdentifier(declaration.name) && scope.references(declaration.name).length === 1
  );
}

/** `z.lazy(() => schema)`. */
function bodyOf(given: TS.Expression | undefined): TS.Expression | undefined {
  if (!given || !ts.isArrowFunction(given)) return given;
  return ts.isBlock(given.body) ? undefined : given.body;
}

function schemaOfField(
  source: Source,
  { fields }: ObjectSchema,
  name: string,
): ObjectSchema | null {
  const field = propertyOf(fields, name);
  if (!field) return null;
  if (ts.isShorthandPropertyAssignment(field)) return objectSchema(source, field.name);
  return ts.isPropertyAssignment(field) ? objectSchema(source, field.initializer) : null;
}

/** The name of the schema that fields are added to, or of one below that, whose own pass a test. */
export function baseWith(
  source: Source,
  fields: TS.ObjectLiteralExpression,
  test: (fields: TS.ObjectLiteralExpression) => boolean,
): string | null {
  const { parent: call } = fields;
  const callee = ts.isCallExpression(call) ? unwrapped(call.expression) : null;
  if (!callee || !ts.isPropertyAccessExpression(callee)) return null;
  const base = EXTENDING.test(callee.name.text) ? objectSchema(source, callee.expression) : null;
  if (!base) return null;
  return test(base.fields) ? schemaPath(base.fields) : baseWith(source, base.fields, test);
}

/** Whether an expression is made by a library of schemas, of whatever kind it is. */
export function isSchema(source: Source, expression: TS.Expression): boolean {
  const code = unwrapped(constantValue(source, expression));
  if (!ts.isCallExpression(code)) return false;
  const callee = unwrapped(code.expression);
  if (!ts.isPropertyAccessExpression(callee)) return false;
  return libraryOf(source, callee.expression) !== null || isSchema(source, callee.expression);
}

/** The library whose namespace an expression is. */
function libraryOf(source: Source, expression: TS.Expression): Library | null {
  const code = unwrapped(expression);
  if (!ts.isIdentifier(code)) return null;
  const module = moduleOf(source, code);
  if (module === null) return null;
  const dialect = dialectOf(module);
  return dialect && { dialect, local: code.text };
}

/** How a module says schemas; null where it is no library of schemas, or none that is known. */
export function dialectOf(module: string): Library["dialect"] | null {
  if (module === "valibot") return "valibot";
  // Also what adds to Zod, such as `@hono/zod-openapi`; what a file of one's own exports may be either.
  if (/^\.|[^\w/@.-]/.test(module) || !/zod/.test(module)) return null;
  return /\bmini$/.test(module) ? "functions" : "methods";
}
