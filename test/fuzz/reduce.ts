import { ts, type TS } from "../../src/syntax/compiler.js";
import { isParseFailure, parseSource } from "../../src/syntax/source.js";
import type { Range } from "../../src/text/edit.js";
import type { Program } from "./program.js";

/** A way to make a program smaller. */
interface Cut extends Range {
  readonly text: string;
}

/**
 * Makes a program smaller as long as it still fails: rules, statements, members and expressions go,
 * the largest first.
 */
export async function reduced(
  program: Program,
  fails: (program: Program) => Promise<boolean>,
  milliseconds: number,
): Promise<Program> {
  const end = performance.now() + milliseconds;
  let smallest = await withFewerRules(program, fails);
  for (let changed = true; changed && performance.now() < end;) {
    changed = false;
    for (let at = 0, cuts = cutsOf(smallest); at < cuts.length && performance.now() < end; at++) {
      const cut = cuts[at];
      const smaller = cut && withCut(smallest, cut);
      if (!smaller || !(await fails(smaller))) continue;
      smallest = smaller;
      changed = true;
      cuts = cutsOf(smallest);
      at--;
    }
  }
  return smallest;
}

async function withFewerRules(program: Program, fails: (program: Program) => Promise<boolean>) {
  let smallest = program;
  for (const rule of program.rules) {
    const rules = smallest.rules.filter((each) => each !== rule);
    const smaller = { ...smallest, rules };
    if (rules.length > 0 && (await fails(smaller))) smallest = smaller;
  }
  return smallest;
}

function withCut(program: Program, { start, end, text }: Cut): Program | null {
  const smaller = program.text.slice(0, start) + text + program.text.slice(end);
  return smaller.length < program.text.length ? { ...program, text: smaller } : null;
}

function cutsOf({ path, text }: Program): Cut[] {
  const parsed = parseSource(path, text);
  if (isParseFailure(parsed)) return [];
  const cuts: Cut[] = [];
  const visit = (node: TS.Node): void => {
    cuts.push(...cutsAt(node));
    node.forEachChild(visit);
  };
  visit(parsed.file);
  return cuts.sort((a, b) => b.end - b.start - b.text.length - (a.end - a.start - a.text.length));
}

function cutsAt(node: TS.Node): Cut[] {
  if (ts.isSourceFile(node)) return [];
  const range = { start: node.getStart(), end: node.end };
  if (keepsLoopFinite(node)) return [];
  if (ts.isStatement(node) && !ts.isBlock(node)) {
    const inner = blocksOf(node).map((block) => ({ ...range, text: block.getText() }));
    return [{ start: node.getFullStart(), end: node.end, text: "" }, ...inner];
  }
  if (ts.isClassElement(node)) return [{ start: node.getFullStart(), end: node.end, text: "" }];
  if (ts.isCaseOrDefaultClause(node)) return [{ ...range, text: "" }];
  if (!ts.isExpression(node) || !isReplaceable(node)) return [];
  const parts: Cut[] = [];
  node.forEachChild((child) => {
    if (ts.isExpression(child)) parts.push({ ...range, text: child.getText() });
  });
  return [{ ...range, text: "1" }, ...parts];
}

/** A smaller program must come to an end, too. */
function keepsLoopFinite(node: TS.Node): boolean {
  const { parent } = node;
  if (ts.isPostfixUnaryExpression(node)) return true;
  if (ts.isExpressionStatement(node)) return ts.isPostfixUnaryExpression(node.expression);
  const isLoop =
    ts.isForStatement(parent) || ts.isWhileStatement(parent) || ts.isDoStatement(parent);
  return isLoop && parent.statement !== node;
}

function blocksOf(statement: TS.Statement): TS.Block[] {
  const blocks: TS.Block[] = [];
  statement.forEachChild((child) => {
    if (ts.isBlock(child)) blocks.push(child);
  });
  return blocks;
}

/** Names and literals are small enough, and what is called or assigned to must stay what it is. */
function isReplaceable(node: TS.Expression): boolean {
  return !ts.isIdentifier(node) && !ts.isLiteralExpression(node) && !ts.isFunctionLike(node);
}
