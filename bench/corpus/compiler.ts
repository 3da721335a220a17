import { join, relative } from "node:path";
import ts from "typescript";
import { tally } from "./tally.js";

/** How often each complaint occurs: file and message, without its place. */
export type Complaints = ReadonlyMap<string, number>;

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
export function complaintsOf(tree: string): Complaints {
  const program = programOf(tree);
  const own = program
    .getSourceFiles()
    .filter(
      (file) =>
        !program.isSourceFileFromExternalLibrary(file) && !program.isSourceFileDefaultLibrary(file),
    );
  return tally([
    ...program.getOptionsDiagnostics().map((each) => keyOf(tree, each)),
    ...program.getGlobalDiagnostics().map((each) => keyOf(tree, each)),
    ...own
      .flatMap((file) => [
        ...program.getSyntacticDiagnostics(file),
        ...program.getSemanticDiagnostics(file),
      ])
      .map((each) => keyOf(tree, each)),
  ]);
}

function keyOf(tree: string, each: ts.Diagnostic): string {
  const file = each.file ? relative(tree, each.file.fileName) : "";
  return `${file}: TS${each.code}: ${textOf(each)}`;
}

function textOf({ messageText }: ts.Diagnostic): string {
  return ts.flattenDiagnosticMessageText(messageText, " ");
}

/** The complaints that one program has more often than the other. */
export function newComplaints(before: Complaints, after: Complaints): string[] {
  return [...after].flatMap(([key, count]) => {
    const added = count - (before.get(key) ?? 0);
    return added > 0 ? [added > 1 ? `${key} (${added} times)` : key] : [];
  });
}
