import { ts, type TS } from "../syntax/compiler.js";
import { moduleOf } from "../syntax/imports.js";
import { constantValue } from "../syntax/message.js";
import type { Source } from "../syntax/source.js";
import { callsIn, enclosingFunction, findNode, unwrapped, walkOwn } from "../syntax/walk.js";
import {
  areaOf,
  functionAround,
  idOf,
  meansOnly,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";
import { namedFunctions, type Named } from "./named-functions.js";

const MODULES = /^((node:)?child_process|execa|cross-spawn|zx|tinyexec)$/;

/** Functions that run a program and tell how it ended: the SDK has no spans of that. */
export const childProcesses: Detector = {
  finds: "functions that run a program until it ends",
  needles: ["child_process", "execa", "cross-spawn", "tinyexec", "nano-spawn"],
  // What people start by hand they look at while it runs.
  paths: /^(?!(.*\/)?cli\/).*\.[cm]?[jt]s$/,
  find: (source) => [
    ...namedFunctions(source, (name) => !LOOKS.test(name)).flatMap((each) => {
      const isRun = startsProgram(source, each) || onlyAwaits(source, each);
      return isRun ? ofFunction(source, each) : [];
    }),
    ...callsIn(source.file).flatMap((call) => stepOf(source, call)),
  ],
};

const LOOKS = /^(is|has|can|check)(?=[A-Z])/;
const WHY = "a program runs until it ends, and no trace shows how long";

function ofFunction(source: Source, each: Named): Proposal[] {
  const { node, name, at } = each;
  if (!meansOnly(source, at, [each])) return [];
  const found = proposal(source, node, 2, WHY, {
    id: idOf(areaOf(source), name),
    use: "wrap-span",
    phase: 3,
    at,
    span: { name: "{{function}}", op: "function" },
  });
  return [{ ...found, isSecond: true }];
}

/** A program that is one step among others of a function, where it says which one. */
function stepOf(source: Source, call: TS.CallExpression): Proposal[] {
  const fn = enclosingFunction(call);
  const within = functionAround(call);
  const [program] = call.arguments;
  if (!fn || within === undefined || LOOKS.test(within) || !isAwaited(source, call)) return [];
  if (!program || !ts.isStringLiteralLike(program) || !/^[\w./-]+$/.test(program.text)) return [];
  if (waitsIn(fn).length < 2) return [];
  const name = program.text.split("/").at(-1) ?? "";
  const at = { call: `${call.expression.getText()}("${program.text}", $$$)`, within };
  if (!meansOnly(source, at, [{ node: call }])) return [];
  return [
    proposal(source, call, 2, WHY, {
      id: idOf(areaOf(source), within, name),
      use: "wrap-span",
      phase: 3,
      at,
      span: { name, op: "function" },
    }),
  ];
}

/** Whether all that a function waits for is one program. */
function onlyAwaits(source: Source, { node }: Named): boolean {
  const [only, ...others] = waitsIn(node);
  return only !== undefined && others.length === 0 && isAwaited(source, unwrapped(only.expression));
}

function waitsIn(fn: TS.Node): TS.AwaitExpression[] {
  const found: TS.AwaitExpression[] = [];
  walkOwn(fn, (node) => {
    if (ts.isAwaitExpression(node)) found.push(node);
  });
  return found;
}

/** `await execa("git", ...)`, `await run("git", ...)` of `const run = promisify(execFile)`. */
function isAwaited(source: Source, call: TS.Expression): call is TS.CallExpression {
  if (!ts.isCallExpression(call) || !ts.isAwaitExpression(call.parent)) return false;
  const callee = unwrapped(call.expression);
  if (!ts.isIdentifier(callee)) return false;
  if (GIVES_PROMISE.test(moduleOf(source, callee) ?? "")) return true;
  const value = constantValue(source, callee);
  const isMade = ts.isCallExpression(value) && /(^|\.)promisify$/.test(value.expression.getText());
  const [made] = isMade ? value.arguments : [];
  return made !== undefined && isStart(source, made);
}

/** Modules that give a promise of the program's end. */
const GIVES_PROMISE = /^(execa|tinyexec|nano-spawn)$/;

/** `return new Promise((resolve, reject) => { const child = spawn(...) ... })`: it ends with the program. */
function startsProgram(source: Source, { node: { body } }: Named): boolean {
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
  return ts.isCallExpression(node) && isStart(source, node.expression);
}

function isStart(source: Source, expression: TS.Expression): boolean {
  const callee = unwrapped(expression);
  const root = ts.isPropertyAccessExpression(callee) ? callee.expression : callee;
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
  const isNamed = /^(spawn|exec|execFile|execa)$/.test(name);
  return isNamed && ts.isIdentifier(root) && MODULES.test(moduleOf(source, root) ?? "");
}
