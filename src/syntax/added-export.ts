import { lineStart, nextLine } from "../text/lines.js";
import { quoted } from "../text/style.js";
import { ts, type TS } from "./compiler.js";
import { fingerprint, statementFingerprint } from "./fingerprint.js";
import type { AttachedEdit, Candidate, Removal, Shape } from "./instrumentation.js";
import { reason, type Reason } from "./reason.js";
import type { Source } from "./source.js";

/** An export declaration that is added, and what it is known by later. */
export interface AddedExport {
  readonly edit: AttachedEdit;
  readonly shape: Shape;
}

/** Adds `export { names } from "specifier"` below the last of a module's exports, else at its end. */
export function addExport(
  source: Source,
  names: readonly string[],
  specifier: string,
): AddedExport {
  const { text, style } = source;
  const end = style.semicolons ? ";" : "";
  const line = `export { ${names.join(", ")} } from ${quoted(specifier, style)}${end}`;
  const last = source.file.statements.findLast(ts.isExportDeclaration);
  const below = last ? nextLine(text, last.end) : text.length;
  const isBehind = below > 0 && text[below - 1] !== "\n";
  const edit: AttachedEdit = {
    start: below,
    end: below,
    text: isBehind ? style.eol + line : line + style.eol,
    attach: "right",
  };
  const shape = { key: statementFingerprint(line), layout: isBehind ? "behind" : "below" };
  return { edit, shape };
}

/** Export declarations that look like one that was added. */
export function addedExports(source: Source, shape: Shape): Candidate[] {
  return source.file.statements
    .filter(ts.isExportDeclaration)
    .filter((each) => fingerprint(each) === shape.key)
    .map((each) => ({
      range: { start: each.getStart(source.file), end: each.end },
      container: "",
      head: "",
      key: shape.key ?? "",
      exact: true,
      similar: true,
      removal: removalOf(source, each, shape),
    }));
}

const SHARED = reason("changed-by-hand", "it shares its line");

function removalOf(
  { file, text }: Source,
  statement: TS.ExportDeclaration,
  { layout }: Shape,
): Removal | Reason {
  const start = statement.getStart(file);
  const line = lineStart(text, start);
  const next = nextLine(text, statement.end);
  if ((text.slice(line, start) + text.slice(statement.end, next)).trim() !== "") return SHARED;
  if (layout === "below") return { edits: [{ start: line, end: next, text: "" }], dedent: null };
  const before = text.slice(0, line).replace(/\r?\n$/, "").length;
  return { edits: [{ start: before, end: statement.end, text: "" }], dedent: null };
}
