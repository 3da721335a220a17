import { indentationAt, lineEnd, lineStart } from "../text/lines.js";
import type { AttachedEdit } from "./instrumentation.js";
import { ts, type TS } from "./compiler.js";
import { propertyName } from "./names.js";
import type { Source } from "./source.js";
import type { Edit } from "../text/edit.js";

/** A member of an object literal by its name. */
export function propertyOf(
  object: TS.ObjectLiteralExpression,
  name: string,
): TS.ObjectLiteralElementLike | undefined {
  return object.properties.find((each) => each.name && propertyName(each.name) === name);
}

/**
 * Makes a property the first of an object literal, where it needs nothing of those behind it: no
 * comma of theirs, and none of their comments.
 */
export function insertFirst(
  { text, style, file }: Source,
  object: TS.ObjectLiteralExpression,
  property: string,
): AttachedEdit {
  const brace = object.getStart(file) + 1;
  const [first] = object.properties;
  const end = lineEnd(text, brace);
  const isShort = end - lineStart(text, brace) + property.length < style.width;
  const own = `${style.eol}${indentationAt(text, brace)}${style.indent}`;
  const inLine: AttachedEdit = {
    start: brace,
    end: brace,
    text: `${isShort ? " " : own}${property},`,
    attach: "right",
  };
  if (!first) return inLine;
  const isBroken = first.getStart(file) > end;
  const isInComment = (ts.getTrailingCommentRanges(text, brace) ?? []).some(
    (comment) => comment.pos < end && end < comment.end,
  );
  if (!isBroken || isInComment) return inLine;
  const at = brace + text.slice(brace, end).trimEnd().length;
  const indent = indentationAt(text, first.getStart(file));
  return { start: at, end: at, text: `${style.eol}${indent}${property},`, attach: "right" };
}

/** The indentation of an object literal's members; null where they do not begin on lines of their own. */
export function memberIndent({ text, file }: Source, object: TS.ObjectLiteralExpression) {
  const [first] = object.properties;
  if (!first) return null;
  const start = first.getStart(file);
  const isBroken = text.slice(object.getStart(file), start).includes("\n");
  return isBroken ? indentationAt(text, start) : null;
}

/** Takes a property out again, with its comma and the white space before it. */
export function propertyRemoval(
  { text, file }: Source,
  object: TS.ObjectLiteralExpression,
  property: TS.ObjectLiteralElementLike,
): Edit[] {
  const start = property.getStart(file);
  const before = text.slice(0, start);
  const from = before.trimEnd().length;
  const rest = text.slice(property.end, object.end - 1);
  // A formatter puts the comma behind a comment that stood behind it.
  const moved = /^(\s*(?:\/\*[^]*?\*\/\s*)+),/.exec(rest);
  if (moved) {
    const end = property.end + moved[0].length;
    return [
      { start: from, end: property.end, text: "" },
      { start: end - ",".length, end, text: "" },
    ];
  }
  const comma = /^\s*,/.exec(rest)?.[0].length ?? 0;
  const behind = /^[^\S\r\n]*/.exec(rest.slice(comma))?.[0].length ?? 0;
  const isShared = !/^\r?\n/.test(rest.slice(comma + behind));
  // A comment at the end of the line before would take in what shares the line.
  if (isShared && /\/\/[^\n]*$/.test(before.slice(0, from))) {
    return [{ start, end: property.end + comma + behind, text: "" }];
  }
  return [{ start: from, end: property.end + comma, text: "" }];
}
