import {
  defineTransform,
  findTypes,
  fingerprint,
  indentationAt,
  inheritedFrom,
  leadBefore,
  ownMember,
  param,
  propertyName,
  reason,
  schema,
  ts,
  typeFingerprint,
  walk,
  withTrailingComment,
  type Candidate,
  type Edit,
  type FileContext,
  type ObjectType,
  type Rule,
  type Shape,
  type Site,
  type Source,
  type TS,
} from "../src/transform.js";

interface TraceField extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  readonly field: string;
}

const FIELD_TYPE = "{ trace?: string; baggage?: string }";

export const traceField = defineTransform<TraceField, ObjectType>({
  name: "trace-field",
  summary: "Adds an optional trace-context member to message types",
  inserts: "the optional `_sentry?: { trace?: string; baggage?: string }` in a message type",
  params: {
    field: param(
      "the name of the field",
      schema.optional(schema.pipe(schema.string(), schema.regex(/^[A-Za-z_$][\w$]*$/)), "_sentry"),
    ),
  },
  joinPoints: ["type"],
  templates: () => [],
  needles: ({ at }) => [(at.type ?? "").split(".")[0]?.replace(/\*.*$/, "") || "interface"],

  find: (file, rule) =>
    findTypes(file.source, rule.at.type ?? "").map(({ declaration, target }): Site<ObjectType> => {
      const { source } = file;
      const node = target ?? declaration;
      const anchor = declaration.getStart(source.file);
      const region = { start: node.getStart(source.file), end: node.end };
      if (!target) {
        const skip = reason("not-an-object-type", rule.at.type);
        return { anchor, region, data: ts.factory.createTypeLiteralNode([]), skip };
      }
      const hop = {
        part: "type",
        name: ownerPath(target),
        members: memberNames(target, rule),
      } as const;
      const site = { anchor, region, data: target, hop };
      if (ownMember(target, rule.field)) return { ...site, present: "hand" };
      const parent = inheritedFrom(source, target, rule.field, (from, specifier) =>
        openModule(file, from, specifier),
      );
      const skip = parent ? reason("inherits-field", parent) : undefined;
      return { ...site, skip };
    }),

  instrument: ({ source }, site, rule) => {
    const insertion = insertMember(source, site.data, `${rule.field}?: ${FIELD_TYPE}`);
    return {
      strategy: "insert",
      region: site.region,
      edits: [{ ...insertion.edit, attach: "left" }],
      reindent: null,
      imports: [],
      modules: [],
      span: null,
      shape: {
        key: `${ownerPath(site.data)} ${FIELD_TYPE}`,
        field: rule.field,
        exclusive: `member ${rule.field}`,
        layout: insertion.layout,
        lead: insertion.lead,
      },
      container: ownerPath(site.data),
      head: "",
    };
  },

  landmark: ({ field = "" }) => field,

  recognise: ({ source }, shape) => {
    const found: Candidate[] = [];
    walk(source.file, (node) => {
      if (ts.isPropertySignature(node) && propertyName(node.name) === shape.field) {
        found.push(candidate(source, node, shape));
      }
    });
    return found;
  },
});

function memberNames({ members }: ObjectType, { field }: TraceField): string[] {
  const names = members.flatMap(({ name }) => (name ? [propertyName(name) ?? ""] : []));
  return names.filter((name) => name !== field).sort();
}

function openModule(file: FileContext, from: Source, specifier: string): Source | null {
  // Only the file at hand knows how specifiers resolve; deeper modules are asked through it.
  const path = from.path === file.source.path ? file.resolve(specifier) : null;
  return path === null ? null : file.read(path);
}

// What it inserts

interface Insertion {
  readonly edit: Edit;
  /** `line` stands on a line of its own, `inline` behind other members, `tight` in an empty `{}`. */
  readonly layout: "line" | "inline" | "tight";
  /** The separator that the member before had to get. */
  readonly lead: string;
}

function insertMember(source: Source, type: ObjectType, member: string): Insertion {
  const last = type.members.at(-1);
  return last ? behindMember(source, type, last, member) : intoEmpty(source, type, member);
}

function behindMember(
  source: Source,
  type: ObjectType,
  last: TS.TypeElement,
  member: string,
): Insertion {
  const { text, style, file } = source;
  const separator = separatorOf(source, type);
  const braces = text.slice(bodyStart(source, type), type.end);
  if (braces.includes("\n")) {
    const at = withTrailingComment(source, last);
    const indent = indentationAt(text, last.getStart(file));
    const edit = { start: at, end: at, text: `${style.eol}${indent}${member}${separator}` };
    return { edit, layout: "line", lead: "" };
  }
  const isSeparated = /[;,]$/.test(text.slice(last.getStart(file), last.end));
  const lead = isSeparated ? "" : separator || ";";
  const end = isSeparated ? separator : "";
  const edit = { start: last.end, end: last.end, text: `${lead} ${member}${end}` };
  return { edit, layout: "inline", lead };
}

function intoEmpty(source: Source, type: ObjectType, member: string): Insertion {
  const { text, style, file } = source;
  const start = bodyStart(source, type);
  const inside = text.slice(start, type.end - 1);
  if (inside === "") {
    return { edit: { start, end: start, text: ` ${member} ` }, layout: "tight", lead: "" };
  }
  if (!inside.includes("\n")) {
    return { edit: { start, end: start, text: ` ${member}` }, layout: "inline", lead: "" };
  }
  const indent = indentationAt(text, type.getStart(file)) + style.indent;
  const end = style.semicolons ? ";" : "";
  const edit = { start, end: start, text: `${style.eol}${indent}${member}${end}` };
  return { edit, layout: "line", lead: "" };
}

/** The offset behind the opening brace. */
function bodyStart({ file, text }: Source, type: ObjectType): number {
  const [first] = type.members;
  const from = ts.isInterfaceDeclaration(type) ? interfaceHeadEnd(type) : type.getStart(file);
  const brace = text.indexOf("{", from);
  return first && brace > first.getStart(file) ? first.pos : brace + 1;
}

function interfaceHeadEnd(type: TS.InterfaceDeclaration): number {
  return type.heritageClauses?.at(-1)?.end ?? type.typeParameters?.end ?? type.name.end;
}

/** What ends the members of a type as its author writes it. */
function separatorOf({ text, file, style }: Source, type: ObjectType): "" | ";" | "," {
  const ends = type.members.map((each) => text.slice(each.getStart(file), each.end).at(-1));
  if (ends.includes(";")) return ";";
  if (ends.includes(",")) return ",";
  return style.semicolons && type.members.length === 0 ? ";" : "";
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

function candidate(source: Source, member: TS.PropertySignature, shape: Shape): Candidate {
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

function memberRemoval(
  source: Source,
  owner: ObjectType,
  member: TS.PropertySignature,
  shape: Shape,
): Edit {
  const { text, file } = source;
  const start = member.getStart(file);
  const index = owner.members.indexOf(member);
  const before = owner.members[index - 1];
  const behind = owner.members[index + 1];
  const gap = text.slice(0, start).length - text.slice(0, start).trimEnd().length;
  if (shape.layout === "line" || (before && !behind && !shape.lead)) {
    return { start: start - gap, end: member.end, text: "" };
  }
  if (behind) return { start, end: behind.getStart(file), text: "" };
  if (before) {
    const lead = leadBefore(text, before.end, start, shape.lead ?? "");
    return { start: lead > 0 ? before.end - lead : start - gap, end: member.end, text: "" };
  }
  const end = shape.layout === "tight" ? owner.end - 1 : member.end;
  return { start: start - gap, end, text: "" };
}
