import { ts, type TS } from "../syntax/compiler.js";
import { moduleOf } from "../syntax/imports.js";
import type { Source } from "../syntax/source.js";
import { findNode, unwrapped } from "../syntax/walk.js";
import { areaOf, idOf, meansOnly, proposal, type Detector, type Proposal } from "./detector.js";
import { namedFunctions, type Named } from "./named-functions.js";

const MODULES = /^((node:)?child_process|execa|cross-spawn|zx|tinyexec)$/;

/** Functions that run a program and tell how it ended: the SDK has no spans of that. */
export const childProcesses: Detector = {
  finds: "functions that run a program until it ends",
  needles: ["child_process", "execa", "cross-spawn", "tinyexec"],
  // What people start by hand they look at while it runs.
  paths: /^(?!(.*\/)?cli\/).*\.[cm]?[jt]s$/,
  find: (source) =>
    namedFunctions(source, (name) => !/^(is|has|can|check)(?=[A-Z])/.test(name)).flatMap(
      (each): Proposal[] => {
        const { node, name, at } = each;
        if (!runsProgram(source, each) || !meansOnly(source, at, [each])) return [];
        const why = "a program runs until it ends, and no trace shows how long";
        const found = proposal(source, node, 2, why, {
          id: idOf(areaOf(source), name),
          use: "wrap-span",
          phase: 3,
          at,
          span: { name: "{{function}}", op: "function" },
        });
        return [{ ...found, isSecond: true }];
      },
    ),
};

/** `return new Promise((resolve, reject) => { const child = spawn(...) ... })`: it ends with the program. */
function runsProgram(source: Source, { node }: Named): boolean {
  const { body } = node;
  const made = findNode(body, (each) => {
    const isPromise = ts.isNewExpression(each) && each.expression.getText() === "Promise";
    return (
      isPromise &&
      isGivenBack(each) &&
      findNode(each, (inner) => starts(source, inner)) !== undefined
    );
  });
  return made !== undefined;
}

/** What a function gives back, or waits for. */
function isGivenBack({ parent }: TS.Node): boolean {
  return ts.isReturnStatement(parent) || ts.isAwaitExpression(parent) || ts.isArrowFunction(parent);
}

/** `spawn("git", ...)` of such a module. */
function starts(source: Source, node: TS.Node): boolean {
  if (!ts.isCallExpression(node)) return false;
  const callee = unwrapped(node.expression);
  const root = ts.isPropertyAccessExpression(callee) ? callee.expression : callee;
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
  const isStart = /^(spawn|exec|execFile|execa)$/.test(name);
  return isStart && ts.isIdentifier(root) && MODULES.test(moduleOf(source, root) ?? "");
}
