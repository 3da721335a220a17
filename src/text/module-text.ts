import type { Style } from "./style.js";

/**
 * Writes a module in the style of the code that will use it.
 * @param lines with double quotes, semicolons, and a tab for each level of indentation
 */
export function moduleText(lines: readonly string[], style: Style): string {
  const code = lines.join(style.eol).replace(/\t/g, style.indent);
  const quotes = style.quote === '"' ? code : code.replace(/"/g, "'");
  return style.semicolons ? quotes : quotes.replace(/;$/gm, "").replace(/;\r$/gm, "\r");
}
