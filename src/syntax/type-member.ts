import { deletionOf } from "../text/deletion.js";
import type { Edit } from "../text/edit.js";
import { indentationAt, leadBefore } from "../text/lines.js";
import { ts, type TS } from "./compiler.js";
import type { Shape } from "./instrumentation.js";
import { withTrailingComment } from "./region.js";
import type { Source } from "./source.js";
import type { ObjectType } from "./types.js";

/** A member as it is put into a type. */
interface Insertion {
  readonly edit: Edit;
  /** `line` stands on a line of its own, `inline` behind other members, `tight` in an empty `{}`. */
  readonly layout: "line" | "inline" | "tight";
  /** The separator that the member before had to get. */
  readonly lead: string;
}

/**
 * Makes a member the last of a type, with the separator that its author uses.
 * @param member its code without a separator
 */
export function insertMember(source: Source, type: ObjectType, member: string): Insertion {
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
  // A comment behind the brace stays on its line.
  const at = ts.getTrailingCommentRanges(text, start)?.at(-1)?.end ?? start;
  const edit = { start: at, end: at, text: `${style.eol}${indent}${member}${end}` };
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

/** How much white space begins at an offset. */
function gapBehind(text: string, offset: number): number {
  return text.length - offset - text.slice(offset).trimStart().length;
}

/** Takes a member out again, with the separator that it brought. */
export function memberRemoval(
  { text, file }: Source,
  owner: ObjectType,
  member: TS.PropertySignature,
  shape: Shape,
): Edit {
  const start = member.getStart(file);
  const index = owner.members.indexOf(member);
  const before = owner.members[index - 1];
  const behind = owner.members[index + 1];
  const { end } = member;
  if (shape.layout === "line" || (before && !behind && !shape.lead)) {
    return deletionOf(text, { start, end });
  }
  if (behind) return { start, end: end + gapBehind(text, end), text: "" };
  if (before) {
    const lead = leadBefore(text, before.end, start, shape.lead ?? "");
    return lead > 0
      ? { start: before.end - lead, end, text: "" }
      : deletionOf(text, { start, end });
  }
  const isTight = shape.layout === "tight";
  return deletionOf(text, { start, end: isTight ? end + gapBehind(text, end) : end });
}
