import { endOfLine, type EndOfLine } from "./lines.js";

/** How a file is written, so that what is inserted looks as if its author had written it. */
export interface Style {
  readonly eol: EndOfLine;
  /** One level of indentation: a tab or some spaces. */
  readonly indent: string;
  readonly quote: '"' | "'";
  readonly semicolons: boolean;
  /** Columns a line may have before it is broken. */
  readonly width: number;
}

const DEFAULT_WIDTH = 80;

/** Reads a file's style from its text alone. */
export function detectStyle(text: string): Style {
  return {
    eol: endOfLine(text),
    indent: detectIndent(text),
    quote: detectQuote(text),
    semicolons: detectSemicolons(text),
    width: DEFAULT_WIDTH,
  };
}

/** The most frequent step from a line to a deeper one; two spaces when there is none. */
function detectIndent(text: string): string {
  const steps = new Map<string, number>();
  let previous = "";
  for (const line of text.split("\n")) {
    if (line.trim() === "" || /^\s*\*/.test(line)) continue;
    const current = /^[ \t]*/.exec(line)?.[0] ?? "";
    if (current.length > previous.length && current.startsWith(previous)) {
      const step = current.slice(previous.length);
      if (isStep(step)) steps.set(step, (steps.get(step) ?? 0) + 1);
    }
    previous = current;
  }
  const [best] = [...steps].sort((a, b) => b[1] - a[1] || a[0].length - b[0].length);
  return best?.[0] ?? "  ";
}

function isStep(step: string): boolean {
  return step === "\t" || (/^ +$/.test(step) && step.length >= 2 && step.length <= 8);
}

function detectQuote(text: string): '"' | "'" {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  const single = count(/(?:from|import|require\()\s*'/g) * 10 + count(/'[^'"\n]*'/g);
  const double = count(/(?:from|import|require\()\s*"/g) * 10 + count(/"[^'"\n]*"/g);
  return single > double ? "'" : '"';
}

/** Whether statements end in semicolons, told from lines that could only end a statement. */
function detectSemicolons(text: string): boolean {
  let withSemicolon = 0;
  let without = 0;
  for (const raw of text.split("\n")) {
    const line = raw.replace(/\/\/.*$/, "").trim();
    if (line.endsWith(";")) withSemicolon++;
    else if (/^(?:import|export|const|let|return|await|throw)\b.*[\w)'"`\]]$/.test(line)) without++;
  }
  return without === 0 || withSemicolon >= without;
}

/** A string literal in the file's quotes. */
export function quoted(value: string, style: Pick<Style, "quote">): string {
  const json = JSON.stringify(value).slice(1, -1);
  return style.quote === '"' ? `"${json}"` : `'${json.replace(/\\"/g, '"').replace(/'/g, "\\'")}'`;
}
