import { encloses, type Range } from "../text/edit.js";
import { ts, type TS } from "./compiler.js";
import type { Match } from "./join-point.js";
import { ancestors, enclosingFunction, findNode } from "./walk.js";
import type { Source } from "./source.js";

/** Names that browsers provide and Node does not; the others are read off `globalThis`. */
const BROWSER_GLOBALS = new Set([
  "document",
  "history",
  "localStorage",
  "location",
  "self",
  "sessionStorage",
  "window",
]);

/**
 * Whether code that is put before a region can read a name: declared outside the region and
 * initialised by then, or provided by the platform.
 */
export function isReadable(source: Source, name: string, node: TS.Node, region: Range): boolean {
  const { scope, file } = source;
  const at = around(node, region.start, file);
  if (name === "this" || name === "arguments") return hasOwnThis(at);
  const declarations = scope.resolve(name, at) ?? [];
  if (declarations.length === 0) return isGlobal(name);
  const isInside = declarations.some((each) =>
    encloses(region, { start: each.getStart(file), end: each.end }),
  );
  return !isInside && scope.isReadable(name, at, region.start);
}

/** Reads a path as far as it goes, unless the type of what it begins with says that it is there. */
export function readSafely(source: Source, match: Match, code: string): string {
  const path = pathIn(code);
  return path ? joined(path, isTyped(source, match, path.root)) : code;
}

/**
 * The same for each path that a template reads, where the type check does not tell: in JavaScript, of
 * what may be anything, and behind an element, which no list needs to have.
 */
export function readingSafely(source: Source, match: Match, template: string): string {
  const isChecked = !/\.[cm]?jsx?$/.test(source.path);
  return template.replace(/\$\{([^{}]*)\}/g, (_, code: string) => {
    const path = pathIn(code);
    const isSure = (root: string) =>
      isChecked ? !isAny(source, match, root) : isTyped(source, match, root);
    const safe = path && joined(path, isSure(path.root));
    return `\${${safe ?? code}}`;
  });
}

interface Path {
  readonly root: string;
  /** `.name`, `[0]`. */
  readonly steps: readonly string[];
}

function pathIn(code: string): Path | null {
  const [root = "", ...steps] = code.match(/^[\w$]+|\.[\w$]+|\[\d+\]/g) ?? [];
  if (root === "this" || steps.length === 0 || root + steps.join("") !== code) return null;
  return { root, steps };
}

/** @param isThere whether what the path begins with surely is something */
function joined({ root, steps }: Path, isThere: boolean): string {
  let isSure = isThere;
  const read = steps.map((step) => {
    const safe = isSure ? step : `?.${step.replace(/^\./, "")}`;
    isSure &&= step.startsWith(".");
    return safe;
  });
  return root + read.join("");
}

/** Whether what a name means may be anything to the compiler: it says so, or was made of a text. */
function isAny(source: Source, match: Match, name: string): boolean {
  const declared = declaredAt(source, match, name);
  if (!declared) return false;
  if (declared.type) return declared.type.kind === ts.SyntaxKind.AnyKeyword;
  // An assertion says what it is.
  const value = declared.initializer;
  const made = value && ts.isAwaitExpression(value) ? value.expression : value;
  return (
    made !== undefined && ts.isCallExpression(made) && MADE_OF_TEXT.test(made.expression.getText())
  );
}

const MADE_OF_TEXT = /^JSON\.parse$|\.json$/;

function declaredAt(
  { scope }: Source,
  match: Match,
  name: string,
): TS.ParameterDeclaration | TS.VariableDeclaration | null {
  const at = match.kind === "function" ? (match.node.body ?? match.node) : match.node;
  const [declaration] = scope.resolve(name, at) ?? [];
  const isDeclared =
    declaration && (ts.isParameter(declaration) || ts.isVariableDeclaration(declaration));
  return isDeclared ? declaration : null;
}

function isTyped(source: Source, match: Match, name: string): boolean {
  const declared = declaredAt(source, match, name);
  const isOptional = declared && ts.isParameter(declared) && declared.questionToken;
  const type = isOptional ? undefined : declared?.type;
  return type !== undefined && !/\b(any|unknown|undefined|null)\b/.test(type.getText());
}

/** Beside a function nothing is known of its parameters and of what it declares. */
function around(node: TS.Node, offset: number, file: TS.SourceFile): TS.Node {
  const isBeside = offset <= node.getStart(file) || node.end <= offset;
  return isBeside && ts.isFunctionDeclaration(node) ? node.parent : node;
}

/** Whether an expression fails because it reads what the same function declares further down. */
export function readsTooEarly({ scope }: Source, expression: TS.Expression): boolean {
  const isBelow = (each: TS.Declaration, at: TS.Node) =>
    isBlockScoped(each) && each.pos > at.pos && enclosingFunction(each) === enclosingFunction(at);
  const found = findNode(expression, (node) => {
    if (!ts.isIdentifier(node)) return false;
    return scope.resolve(node.text, node)?.some((each) => isBelow(each, node)) ?? false;
  });
  return found !== undefined;
}

function isBlockScoped(declaration: TS.Declaration): boolean {
  if (ts.isClassDeclaration(declaration)) return true;
  return (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.BlockScoped) !== 0;
}

function isGlobal(name: string): boolean {
  return name === "undefined" || name in globalThis || BROWSER_GLOBALS.has(name);
}

/** Whether a function that is no arrow, or a class member, stands around a node. */
function hasOwnThis(at: TS.Node): boolean {
  for (const node of [at, ...ancestors(at)]) {
    if (ts.isArrowFunction(node)) continue;
    if (ts.isFunctionLike(node) || ts.isPropertyDeclaration(node)) return true;
  }
  return false;
}
