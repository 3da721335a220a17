import { ts, type TS } from "./compiler.js";
import { canComplete } from "./completion.js";
import type { Match, StatementList } from "./join-point.js";
import { assignedIn, isParse, nameOf, type ReadMessage } from "./message-reader.js";
import type { NamedFunction } from "./names.js";
import { isEffectFree, isStablePath } from "./purity.js";
import { takesJob } from "./queue-job.js";
import { isReason, reason, type Reason } from "./reason.js";
import {
  regionsOf,
  statementAround,
  statementsRegion,
  type Region,
  type RegionKind,
} from "./region.js";
import { textOf, type Source } from "./source.js";
import type { Types } from "./value-kind.js";
import {
  ancestors,
  enclosingFunction,
  findNode,
  meansValue,
  unwrapped,
  walk,
  walkOwn,
} from "./walk.js";

/** A message that arrives: the code that names it, and the code that handles it. */
export interface Received extends ReadMessage {
  readonly region: Region;
}

/**
 * Tells from the code what the message is and what handles it.
 * - a call that makes the message (`JSON.parse`, or any with the region `rest`): what it is called,
 *   and all that follows in its block;
 * - any other call: its argument, and the call;
 * - a function: what it parses, itself or in a function inside it, and all that follows that; else
 *   its first parameter, of a queue's job its data, and its body;
 * - a clause or a switch: the object that the switch tests, and the clause.
 */
export function receivedIn(host: Receiving, match: Match, wanted: RegionKind): Received | Reason {
  const received = receivedAt(host.source, match, wanted);
  if (isReason(received) || !received.named) return received;
  return isReadTwice(host, received.named) ? reason("accessor-path") : received;
}

/** What has to be known where a message arrives. */
export interface Receiving {
  readonly source: Source;
  readonly types: Types;
}

/** Whether a path to a message runs code of an accessor, as far as the file and its types tell. */
export function isReadTwice({ source, types }: Receiving, path: TS.Node): boolean {
  let found = false;
  walk(path, (node) => {
    if (!ts.isPropertyAccessExpression(node)) return;
    found ||= hasAccessor(source, node.name.text) || types.isAccessor(node);
  });
  return found;
}

/** Whether code, as it is written, reads a member that a file declares as an accessor. */
export function readsAccessor(source: Source, code: string): boolean {
  const members = [...code.matchAll(/\.\s*([A-Za-z_$][\w$]*)/g)].map(([, name = ""]) => name);
  return members.some((name) => hasAccessor(source, name));
}

/** Whether a file declares an accessor of a name. */
export function hasAccessor({ file }: Source, name: string): boolean {
  const isGetter = (node: TS.Node) =>
    ts.isGetAccessorDeclaration(node) && node.name.getText(file) === name;
  return findNode(file, isGetter) !== undefined;
}

function receivedAt(source: Source, match: Match, wanted: RegionKind): Received | Reason {
  switch (match.kind) {
    case "call": {
      const isMade = wanted === "rest" || isParse(match.node);
      return isMade ? madeBy(source, match.node) : passedTo(source, match);
    }
    case "function":
      return parsedIn(source, match.node) ?? parameterOf(source, match, wanted);
    case "switch":
      return testedBy(source, match, match.node.expression, wanted);
    case "clause": {
      const tested = testOf(match.list.parent);
      // What was done in the clause before may have changed what was tested.
      if (tested && isFallenInto(match.list.parent)) {
        return reason("conditional-message", "the clause before goes on into this one");
      }
      return tested ? testedBy(source, match, tested, wanted) : reason("no-message");
    }
    case "assign":
    case "constant":
      return reason("no-message");
  }
}

/** Whether the clause before one does something and goes on into it. */
function isFallenInto(parent: TS.Node): boolean {
  const clause = [parent, ...ancestors(parent)].find(ts.isCaseOrDefaultClause);
  if (!clause) return false;
  const { clauses } = clause.parent;
  const before = clauses[clauses.indexOf(clause) - 1]?.statements ?? [];
  const last = before.at(-1);
  return last !== undefined && !ts.isBreakOrContinueStatement(last) && canComplete(before);
}

