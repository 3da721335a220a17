import {
  baseWith,
  codeFingerprint,
  defineTransform,
  findSchemas,
  findTypes,
  fingerprint,
  inferredFrom,
  inheritedFrom,
  insertFirst,
  insertMember,
  memberRemoval,
  isSchema,
  memberIndent,
  ownMember,
  param,
  propertyName,
  propertyOf,
  propertyRemoval,
  readerElsewhere,
  readerOfFields,
  READS_FIELDS,
  reason,
  schema,
  schemaInferred,
  schemaPath,
  position,
  textOf,
  ts,
  typeFingerprint,
  usesOfField,
  walk,
  type Candidate,
  type FileContext,
  type Instrumentation,
  type Library,
  type ObjectSchema,
  type ObjectType,
  type Rule,
  type SchemaMatch,
  type Shape,
  type Site,
  type Source,
  type TS,
  type TypeMatch,
} from "../src/transform.js";

interface TraceField extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  readonly field: string;
}

const FIELD_TYPE = "{ trace?: string; baggage?: string }";

/** What takes the field: a type, or the schema that a type is inferred from. */
type Owner =
  | { readonly kind: "type"; readonly type: ObjectType }
  | { readonly kind: "schema"; readonly schema: ObjectSchema }
  | null;

export const traceField = defineTransform<TraceField, Owner>({
  name: "trace-field",
  summary: "Adds an optional trace-context member to message types, and to schemas of messages",
  inserts:
    "the optional `_sentry?: { trace?: string; baggage?: string }` in a message type, or the same in the schema of one",
  details: [
    "A type that is inferred from a schema (Zod, Valibot) gets the field where the schema lists its own; a schema can be named itself. The field is optional there too, and what stands in it makes no message invalid.",
  ],
  params: {
    field: param(
      "the name of the field",
      schema.optional(schema.pipe(schema.string(), schema.regex(/^[A-Za-z_$][\w$]*$/)), "_sentry"),
    ),
  },
  joinPoints: ["type"],
  templates: () => [],
  needles: ({ at }) => {
    const name = (at.type ?? "").split(".")[0]?.replace(/\*.*$/, "");
    return name ? [name] : ["interface", "type", "bject("];
  },

  find: (file, rule) => {
    const { source } = file;
    const types = findTypes(source, rule.at.type ?? "").filter(
      ({ declaration }) =>
        !ts.isTypeAliasDeclaration(declaration) || !inferredFrom(source, declaration),
    );
    const schemas = findSchemas(source, rule.at.type ?? "");
    return [
      ...types.map((match) => typeSite(file, match, rule)),
      ...schemas.map((match) => schemaSite(file, match, schemas, rule)),
    ];
  },

  instrument: (file, { data, region }, rule) => {
    const { source } = file;
    if (!data) return reason("not-an-object-type", rule.at.type);
    const inserted =
      data.kind === "type"
        ? intoType(source, data.type, rule)
        : intoSchema(source, data.schema, rule);
    const uses = usesOf(file, inserted.shape).length;
    return {
      ...inserted,
      shape: uses === 0 ? inserted.shape : { ...inserted.shape, uses: String(uses) },
      strategy: "insert",
      region,
      reindent: null,
      imports: [],
      modules: [],
      span: null,
      head: "",
    };
  },

  landmark: ({ field = "" }) => field,

  heldBy: (file, shape) => {
    const uses = usesOf(file, shape);
    // Those that were there before it was added do not need it.
    const [added] = uses.slice(Number(shape.uses ?? 0));
    return added ? reason("field-in-use", added) : null;
  },

  recognise: ({ source }, shape) => {
    const found: Candidate[] = [];
    walk(source.file, (node) => {
      if (!ts.isPropertySignature(node) && !ts.isPropertyAssignment(node)) return;
      if (propertyName(node.name) !== shape.field) return;
      if (ts.isPropertySignature(node) && !shape.code) found.push(inType(source, node, shape));
      const isOfSchema = ts.isPropertyAssignment(node) && isSchema(source, node.initializer);
      if (isOfSchema && shape.code) found.push(inSchema(source, node, shape));
    });
    return found;
  },
});

// What it looks for

