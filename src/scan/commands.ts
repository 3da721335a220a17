import { ts, type TS } from "../syntax/compiler.js";
import { functionName, qualifiedName } from "../syntax/names.js";
import {
  callsIn,
  enclosingFunction,
  findNode,
  isAsync,
  unwrapped,
  walk,
  walkOwn,
} from "../syntax/walk.js";
import { findMatches } from "../syntax/join-point.js";
import type { Source } from "../syntax/source.js";
import type { Rule } from "../transform.js";
import {
  areaOf,
  functionAround,
  namesAround,
  placeOf,
  idOf,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";

/** Verbs that say that what they name goes on for a while. */
const VERBS =
  "start|run|build|process|execute|generate|deploy|import|export|sync|publish|develop|print|render";

/** Commands whose names say so. */
const WORK = new RegExp(`(^|[-_.:])(${VERBS})`, "i");

/** Switches over the kind of a command: its long cases are operations, or all of them are work. */
export const commandSwitches: Detector = {
  finds: "switches over commands, and over kinds of work",
  needles: ["switch"],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      if (!ts.isSwitchStatement(node)) return;
      const operations = operationsOf(source, node);
      const whole = operations.length === 0 ? dispatchAt(source, node) : null;
      found.push(...operations, ...(whole ? [whole] : []));
    });
    return found;
  },
};

function operationsOf(source: Source, { expression, caseBlock }: TS.SwitchStatement): Proposal[] {
  if (!isOverCommand(expression)) return [];
  return caseBlock.clauses.flatMap((clause): Proposal[] => {
    const name = nameOf(clause);
    if (name === null || !isOperation(clause, name, source.text)) return [];
    const area = areaOf(source);
    const at = meaningOnly(source, clause, { case: name, on: expression.getText(source.file) });
    if (!at) return [];
    const why = `the command ${name} is an operation that awaits`;
    const found = proposal(source, clause, 3, why, {
      id: idOf(area, name),
      use: "wrap-span",
      phase: 1,
      at,
      span: { name: `${area}.${name}`, op: "function" },
    });
    return [{ ...found, covers: namesAround(clause), calls: onlyCalled(clause) }];
  });
}

/** How a rule means a place and nothing else of the file: by the function around it where it must. */
function meaningOnly(
  source: Source,
  node: TS.Node,
  at: NonNullable<Rule["at"]>,
): Rule["at"] | null {
  const within = functionAround(node);
  const isAlone = (point: NonNullable<Rule["at"]>) => findMatches(source, point).length === 1;
  if (isAlone(at)) return at;
  return within !== undefined && isAlone({ ...at, within }) ? { ...at, within } : null;
}

