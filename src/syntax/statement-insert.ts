import { deletionOf } from "../text/deletion.js";
import type { Edit, Range } from "../text/edit.js";
import { indentationAt, leadBefore, lineStart } from "../text/lines.js";
import { ts, type TS } from "./compiler.js";
import { codeFingerprint, fingerprint } from "./fingerprint.js";
import type { Helper } from "./helper-module.js";
import {
  headOf,
  type AttachedEdit,
  type Candidate,
  type Instrumentation,
  type Removal,
  type Shape,
} from "./instrumentation.js";
import { containerOf } from "./names.js";
import { reason, type Reason } from "./reason.js";
import { needsBraces } from "./lone-statement.js";
import { renamingSince } from "./renaming.js";
import {
  isEndedBySemicolon,
  isOpenEnded,
  isStatementList,
  statementAround,
  withTrailingComment,
} from "./region.js";
import type { Source } from "./source.js";
import { unwrapped, walk } from "./walk.js";
import { goesOn, mayGoOn, needsSemicolon } from "./wrapper-layout.js";

/** A statement of ours beside one of the user's. */
interface Insertion {
  readonly edits: readonly AttachedEdit[];
  readonly shape: Shape;
}

/** Puts a call behind a statement; a lone statement gets the braces that two need. */
function insertBehind(source: Source, statement: TS.Statement, call: string): Insertion {
  const { style, text, file } = source;
  const start = statement.getStart(file);
  const isTerminated = text[statement.end - 1] === ";";
  if (isStatementList(statement.parent)) {
    const at = withTrailingComment(source, statement);
    const end = style.semicolons || goesOn(text, at) ? ";" : "";
    const inserted = `${style.eol}${indentationAt(text, start)}${call}${end}`;
    const edit: AttachedEdit = { start: at, end: at, text: inserted, attach: "left" };
    return { edits: [edit], shape: { side: "behind", layout: "line", lead: "" } };
  }
  const lead = isTerminated ? "" : ";";
  const end = style.semicolons ? ";" : "";
  return {
    edits: [
      { start, end: start, text: "{ ", attach: "right" },
      { start: statement.end, end: statement.end, text: `${lead} ${call}${end} }`, attach: "left" },
    ],
    shape: { side: "behind", layout: "braced", exclusive: "braces", lead },
  };
}

/** Puts a call before a statement that leaves what is around it, such as a return. */
function insertBefore(source: Source, statement: TS.Statement, call: string): Insertion {
  const { style, text, file } = source;
  const start = statement.getStart(file);
  if (!isStatementList(statement.parent)) {
    return {
      edits: [
        { start, end: start, text: `{ ${call}; `, attach: "right" },
        { start: statement.end, end: statement.end, text: " }", attach: "left" },
      ],
      shape: { side: "before", layout: "braced", exclusive: "braces", lead: "" },
    };
  }
  const isFirstOnLine = indentationAt(text, start).length === start - lineStart(text, start);
  const gap = isFirstOnLine ? `${style.eol}${indentationAt(text, start)}` : " ";
  const isParted = isFirstOnLine && !mayGoOn(text[start] ?? "");
  const end = style.semicolons || !isParted ? ";" : "";
  const edit: AttachedEdit = { start, end: start, text: `${call}${end}${gap}`, attach: "right" };
  return { edits: [edit], shape: { side: "before", layout: "line", lead: "" } };
}

/** A call of a helper that becomes a statement of its own. */
interface InsertedCall {
  readonly helper: Helper;
  /** The arguments; the first names what the call is about. */
  readonly given: readonly string[];
  readonly statement: TS.Statement;
  readonly side: "before" | "behind";
  /** The code that the site is about. */
  readonly region: Range;
}

/** Puts a call of a helper before or behind a statement. */
export function insertCall(source: Source, call: InsertedCall): Instrumentation {
  const { helper, given, statement, side, region } = call;
  const { callee, imports, modules } = helper;
  const code = `${callee}(${given.join(", ")})`;
  const insert = side === "before" ? insertBefore : insertBehind;
  const { edits, shape } = insert(source, statement, code);
  const { start, end } = region;
  return {
    strategy: "insert",
    region: { start, end },
    edits,
    reindent: null,
    imports,
    modules,
    span: null,
    shape: {
      // However many rules ask for it, the same is said once at one place.
      exclusive: `${/[\w$]+$/.exec(callee)?.[0]} ${codeFingerprint(given[0] ?? "")}`,
      ...shape,
      callee,
      key: codeFingerprint(code),
      name: codeFingerprint(given[0] ?? ""),
    },
    container: containerOf(statement),
    head: headOf(statement),
  };
}

// How it is recognised

/** The statements that may be calls that were put there. */
export function insertedCalls(source: Source, shape: Shape): Candidate[] {
  return statementCalls(source, shape).map(([statement, call]) => {
    const [name] = call.arguments;
    const isSame = (name ? fingerprint(name) : codeFingerprint("")) === shape.name;
    return insertedCandidate(source, statement, call, shape, isSame);
  });
}

