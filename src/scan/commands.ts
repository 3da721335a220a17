import { ts, type TS } from "../syntax/compiler.js";
import { findNode, walk } from "../syntax/walk.js";
import { areaOf, idOf, proposal, type Detector } from "./detector.js";

/** Commands whose names say that they go on for a while. */
const WORK =
  /(^|[-_.:])(start|run|build|process|execute|generate|deploy|import|export|sync|publish|develop|print|render)/i;

/** Switches over the kind of a command, whose long cases are operations of their own. */
export const commandSwitches: Detector = {
  name: "commands",
  needles: ["switch"],
  find: (source) => {
    const found: ReturnType<typeof proposal>[] = [];
    walk(source.file, (node) => {
      if (!ts.isSwitchStatement(node) || !isOverKind(node.expression)) return;
      for (const clause of node.caseBlock.clauses) {
        const name = nameOf(clause);
        if (name === null || !isOperation(clause, name, source.text)) continue;
        const on = node.expression.getText(source.file);
        const area = areaOf(source);
        found.push(
          proposal(source, clause, 3, `the command ${name} is an operation that awaits`, {
            id: idOf(area, name),
            use: "wrap-span",
            phase: 1,
            at: { case: name, on },
            span: { name: `${area}.${name}`, op: "function" },
          }),
        );
      }
    });
    return found;
  },
};

function isOverKind(expression: TS.Expression): boolean {
  return (
    ts.isPropertyAccessExpression(expression) &&
    /^(type|kind|command|action|cmd|name|op)$/.test(expression.name.text) &&
    /(command|cmd|job|task|request|action|order|message|msg)/i.test(expression.expression.getText())
  );
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
