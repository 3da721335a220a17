import { ts, type TS } from "./compiler.js";
import { perFile } from "./per-file.js";

/** Visits a node and all below it in source order; a visitor that returns false goes no deeper. */
export function walk(node: TS.Node, visit: (node: TS.Node) => boolean | void): void {
  if (ts.isSourceFile(node)) return walkFile(node, visit);
  // An explicit stack: generated code nests thousands of levels deep.
  const stack: TS.Node[] = [node];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (visit(next) !== false) pushChildren(next, stack);
  }
}

/** Puts the children of a node on a stack, the first one on top. */
function pushChildren(node: TS.Node, stack: TS.Node[]): void {
  const from = stack.length;
  ts.forEachChild(node, (child) => {
    stack.push(child);
  });
  for (let low = from, high = stack.length - 1; low < high; low++, high--) {
    const child = stack[low] as TS.Node;
    stack[low] = stack[high] as TS.Node;
    stack[high] = child;
  }
}

/** All nodes of a file in source order, and where what is below each of them ends. */
interface Listed {
  readonly nodes: readonly TS.Node[];
  readonly ends: Uint32Array;
  readonly byKind: ReadonlyMap<TS.SyntaxKind, readonly TS.Node[]>;
}

function walkFile(file: TS.SourceFile, visit: (node: TS.Node) => boolean | void): void {
  const { nodes, ends } = listedNodes(file);
  for (let at = 0; at < nodes.length;) {
    const isEntered = visit(nodes[at] as TS.Node) !== false;
    at = isEntered ? at + 1 : (ends[at] ?? nodes.length);
  }
}

/**
 * The nodes of a file, which is asked many questions that visit all of them. The first call, when it
 * was just parsed, also tells each its parent.
 */
export const listedNodes = perFile((file): Listed => {
  const nodes: TS.Node[] = [];
  const byKind = new Map<TS.SyntaxKind, TS.Node[]>();
  const depths: number[] = [];
  const stack: TS.Node[] = [file];
  const levels: number[] = [0];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const depth = levels.pop() ?? 0;
    nodes.push(next);
    const alike = byKind.get(next.kind);
    if (alike) alike.push(next);
    else byKind.set(next.kind, [next]);
    depths.push(depth);
    pushChildren(next, stack);
    for (let at = levels.length; at < stack.length; at++) {
      (stack[at] as { parent: TS.Node }).parent = next;
      levels.push(depth + 1);
    }
  }
  return { nodes, ends: endsOf(depths), byKind };
});

/** All nodes of one kind in a file, in source order. */
function nodesOfKind(file: TS.SourceFile, kind: TS.SyntaxKind): readonly TS.Node[] {
  return listedNodes(file).byKind.get(kind) ?? [];
}

/** All calls of a file in source order; most of what is recognised is one. */
export function callsIn(file: TS.SourceFile): readonly TS.CallExpression[] {
  return nodesOfKind(file, ts.SyntaxKind.CallExpression) as readonly TS.CallExpression[];
}

/** All identifiers of a file in source order. */
export function identifiersIn(file: TS.SourceFile): readonly TS.Identifier[] {
  return nodesOfKind(file, ts.SyntaxKind.Identifier) as readonly TS.Identifier[];
}

/** All pieces of text in a file: strings, and the parts of templates. */
export function textsIn(file: TS.SourceFile): readonly TS.Node[] {
  const { StringLiteral, NoSubstitutionTemplateLiteral } = ts.SyntaxKind;
  const { TemplateHead, TemplateMiddle, TemplateTail } = ts.SyntaxKind;
  const kinds = [StringLiteral, NoSubstitutionTemplateLiteral];
  return [...kinds, TemplateHead, TemplateMiddle, TemplateTail].flatMap((kind) =>
    nodesOfKind(file, kind),
  );
}

