import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** A step of a guide: commands, a command with what it prints, or a text to be put into a file. */
export type Step =
  | { readonly kind: "run"; readonly code: string }
  | { readonly kind: "transcript"; readonly command: string; readonly printed: readonly string[] }
  | {
      readonly kind: "insert";
      readonly file: string;
      readonly behind: string;
      readonly text: string;
    };

const BLOCK = /(?:^<!-- into (\S+), behind "([^"]+)" -->\n\n)?^```(\w+)\n([^]*?)^```$/gm;

/** The steps of a guide in their order; blocks in other languages are only read. */
export function stepsOf(guide: string): Step[] {
  return [...guide.matchAll(BLOCK)].flatMap(([, file, behind, language, text = ""]): Step[] => {
    if (file && behind) return [{ kind: "insert", file, behind, text }];
    if (language === "sh") return [{ kind: "run", code: text }];
    return language === "console" ? transcriptsOf(text) : [];
  });
}

function transcriptsOf(text: string): Step[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((each): Step => {
      const [command = "", ...printed] = each.trimEnd().split("\n");
      return { kind: "transcript", command, printed };
    });
}

/** Where a guide is followed. */
export interface Reader {
  /** The folder that the reader is in by now. */
  folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Does one step as a reader would.
 * @returns what differs from what the guide shows; null where nothing does
 */
export async function follow(reader: Reader, step: Step): Promise<string | null> {
  if (step.kind === "insert") return insert(reader, step);
  const code = step.kind === "run" ? step.code : step.command;
  const { output, exitCode } = await bash(reader, code);
  if (exitCode !== 0) return `${code}\nends with ${exitCode}:\n${output}`;
  if (step.kind === "run" || matches(plain(output), step.printed.map(plainLine))) return null;
  return `${code}\nprints\n${output}\nand not\n${step.printed.join("\n")}`;
}

function insert({ folder }: Reader, step: Extract<Step, { kind: "insert" }>): string | null {
  const path = join(folder, step.file);
  const text = readFileSync(path, "utf8");
  const at = text.indexOf(step.behind);
  if (at < 0) return `${step.file} has no ${step.behind}`;
  const end = at + step.behind.length;
  writeFileSync(path, `${text.slice(0, end)}\n${step.text}${text.slice(end)}`);
  return null;
}

/** Runs commands until one fails; the next ones start where these end. */
async function bash(reader: Reader, code: string): Promise<{ output: string; exitCode: number }> {
  const { folder, env } = reader;
  const script = `set -e\n{ ${code}\n} 2>&1\npwd >&2`;
  try {
    const options = { cwd: folder, env, timeout: 240_000, maxBuffer: 1 << 26 };
    const { stdout, stderr } = await promisify(execFile)("bash", ["-c", script], options);
    reader.folder = stderr.trim();
    return { output: stdout, exitCode: 0 };
  } catch (error) {
    const { stdout = "", code: exitCode = -1 } = error as { stdout?: string; code?: number };
    return { output: stdout, exitCode };
  }
}

function plain(output: string): string[] {
  return output.trimEnd().split("\n").map(plainLine);
}

/** A line without what is another one in every run: times, bars, numbers of processes and traces. */
function plainLine(line: string): string {
  return line
    .replace(/\b[\da-f]{32}\b/g, "ID")
    .replace(/ · \d+ ms$/, "")
    .replace(/\+?\b\d+(?:\.\d+)? (?:ms|s)\b/g, "")
    .replace(/━+/g, "")
    .replace(/ \(\d+\)(?=:)/, "")
    .replace(/\s+/g, " ")
    .trim();
}

/** Whether lines are as shown, where `...` stands for any lines, also for none. */
function matches(lines: readonly string[], shown: readonly string[]): boolean {
  const [first, ...rest] = shown;
  if (first === undefined) return lines.every((line) => line === "");
  if (first !== "...") return lines[0] === first && matches(lines.slice(1), rest);
  return [...lines.keys(), lines.length].some((at) => matches(lines.slice(at), rest));
}
