import { ts, type TS } from "./compiler.js";
import { moduleOf } from "./imports.js";
import { constantValue } from "./message.js";
import { nameMatches, propertyName } from "./names.js";
import { propertyOf } from "./object-literal.js";
import type { Source } from "./source.js";
import { unwrapped, walk } from "./walk.js";

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

/** The constant of the file whose type an alias is: `type Job = z.infer<typeof job>`. */
export function inferredFrom(
  source: Source,
  { type }: TS.TypeAliasDeclaration,
): TS.VariableDeclaration | null {
  if (!ts.isTypeReferenceNode(type) || !INFERRING.test(type.typeName.getText(source.file))) {
    return null;
  }
  const [of] = type.typeArguments ?? [];
  if (!of || !ts.isTypeQueryNode(of) || !ts.isIdentifier(of.exprName)) return null;
  const [declaration] = source.scope.resolve(of.exprName.text, of) ?? [];
  const isConstant = declaration && ts.isVariableDeclaration(declaration);
  return isConstant && declaration.initializer ? declaration : null;
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

/** Code that reads which fields a schema has, or demands them all: it would see one more. */
export function readerOfFields(
  { scope, file }: Source,
  { name }: TS.VariableDeclaration,
): TS.Node | null {
  if (!ts.isIdentifier(name)) return null;
  const readers = scope.references(name).map(({ parent }) => parent);
  return (
    readers.find((each) => ts.isPropertyAccessExpression(each) && readsFields(each, file)) ?? null
  );
}

function readsFields(access: TS.PropertyAccessExpression, file: TS.SourceFile): boolean {
  const name = access.name.getText(file);
  if (/^(keyof|required)$/.test(name)) return true;
  const isOfOne =
    ts.isPropertyAccessExpression(access.parent) || ts.isSpreadAssignment(access.parent);
  return /^(shape|entries)$/.test(name) && !isOfOne;
}

/** What makes a schema of an object of its fields. */
const OBJECTS = /^(object|strictObject|looseObject|interface)$/;

/** What is made of one schema and takes values of the same kind, or lists of them. */
const AROUND = /^(array|set|promise|optional|nullable|nullish|readonly|exactOptional|lazy|pipe)$/;

/** What a schema is given without a change of its fields. */
const KEEPING =
  /^(strict|strip|passthrough|loose|catchall|describe|meta|register|openapi|brand|readonly|refine|superRefine|check|optional|nullable|nullish|default|catch|array|partial|deepPartial)$/;

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
  const [given] = code.arguments;
  const library = libraryOf(source, callee.expression);
  if (library) {
    if (OBJECTS.test(name)) return withFields(source, given, library);
    return AROUND.test(name) ? objectSchema(source, bodyOf(given), depth + 1) : null;
  }
  if (EXTENDING.test(name)) {
    const own = libraryAround(source, code);
    return own && withFields(source, given, own);
  }
  return KEEPING.test(name) ? objectSchema(source, callee.expression, depth + 1) : null;
}

function withFields(
  source: Source,
  given: TS.Expression | undefined,
  library: Library,
): ObjectSchema | null {
  const fields = given && unwrapped(constantValue(source, given));
  return fields && ts.isObjectLiteralExpression(fields) ? { fields, library } : null;
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
  return field && ts.isPropertyAssignment(field) ? objectSchema(source, field.initializer) : null;
}

/** Whether an expression is made by a library of schemas, of whatever kind it is. */
export function isSchema(source: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (!ts.isCallExpression(code)) return false;
  const callee = unwrapped(code.expression);
  if (!ts.isPropertyAccessExpression(callee)) return false;
  if (libraryOf(source, callee.expression)) return true;
  if (EXTENDING.test(callee.name.text)) return libraryAround(source, code) !== null;
  return isSchema(source, callee.expression);
}

/** The library whose namespace an expression is. */
function libraryOf(source: Source, expression: TS.Expression): Library | null {
  const code = unwrapped(expression);
  if (!ts.isIdentifier(code)) return null;
  const module = moduleOf(source, code);
  if (module === null) return null;
  const dialect = dialectOf(module, code.text);
  return dialect && { dialect, local: code.text };
}

function dialectOf(module: string, local: string): Library["dialect"] | null {
  if (/^valibot$/.test(module)) return "valibot";
  if (/^zod\/(v4-|v4\/)?mini$/.test(module)) return "functions";
  // What a module of one's own calls `z` is Zod, with additions.
  return local === "z" || /^zod(\/v[34])?$/.test(module) ? "methods" : null;
}

/** The library that code below a node uses: what it extends may come from another file. */
function libraryAround(source: Source, node: TS.Node): Library | null {
  let found: Library | null = null;
  walk(node, (each) => {
    if (!found && ts.isPropertyAccessExpression(each)) found = libraryOf(source, each.expression);
  });
  return found;
}
