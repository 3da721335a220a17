import { ts, type TS } from "./compiler.js";
import { canComplete } from "./completion.js";
import { flowOf, isTail } from "./control-flow.js";
import { enclosingFunction, isAssignment, isFunctionBoundary, unwrapped, walkOwn } from "./walk.js";
import { statementAround } from "./region.js";

/** How a run can end. */
export const OUTCOMES = ["success", "partial", "cancelled", "error"] as const;
export type RunOutcome = (typeof OUTCOMES)[number];

/** A place at which a run ends otherwise than by going through, and by an error that it lets out. */
export interface RunExit {
  /** What is said about the end stands before a return, and behind the last statement of a catch. */
  readonly statement: TS.Statement;
  readonly side: "before" | "behind";
  /** Null where the code does not tell. */
  readonly outcome: RunOutcome | null;
  /** The condition that makes it a cancellation, where nothing else does. */
  readonly condition: TS.Expression | null;
  /** Whether it stands in a catch, and the name of the error there. */
  readonly isCaught: boolean;
  readonly error: string | null;
}

/** Words for outcomes, in lower case. */
export type OutcomeWords = ReadonlyMap<string, RunOutcome>;

const WORDS: Readonly<Record<RunOutcome, string>> = {
  success: "success succeeded successful ok done complete completed finished",
  partial: "partial paused pause pending review suspended waiting incomplete",
  cancelled: "cancelled canceled cancel aborted abort",
  error: "error errored failed failure fail rejected invalid fatal",
};

/** The usual words, and those of a rule. */
export function outcomeWords(own: Readonly<Record<string, RunOutcome>>): OutcomeWords {
  const usual = OUTCOMES.flatMap((outcome) =>
    WORDS[outcome].split(" ").map((word) => [word, outcome] as const),
  );
  const said = Object.entries(own).map(([word, outcome]) => [word.toLowerCase(), outcome] as const);
  return new Map([...usual, ...said]);
}

/** The exits of a function's own whose outcome has to be said, in source order. */
export function runExits(body: TS.Block, words: OutcomeWords): RunExit[] {
  const returns = flowOf(body.statements).returns.map((statement): RunExit => {
    return { statement, side: "before", ...toldByReturn(statement, words), ...caughtAt(statement) };
  });
  const ends = catchesOf(body)
    .filter((clause) => isTailCatch(clause) && canComplete(clause.block.statements))
    .flatMap((clause) => endsOf(clause.block).map((statement) => ({ clause, statement })))
    .map(({ clause, statement }): RunExit => {
      const assumed = isMain(clause, body) ? "error" : null;
      const told = toldAround(statement, words) ?? { outcome: assumed, condition: null };
      return { statement, side: "behind", ...told, ...caughtAt(statement) };
    });
  return [...returns, ...ends]
    .filter(({ outcome }) => outcome !== "success")
    .sort((a, b) => a.statement.pos - b.statement.pos);
}

type Told = Pick<RunExit, "outcome" | "condition">;

function toldByReturn(statement: TS.ReturnStatement, words: OutcomeWords): Told {
  const literal = statement.expression ? literalOutcome(statement.expression, words) : null;
  if (literal === "cancelled" || literal === "partial")
    return { outcome: literal, condition: null };
  const told = toldAround(statement, words);
  if (told) return told;
  if (literal) return { outcome: literal, condition: null };
  if (catchAround(statement)) return { outcome: "error", condition: null };
  const list = statementAround(statement)?.list;
  const isThrough = list !== undefined && isTail(list, statement) && !variesByValue(statement);
  return { outcome: isThrough ? "success" : null, condition: null };
}

