import { ts, type TS } from "../syntax/compiler.js";
import { functionName, type NamedFunction } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { isAsync, unwrapped, walk } from "../syntax/walk.js";
import { idOf, meansOnly, proposal, type Detector, type Proposal } from "./detector.js";
import { namedFunctions, pointOf } from "./named-functions.js";

/** What a table of handlers is called, or what those are called that it is made for. */
const TABLE = /(handlers|commands|actions|processors|executors|jobs|tasks|tools)$/i;

/** Functions that a table has for the kinds of something: `{ "start-build": startBuild, deploy }`. */
export const handlerTables: Detector = {
  finds: "functions that a table has for the kinds of something",
  needles: ["andlers", "ommands", "ctions", "rocessors", "xecutors", "obs", "asks", "ools"],
  paths: /^(?!.*(\/hooks\/|\/use-)).*\.[cm]?[jt]s$/,
  find: (source) => {
    const named = new Map(
      namedFunctions(source, () => true).map(({ node }) => [functionName(node) ?? "", node]),
    );
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const entries = tableOf(source, node).map((name) => named.get(name));
      const handlers = entries.filter((each) => each !== undefined && isAsync(each));
      if (handlers.length < 2 || handlers.length < entries.length) return;
      for (const each of handlers) if (each) found.push(...handlerOf(source, each));
    });
    return found;
  },
};

function handlerOf(source: Source, node: NamedFunction): Proposal[] {
  const at = pointOf(node);
  if (!at || !meansOnly(source, at, [{ node }])) return [];
  const name = functionName(node) ?? "";
  const why = "a table has it for one kind of work, and nothing tells it from the others";
  const span = { name: "{{function}}", op: "function" };
  const rule = { id: idOf(name), use: "wrap-span", phase: 1, at, span };
  return [{ ...proposal(source, node, 2, why, rule), isSecond: true }];
}

/** The names of the functions of a table that is called so; none where something else is in it. */
function tableOf({ file }: Source, node: TS.Node): readonly string[] {
  if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name)) return [];
  const value = node.initializer && unwrapped(node.initializer);
  if (!value || !ts.isObjectLiteralExpression(value) || !TABLE.test(node.name.text)) return [];
  const names = value.properties.map((each) => {
    if (ts.isShorthandPropertyAssignment(each)) return each.name.text;
    const code = ts.isPropertyAssignment(each) ? unwrapped(each.initializer) : null;
    return code && ts.isIdentifier(code) ? code.getText(file) : null;
  });
  return names.every((each) => each !== null) ? names : [];
}
