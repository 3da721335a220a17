import type { Edit } from "../text/edit.js";
import { indentationAt, lineStart } from "../text/lines.js";
import { ts, type TS } from "./compiler.js";
import { freshName } from "./imports.js";
import { barePath, readsOf } from "./narrowing.js";
import type { AttachedEdit } from "./instrumentation.js";
import { reason, type Reason } from "./reason.js";
import type { Region } from "./region.js";
import type { Source } from "./source.js";
import { nodesOf } from "./wrapping.js";
import { ancestors, findNode, isFunctionBoundary, walk } from "./walk.js";
import { mayGoOn } from "./wrapper-layout.js";

/**
 * A type that narrowing gave a path, said before a callback and again inside it. It is a type and
 * not a `const`, because a value that is read earlier may be another one.
 */
interface HoistedType {
  readonly name: string;
  readonly path: string;
}

/** What says the types of a region's paths again. */
export interface Hoisting {
  /** Put before the statement that holds the region. */
  readonly declarations: Edit;
  readonly assertions: readonly AttachedEdit[];
  /** For the ledger: a line for each type, its name and its path. */
  readonly types: string;
}

/** What a type query can name: private members and elements it cannot. */
const NAMEABLE = /^[\p{ID_Start}$_][\p{ID_Continue}$]*(\.[\p{ID_Start}$_][\p{ID_Continue}$]*)*$/u;

/**
 * Says the types of paths before a region (`type NarrowedCommand = typeof message.command`) and
 * where the region reads them (`message.command as NarrowedCommand`): nothing at run time.
 * @returns null where no declaration can stand, or no path can be named by a type
 */
export function hoistTypes(
  source: Source,
  region: Region,
  paths: ReadonlySet<string>,
  reserved: ReadonlySet<string>,
): Hoisting | null {
  const statement = statementAround(region);
  if (!statement) return null;
  const names = new Set(reserved);
  const hoisted: HoistedType[] = [];
  const assertions: AttachedEdit[] = [];
  for (const path of [...paths].filter((each) => NAMEABLE.test(each))) {
    const reads = readsOf(nodesOf(region), new Set([path])).filter(canBeAsserted);
    if (reads.length === 0) continue;
    const name = freshName(source, [nameFor(path)], names);
    names.add(name);
    hoisted.push({ name, path });
    assertions.push(...reads.flatMap((read) => assertType(source, read, name)));
  }
  if (hoisted.length === 0) return null;
  const start = statement.getStart(source.file);
  return {
    declarations: { start, end: start, text: declare(source, start, hoisted) },
    assertions,
    types: hoisted.map(({ name, path }) => `${name} ${path}`).join("\n"),
  };
}

/**
 * A chain that ends early would not do so behind a bracket; a bracket that begins a statement would
 * go on with the one before, should that have no semicolon.
 */
function canBeAsserted(read: TS.Expression): boolean {
  const isFirst = [...ancestors(read)].some(
    (each) => ts.isExpressionStatement(each) && each.getStart() === read.getStart(),
  );
  return !ts.isOptionalChain(read) && !(isFirst && needsBrackets(read));
}

/** The statement before which a declaration can stand so that the region sees it. */
function statementAround(region: Region): TS.Node | null {
  if (region.kind === "body") return null;
  const inner = region.kind === "statements" ? region.statements[0] : region.node;
  for (let at: TS.Node | undefined = inner; at && !isFunctionBoundary(at); at = at.parent) {
    if (ts.isStatement(at)) return isStatementList(at.parent) ? at : null;
  }
  return null;
}

type StatementList = TS.Block | TS.SourceFile | TS.ModuleBlock | TS.CaseOrDefaultClause;

function isStatementList(node: TS.Node): node is StatementList {
  return (
    ts.isBlock(node) ||
    ts.isSourceFile(node) ||
    ts.isModuleBlock(node) ||
    ts.isCaseOrDefaultClause(node)
  );
}

function nameFor(path: string): string {
  const last = path.split(".").at(-1) ?? path;
  return `Narrowed${last.charAt(0).toUpperCase()}${last.slice(1)}`;
}

function declare({ text, style }: Source, start: number, hoisted: readonly HoistedType[]): string {
  const isFirstOfLine = text.slice(lineStart(text, start), start).trim() === "";
  const gap = isFirstOfLine ? `${style.eol}${indentationAt(text, start)}` : " ";
  const isParted = isFirstOfLine && !mayGoOn(text[start] ?? "");
  const semicolon = style.semicolons || !isParted ? ";" : "";
  return hoisted
    .map(({ name, path }) => `type ${name} = typeof ${path}${semicolon}${gap}`)
    .join("");
}

