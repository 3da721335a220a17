import { ts, type TS } from "../syntax/compiler.js";
import { className, functionName } from "../syntax/names.js";
import { isAsync, walk } from "../syntax/walk.js";
import { idOf, proposal, type Detector, type Proposal } from "./detector.js";

/** What classes that are handed one kind of command or event implement, or are marked with. */
const HANDLER = /^I?(\w*(Command|Event|Message|Job|Task))s?Handler(Interface)?$/;

/** Classes, each of which does one kind of command. */
export const handlerClasses: Detector = {
  finds: "classes that handle one kind of command or event",
  needles: ["Handler"],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      if (!ts.isMethodDeclaration(node) || !ts.isClassLike(node.parent)) return;
      const [owner, name] = [className(node), functionName(node)];
      const does = isAsync(node) && /^(handle|execute|process|run)$/.test(name ?? "");
      if (owner === null || name === null || !does || !isHandler(node.parent)) return;
      const kind = /[A-Z][a-z]+$/.exec(owner)?.[0];
      const method = kind ? `*${kind}.${name}` : `${owner}.${name}`;
      found.push(
        proposal(source, node, 2, "each of these does one kind of command, and nothing names it", {
          id: idOf(kind ?? owner, name),
          use: "wrap-span",
          phase: 1,
          at: { method },
          span: { name: "{{function}}", op: "function" },
        }),
      );
    });
    return found;
  },
};

function isHandler(owner: TS.ClassLikeDeclaration): boolean {
  const decorators = ts.canHaveDecorators(owner) ? (ts.getDecorators(owner) ?? []) : [];
  const marks = decorators.map(({ expression }) =>
    ts.isCallExpression(expression) ? expression.expression : expression,
  );
  const types = (owner.heritageClauses ?? []).flatMap((clause) => clause.types);
  return [...marks, ...types.map(({ expression }) => expression)].some(
    (each) => ts.isIdentifier(each) && HANDLER.test(each.text),
  );
}
