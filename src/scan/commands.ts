import { ts, type TS } from "../syntax/compiler.js";
import { enclosingFunction, findNode, isAsync, unwrapped, walk, walkOwn } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import {
  areaOf,
  functionAround,
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
  name: "commands",
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
    return [
      proposal(source, clause, 3, `the command ${name} is an operation that awaits`, {
        id: idOf(area, name),
        use: "wrap-span",
        phase: 1,
        at: { case: name, on: expression.getText(source.file) },
        span: { name: `${area}.${name}`, op: "function" },
      }),
    ];
  });
}

/** A switch most of whose cases wait for work of their own, under one name for all of them. */
function dispatchAt(source: Source, node: TS.SwitchStatement): Proposal | null {
  const on = node.expression.getText(source.file);
  const isInAsync = isAsync(enclosingFunction(node) ?? node);
  if (!isInAsync || !isOverKind(node.expression)) return null;
  const cases = node.caseBlock.clauses.filter(ts.isCaseClause);
  const working = cases.filter(startsWork);
  if (working.length < 2 || working.length * 2 < cases.length) return null;
  const name = functionAround(node);
  if (name === undefined || !DOES.test(name)) return null;
  return proposal(source, node, 2, `each kind of ${on} is work of its own, under one name`, {
    id: idOf(areaOf(source), name),
    use: "wrap-span",
    phase: 1,
    at: { switch: on, within: name },
    span: { name: `${name}.\${${on}}`, op: "function" },
  });
}

/** Functions that do what they are given; others look at it, or make something of it. */
const DOES =
  /^(run|process|execute|handle|perform|apply|dispatch|deliver|consume|work|call|on(?=[A-Z])|do(?=[A-Z]))/;

function isOverCommand(expression: TS.Expression): boolean {
  return (
    ts.isPropertyAccessExpression(expression) &&
    /^(type|kind|command|action|cmd|name|op)$/.test(expression.name.text) &&
    /(command|cmd|job|task|request|action|order|message|msg)/i.test(expression.expression.getText())
  );
}

function isOverKind(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  const { text } = ts.isPropertyAccessExpression(code) ? code.name : { text: code.getText() };
  return /^(\w+(Type|Kind|Action|Command)|type|kind|command|action|cmd|op|operation)$/.test(text);
}

function nameOf(clause: TS.CaseOrDefaultClause): string | null {
  const isNamed = ts.isCaseClause(clause) && ts.isStringLiteralLike(clause.expression);
  return isNamed ? clause.expression.text : null;
}

function isOperation(clause: TS.CaseOrDefaultClause, name: string, text: string): boolean {
  const lines = text.slice(clause.pos, clause.end).split("\n").length;
  const awaits = findNode(clause, ts.isAwaitExpression) !== undefined;
  return awaits && WORK.test(name) && lines > 4;
}

/** Whether a case waits for a call, or leaves that to who called. */
function startsWork(clause: TS.CaseClause): boolean {
  let isWork = false;
  walkOwn(clause, (node) => {
    const waitsFor =
      ts.isAwaitExpression(node) || ts.isReturnStatement(node) ? node.expression : undefined;
    if (waitsFor && ts.isCallExpression(unwrapped(waitsFor))) isWork = true;
    return !isWork;
  });
  return isWork;
}