/** What is tested to get into a clause: by its switch, or by an `if` that does the same. */
function testOf(parent: TS.Node): TS.Expression | null {
  const around = [parent, ...ancestors(parent)];
  const found = around.find((node) => ts.isCaseOrDefaultClause(node) || ts.isIfStatement(node));
  if (!found) return null;
  if (ts.isCaseOrDefaultClause(found)) return found.parent.parent.expression;
  const test = ts.isIfStatement(found) ? unwrapped(found.expression) : null;
  if (!test || !ts.isBinaryExpression(test)) return null;
  return [test.left, test.right].find((each) => !ts.isStringLiteralLike(unwrapped(each))) ?? null;
}

/**
 * `const message = JSON.parse(text)`: what follows handles it. Of a variable that gets it in a `try`,
 * `try { message = JSON.parse(text); } catch { return; }`, what follows that.
 */
function madeBy(source: Source, call: TS.CallExpression): Received | Reason {
  const made = statementAround(call);
  const name = made && nameOf(source, made.statement, call);
  const around = made && assignedIn(made.statement) ? triedAt(made.statement) : made;
  if (!around || !name) return reason("no-message");
  const { list, statement } = around;
  const rest = list.statements.slice(list.statements.indexOf(statement) + 1);
  const region = statementsRegion(source, list, rest);
  return region ? { ...name, region } : reason("empty-region");
}

/** The `try` that a statement stands in, where nothing goes on behind it without the statement. */
function triedAt({ parent }: TS.Statement): ReturnType<typeof statementAround> {
  const attempt = ts.isBlock(parent) ? parent.parent : null;
  if (!attempt || !ts.isTryStatement(attempt) || attempt.tryBlock !== parent) return null;
  const caught = attempt.catchClause?.block.statements;
  const last = caught?.at(-1);
  const isLeft = last && ts.isBreakOrContinueStatement(last) && !last.label;
  return caught && (isLeft || !canComplete(caught)) ? statementAround(attempt) : null;
}

function passedTo(source: Source, match: Match & { kind: "call" }): Received | Reason {
  const named = match.captures.message;
  const given = named ?? match.node.arguments.find(isName);
  const [region] = regionsOf(source, match, "expression");
  if (!given || !isStablePath(given) || !region) return reason("no-message");
  // What an optional call is given is read only if there is something to call.
  const isOptional = (match.node.flags & ts.NodeFlags.OptionalChain) !== 0;
  if (isOptional && !ts.isIdentifier(unwrapped(given))) return reason("conditional-message");
  const isPath = !ts.isIdentifier(unwrapped(given));
  const doneBefore = isPath ? actingBefore(match.node, given) : undefined;
  if (doneBefore) return reason("conditional-message", textOf(source, doneBefore).slice(0, 60));
  return { message: textOf(source, given), named: given, region };
}

/** What a call does before it reads one of its arguments, and may change what that says. */
function actingBefore(
  { expression, arguments: given }: TS.CallExpression,
  argument: TS.Expression,
): TS.Expression | undefined {
  const earlier = given.slice(0, Math.max(0, given.indexOf(argument)));
  const callee = unwrapped(expression);
  const owner = ts.isPropertyAccessExpression(callee) ? callee.expression : callee;
  return [owner, ...earlier].find((each) => !isEffectFree(each));
}

/** A path that begins with a name; a literal is no message. */
function isName(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (ts.isPropertyAccessExpression(code)) return isName(code.expression);
  return ts.isIdentifier(code) || code.kind === ts.SyntaxKind.ThisKeyword;
}

/** What a function parses among its own statements, or in the block of its one `try`. */
function parsedIn(source: Source, fn: NamedFunction): Received | Reason | null {
  const { body } = fn;
  if (!ts.isBlock(body)) return null;
  const tries = body.statements.filter(ts.isTryStatement);
  const lists: StatementList[] = [body, ...tries.map(({ tryBlock }) => tryBlock)].map((block) => ({
    parent: block,
    statements: block.statements,
  }));
  for (const { statements } of lists) {
    for (const statement of statements) {
      const call = parseIn(source, statement);
      if (call && isOwnText(source, fn, call)) return madeBy(source, call);
    }
  }
  return parsedLater(source, fn);
}