/** The calls that are statements of their own and call the same, if by another name of it. */
function statementCalls(
  source: Source,
  { callee = "", key = "" }: Shape,
): readonly (readonly [statement: TS.ExpressionStatement, call: TS.CallExpression])[] {
  const meant = codeFingerprint(callee);
  const member = callee.slice(callee.lastIndexOf(".") + 1);
  const found: [TS.ExpressionStatement, TS.CallExpression][] = [];
  walk(source.file, (node) => {
    if (!ts.isExpressionStatement(node)) return;
    const call = unwrapped(node.expression);
    if (!ts.isCallExpression(call)) return;
    const { expression } = call;
    const isMember = ts.isPropertyAccessExpression(expression) && expression.name.text === member;
    if (fingerprint(expression) === meant || (isMember && renamingSince(source, key, call))) {
      found.push([node, call]);
    }
  });
  return found;
}

/**
 * A statement that may be an inserted one.
 * @param similar whether what names it is as it was inserted
 */
function insertedCandidate(
  source: Source,
  statement: TS.ExpressionStatement,
  call: TS.CallExpression,
  shape: Shape,
  similar: boolean,
): Candidate {
  const list = statementAround(statement)?.list.statements ?? [];
  const beside = list[list.indexOf(statement) + (shape.side === "before" ? 1 : -1)];
  const isInPlace = shape.layout !== "braced" || isBraced(statement);
  return {
    range: { start: statement.getStart(source.file), end: statement.end },
    container: containerOf(statement),
    head: beside ? headOf(beside) : "",
    key: fingerprint(call),
    exact: fingerprint(call) === shape.key && isInPlace,
    similar,
    isRenamed: isInPlace && renamingSince(source, shape.key ?? "", call) !== null,
    removal: removalOf(source, statement, call, shape),
  };
}

/** Whether a statement stands in braces that a lone statement may have got for it. */
function isBraced({ parent }: TS.Statement): boolean {
  return ts.isBlock(parent) && !ts.isFunctionLike(parent.parent) && !isStatementList(parent.parent);
}

function removalOf(
  source: Source,
  statement: TS.ExpressionStatement,
  call: TS.CallExpression,
  shape: Shape,
): Removal | Reason {
  const { text, file } = source;
  const block = statement.parent;
  if (!isStatementList(block)) return reason("changed-by-hand", "it is the only statement there");
  const own = shape.side === "before" ? before(source, statement, call) : null;
  const edit = own ?? behind(source, statement, call);
  if (shape.layout !== "braced" || !ts.isBlock(block)) return { edits: [edit], dedent: null };
  // Once more stands in the braces than we put there, they are the user's.
  const [kept, ...others] = block.statements.filter((each) => each !== statement);
  const hasComment = /\/\/|\/\*/.test(text.slice(block.getStart(file), block.end));
  if (!kept || others.length > 0 || hasComment || needsBraces(block, kept)) {
    return { edits: [edit], dedent: null };
  }
  const end = kept.end - leadBefore(text, kept.end, statement.getStart(file), shape.lead ?? "");
  const isEnded = !isEndedBySemicolon(kept) || text[end - 1] === ";";
  const semicolon = !isEnded && needsSemicolon(text, block.end) ? ";" : "";
  return {
    edits: [
      { start: block.getStart(file), end: kept.getStart(file), text: "" },
      { start: end, end: block.end, text: semicolon },
    ],
    dedent: null,
  };
}

/** The statement and the white space behind it; null where nothing stands behind it. */
function before(
  { text, file }: Source,
  statement: TS.ExpressionStatement,
  call: TS.CallExpression,
): Edit | null {
  const list = statementAround(statement)?.list.statements ?? [];
  if (list.at(-1) === statement) return null;
  const end = ownEnd(text, statement, call);
  const gap = /^\s*/.exec(text.slice(end))?.[0].length ?? 0;
  return { start: statement.getStart(file), end: end + gap, text: "" };
}

/** Where a statement ends: a semicolon on a line of its own belongs to what comes behind. */
function ownEnd(text: string, statement: TS.ExpressionStatement, call: TS.CallExpression): number {
  return text.slice(call.end, statement.end).includes("\n") ? call.end : statement.end;
}

/** The statement and the white space before it. */
function behind(source: Source, statement: TS.ExpressionStatement, call: TS.CallExpression): Edit {
  const { text, file } = source;
  const end = ownEnd(text, statement, call);
  const deletion = deletionOf(text, { start: statement.getStart(file), end });
  return parts(source, statement, end) ? { ...deletion, text: ";" } : deletion;
}

/** Whether our semicolon is all that parts the code before from the code behind. */
function parts(source: Source, statement: TS.Statement, end: number): boolean {
  const { text } = source;
  const list = statementAround(statement)?.list.statements ?? [];
  const before = list[list.indexOf(statement) - 1];
  const isOpen = before !== undefined && isOpenEnded(source, before);
  return isOpen && text[end - 1] === ";" && goesOn(text, end);
}