/** Whether what is returned has a status of its own that only its value tells. */
function variesByValue({ expression }: TS.ReturnStatement): boolean {
  const code = expression && unwrapped(expression);
  if (!code) return false;
  if (ts.isObjectLiteralExpression(code)) return code.properties.some(isOpenStatus);
  const body = enclosingFunction(code)?.body;
  if (!ts.isIdentifier(code) || !body) return false;
  let isSet = false;
  walkOwn(body, (node) => {
    if (ts.isVariableDeclaration(node) && node.name.getText() === code.text) {
      const value = node.initializer && unwrapped(node.initializer);
      if (value && ts.isObjectLiteralExpression(value)) {
        isSet ||= value.properties.some(isOpenStatus);
      }
    }
    if (!ts.isBinaryExpression(node) || !isAssignment(node.operatorToken.kind)) return;
    const { left, right } = node;
    const isStatus =
      ts.isPropertyAccessExpression(left) && tellsOutcome(left.name.text) && !isLiteral(right);
    if (isStatus && unwrapped(left.expression).getText() === code.text) isSet = true;
  });
  return isSet;
}

function isOpenStatus(property: TS.ObjectLiteralElementLike): boolean {
  if (ts.isShorthandPropertyAssignment(property)) return tellsOutcome(property.name.text);
  return (
    ts.isPropertyAssignment(property) &&
    tellsOutcome(property.name.getText()) &&
    !isLiteral(property.initializer)
  );
}

/** `kind` and `type` say what a thing is, and rarely how it went. */
function tellsOutcome(name: string): boolean {
  return /^(status|state|outcome|success|ok)$/.test(name);
}

function isLiteral(value: TS.Expression): boolean {
  const code = unwrapped(value);
  return (
    ts.isStringLiteralLike(code) ||
    code.kind === ts.SyntaxKind.TrueKeyword ||
    code.kind === ts.SyntaxKind.FalseKeyword
  );
}

/** What the branch of a condition, or a status that is set just before, tells about an end. */
function toldAround(statement: TS.Statement, words: OutcomeWords): Told | null {
  const condition = abortedBy(statement);
  if (condition) return { outcome: "cancelled", condition };
  const outcome = statusBefore(statement, words);
  return outcome && { outcome, condition: null };
}

// What a returned literal tells

const STATUS = /^(kind|type|status|state|outcome|result)$/;
const CANCELLED = /^(is)?_?(cancell?ed|aborted)$/i;

function literalOutcome(expression: TS.Expression, words: OutcomeWords): RunOutcome | null {
  const literal = unwrapped(expression);
  if (!ts.isObjectLiteralExpression(literal)) return null;
  const told = literal.properties.flatMap((property): RunOutcome[] => {
    if (!ts.isPropertyAssignment(property)) return [];
    const name = property.name.getText();
    const value = unwrapped(property.initializer);
    const isTrue = value.kind === ts.SyntaxKind.TrueKeyword;
    const isFalse = value.kind === ts.SyntaxKind.FalseKeyword;
    if (CANCELLED.test(name) && isTrue) return ["cancelled"];
    if (/^(success|ok)$/.test(name) && isTrue) return ["success"];
    if (/^(success|ok)$/.test(name) && isFalse) return ["error"];
    return STATUS.test(name) ? wordIn(value, words) : [];
  });
  return mostTelling(told);
}

/** What is cancelled is also not a success, and what is partial is also done. */
function mostTelling(told: readonly RunOutcome[]): RunOutcome | null {
  const order: readonly RunOutcome[] = ["cancelled", "partial", "error", "success"];
  return order.find((each) => told.includes(each)) ?? null;
}

/** `"pending_review"` tells what `pending` or `review` does. */
function wordIn(value: TS.Expression, words: OutcomeWords): RunOutcome[] {
  if (!ts.isStringLiteralLike(value)) return [];
  const text = value.text.toLowerCase();
  const found = [text, ...text.split(/[^a-z\d]+/)].map((word) => words.get(word));
  return found.filter((each) => each !== undefined).slice(0, 1);
}

// What stands around it

/** The condition of a branch that is taken once a run was cancelled. */
function abortedBy(statement: TS.Statement): TS.Expression | null {
  for (let node: TS.Node = statement; !isFunctionBoundary(node); node = node.parent) {
    const { parent } = node;
    if (!parent) return null;
    const isBranch = ts.isIfStatement(parent) && parent.thenStatement === node;
    if (isBranch && saysAborted(parent.expression)) return parent.expression;
  }
  return null;
}

/** Running out of time aborts as well, and is an error. */
const TIMED_OUT = /deadline|time(d|_)?out/i;

