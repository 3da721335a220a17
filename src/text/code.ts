import { quoted, type Style } from "./style.js";

/** An object literal to write: keys with code, or with an object again. */
export type Entries = readonly (readonly [key: string, value: string | Entries])[];

/** Writes an object literal on one line. */
export function objectOnOneLine(entries: Entries, style: Style): string {
  if (entries.length === 0) return "{}";
  const parts = entries.map(([key, value]) => {
    const code = typeof value === "string" ? value : objectOnOneLine(value, style);
    return property(key, code, style);
  });
  return `{ ${parts.join(", ")} }`;
}

/**
 * Writes an object literal with one entry a line.
 * @param indent the indentation of the line that the literal begins on
 */
export function objectOverLines(entries: Entries, style: Style, indent: string): string {
  if (entries.length === 0) return "{}";
  const inner = indent + style.indent;
  const lines = entries.map(([key, value]) => {
    return `${style.eol}${inner}${property(key, nested(key, value, style, inner), style)},`;
  });
  return `{${lines.join("")}${style.eol}${indent}}`;
}

/** A nested object stays on its line while it fits there. */
function nested(key: string, value: string | Entries, style: Style, indent: string): string {
  if (typeof value === "string") return value;
  const short = objectOnOneLine(value, style);
  const fits = indent.length + key.length + short.length + ": ,".length <= style.width;
  return fits ? short : objectOverLines(value, style, indent);
}

function property(key: string, code: string, style: Style): string {
  const isName = /^[A-Za-z_$][\w$]*$/.test(key);
  if (isName && key === code) return key;
  const name = isName ? key : quoted(key, style);
  return `${name}: ${code}`;
}

/**
 * Writes a call statement, on one line where it fits.
 * @param column where on its line the statement begins
 */
export function callStatement(
  callee: string,
  argument: Entries,
  style: Style,
  place: { readonly indent: string; readonly column: number },
): string {
  const end = style.semicolons ? ";" : "";
  const short = `${callee}(${objectOnOneLine(argument, style)})${end}`;
  if (place.column + short.length <= style.width) return short;
  return `${callee}(${objectOverLines(argument, style, place.indent)})${end}`;
}