function typeSite(
  file: FileContext,
  { declaration, target }: TypeMatch,
  rule: TraceField,
): Site<Owner> {
  const { source } = file;
  const node = target ?? declaration;
  const anchor = declaration.getStart(source.file);
  const region = { start: node.getStart(source.file), end: node.end };
  if (!target) {
    return { anchor, region, data: null, skip: reason("not-an-object-type", kindOf(declaration)) };
  }
  const hop = {
    part: "type",
    name: ownerPath(target),
    members: otherNames([...target.members], rule),
  } as const;
  const site = { anchor, region, data: { kind: "type", type: target }, hop } as const;
  if (ownMember(target, rule.field)) return { ...site, present: "hand" };
  const parent = inheritedFrom(source, target, rule.field, (from, specifier) =>
    openModule(file, from, specifier),
  );
  return { ...site, skip: parent ? reason("inherits-field", parent) : undefined };
}

/** What a type is called, and the schema of another file that it comes from. */
function kindOf(declaration: TypeMatch["declaration"]): string {
  const schema = ts.isTypeAliasDeclaration(declaration) ? schemaInferred(declaration) : null;
  const { text } = declaration.name;
  return schema === null ? text : `${text}, whose schema ${schema} stands in another file`;
}

function schemaSite(
  file: FileContext,
  match: SchemaMatch,
  all: readonly SchemaMatch[],
  rule: TraceField,
): Site<Owner> {
  const { source } = file;
  const { declaration, target } = match;
  const node = target?.fields ?? declaration;
  const anchor = declaration.getStart(source.file);
  const region = { start: node.getStart(source.file), end: node.end };
  if (!target) {
    return { anchor, region, data: null, skip: reason("not-an-object-type", rule.at.type) };
  }
  const { fields } = target;
  const hop = {
    part: "type",
    name: schemaPath(fields),
    members: otherNames([...fields.properties], rule),
  } as const;
  const site = { anchor, region, data: { kind: "schema", schema: target }, hop } as const;
  if (propertyOf(fields, rule.field)) return { ...site, present: "hand" };
  const base = baseWith(source, fields, (each) => gets(each, all, rule));
  if (base) return { ...site, skip: reason("inherits-field", base) };
  const reader = readerAnywhere(file, match);
  return { ...site, skip: reader ? reason("fields-in-use", reader) : undefined };
}

/** Whether a schema has the field, or is about to get it by the same rule. */
function gets(
  fields: TS.ObjectLiteralExpression,
  all: readonly SchemaMatch[],
  { field }: TraceField,
): boolean {
  return (
    propertyOf(fields, field) !== undefined || all.some(({ target }) => target?.fields === fields)
  );
}

/** The code that reads the fields of a schema, in its file or in one that imports it. */
function readerAnywhere(file: FileContext, match: SchemaMatch): string | null {
  const own = readerOfFields(file.source, match);
  if (own) return textOf(file.source, own);
  const local = match.declaration.name.getText(file.source.file);
  for (const { source, name } of file.takersWith(local, READS_FIELDS)) {
    const reader = readerElsewhere(source, name);
    if (reader) return `${textOf(source, reader)} in ${source.path}`;
  }
  return null;
}

/** Where code that also names the type or schema uses the field, as `file:line`. */
function usesOf(file: FileContext, { key = "", field = "" }: Shape): string[] {
  const [name = ""] = key.split(/[ .]/);
  return [file.source, ...file.othersWith([field, name])].flatMap((source) =>
    usesOfField(source, field).map((use) => {
      const { line } = position(source.text, use.getStart(source.file));
      return `${source.path}:${line}`;
    }),
  );
}

/** What a message has beside the field: by that its type is known in another package. */
function otherNames(
  members: readonly { readonly name?: TS.PropertyName }[],
  { field }: TraceField,
): string[] {
  const names = members.flatMap(({ name }) => (name ? [propertyName(name) ?? ""] : []));
  return names.filter((name) => name !== field).sort();
}

function openModule(file: FileContext, from: Source, specifier: string): Source | null {
  // Only the file at hand knows how specifiers resolve; deeper modules are asked through it.
  const path = from.path === file.source.path ? file.resolve(specifier) : null;
  return path === null ? null : file.read(path);
}

