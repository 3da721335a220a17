import { relative } from "node:path";
import type { TS } from "../syntax/compiler.js";
import { groupedBy } from "../text/grouped.js";
import { slashed, type Root } from "../project/root.js";
import type { Compiler } from "./programs.js";

/** A diagnostic that the program after has and the program before had not. */
export interface NewDiagnostic {
  readonly file: string | null;
  /** In the text after. */
  readonly line: number | null;
  readonly offset: number | null;
  readonly length: number;
  readonly code: number;
  readonly message: string;
}

/** An import that does not resolve says that something is not installed, not that a plan is wrong. */
export const CANNOT_FIND_MODULE: ReadonlySet<number> = new Set([2307, 2792, 7016]);

/** Names and modules of Node, where its types are not installed. */
const CANNOT_FIND_NODE: ReadonlySet<number> = new Set([2580, 2591]);

/** All that a program complains about. */
export function diagnosticsOf(
  compiler: Compiler,
  program: TS.SemanticDiagnosticsBuilderProgram,
): readonly TS.Diagnostic[] {
  return compiler.sortAndDeduplicateDiagnostics([
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...semanticDiagnostics(program),
    ...(program.getCompilerOptions().declaration ? program.getDeclarationDiagnostics() : []),
  ]);
}

/**
 * What the types of the program's own files complain about. Files of libraries are read but not
 * checked: no plan can change what is wrong in them.
 */
function semanticDiagnostics(program: TS.SemanticDiagnosticsBuilderProgram): TS.Diagnostic[] {
  const whole = program.getProgram();
  const isLibrary = (file: TS.SourceFile) =>
    whole.isSourceFileFromExternalLibrary(file) || whole.isSourceFileDefaultLibrary(file);
  // First what the changes affect is checked again; only then is the rest as it was before.
  while (program.getSemanticDiagnosticsOfNextAffectedFile(undefined, isLibrary)) continue;
  return program
    .getSourceFiles()
    .filter((file) => !isLibrary(file))
    .flatMap((file) => [...program.getSemanticDiagnostics(file)]);
}

/**
 * What a diagnostic is known by: its words, or, because the compiler shortens long types and explains
 * unions as it happened to meet them, the line that it stands in, or the code that it is about, where
 * that was wrapped. Unlike the diagnostic it keeps no program in memory.
 */
export interface Fingerprint {
  readonly words: string;
  readonly line: string;
  readonly code: string;
  /** Whether it is that the types of Node are not installed. */
  readonly lacksNode: boolean;
}

export function fingerprintOf(compiler: Compiler, diagnostic: TS.Diagnostic): Fingerprint {
  const code = codeOf(diagnostic);
  return {
    words: wordsOf(compiler, diagnostic),
    line: `${code}|${lineOf(diagnostic)}`,
    code,
    lacksNode: CANNOT_FIND_NODE.has(diagnostic.code),
  };
}

/**
 * The diagnostics that were not there before. Where something is not installed, that it is not found
 * says nothing about a plan.
 */
export function newDiagnostics(
  compiler: Compiler,
  root: Root,
  before: readonly Fingerprint[],
  after: readonly TS.Diagnostic[],
): NewDiagnostic[] {
  const all = after.map((each) => ({ each, print: fingerprintOf(compiler, each) }));
  const left = KEYS.reduce(unmatched, { before, after: all });
  const lacksNode = before.some((each) => each.lacksNode);
  return left.after
    .map(({ each }) => describe(compiler, root, each))
    .filter(({ code }) => !CANNOT_FIND_MODULE.has(code))
    .filter(({ code }) => !lacksNode || !CANNOT_FIND_NODE.has(code));
}

/** The surest first. */
const KEYS = ["words", "line", "code"] as const;

interface Unmatched {
  readonly before: readonly Fingerprint[];
  readonly after: readonly { readonly each: TS.Diagnostic; readonly print: Fingerprint }[];
}

function unmatched({ before, after }: Unmatched, key: (typeof KEYS)[number]): Unmatched {
  const known = groupedBy(before, (print) => print[key]);
  const left = after.filter(({ print }) => known.get(print[key])?.pop() === undefined);
  return { before: [...known.values()].flat(), after: left };
}

/** The compiler writes the members of a union in the order in which it met them. */
function wordsOf(compiler: Compiler, { file, code, messageText }: TS.Diagnostic): string {
  const message = compiler.flattenDiagnosticMessageText(messageText, "\n");
  return `${file?.fileName ?? ""}|${code}|${message.split(/\b/).sort().join("")}`;
}

/** Without its indentation, the line that a diagnostic is about stays as it was. */
function lineOf({ file, start = 0 }: TS.Diagnostic): string {
  const begin = file ? file.text.lastIndexOf("\n", start - 1) + 1 : 0;
  const line = file?.text.slice(begin).split("\n", 1)[0] ?? "";
  return line.trim();
}

function codeOf({ file, code, start = 0, length = 0 }: TS.Diagnostic): string {
  const about = file?.text.slice(start, start + length) ?? "";
  return `${file?.fileName ?? ""}|${PLAIN_CODES.get(code) ?? code}|${about}`;
}

/**
 * Complaints that end in "Did you mean ...?", by what they are without it: the compiler makes ten
 * such suggestions, to the names that it happens to meet first.
 */
const PLAIN_CODES: ReadonlyMap<number, number> = new Map([
  ...[2552, 2580, 2581, 2582, 2583, 2584, 2591, 2592, 2593, 2867, 2868].map(
    (code) => [code, 2304] as const,
  ),
  [2551, 2339],
  [2724, 2305],
  [2561, 2353],
]);

function describe(compiler: Compiler, root: Root, each: TS.Diagnostic): NewDiagnostic {
  const place =
    each.file && each.start !== undefined
      ? each.file.getLineAndCharacterOfPosition(each.start)
      : null;
  return {
    file: each.file ? slashed(relative(root.path, each.file.fileName)) : null,
    line: place ? place.line + 1 : null,
    offset: each.start ?? null,
    length: each.length ?? 0,
    code: each.code,
    message: compiler.flattenDiagnosticMessageText(each.messageText, " "),
  };
}
