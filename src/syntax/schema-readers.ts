import { ts, type TS } from "./compiler.js";
import { functionMeant } from "./function-meant.js";
import { importOf, moduleOf } from "./imports.js";
import { dialectOf, type SchemaMatch } from "./schemas.js";
import type { Source } from "./source.js";
import { ancestors, unwrapped, walk } from "./walk.js";

/** What a file contains that reads the fields of a schema. */
export const READS_FIELDS =
  /required|keyof|shape|entries|_?def\b|getDefaults|getFallbacks|json_?schema|(input|output|response)_?schema|parameters|resolver|(generate|stream)object|output\.|zod(response|text|output)?(format|function)|structuredoutput/i;

/**
 * Code that reads which fields a schema has, demands them all, or publishes them: it would see one
 * more. Looked for wherever the file says the constants that the schema is part of.
 */
export function readerOfFields(source: Source, match: SchemaMatch): TS.Node | null {
  const { scope } = source;
  const fields = match.target?.fields;
  const around = fields ? [...ancestors(fields)].filter(ts.isVariableDeclaration) : [];
  const names = [match.declaration, ...around].flatMap(({ name }) =>
    ts.isIdentifier(name) ? [name] : [],
  );
  const uses = names.flatMap((name) => scope.references(name));
  return firstReader(source, uses);
}

/** The same in a file that takes the schema from elsewhere, where it has such a name. */
export function readerElsewhere(importer: Source, name: string): TS.Node | null {
  const uses: TS.Node[] = [];
  const isTaken = (node: TS.Identifier) =>
    name === "default"
      ? isDefaultImport(importer, node)
      : importOf(importer, node)?.exported === name;
  walk(importer.file, (node) => {
    if (!ts.isIdentifier(node)) return;
    const { parent } = node;
    const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
    if (isMember && node.text === name && name !== "default") uses.push(parent);
    if (!isMember && isTaken(node)) uses.push(node);
  });
  return firstReader(importer, uses);
}

function isDefaultImport({ scope }: Source, node: TS.Identifier): boolean {
  return (scope.resolve(node.text, node) ?? []).some(ts.isImportClause);
}

function firstReader(source: Source, uses: readonly TS.Node[]): TS.Node | null {
  // A constant that is made of a schema is asked as the schema is, and a parameter that gets it.
  const open = [...uses];
  for (const use of open) {
    const found = readerAt(source, use);
    if (!found) continue;
    const isName = ts.isVariableDeclaration(found) || ts.isParameter(found);
    if (!isName || !ts.isIdentifier(found.name)) return found;
    const more = source.scope.references(found.name);
    open.push(...more.filter((each) => !open.includes(each)));
  }
  return null;
}

/**
 * The code around a schema that reads its fields, also those that something is made of; the constant
 * that is made of it, or the parameter that gets it, where that is all.
 */
function readerAt(source: Source, use: TS.Node): TS.Node | null {
  const { parent } = use;
  if (ts.isParenthesizedExpression(parent)) return readerAt(source, parent);
  if (ts.isElementAccessExpression(parent)) return parent.expression === use ? parent : null;
  if (ts.isVariableDeclaration(parent)) return parent.initializer === use ? parent : null;
  if (ts.isPropertyAssignment(parent)) {
    const isPublished = PUBLISHING.test(parent.name.getText()) || isGivenToModel(parent);
    return isPublished && parent.initializer === use ? parent : null;
  }
  if (ts.isCallExpression(parent)) {
    const callee = unwrapped(parent.expression);
    const isMember = ts.isPropertyAccessExpression(callee);
    const name = isMember ? callee.name.text : callee.getText();
    if (parent.expression === use) return null;
    if (READING.test(name)) return parent;
    if (isMember && isOfSchemas(source, callee.expression)) return readerAt(source, parent);
    const place = parent.arguments.findIndex((each) => each === use);
    return functionMeant(source, callee)?.parameters[place] ?? null;
  }
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== use) return null;
  return readerBy(source, parent);
}

/** `z`, as in `z.array(schema)`: what is made of a schema holds its fields. */
function isOfSchemas(source: Source, root: TS.Expression): boolean {
  return ts.isIdentifier(root) && dialectOf(moduleOf(source, root) ?? "") !== null;
}

/** `schema.keyof()`, `schema.extend({ ... }).required()`, `Object.keys(schema.shape)`. */
function readerBy(source: Source, access: TS.PropertyAccessExpression): TS.Node | null {
  const { parent, name } = access;
  if (READING.test(name.text)) return access;
  // What is read by a schema is data.
  if (/parse|decode|validate/i.test(name.text)) return null;
  // One field, or all as the fields of another schema.
  const isOfOne = ts.isPropertyAccessExpression(parent) || ts.isSpreadAssignment(parent);
  if (/^(shape|entries|_?def|_zod)$/.test(name.text)) return isOfOne ? null : access;
  return ts.isCallExpression(parent) && parent.expression === access
    ? readerAt(source, parent)
    : null;
}

const READING =
  /^(keyof|required|getDefaults?|getFallbacks?|zod((Response|Text|Output)Format|Function)|withStructuredOutput)$|json_?schema|resolver$/i;

/** `generateObject({ schema })`, `Output.object({ schema })`: what a model is to answer with. */
function isGivenToModel({ name, parent }: TS.PropertyAssignment): boolean {
  if (name.getText() !== "schema" || !ts.isCallExpression(parent.parent)) return false;
  return /^((generate|stream)Object|useObject|Output\.\w+)$/.test(
    parent.parent.expression.getText(),
  );
}

/** What a model, a client or a document is told. */
const PUBLISHING =
  /^["']?(inputSchema|outputSchema|responseSchema|parameters|response_format)["']?$/;