function assertType({ file }: Source, read: TS.Expression, name: string): AttachedEdit[] {
  const [start, { end }] = [read.getStart(file), read];
  const extent = { start, end };
  const closing = { start: end, end, attach: "left", extent } as const;
  if (!needsBrackets(read)) return [{ ...closing, text: ` as ${name}` }];
  return [
    { start, end: start, text: "(", attach: "right", extent },
    { ...closing, text: ` as ${name})` },
  ];
}

function needsBrackets(read: TS.Node): boolean {
  const node = asserted(read);
  const { parent } = node;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return parent.expression === node;
  if (ts.isElementAccessExpression(parent)) return parent.expression === node;
  return (
    ts.isPropertyAccessExpression(parent) ||
    ts.isBinaryExpression(parent) ||
    ts.isPrefixUnaryExpression(parent) ||
    ts.isConditionalExpression(parent) ||
    ts.isAwaitExpression(parent)
  );
}

/** A read with all that sites inside one another assert of it. */
function asserted(node: TS.Node): TS.Node {
  const { parent } = node;
  const isSaid =
    ts.isAsExpression(parent) ||
    ts.isNonNullExpression(parent) ||
    ts.isParenthesizedExpression(parent);
  return isSaid ? asserted(parent) : node;
}

/** The names of the types in a ledger's line. */
export function typesNamedIn(types: string): string[] {
  return parseTypes(types).map(({ name }) => name);
}

function parseTypes(types: string): HoistedType[] {
  return types.split("\n").flatMap((line) => {
    const [name, path] = line.split(" ");
    return name && path ? [{ name, path }] : [];
  });
}

/**
 * Takes hoisted types out again.
 * @param call what wraps the code, behind the declarations
 * @param types as `hoistTypes` gave them
 */
export function unhoistTypes(source: Source, call: TS.Node, types: string): Edit[] | Reason {
  const edits: Edit[] = [];
  for (const hoisted of parseTypes(types)) {
    const declaration = declarationOf(call, hoisted);
    const assertions = assertionsIn(call, hoisted);
    if (declaration) {
      if (isUsedElsewhere(source, hoisted, declaration, assertions)) {
        return reason("span-in-use", hoisted.name);
      }
      edits.push(withWhiteSpace(source, declaration));
    }
    edits.push(...assertions.flatMap((each) => removeAssertion(source, each)));
  }
  return edits;
}

function declarationOf(call: TS.Node, { name, path }: HoistedType): TS.Node | undefined {
  for (const parent of ancestors(call)) {
    if (!isStatementList(parent)) continue;
    const found = parent.statements.find(
      (each) =>
        ts.isTypeAliasDeclaration(each) &&
        each.name.text === name &&
        ts.isTypeQueryNode(each.type) &&
        each.type.exprName.getText() === path,
    );
    if (found) return found;
  }
  return undefined;
}

function assertionsIn(call: TS.Node, { name, path }: HoistedType): TS.AsExpression[] {
  const found: TS.AsExpression[] = [];
  walk(call, (node) => {
    if (!ts.isAsExpression(node) || node.type.getText() !== name) return;
    if (barePath(node.expression) === path) found.push(node);
  });
  return found;
}

function isUsedElsewhere(
  { file }: Source,
  { name }: HoistedType,
  declaration: TS.Node,
  assertions: readonly TS.AsExpression[],
): boolean {
  const own: readonly TS.Node[] = [declaration, ...assertions];
  const isOwn = (node: TS.Node) => own.some((each) => each.pos <= node.pos && node.end <= each.end);
  const isUse = (node: TS.Node) => ts.isIdentifier(node) && node.text === name && !isOwn(node);
  return findNode(file, isUse) !== undefined;
}

function withWhiteSpace({ file, text }: Source, declaration: TS.Node): Edit {
  const gap = /^\s*/.exec(text.slice(declaration.end))?.[0].length ?? 0;
  return { start: declaration.getStart(file), end: declaration.end + gap, text: "" };
}

/** With the brackets around it where what it stands in needs them: they came with it. */
function removeAssertion({ file }: Source, assertion: TS.AsExpression): Edit[] {
  const { expression, parent } = assertion;
  const isBracketed = ts.isParenthesizedExpression(parent) && needsBrackets(parent);
  const around = isBracketed ? parent : assertion;
  return [
    ...(isBracketed
      ? [{ start: parent.getStart(file), end: expression.getStart(file), text: "" }]
      : []),
    { start: expression.end, end: around.end, text: "" },
  ];
}
