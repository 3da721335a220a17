import { lineStart, nextLine } from "../text/lines.js";
import { ts, type TS } from "./compiler.js";
import { fingerprint, kindName, statementFingerprint } from "./fingerprint.js";
import type { ImportedName } from "./imports.js";
import {
  headOf,
  ledgerText,
  type Candidate,
  type Instrumentation,
  type Shape,
} from "./instrumentation.js";
import { textOf, type Source } from "./source.js";

/** Takes an import out whose calls are all replaced, or only its one name. */
export function removeImport(source: Source, name: ImportedName): Instrumentation {
  const { text, file } = source;
  const { statement } = name;
  const start = statement.getStart(file);
  const { statements } = file;
  const index = statements.indexOf(statement);
  const before = statements[index - 1];
  const behind = statements[index + 1];
  const rest = withoutName(source, name);
  const isAlone =
    text.slice(lineStart(text, start), start).trim() === "" &&
    text.slice(statement.end, nextLine(text, statement.end)).trim() === "";
  const end = rest === "" && isAlone ? nextLine(text, statement.end) : statement.end;
  return {
    strategy: "replace",
    region: { start, end: statement.end },
    edits: [{ start, end, text: rest, attach: "right" }],
    reindent: null,
    imports: [],
    modules: [],
    span: null,
    shape: {
      key: `import ${text.slice(start, end)}`,
      kind: "import",
      eol: source.style.eol,
      original: text.slice(start, end),
      code: rest,
      lead: text.slice(before?.end ?? 0, start),
      before: before ? landmark(before) : "",
      behind: behind ? landmark(behind) : "",
    },
    container: "",
    head: "",
  };
}

/** The import without one of its names; empty when nothing else is left of it. */
function withoutName(source: Source, { statement, local }: ImportedName): string {
  const clause = ts.isImportDeclaration(statement) ? statement.importClause : undefined;
  const bindings = clause?.namedBindings;
  if (!bindings || !ts.isNamedImports(bindings)) return "";
  if (bindings.elements.length === 1 && !clause?.name) return "";
  const kept = bindings.elements.filter((element) => element.name !== local);
  if (kept.length === 0 && clause?.name) {
    const head = source.text.slice(statement.getStart(source.file), clause.name.end);
    return `${head}${source.text.slice(bindings.end, statement.end)}`;
  }
  const list = kept.map((element) => textOf(source, element)).join(", ");
  const start = statement.getStart(source.file);
  const own = source.text.slice(start, statement.end);
  const from = bindings.getStart(source.file) - start;
  return `${own.slice(0, from)}{ ${list} }${own.slice(bindings.end - start)}`;
}

/** What a neighbouring statement is known by: an import by its text, anything else by its name. */
function landmark(statement: TS.Statement): string {
  if (ts.isImportDeclaration(statement)) return headOf(statement);
  const name = "name" in statement ? (statement.name as TS.Node | undefined)?.getText() : undefined;
  return `${kindName(statement.kind)} ${name ?? ""}`;
}

/**
 * A removed import has no text; its place is known by its neighbours.
 * @param isModule whether an import names the module that it was of
 */
export function removedImports(
  source: Source,
  shape: Shape,
  isModule: (specifier: string) => boolean,
): Candidate[] {
  const { file, text } = source;
  const original = ledgerText(source, shape, "original");
  if (shape.code) return renamedImport(source, shape, original);
  const missing = missingPart(source, original, isModule);
  // Somebody has brought it back.
  if (missing === "") return [];
  const { statements } = file;
  const at = (offset: number): Candidate => ({
    range: { start: offset, end: offset },
    container: "",
    head: "",
    key: shape.key ?? "",
    exact: true,
    similar: true,
    removal: { edits: [{ start: offset, end: offset, text: missing }], dedent: null },
  });
  for (let index = 0; index <= statements.length; index++) {
    const before = statements[index - 1];
    if ((before ? landmark(before) : "") !== shape.before) continue;
    const end = before?.end ?? 0;
    const lead = ledgerText(source, shape, "lead");
    if (text.startsWith(lead, end)) return [at(end + lead.length)];
    return [at(nextLine(text, end))];
  }
  const behind = statements.find((each) => landmark(each) === shape.behind);
  if (behind) return [at(lineStart(text, behind.getStart(file)))];
  const lastImport = statements.filter(ts.isImportDeclaration).at(-1);
  return [at(lastImport ? nextLine(text, lastImport.end) : 0)];
}

/** What an import says of values: by which name, of what export, or of the whole module. */
function saidBy({ name, namedBindings, isTypeOnly }: TS.ImportClause): string[] {
  if (isTypeOnly) return [];
  const bound = namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements : [];
  const whole = namedBindings && ts.isNamespaceImport(namedBindings) ? [namedBindings] : [];
  return [...(name ? [name] : []), ...whole, ...bound].map(saidAs);
}

function saidAs(node: TS.Node): string {
  if (ts.isNamespaceImport(node)) return `* ${node.name.text}`;
  if (!ts.isImportSpecifier(node)) return `default ${node.getText()}`;
  const { isTypeOnly, propertyName, name } = node;
  return `${isTypeOnly ? "type " : ""}{${(propertyName ?? name).text}} ${name.text}`;
}

/** An import without the names that another one of the module brings: nothing where all of them are. */
function missingPart(
  source: Source,
  original: string,
  isModule: (specifier: string) => boolean,
): string {
  const file = ts.createSourceFile("import.ts", original, ts.ScriptTarget.Latest, true);
  const [statement] = file.statements;
  const bindings =
    statement && ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : null;
  if (!statement || !ts.isImportDeclaration(statement) || !statement.importClause) return original;
  const there = new Set(
    source.file.statements
      .filter(ts.isImportDeclaration)
      .filter(({ moduleSpecifier: at }) => ts.isStringLiteral(at) && isModule(at.text))
      .flatMap(({ importClause }) => (importClause ? saidBy(importClause) : [])),
  );
  const isThere = (node: TS.Node) => there.has(saidAs(node));
  const { name } = statement.importClause;
  const elements = bindings && ts.isNamedImports(bindings) ? [...bindings.elements] : [];
  const others = [name, bindings && ts.isNamespaceImport(bindings) ? bindings : undefined];
  const wanted = elements.filter((each) => !isThere(each));
  const isWanted = others.some((each) => each && !isThere(each));
  if (wanted.length === 0 && !isWanted) return "";
  if (!bindings || wanted.length === elements.length) return original;
  const list = wanted.map((each) => each.getText(file)).join(", ");
  return `${original.slice(0, bindings.getStart(file))}{ ${list} }${original.slice(bindings.end)}`;
}

function renamedImport(source: Source, shape: Shape, original: string): Candidate[] {
  const wanted = statementFingerprint(shape.code ?? "");
  const found = source.file.statements.find((each) => fingerprint(each) === wanted);
  if (!found) return [];
  const range = { start: found.getStart(source.file), end: found.end };
  const removal = { edits: [{ ...range, text: original }], dedent: null };
  return [
    { range, container: "", head: "", key: shape.key ?? "", exact: true, similar: true, removal },
  ];
}
