import { ts, type TS } from "../syntax/compiler.js";
import { enclosingFunctionNames } from "../syntax/names.js";
import {
  callsIn,
  findNode,
  hasModifier,
  isAsync,
  unwrapped,
  walk,
  walkOwn,
} from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import { idOf, meansOnly, proposal, type Detector, type Proposal } from "./detector.js";
import { namedFunctions, statementOf, type Named } from "./named-functions.js";

/** Query builders over drivers that no SDK traces. */
const UNTRACED =
  /["'](drizzle-orm(\/(pglite|better-sqlite3|libsql|bun-sqlite|node-sqlite)[\w-]*)?|better-sqlite3|@electric-sql\/pglite|@libsql\/client)["']/;
const OWN_DATABASE = /from ["'][^"']*\/db(\/[^"']*)?["']/;
const DATABASE = "(\\w+\\.)*\\w*(db|tx|database|conn|client)";
const WRITE = new RegExp(`^${DATABASE}\\.(insert|update|delete|transaction)\\($`, "i");
const TRANSACTION = new RegExp(`^${DATABASE}\\.transaction$`, "i");

function usesDatabase({ text }: Source): boolean {
  return UNTRACED.test(text) || OWN_DATABASE.test(text);
}

/** Functions that persist something in several queries. */
export const writes: Detector = {
  finds: "functions that persist something in several queries",
  needles: [".insert(", ".update(", ".transaction("],
  find: (source) => {
    if (!usesDatabase(source) || /(^|\/)route\.[jt]sx?$/.test(source.path)) return [];
    const writing = namedFunctions(source, () => true).filter(
      ({ node, at }) =>
        at.function !== undefined && isAsync(node) && findNode(node, isWrite) !== undefined,
    );
    const writers = writing.filter(({ name }) => WRITERS.test(name));
    const names = new Set(writers.map(({ name }) => name));
    const several = writing.filter(
      (each) =>
        !names.has(each.name) && writesMuch(source, each) && meansOnly(source, each.at, [each]),
    );
    const why = "what it writes is one step, and its queries tell no more";
    const span = (name: string) => ({ name, op: "db" });
    return [
      ...writers
        .filter(({ name }) => !isPart(source, name, names))
        .map(({ node, name }) => {
          const at = { call: `${name}($$$)` };
          return proposal(source, node, 2, why, {
            ...{ id: idOf(name), use: "wrap-span", phase: 4, at, span: span(name) },
          });
        }),
      ...several.map(({ node, name, at }) => ({
        ...proposal(source, node, 1, why, {
          ...{ id: idOf(name), use: "wrap-span", phase: 4, at, span: span("{{function}}") },
        }),
        isSecond: true,
      })),
    ];
  },
};

/** Whether a function that others call writes several times, and not in one transaction. */
function writesMuch({ file }: Source, { node }: Named): boolean {
  const holder = ts.isFunctionDeclaration(node) ? node : statementOf(node);
  if (!holder || !hasModifier(holder, ts.SyntaxKind.ExportKeyword)) return false;
  let count = 0;
  let isInOne = false;
  walkOwn(node.body, (inner) => {
    if (!ts.isCallExpression(inner)) return;
    if (isWrite(inner) && !/client\.\w+$/i.test(inner.expression.getText(file))) count++;
    if (TRANSACTION.test(inner.expression.getText(file))) isInOne = true;
  });
  return count > FEW_QUERIES && !isInOne;
}

const WRITERS = /^(persist|finali[sz]e|save|store|record)/;

/** What only others of them call is a part of those. */
function isPart(source: Source, name: string, writers: ReadonlySet<string>): boolean {
  const callers = callsOf(source, name).map(enclosingFunctionNames);
  const isInside = (around: readonly string[]) =>
    around.some((each) => each !== name && writers.has(each));
  return callers.length > 0 && callers.every(isInside);
}

function callsOf({ file }: Source, name: string): TS.Node[] {
  return callsIn(file).filter(({ expression }) => expression.getText(file) === name);
}

function isWrite(node: TS.Node): boolean {
  return ts.isCallExpression(node) && WRITE.test(`${node.expression.getText()}(`);
}

/** The text of a path without what only the compiler sees: `(db as Client).transaction`. */
function plainPath(expression: TS.Expression): string {
  const code = unwrapped(expression);
  return ts.isPropertyAccessExpression(code)
    ? `${plainPath(code.expression)}.${code.name.text}`
    : code.getText();
}

/** Transactions that are awaited, or returned, where they begin. */
export const transactions: Detector = {
  finds: "transactions",
  needles: [".transaction("],
  find: (source) => {
    // Of `better-sqlite3` itself, `transaction` only makes a function.
    const isDriver = /["']better-sqlite3["']/.test(source.text) && !source.text.includes("drizzle");
    if (!usesDatabase(source) || isDriver) return [];
    return callsIn(source.file).flatMap((call): Proposal[] => {
      const callee = plainPath(call.expression);
      const [work] = call.arguments;
      if (!work || !TRANSACTION.test(callee) || !isWork(work) || !isWaitedFor(call)) return [];
      return [
        proposal(source, call, 2, "several writes that belong together, and nothing tells so", {
          id: idOf(callee),
          use: "wrap-span",
          phase: 4,
          at: { call: `${callee}($$$)` },
          span: { name: "{{function}} transaction", op: "db" },
        }),
      ];
    });
  },
};

/** What is no more than this is hardly a step of its own. */
const FEW_QUERIES = 2;

/** What runs in a transaction: written there, or handed on. */
function isWork(given: TS.Expression): boolean {
  const code = unwrapped(given);
  if (!ts.isArrowFunction(code) && !ts.isFunctionExpression(code)) return ts.isIdentifier(code);
  const name = code.parameters[0]?.name.getText();
  let queries = 0;
  let isMuch = false;
  walk(code.body, (node) => {
    if (ts.isIterationStatement(node, false) || isOverAll(node)) isMuch = true;
    if (!ts.isIdentifier(node) || node.text !== name) return;
    if (ts.isPropertyAccessExpression(node.parent)) queries++;
    // Who is given the transaction does as much with it as it likes.
    else if (ts.isCallExpression(node.parent)) isMuch = true;
  });
  return isMuch || queries > FEW_QUERIES;
}

function isOverAll(node: TS.Node): boolean {
  return ts.isCallExpression(node) && /^Promise\.all/.test(node.expression.getText());
}

function isWaitedFor({ parent }: TS.CallExpression): boolean {
  return ts.isAwaitExpression(parent) || ts.isReturnStatement(parent) || ts.isArrowFunction(parent);
}