const ABORT = /abort|cancel/i;

function saysAborted(condition: TS.Expression): boolean {
  const code = unwrapped(condition);
  if (ts.isBinaryExpression(code)) {
    const { left, right, operatorToken } = code;
    const both = [left, right].map(saysAborted);
    if (operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken) return both.some(Boolean);
    if (operatorToken.kind === ts.SyntaxKind.BarBarToken) return both.every(Boolean);
    const isEqual =
      operatorToken.kind === ts.SyntaxKind.EqualsEqualsEqualsToken ||
      operatorToken.kind === ts.SyntaxKind.EqualsEqualsToken;
    return (
      isEqual && [left, right].some((each) => ts.isStringLiteral(each) && ABORT.test(each.text))
    );
  }
  if (TIMED_OUT.test(code.getText())) return false;
  if (ts.isPropertyAccessExpression(code)) return ABORT.test(code.name.text);
  if (ts.isCallExpression(code)) return saysAborted(code.expression);
  return ts.isIdentifier(code) && ABORT.test(code.text);
}

/** The last status that is set in the same block before a return, or up to the end of a catch. */
function statusBefore(statement: TS.Statement, words: OutcomeWords): RunOutcome | null {
  const list = statementAround(statement)?.list.statements ?? [];
  const before = list.slice(0, list.indexOf(statement) + 1).filter(ts.isExpressionStatement);
  for (const each of [...before].reverse()) {
    const [told] = statusesIn(each, words);
    if (told) return told;
  }
  return null;
}

function statusesIn(statement: TS.ExpressionStatement, words: OutcomeWords): RunOutcome[] {
  const found: RunOutcome[] = [];
  walkOwn(statement, (node) => {
    if (ts.isPropertyAssignment(node) && STATUS.test(node.name.getText())) {
      found.push(...wordIn(unwrapped(node.initializer), words));
    }
    if (ts.isCallExpression(node) && /stat(us|e)|outcome/i.test(node.expression.getText())) {
      found.push(...node.arguments.flatMap((each) => wordIn(unwrapped(each), words)));
    }
    if (ts.isBinaryExpression(node) && /stat(us|e)|outcome/i.test(node.left.getText())) {
      found.push(...wordIn(unwrapped(node.right), words));
    }
  });
  return found;
}

// Catches

/** The catch clause around a node, in the same function. */
export function catchAround(statement: TS.Node): TS.CatchClause | null {
  for (let node = statement; node && !isFunctionBoundary(node); node = node.parent) {
    if (ts.isCatchClause(node)) return node;
  }
  return null;
}

function caughtAt(statement: TS.Statement): Pick<RunExit, "isCaught" | "error"> {
  const clause = catchAround(statement);
  const name = clause?.variableDeclaration?.name;
  return { isCaught: clause !== null, error: name && ts.isIdentifier(name) ? name.text : null };
}

function catchesOf(body: TS.Block): TS.CatchClause[] {
  const found: TS.CatchClause[] = [];
  for (const statement of body.statements) {
    if (isFunctionBoundary(statement)) continue;
    walkOwn(statement, (node) => {
      if (ts.isCatchClause(node)) found.push(node);
    });
  }
  return found;
}

function isTailCatch({ parent }: TS.CatchClause): boolean {
  const list = statementAround(parent)?.list;
  return list !== undefined && isTail(list, parent);
}

/** Whether most of a function stands in the try of a catch; else it may be about a trifle. */
function isMain({ parent: { tryBlock } }: TS.CatchClause, body: TS.Block): boolean {
  return 2 * (tryBlock.end - tryBlock.pos) > body.end - body.pos;
}

/** The statements with which a block ends, by each way through its last conditions. */
function endsOf(block: TS.Block): TS.Statement[] {
  const last = block.statements.at(-1);
  if (!last) return [];
  if (!ts.isIfStatement(last) || !last.elseStatement) return [last];
  const branches = [last.thenStatement, last.elseStatement];
  if (!branches.every(ts.isBlock)) return [last];
  return branches.filter((each) => canComplete(each.statements)).flatMap(endsOf);
}