/** A switch most of whose cases wait for work of their own, under one name for all of them. */
function dispatchAt(source: Source, node: TS.SwitchStatement): Proposal | null {
  const fn = enclosingFunction(node);
  const isSubject = /^[\w.?]+$/.test(node.expression.getText(source.file));
  // What a page does at a click goes on in its requests, which are traced.
  const isPage = /\.[jt]sx$/.test(source.path) && /from ["']react["']/.test(source.text);
  // Of those others know.
  const isRoute = /(^|\/)pages\/api\//.test(source.path) && isOverEvent(node.expression);
  if (!fn || !isAsync(fn) || !isSubject || isPage || isRoute) return null;
  const cases = node.caseBlock.clauses.filter(ts.isCaseClause);
  const working = cases.filter(startsWork);
  if (working.length < 2 || working.length * 2 < cases.length) return null;
  const name = functionAround(node);
  const isHandler = isGivenToRoute(source, fn, name);
  const does = name !== undefined && DOES.test(name) && isOverKind(node.expression);
  if (!isHandler && !does) return null;
  const on = node.expression.getText(source.file);
  const own = functionName(fn) === null ? undefined : name;
  const at = own === undefined ? { switch: on } : { switch: on, within: own };
  if (findMatches(source, at).length !== 1) return null;
  // A method by itself may be called like many others.
  const called = (own === undefined ? null : qualifiedName(fn)) ?? placeOf(source);
  const why = `each kind of ${on} is work of its own, under one name`;
  const found = proposal(source, node, 2, why, {
    id: idOf(areaOf(source), own ?? on),
    use: "wrap-span",
    phase: 1,
    at,
    span: { name: called, op: "function", attributes: { [on]: `\${${on}}` } },
  });
  // What else a job does is then hardly more than looking at what it was given.
  const most = own !== undefined && endsWith(fn, node) ? (qualifiedName(fn) ?? own) : undefined;
  return { ...found, covers: namesAround(node), most };
}

/** Whether a statement is the last of a function, so that what comes before only gets ready for it. */
function endsWith({ body }: TS.FunctionLikeDeclaration, statement: TS.Statement): boolean {
  return body !== undefined && ts.isBlock(body) && body.statements.at(-1) === statement;
}

const ROUTE = /^(get|post|put|patch|delete|all|use|openapi)$/;

/** Whether a router calls a function with what is asked: it is handed to one, there or by its name. */
export function isGivenToRoute(source: Source, fn: TS.Node, name: string | undefined): boolean {
  return callsIn(source.file).some(({ expression, arguments: given }) => {
    const [path, ...others] = given;
    const isRoute =
      ts.isPropertyAccessExpression(expression) && ROUTE.test(expression.name.text) && path;
    return isRoute && others.some((each) => each === fn || each.getText(source.file) === name);
  });
}

/** Functions that do what they are given; others look at it, or make something of it. */
export const DOES =
  /^(run|process|execute|handle|perform|apply|dispatch|deliver|deploy|consume|trigger|notify|publish|ingest|sync|import|work|call|on(?=[A-Z])|do(?=[A-Z]))/;

/** `job.type`, `command.kind`: what is told apart are commands. */
export function isOverCommand(expression: TS.Expression): boolean {
  return (
    ts.isPropertyAccessExpression(expression) &&
    /^(type|kind|command|action|cmd|name|op)$/.test(expression.name.text) &&
    /(command|cmd|job|task|request|action|order|message|msg)/i.test(expression.expression.getText())
  );
}

/** `event.type`: what routes tell apart. */
export function isOverEvent(expression: TS.Expression): boolean {
  return /\.(type|kind|event)$/.test(expression.getText());
}

/** Whether an expression has the name of a kind of something. */
export function isOverKind(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  const { text } = ts.isPropertyAccessExpression(code) ? code.name : { text: code.getText() };
  return /^(\w+(Type|Kind|Action|Command)|type|kind|command|action|cmd|op|operation)$/.test(text);
}

function nameOf(clause: TS.CaseOrDefaultClause): string | null {
  const isNamed = ts.isCaseClause(clause) && ts.isStringLiteralLike(clause.expression);
  // A rule would take braces for a placeholder.
  return isNamed && !/[{}\n]/.test(clause.expression.text) ? clause.expression.text : null;
}

function isOperation(clause: TS.CaseOrDefaultClause, name: string, text: string): boolean {
  const lines = text.slice(clause.pos, clause.end).split("\n").length;
  const awaits = findNode(clause, ts.isAwaitExpression) !== undefined;
  return awaits && WORK.test(name) && lines > 4;
}

/** The function that is all that a case or a branch calls, whatever it is given. */
export function onlyCalled(clause: TS.Node): string | undefined {
  const names: string[] = [];
  walkOwn(clause, (node) => {
    if (!ts.isCallExpression(node)) return true;
    names.push(ts.isIdentifier(node.expression) ? node.expression.text : "");
    return false;
  });
  return names.length === 1 ? names[0] : undefined;
}

/** Whether a case or a branch waits for a call, or leaves that to who called. */
export function startsWork(clause: TS.Node): boolean {
  let isWork = false;
  walkOwn(clause, (node) => {
    const waitsFor =
      ts.isAwaitExpression(node) || ts.isReturnStatement(node) ? node.expression : undefined;
    if (waitsFor && ts.isCallExpression(unwrapped(waitsFor))) isWork = true;
    return !isWork;
  });
  return isWork;
}