/** Where the next node that lies no deeper comes, for each node. */
function endsOf(depths: readonly number[]): Uint32Array {
  const ends = new Uint32Array(depths.length).fill(depths.length);
  const open: number[] = [];
  for (const [at, depth] of depths.entries()) {
    while (open.length > 0 && (depths[open.at(-1) ?? 0] ?? 0) >= depth) ends[open.pop() ?? 0] = at;
    open.push(at);
  }
  return ends;
}

/** Visits the code that runs when a node runs: all below it except the bodies of nested functions. */
export function walkOwn(node: TS.Node, visit: (node: TS.Node) => boolean | void): void {
  walk(node, (child) => {
    if (child === node || !isFunctionBoundary(child)) return visit(child);
    // The key of a member is computed outside the member.
    const name = "name" in child ? (child.name as TS.Node | undefined) : undefined;
    if (name && ts.isComputedPropertyName(name)) walkOwn(name, visit);
    return false;
  });
}

/** The first node at or below `node` that satisfies the test. */
export function findNode(
  node: TS.Node,
  test: (node: TS.Node) => boolean | null,
): TS.Node | undefined {
  let found: TS.Node | undefined;
  walk(node, (child) => {
    if (found) return false;
    if (test(child)) found = child;
    return !found;
  });
  return found;
}

/** Whether control flow, `await` and `yield` of the code around do not reach into this node. */
export function isFunctionBoundary(node: TS.Node): boolean {
  return (
    ts.isFunctionLike(node) ||
    ts.isClassStaticBlockDeclaration(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isModuleBlock(node)
  );
}

/** The parents of a node, nearest first. */
export function* ancestors(node: TS.Node): Generator<TS.Node> {
  for (let parent = node.parent; parent; parent = parent.parent) yield parent;
}

/** The nearest function, method, accessor or constructor around a node. */
export function enclosingFunction(node: TS.Node): TS.FunctionLikeDeclaration | undefined {
  for (const parent of ancestors(node)) {
    if (ts.isClassStaticBlockDeclaration(parent) || ts.isPropertyDeclaration(parent)) return;
    if (ts.isFunctionLike(parent) && "body" in parent) return parent;
  }
  return undefined;
}

export function isAsync(node: TS.Node): boolean {
  return hasModifier(node, ts.SyntaxKind.AsyncKeyword);
}

export function isGenerator(node: TS.Node): boolean {
  return "asteriskToken" in node && node.asteriskToken !== undefined;
}

export function hasModifier(node: TS.Node, kind: TS.SyntaxKind): boolean {
  if (!ts.canHaveModifiers(node)) return false;
  return ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false;
}

/** The innermost node that holds a place. */
export function nodeAt(file: TS.SourceFile, offset: number): TS.Node {
  let found: TS.Node = file;
  walk(file, (node) => {
    const holds = node.getStart(file) <= offset && offset < node.end;
    if (holds) found = node;
    return holds || node === file;
  });
  return found;
}

/** Strips parentheses, type assertions and non-null marks, none of which exist at run time. */
export function unwrapped(node: TS.Expression): TS.Expression {
  let inner = node;
  while (
    ts.isParenthesizedExpression(inner) ||
    ts.isAsExpression(inner) ||
    ts.isSatisfiesExpression(inner) ||
    ts.isNonNullExpression(inner) ||
    ts.isTypeAssertionExpression(inner)
  ) {
    inner = inner.expression;
  }
  return inner;
}

/** A string literal of that value, or an expression such as `Kind.Start` written like it. */
export function meansValue(expression: TS.Expression, value: string): boolean {
  const code = unwrapped(expression);
  if (ts.isStringLiteralLike(code)) return code.text === value;
  return code.getText().replace(/\s/g, "") === value;
}

/** Whether an operator assigns: `=`, `+=`, `??=` and their like. */
export function isAssignment(operator: TS.SyntaxKind): boolean {
  return operator >= ts.SyntaxKind.FirstAssignment && operator <= ts.SyntaxKind.LastAssignment;
}
