import { ts, type TS } from "../syntax/compiler.js";
import { enclosingFunction, isAsync, unwrapped, walk } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import {
  DOES,
  onlyCalled,
  isGivenToRoute,
  isOverCommand,
  isOverKind,
  startsWork,
} from "./commands.js";
import {
  areaOf,
  functionAround,
  namesAround,
  idOf,
  meansOnly,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";
import { groupedBy } from "../text/grouped.js";

/** Several `if` that tell kinds of work apart, as a switch would. */
export const commandChains: Detector = {
  finds: "`if` after `if` over a kind of work",
  needles: ["=== ", "== "],
  paths: /\.[cm]?[jt]s$/,
  find: (source) => chainsIn(source).flatMap((chain) => branchesOf(source, chain)),
};

interface Branch {
  readonly node: TS.IfStatement;
  readonly subject: TS.Expression;
  readonly value: string;
}

/** The tests of one value in one function. */
function chainsIn(source: Source): Branch[][] {
  const branches: Branch[] = [];
  walk(source.file, (node) => {
    const branch = ts.isIfStatement(node) ? branchAt(node) : null;
    const fn = branch && enclosingFunction(node);
    if (branch && fn && isAsync(fn)) branches.push(branch);
  });
  const chains = groupedBy(branches, ({ node, subject }) => {
    return `${enclosingFunction(node)?.pos} ${subject.getText(source.file)}`;
  });
  return [...chains.values()];
}

function branchAt(node: TS.IfStatement): Branch | null {
  const test = unwrapped(node.expression);
  if (!ts.isBinaryExpression(test) || !ts.isStringLiteralLike(test.right)) return null;
  const isSame =
    test.operatorToken.kind === ts.SyntaxKind.EqualsEqualsEqualsToken ||
    test.operatorToken.kind === ts.SyntaxKind.EqualsEqualsToken;
  // A rule would take braces for a placeholder.
  const isPlain = /^[^{}\n]+$/.test(test.right.text);
  return isSame && isPlain ? { node, subject: test.left, value: test.right.text } : null;
}

/** The branches that wait for work, where most of them do. */
function branchesOf(source: Source, chain: readonly Branch[]): Proposal[] {
  const [first] = chain;
  if (!first || !isOverWork(source, first)) return [];
  const name = functionAround(first.node);
  const on = first.subject.getText(source.file);
  const point = ({ value }: Branch) => ({
    ...{ case: value, on },
    ...(name === undefined ? {} : { within: name }),
  });
  const working = chain.filter(
    (each) => isWork(source, each) && meansOnly(source, point(each), [each]),
  );
  if (working.length < 2 || working.length * 2 < chain.length) return [];
  return working.map((each) => {
    const why = `what is done for each ${on} is work of its own`;
    const found = proposal(source, each.node, 2, why, {
      id: idOf(areaOf(source), name ?? "", each.value),
      use: "wrap-span",
      phase: 1,
      at: point(each),
      span: { name: `${name ?? areaOf(source)}.${each.value}`, op: "function" },
    });
    return { ...found, covers: namesAround(each.node), calls: onlyCalled(each.node.thenStatement) };
  });
}

/** A branch that only picks what to call is one step of what goes on around it. */
const LINES = 5;

function isWork(source: Source, { node }: Branch): boolean {
  const { thenStatement } = node;
  const lines = thenStatement.getText(source.file).split("\n").length;
  return lines >= LINES && startsWork(thenStatement) && !goesOn(thenStatement);
}

/** Whether a branch ends with the loop's next turn, as what waits or tries again does. */
function goesOn(branch: TS.Statement): boolean {
  const last = ts.isBlock(branch) ? branch.statements.at(-1) : branch;
  return last !== undefined && ts.isContinueStatement(last);
}

function isOverWork(source: Source, { node, subject }: Branch): boolean {
  const isSubject = /^[\w.?]+$/.test(subject.getText(source.file));
  const fn = enclosingFunction(node);
  const name = functionAround(node);
  if (!isSubject || !fn) return false;
  if (isOverCommand(subject)) return true;
  return isOverKind(subject) && (DOES.test(name ?? "") || isGivenToRoute(source, fn, name));
}
