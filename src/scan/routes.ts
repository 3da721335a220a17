import { ts, type TS } from "../syntax/compiler.js";
import type { Source } from "../syntax/source.js";
import { handlerIn, HTTP_METHODS } from "../syntax/function-points.js";
import { hasModifier, walkOwn } from "../syntax/walk.js";
import { isOverEvent } from "./commands.js";
import { idOf, proposal, type Detector, type Proposal } from "./detector.js";

/** Handlers of routes that tell kinds of events apart. */
export const routes: Detector = {
  finds: "handlers of Next.js routes that tell kinds of events apart",
  needles: ["export async function", "export const", "export default"],
  paths: /(^|\/)(route\.[jt]sx?|pages\/api\/.*\.[jt]s)$/,
  find: (source) => {
    return source.file.statements
      .flatMap((statement) => handlersIn(source, statement))
      .flatMap(({ method, handler, isDefault }): Proposal[] => {
        const isMeant = isPage(source) ? isDefault : HTTP_METHODS.has(method) && method !== "GET";
        if (!isMeant) return [];
        const kinds = switchOver(handler);
        if (!kinds) return [];
        const on = kinds.expression.getText(source.file);
        const path = source.path
          .replace(/^.*?\/?api\//, "")
          .replace(/(\/route|\/index)?\.\w+$/, "");
        const name = `api.${path.replace(/[^\w]+/g, ".").replace(/^\.|\.$/g, "")}`;
        const why = "the request is traced, what it does with its event is not";
        return [
          proposal(source, kinds, 2, why, {
            id: idOf("api", path),
            use: "wrap-span",
            phase: 3,
            at: { switch: on, within: method },
            span: { name, op: "function", attributes: { [on]: `\${${on}}` } },
            // Routes answer from within.
            allowInactive: true,
          }),
        ];
      });
  },
};

/** Whether a file is a route of the older kind: what it exports by default answers all methods. */
function isPage({ path }: Source): boolean {
  return path.includes("pages/api/");
}

interface Handler {
  readonly method: string;
  readonly handler: TS.Node;
  readonly isDefault: boolean;
}

function handlersIn(source: Source, statement: TS.Statement): Handler[] {
  if (ts.isFunctionDeclaration(statement)) {
    const isDefault = hasModifier(statement, ts.SyntaxKind.DefaultKeyword);
    return [{ method: statement.name?.text ?? "default", handler: statement, isDefault }];
  }
  if (ts.isExportAssignment(statement)) {
    const handler = handlerIn(source, statement.expression);
    return handler ? [{ method: "default", handler, isDefault: true }] : [];
  }
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.flatMap(({ name, initializer }) => {
    const handler = initializer && handlerIn(source, initializer);
    return handler ? [{ method: name.getText(), handler, isDefault: false }] : [];
  });
}

/** The switch of a handler itself that is over the kind of something. */
function switchOver(handler: TS.Node): TS.SwitchStatement | undefined {
  let found: TS.SwitchStatement | undefined;
  walkOwn(handler, (node) => {
    if (ts.isSwitchStatement(node) && isOverEvent(node.expression)) found ??= node;
  });
  return found;
}
