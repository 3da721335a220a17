import { format } from "prettier";

/** A way to write the same program. */
export interface Variant {
  readonly name: string;
  /** Whether the output of this input is the expected output written the same way. */
  readonly isGolden: boolean;
  readonly write: (text: string, file: string) => Promise<string> | string;
}

/** Every fixture runs in all of these. */
export const VARIANTS: readonly Variant[] = [
  { name: "as written", isGolden: true, write: (text) => text },
  { name: "CRLF", isGolden: true, write: (text) => text.replace(/\r?\n/g, "\r\n") },
  { name: "BOM", isGolden: true, write: withByteOrderMark },
  { name: "no last newline", isGolden: false, write: (text) => text.replace(/\r?\n$/, "") },
  { name: "tabs", isGolden: false, write: withTabs },
  { name: "no semicolons", isGolden: false, write: withoutSemicolons },
];

/** Leading pairs of spaces become tabs, template literals included: the program stays a program. */
function withTabs(text: string): string {
  return text.replace(/^(?: {2})+/gm, (spaces) => "\t".repeat(spaces.length / 2));
}

async function withoutSemicolons(text: string, file: string): Promise<string> {
  try {
    return await format(text, { filepath: file, semi: false, singleQuote: true });
  } catch {
    return text;
  }
}

/** A shebang must be the very first thing, so such a file has no byte order mark. */
function withByteOrderMark(text: string): string {
  return text.startsWith("#!") ? text : `\uFEFF${text}`;
}
