import type { Range } from "../text/edit.js";
import { ts, type TS } from "./compiler.js";
import { isStablePath } from "./purity.js";
import { isAssignment, unwrapped, walk, walkOwn } from "./walk.js";
import type { Source } from "./source.js";
import type { Types } from "./value-kind.js";

/** A path without what only the compiler reads in it: brackets, types and `!`. */
export function barePath(path: TS.Expression): string {
  const code = unwrapped(path);
  if (ts.isPropertyAccessExpression(code)) {
    const dot = code.questionDotToken ? "?." : ".";
    return `${barePath(code.expression)}${dot}${code.name.text}`;
  }
  if (ts.isElementAccessExpression(code)) {
    const dot = code.questionDotToken ? "?." : "";
    return `${barePath(code.expression)}${dot}[${barePath(code.argumentExpression)}]`;
  }
  return code.getText();
}

/**
 * The path (`event.projectId`) that a complaint of the compiler is about.
 * Narrowing of properties and of reassigned variables does not enter a callback.
 * @param isCalled whether the complaint is that it is called
 */
export function pathAt(source: Source, range: Range, isCalled: boolean): string | null {
  let found: string | null = null;
  walk(source.file, (node) => {
    if (node.end < range.start || node.getStart(source.file) > range.end) return false;
    const path =
      ts.isPropertyAssignment(node) && covers(source, node.name, range) ? node.initializer : node;
    if (covers(source, path, range) && isPath(path, isCalled)) found ??= barePath(path);
    return true;
  });
  return found;
}

/**
 * The paths whose narrower types a complaint of the compiler may miss: those of the smallest piece
 * of code around the place that has any.
 */
export function narrowedPathsAt(source: Source, range: Range, types: Types): string[] {
  for (const node of nodesAround(source, range)) {
    const paths = new Set<string>();
    walkOwn(node, (child) => {
      if (isPath(child, true) && types.isNarrowed(child)) paths.add(barePath(child));
    });
    if (paths.size > 0) return [...paths];
    if (ts.isStatement(node) || ts.isFunctionLike(node)) return [];
  }
  return [];
}

/** The smallest statement, or member of a class, that holds a place. */
export function statementAt(source: Source, offset: number): Range | null {
  const around = nodesAround(source, { start: offset, end: offset });
  const found = around.find((node) => ts.isStatement(node) || ts.isClassElement(node));
  return found ? { start: found.getStart(source.file), end: found.end } : null;
}

/** The nodes that hold a place, the innermost first. */
function nodesAround({ file }: Source, range: Range): TS.Node[] {
  const around: TS.Node[] = [];
  walk(file, (node) => {
    const holds = node.getStart(file) <= range.start && range.end <= node.end;
    if (holds) around.unshift(node);
    return holds;
  });
  return around;
}

/** The names in the smallest piece of code that holds a place, and in the statement around it. */
export function namesAt(
  source: Source,
  range: Range,
): readonly [own: ReadonlySet<string>, around: ReadonlySet<string>] {
  const around = nodesAround(source, range);
  const statement = around.find((node) => ts.isStatement(node) || ts.isClassElement(node));
  return [namesIn(around[0]), namesIn(statement)];
}

function namesIn(code: TS.Node | undefined): ReadonlySet<string> {
  const names = new Set<string>();
  if (!code) return names;
  walk(code, (node) => {
    if (ts.isIdentifier(node)) names.add(node.text);
  });
  return names;
}

/** The names in the function, or the statement of the module, that holds a place. */
export function namesAround(source: Source, offset: number): ReadonlySet<string> {
  const holds = (node: TS.Node) => node.getStart(source.file) <= offset && offset <= node.end;
  const [statement] = source.file.statements.filter(holds);
  let around: TS.Node = statement ?? source.file;
  walk(around, (node) => {
    if (!holds(node)) return false;
    if (ts.isFunctionLike(node)) around = node;
    return true;
  });
  return namesIn(around);
}

function covers({ file }: Source, node: TS.Node, range: Range): boolean {
  return node.getStart(file) === range.start && node.end === range.end;
}

function isPath(node: TS.Node, isCalled: boolean): node is TS.Expression {
  const isRead =
    ts.isPropertyAccessExpression(node) ||
    ts.isIdentifier(node) ||
    ts.isElementAccessExpression(node);
  if (!isRead) return false;
  // A complaint about an overload stands at the callee, which is not what was narrowed.
  const isCallee = ts.isCallExpression(node.parent) && node.parent.expression === node;
  const isMember = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
  return (isCalled || !isCallee) && !isMember && isStablePath(node);
}

/** Where code reads such a path for its value, so that `!` may say what was known outside. */
export function readsOf(nodes: readonly TS.Node[], paths: ReadonlySet<string>): TS.Expression[] {
  const reads: TS.Expression[] = [];
  for (const root of nodes) {
    walkOwn(root, (node) => {
      if (!isPath(node, true) || !paths.has(barePath(node))) return true;
      if (isValueRead(node)) reads.push(node);
      return false;
    });
  }
  return reads;
}

function isValueRead(node: TS.Expression): boolean {
  const { parent } = node;
  if (ts.isBinaryExpression(parent)) return isOperand(parent, node);
  if (ts.isPrefixUnaryExpression(parent))
    return /^[-+~]$/.test(ts.tokenToString(parent.operator) ?? "");
  if (ts.isConditionalExpression(parent)) return parent.condition !== node;
  if (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)) {
    return !(parent.expression === node && parent.questionDotToken);
  }
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isVariableDeclaration(parent)) return parent.initializer === node;
  return (
    ts.isCallExpression(parent) ||
    ts.isNewExpression(parent) ||
    ts.isReturnStatement(parent) ||
    ts.isAwaitExpression(parent) ||
    ts.isSpreadElement(parent) ||
    ts.isArrayLiteralExpression(parent) ||
    ts.isTemplateSpan(parent) ||
    ts.isForOfStatement(parent) ||
    ts.isJsxExpression(parent)
  );
}

/** Not a test for null itself, nor the target of an assignment. */
function isOperand({ operatorToken, left }: TS.BinaryExpression, node: TS.Expression): boolean {
  const { kind } = operatorToken;
  const tests =
    kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    kind === ts.SyntaxKind.BarBarToken ||
    kind === ts.SyntaxKind.QuestionQuestionToken ||
    (kind >= ts.SyntaxKind.EqualsEqualsToken && kind <= ts.SyntaxKind.ExclamationEqualsEqualsToken);
  const assigns = isAssignment(kind) && left === node;
  return !tests && !assigns;
}
