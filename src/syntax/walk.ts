import { ts, type TS } from "./compiler.js";
import { firstIndex } from "../text/first-index.js";
import { perFile } from "./per-file.js";

/** Visits a node and all below it in source order; a visitor that returns false goes no deeper. */
export function walk(node: TS.Node, visit: (node: TS.Node) => boolean | void): void {
  const { nodes, ends, from, to } = nodesBelow(node);
  for (let at = from; at < to;) {
    const isEntered = visit(nodes[at] as TS.Node) !== false;
    at = isEntered ? at + 1 : (ends[at] ?? to);
  }
}

/** All nodes of a file in source order, and where what is below each of them ends. */
interface Listed {
  readonly nodes: readonly TS.Node[];
  readonly ends: readonly number[];
  readonly calls: readonly TS.CallExpression[];
  readonly identifiers: readonly TS.Identifier[];
  readonly texts: readonly TS.Node[];
}

/** A part of a list: what is below a node, and the node. */
interface Part extends Pick<Listed, "nodes" | "ends"> {
  readonly from: number;
  readonly to: number;
}

function nodesBelow(node: TS.Node): Part {
  const { nodes, ends } = listedNodes(node.getSourceFile());
  const from = placeIn(nodes, node);
  return { nodes, ends, from, to: ends[from] ?? nodes.length };
}

/** Where a node stands in the list of its file. */
function placeIn(nodes: readonly TS.Node[], node: TS.Node): number {
  const first = firstIndex(nodes.length, (index) => (nodes[index]?.pos ?? 0) >= node.pos);
  const place = nodes.indexOf(node, first);
  // A few kinds of nodes list their children in another order than that of the text.
  return place < 0 ? nodes.indexOf(node) : place;
}

/**
 * The nodes of a file, which is asked many questions that visit all of them. The first call, when it
 * was just parsed, also tells each its parent.
 */
export const listedNodes = perFile((file): Listed => {
  const list = { nodes: [] as TS.Node[], ends: [] as number[], ...emptyKinds() };
  // An explicit stack: generated code nests thousands of levels deep.
  const stack: TS.Node[] = [file];
  const push = (child: TS.Node): void => void stack.push(child);
  const open: number[] = [];
  const bases: number[] = [];
  for (;;) {
    while (open.length > 0 && stack.length === bases[bases.length - 1]) {
      list.ends[open.pop() ?? 0] = list.nodes.length;
      bases.pop();
    }
    const next = stack.pop();
    if (!next) return list;
    const base = stack.length;
    const at = list.nodes.push(next) - 1;
    sortIn(list, next);
    ts.forEachChild(next, push);
    list.ends.push(at + 1);
    if (stack.length === base) continue;
    open.push(at);
    bases.push(base);
    adopt(next, stack, base);
  }
});

/** Tells nodes on a stack their parent, and turns them so that the first one is on top. */
function adopt(parent: TS.Node, stack: TS.Node[], base: number): void {
  for (let low = base, high = stack.length - 1; low <= high; low++, high--) {
    const [first, last] = [stack[low] as Orphan, stack[high] as Orphan];
    first.parent = parent;
    last.parent = parent;
    stack[low] = last;
    stack[high] = first;
  }
}

type Orphan = TS.Node & { parent: TS.Node };

function emptyKinds() {
  return {
    calls: [] as TS.CallExpression[],
    identifiers: [] as TS.Identifier[],
    texts: [] as TS.Node[],
  };
}

function sortIn({ calls, identifiers, texts }: ReturnType<typeof emptyKinds>, node: TS.Node): void {
  switch (node.kind) {
    case ts.SyntaxKind.Identifier:
      identifiers.push(node as TS.Identifier);
      break;
    case ts.SyntaxKind.CallExpression:
      calls.push(node as TS.CallExpression);
      break;
    case ts.SyntaxKind.StringLiteral:
    case ts.SyntaxKind.NoSubstitutionTemplateLiteral:
    case ts.SyntaxKind.TemplateHead:
    case ts.SyntaxKind.TemplateMiddle:
    case ts.SyntaxKind.TemplateTail:
      texts.push(node);
  }
}

/** All calls of a file in source order; most of what is recognised is one. */
export function callsIn(file: TS.SourceFile): readonly TS.CallExpression[] {
  return listedNodes(file).calls;
}

/** All identifiers of a file in source order. */
export function identifiersIn(file: TS.SourceFile): readonly TS.Identifier[] {
  return listedNodes(file).identifiers;
}

/** All pieces of text in a file in source order: strings, and the parts of templates. */
export function textsIn(file: TS.SourceFile): readonly TS.Node[] {
  return listedNodes(file).texts;
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
export function findNode(node: TS.Node, test: (node: TS.Node) => boolean): TS.Node | undefined {
  const { nodes, from, to } = nodesBelow(node);
  for (let at = from; at < to; at++) if (test(nodes[at] as TS.Node)) return nodes[at];
  return undefined;
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

/** Whether a value is a function that is written on the spot. */
export function isInlineFunction(
  value: TS.Node,
): value is TS.ArrowFunction | TS.FunctionExpression {
  return ts.isArrowFunction(value) || ts.isFunctionExpression(value);
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
  const { nodes } = listedNodes(file);
  const behind = firstIndex(nodes.length, (index) => (nodes[index]?.pos ?? 0) > offset);
  const holds = (node: TS.Node) => node.getStart(file) <= offset && offset < node.end;
  let node = nodes[behind - 1] ?? file;
  while (node !== file && !holds(node)) node = node.parent;
  return node;
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
