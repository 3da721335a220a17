import { ts, type TS } from "./compiler.js";
import { detectStyle, type Style } from "../text/style.js";
import { createScope, type Scope } from "./scope.js";
import { findNode, listedNodes } from "./walk.js";

/** One parsed file, with what transforms ask about it. */
export interface Source {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly file: TS.SourceFile;
  readonly style: Style;
  /** Names and references; looked through on first use. */
  readonly scope: Scope;
}

/** A file that does not parse: the compiler's first complaint. */
export interface ParseFailure {
  readonly message: string;
  readonly offset: number;
}

/** TypeScript keeps syntax errors on the file without declaring them. */
interface WithParseDiagnostics {
  readonly parseDiagnostics?: readonly TS.DiagnosticWithLocation[];
}

/** Parses a file once, with parents. The tree is never changed. */
export function parseSource(path: string, text: string): Source | ParseFailure {
  const file = parsed(path, text);
  if (!file) return { message: "it is nested too deeply for the compiler", offset: 0 };
  const [problem] = (file as WithParseDiagnostics).parseDiagnostics ?? [];
  if (problem) {
    return {
      message: ts.flattenDiagnosticMessageText(problem.messageText, " "),
      offset: problem.start,
    };
  }
  const twice = readTwice(file);
  if (twice)
    return { message: "the compiler misreads an await here", offset: twice.getStart(file) };
  return new ParsedSource(path, text, file);
}

/**
 * A class, because V8 keeps the accessors of an object literal, and with them all that they can see,
 * until its next full collection: trees then outlive every young one.
 */
class ParsedSource implements Source {
  readonly path: string;
  readonly text: string;
  readonly file: TS.SourceFile;
  #scope: Scope | undefined;
  #style: Style | undefined;

  constructor(path: string, text: string, file: TS.SourceFile) {
    this.path = path;
    this.text = text;
    this.file = file;
  }

  get style(): Style {
    return (this.#style ??= detectStyle(this.text));
  }

  get scope(): Scope {
    return (this.#scope ??= createScope(this.file));
  }
}

/** The tree of a text; null where the compiler's stack does not suffice. */
function parsed(path: string, text: string): TS.SourceFile | null {
  try {
    const options = {
      languageVersion: ts.ScriptTarget.Latest,
      // What comments say is nobody's question here.
      jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
    };
    const file = ts.createSourceFile(path, text, options, false, scriptKind(path));
    listedNodes(file);
    return file;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Of `await [...list]` at the top of a module TypeScript 6.0 makes statements that overlap. */
function readTwice({ statements }: TS.SourceFile): TS.Statement | undefined {
  return statements.find((each, index) => each.pos < (statements[index - 1]?.end ?? 0));
}

export function isParseFailure(parsed: Source | ParseFailure): parsed is ParseFailure {
  return "message" in parsed;
}

function scriptKind(path: string): TS.ScriptKind {
  if (/\.tsx$/.test(path)) return ts.ScriptKind.TSX;
  if (/\.[mc]?ts$/.test(path)) return ts.ScriptKind.TS;
  return ts.ScriptKind.JSX;
}

/** The text of a node without the trivia before it. */
export function textOf(source: Source, node: TS.Node): string {
  return source.text.slice(node.getStart(source.file), node.end);
}

/**
 * Whether a file is CommonJS: by its ending, by its syntax, or as Node would load it.
 * @param isModule whether the nearest package.json makes `.js` a module
 */
export function isCommonJs(file: TS.SourceFile, isModule: boolean): boolean {
  if (/\.c[jt]s$/.test(file.fileName)) return true;
  if (/\.m[jt]s$/.test(file.fileName) || file.statements.some(isModuleSyntax)) return false;
  if (usesCommonJs(file)) return true;
  return /\.jsx?$/.test(file.fileName) && !isModule;
}

function usesCommonJs(file: TS.SourceFile): boolean {
  const found = findNode(file, (node) => {
    if (ts.isCallExpression(node)) return node.expression.getText() === "require";
    return (
      ts.isPropertyAccessExpression(node) && /^(module\.exports|exports\.)/.test(node.getText())
    );
  });
  return found !== undefined;
}

function isModuleSyntax(statement: TS.Statement): boolean {
  if (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) return true;
  if (ts.isExportAssignment(statement)) return !statement.isExportEquals;
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword) ?? false)
  );
}
