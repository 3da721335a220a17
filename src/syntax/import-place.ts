import { nextLine } from "../text/lines.js";
import { quoted } from "../text/style.js";
import { ts, type TS } from "./compiler.js";
import { directiveCount } from "./region.js";
import { isCommonJs, type Source } from "./source.js";

/** One import statement to add. */
export interface ImportNeed {
  readonly module: string;
  /** The local name it declares. */
  readonly local: string;
  /** The exported name, or null for the whole namespace. */
  readonly member: string | null;
}

/** The imports that a file begins with, directives left out. */
export function leadingImports({ statements }: TS.SourceFile): readonly TS.Statement[] {
  const behind = statements.slice(directiveCount(statements));
  const end = behind.findIndex((statement) => !isImportLike(statement));
  return end < 0 ? behind : behind.slice(0, end);
}

/** The module that a `require` call names. */
export function requiredSpecifier(node: TS.Expression): string | null {
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return null;
  const [argument] = node.arguments;
  if (node.expression.text !== "require" || !argument) return null;
  return ts.isStringLiteral(argument) ? argument.text : null;
}

/** Where new imports go, and what must stand around them there. */
export interface ImportPlace {
  readonly offset: number;
  /** Text before the first and behind the last inserted line. */
  readonly before: string;
  readonly after: string;
}

/** Behind the last import of the first group; without one, behind shebang, licence and directives. */
export function importPlace(source: Source): ImportPlace {
  const { file, text, style } = source;
  const imports = leadingImports(file);
  const last = imports.at(-1) ?? file.statements[directiveCount(file.statements) - 1];
  if (!last) return { offset: headerEnd(source), before: "", after: style.eol };
  const offset = nextLine(text, last.end);
  const isLineShared = !/^[ \t]*(?:\/\/.*|\/\*[^\n]*\*\/[ \t]*)?\r?\n/.test(
    text.slice(last.end, offset),
  );
  if (isLineShared) return { offset: last.end, before: style.eol, after: "" };
  if (imports.length > 0) return { offset, before: "", after: "" };
  // A blank line behind the directives goes on parting them from what comes next.
  const blank = /^(?:[ \t]*\r?\n)*/.exec(text.slice(offset))?.[0].length ?? 0;
  return { offset: offset + blank, before: "", after: style.eol };
}

function isImportLike(statement: TS.Statement): boolean {
  if (ts.isImportDeclaration(statement) || ts.isImportEqualsDeclaration(statement)) return true;
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.every(
      ({ initializer }) => initializer !== undefined && isRequire(initializer),
    );
  }
  return ts.isExpressionStatement(statement) && isRequire(statement.expression);
}

function isRequire(node: TS.Expression): boolean {
  if (ts.isPropertyAccessExpression(node)) return isRequire(node.expression);
  return requiredSpecifier(node) !== null;
}

/** Comments that mean something only at the head of a file, and licences. */
const PRAGMA =
  /^\/\*!|^\/\/\/|@jsx|@ts-(?:no)?check|@flow|@jest|@vitest|eslint-|@license|@preserve|copyright|licen[cs]ed?\b/i;

/** Behind a byte order mark, a shebang and comments that a blank line parts from the first code. */
function headerEnd(source: Source): number {
  const { text } = source;
  let end = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const shebang = ts.getShebang(text.slice(end));
  if (shebang) end = nextLine(text, end + shebang.length);
  for (const comment of ts.getLeadingCommentRanges(text, shebang ? end : 0) ?? []) {
    const behind = /^[ \t]*\r?\n([ \t]*\r?\n)+/.exec(text.slice(comment.end));
    const staysFirst = PRAGMA.test(text.slice(comment.pos, comment.end));
    if (behind) end = comment.end + behind[0].length;
    else if (staysFirst) end = nextLine(text, comment.end);
  }
  return end;
}

/**
 * The statement that adds an import, in the file's module system and style.
 * @param isModule whether the nearest package.json makes `.js` a module
 */
export function importStatement(source: Source, need: ImportNeed, isModule: boolean): string {
  const { style } = source;
  const semicolon = style.semicolons ? ";" : "";
  const specifier = quoted(need.module, style);
  if (source.path.endsWith(".cts") && need.member === null) {
    return `import ${need.local} = require(${specifier})${semicolon}`;
  }
  if (isCommonJs(source.file, isModule)) {
    const target = need.member === null ? need.local : `{ ${renamed(need, ": ")} }`;
    return `const ${target} = require(${specifier})${semicolon}`;
  }
  const target = need.member === null ? `* as ${need.local}` : `{ ${renamed(need, " as ")} }`;
  return `import ${target} from ${specifier}${semicolon}`;
}

function renamed(need: ImportNeed, link: string): string {
  return need.member === need.local ? need.local : `${need.member}${link}${need.local}`;
}