// What it inserts

type Inserted = Pick<Instrumentation, "edits" | "shape" | "container">;

function intoType(source: Source, type: ObjectType, { field }: TraceField): Inserted {
  const insertion = insertMember(source, type, `${field}?: ${FIELD_TYPE}`);
  const container = ownerPath(type);
  const shape = {
    key: `${container} ${FIELD_TYPE}`,
    field,
    exclusive: `member ${field}`,
    layout: insertion.layout,
    lead: insertion.lead,
  };
  return { edits: [{ ...insertion.edit, attach: "left" }], shape, container };
}

function intoSchema(source: Source, { fields, library }: ObjectSchema, rule: TraceField): Inserted {
  const { field } = rule;
  const container = schemaPath(fields);
  const code = fieldSchema(library).join("");
  const indent = memberIndent(source, fields);
  const isShort = `${indent ?? ""}${field}: ${code},`.length <= source.style.width;
  const written = indent === null || isShort ? code : overLines(source, library, indent);
  const shape = { key: `${container} ${code}`, field, exclusive: `member ${field}`, code };
  return { edits: [insertFirst(source, fields, `${field}: ${written}`)], shape, container };
}

/**
 * The schema of the field, in the parts in which it is broken: one that takes everything, since a
 * message must not become invalid by what stands in it.
 */
function fieldSchema({ dialect, local }: Library): readonly string[] {
  if (dialect === "methods") {
    const text = `${local}.string().optional()`;
    const fields = `.object({ trace: ${text}, baggage: ${text} })`;
    return [local, fields, ".optional()", ".catch(undefined)"];
  }
  const text = `${local}.optional(${local}.string())`;
  const optional = `${local}.optional(${local}.object({ trace: ${text}, baggage: ${text} }))`;
  const orNone = dialect === "valibot" ? "fallback" : "catch";
  return [`${local}.${orNone}(`, optional, ", undefined", ")"];
}

function overLines({ style }: Source, library: Library, indent: string): string {
  const [head = "", ...parts] = fieldSchema(library);
  const inner = `${style.eol}${indent}${style.indent}`;
  if (library.dialect === "methods") return [head, ...parts].join(inner);
  const [optional = "", none = "", end = ""] = parts;
  return `${head}${inner}${optional},${inner}${none.slice(2)},${style.eol}${indent}${end}`;
}

/** Names of the type and the members around it: `BatchedUpdate.updates`. */
function ownerPath(node: TS.Node): string {
  const names: string[] = [];
  for (let at: TS.Node = node; at; at = at.parent) {
    if (ts.isPropertySignature(at)) names.unshift(propertyName(at.name) ?? "");
    if (ts.isInterfaceDeclaration(at) || ts.isTypeAliasDeclaration(at)) names.unshift(at.name.text);
  }
  return names.join(".");
}

// How it recognises its own work

function inSchema(source: Source, field: TS.PropertyAssignment, shape: Shape): Candidate {
  const exact = fingerprint(field.initializer) === codeFingerprint(shape.code ?? "");
  const { parent } = field;
  const container = schemaPath(parent);
  return {
    range: { start: field.getStart(source.file), end: field.end },
    container,
    head: "",
    key: exact ? `${container} ${shape.code}` : "",
    exact,
    similar: true,
    removal: exact
      ? { edits: propertyRemoval(source, parent, field), dedent: null }
      : reason("changed-by-hand", "the field has another schema now"),
  };
}

function inType(source: Source, member: TS.PropertySignature, shape: Shape): Candidate {
  const exact =
    member.questionToken !== undefined &&
    member.type !== undefined &&
    fingerprint(member.type) === typeFingerprint(FIELD_TYPE);
  const owner = member.parent;
  return {
    range: { start: member.getStart(source.file), end: member.end },
    container: ownerPath(owner),
    head: "",
    key: exact ? `${ownerPath(owner)} ${FIELD_TYPE}` : "",
    exact,
    similar: true,
    removal: exact
      ? { edits: [memberRemoval(source, owner, member, shape)], dedent: null }
      : reason("changed-by-hand", "the field has another type now"),
  };
}
