import { join, relative } from "node:path";
import ts from "typescript";
import { tally } from "./tally.js";

/** A diagnostic without its place. */
export interface Complaint {
  /** File, code and the words of the message: the order in a union depends on what was asked first. */
  readonly key: string;
  readonly text: string;
}

/** A program of a tree, made anew. */
export function programOf(tree: string): ts.Program {
  const { fileNames, options } = parsedConfig(tree);
  return ts.createProgram(fileNames, options);
}

function parsedConfig(tree: string): ts.ParsedCommandLine {
  const config = join(tree, "tsconfig.json");
  const read: { config?: unknown; error?: ts.Diagnostic } = ts.readConfigFile(config, (path) =>
    ts.sys.readFile(path),
  );
  const parsed = ts.parseJsonConfigFileContent(read.config, ts.sys, tree, undefined, config);
  const [problem] = read.error ? [read.error] : parsed.errors;
  if (problem) throw new Error(`${config}: ${textOf(problem)}`);
  return parsed;
}

/** What a program made anew says about the files of a tree; those of libraries are not checked. */
export function complaintsOf(tree: string): Complaint[] {
  const program = programOf(tree);
  const own = program
    .getSourceFiles()
    .filter(
      (file) =>
        !program.isSourceFileFromExternalLibrary(file) && !program.isSourceFileDefaultLibrary(file),
    );
  return [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...own.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ].map((each) => complaintOf(tree, each));
}

function complaintOf(tree: string, each: ts.Diagnostic): Complaint {
  const place = `${each.file ? relative(tree, each.file.fileName) : ""}: TS${each.code}: `;
  const text = textOf(each);
  const words = text.split(/\W+/).sort().join(" ");
  return { key: `${place}${words}`, text: `${place}${text}` };
}

function textOf({ messageText }: ts.Diagnostic): string {
  return ts.flattenDiagnosticMessageText(messageText, " ");
}

/** The complaints that one program has more often than the other. */
export function newComplaints(before: readonly Complaint[], after: readonly Complaint[]): string[] {
  const known = tally(before.map(({ key }) => key));
  return after.flatMap(({ key, text }) => {
    const left = known.get(key) ?? 0;
    known.set(key, left - 1);
    return left > 0 ? [] : [text];
  });
}
