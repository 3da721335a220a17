/** Strings, whose text may look like a comment, and comments. */
const TEXT_OR_COMMENT = /(["'`])(?:\\.|(?!\1)[^\\])*\1|\/\/[^\n]*|\/\*[^]*?\*\//g;

/** How many comments stand in pieces of code, which need not parse by themselves. */
export function commentsIn(pieces: readonly string[]): number {
  return pieces
    .filter((code) => code.includes("//") || code.includes("/*"))
    .flatMap((code) => code.match(TEXT_OR_COMMENT) ?? [])
    .filter((each) => each.startsWith("/")).length;
}
