import { ts, type TS } from "../syntax/compiler.js";
import { HTTP_METHODS } from "../syntax/function-points.js";
import { unwrapped, walkOwn } from "../syntax/walk.js";
import { idOf, proposal, type Detector, type Proposal } from "./detector.js";

/** Handlers of routes that tell kinds of events apart. */
export const routes: Detector = {
  finds: "handlers of Next.js routes that tell kinds of events apart",
  needles: ["export async function", "export const", "export default"],
  paths: /(^|\/)(route\.[jt]sx?|pages\/api\/.*\.[jt]s)$/,
  find: (source) => {
    return source.file.statements.flatMap(handlersIn).flatMap(({ method, handler }): Proposal[] => {
      const isPage = source.path.includes("pages/api/");
      if (!isPage && (!HTTP_METHODS.has(method) || method === "GET")) return [];
      const kinds = switchOver(handler);
      if (!kinds) return [];
      const on = kinds.expression.getText(source.file);
      const path = source.path.replace(/^.*?\/?api\//, "").replace(/(\/route|\/index)?\.\w+$/, "");
      const name = `api.${path.replace(/[^\w]+/g, ".").replace(/^\.|\.$/g, "")}`;
      const why = "the request is traced, what it does with its event is not";
      return [
        proposal(source, kinds, 2, why, {
          id: idOf("api", path),
          use: "wrap-span",
          phase: 3,
          at: { switch: on, ...(method === "default" ? {} : { within: method }) },
          span: { name, op: "function", attributes: { [on]: `\${${on}}` } },
          // Routes answer from within.
          allowInactive: true,
        }),
      ];
    });
  },
};

interface Handler {
  readonly method: string;
  readonly handler: TS.Node;
}

function handlersIn(statement: TS.Statement): Handler[] {
  if (ts.isFunctionDeclaration(statement)) {
    return [{ method: statement.name?.text ?? "default", handler: statement }];
  }
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.flatMap(({ name, initializer }) => {
    const value = initializer && unwrapped(initializer);
    return value && ts.isArrowFunction(value) ? [{ method: name.getText(), handler: value }] : [];
  });
}

/** The switch of a handler itself that is over the kind of something. */
function switchOver(handler: TS.Node): TS.SwitchStatement | undefined {
  let found: TS.SwitchStatement | undefined;
  walkOwn(handler, (node) => {
    const isOne =
      ts.isSwitchStatement(node) && /\.(type|kind|event)$/.test(node.expression.getText());
    if (isOne) found ??= node;
  });
  return found;
}
