import type { Edit, Range } from "../text/edit.js";
import { indentationAt } from "../text/lines.js";
import { ts, type TS } from "./compiler.js";
import type { AttachedEdit } from "./instrumentation.js";
import type { Source } from "./source.js";

const DEPRECATED = "@deprecated Use Sentry.addBreadcrumb().";

/** The documentation comment right above a declaration. */
function documentation({ text }: Source, node: TS.Node): Range | null {
  const last = ts.getLeadingCommentRanges(text, node.getFullStart())?.at(-1);
  if (!last || !text.startsWith("/**", last.pos)) return null;
  return { start: last.pos, end: last.end };
}

/** Marks a declaration as deprecated, inside its documentation if it has one. */
export function deprecation(source: Source, node: TS.Node): AttachedEdit[] {
  const { text, style, file } = source;
  const head = node.getStart(file);
  const indent = indentationAt(text, head);
  const known = documentation(source, node);
  if (!known) {
    const added = `/** ${DEPRECATED} */${style.eol}${indent}`;
    return [{ start: head, end: head, text: added, attach: "right" }];
  }
  const comment = text.slice(known.start, known.end);
  if (comment.includes("@deprecated")) return [];
  const at = known.end - "*/".length;
  const added = comment.includes("\n") ? `* ${DEPRECATED}${style.eol}${indent} ` : `${DEPRECATED} `;
  return [{ start: at, end: at, text: added, attach: "right" }];
}

/** Takes the mark of {@link deprecation} out again. */
export function deprecationRemoval(source: Source, node: TS.Node): Edit[] {
  const { text, file } = source;
  const known = documentation(source, node);
  if (!known) return [];
  const comment = text.slice(known.start, known.end);
  if (comment === `/** ${DEPRECATED} */`) {
    return [{ start: known.start, end: node.getStart(file), text: "" }];
  }
  const inserted = comment.includes("\n")
    ? /\* @deprecated Use Sentry\.addBreadcrumb\(\)\.\r?\n[ \t]*/.exec(comment)?.[0]
    : `${DEPRECATED} `;
  const at = inserted === undefined ? -1 : comment.indexOf(inserted);
  if (inserted === undefined || at < 0) return [];
  const start = known.start + at;
  return [{ start, end: start + inserted.length, text: "" }];
}