/** The parse that a statement gives to a constant, or to a variable. */
function parseIn(source: Source, statement: TS.Statement): TS.CallExpression | null {
  const gives = ts.isVariableStatement(statement) || assignedIn(statement) !== null;
  const call = gives ? findNode(statement, isParse) : undefined;
  return call && isParse(call) && nameOf(source, statement, call) ? call : null;
}

/** Whether what is parsed came with the call: settings that every call reads are no message. */
function isOwnText(source: Source, fn: NamedFunction, call: TS.CallExpression): boolean {
  if (fn.parameters.length === 0) return true;
  const isOwn = (node: TS.Node) =>
    ts.isIdentifier(node) &&
    (source.scope.resolve(node.text, node) ?? []).some(
      (each) => fn.pos < each.pos && each.end <= fn.end,
    );
  return call.arguments.some((each) => findNode(each, isOwn) !== undefined);
}

/** What one function inside parses of the parameter: that is text, and holds no context itself. */
function parsedLater(source: Source, fn: NamedFunction): Received | null {
  const name = fn.parameters[0]?.name;
  if (!name || !ts.isIdentifier(name) || !fn.body) return null;
  const uses = source.scope.references(name);
  const calls: TS.CallExpression[] = [];
  walk(fn.body, (node) => {
    const holds = uses.some((use) => node.pos <= use.pos && use.end <= node.end);
    const isLater = holds && isParse(node) && enclosingFunction(node) !== fn;
    if (isLater && ts.isCallExpression(node)) calls.push(node);
    return holds;
  });
  const [call, ...others] = calls;
  const received = call && others.length === 0 ? madeBy(source, call) : null;
  return received && !isReason(received) ? received : null;
}

function parameterOf(
  source: Source,
  match: Match & { kind: "function" },
  wanted: RegionKind,
): Received | Reason {
  const [parameter] = match.node.parameters.filter(({ name }) => name.getText() !== "this");
  const [region] = regionsOf(source, match, wanted);
  if (!parameter || parameter.dotDotDotToken || !ts.isIdentifier(parameter.name)) {
    return reason("no-message");
  }
  if (!region) return reason("empty-region");
  const { name } = parameter;
  if (isGivenText(source, match.node)) return reason("no-message");
  if (isOfThePlatform(match.node) || takesJob(source, match.node, parameter)) {
    return { message: `${name.text}.data`, region };
  }
  return { message: name.text, named: name, region };
}

/** Whether a function parses what it is given: text holds no context, only what it says does. */
function isGivenText(source: Source, fn: NamedFunction): boolean {
  let found = false;
  walkOwn(fn.body, (node) => {
    if (!isParse(node) || !isOwnText(source, fn, node)) return;
    const [text] = node.arguments;
    const isMember = text !== undefined && ts.isPropertyAccessExpression(unwrapped(text));
    // What has a member that is text may have a context beside it; an event of the platform has none.
    found ||= !isMember || isOfThePlatform(fn);
  });
  return found;
}

/** The platform's own listeners of messages get an event that holds the message. */
function isOfThePlatform({ parent }: TS.Node): boolean {
  if (ts.isBinaryExpression(parent)) return /\.onmessage$/.test(parent.left.getText());
  if (!ts.isCallExpression(parent)) return false;
  const { expression: callee, arguments: given } = parent;
  const isListening =
    ts.isPropertyAccessExpression(callee) && callee.name.text === "addEventListener";
  return isListening && given[0] !== undefined && meansValue(given[0], "message");
}

/** `switch (message.type)`: the object whose member is tested. */
function testedBy(
  source: Source,
  match: Match,
  expression: TS.Expression,
  wanted: RegionKind,
): Received | Reason {
  const tested = unwrapped(expression);
  const [region] = regionsOf(source, match, wanted);
  if (!ts.isPropertyAccessExpression(tested) || !isStablePath(tested.expression)) {
    return reason("no-message");
  }
  const { expression: named } = tested;
  return region ? { message: textOf(source, named), named, region } : reason("empty-region");
}
