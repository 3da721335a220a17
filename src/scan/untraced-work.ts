import { ts, type TS } from "../syntax/compiler.js";
import { moduleOf } from "../syntax/imports.js";
import { functionName } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { callsIn, findNode, isAsync, unwrapped } from "../syntax/walk.js";
import {
  areaOf,
  functionAround,
  idOf,
  meansOnly,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";
import { isOpen, namedFunctions, type Named } from "./named-functions.js";
import { hasOwnSpan, isInOwnSpan } from "./own-span.js";
import { callsItself, weightOf } from "./weight.js";

/** What computes for long, or speaks a protocol of its own, and has no instrumentation. */
const UNTRACED =
  /(^|[/@-])(\w*pdf\w*|sharp|jimp|\w*canvas|puppeteer|playwright|\w*ffmpeg|tesseract|mammoth|docx|xlsx|exceljs|archiver|jszip|unzipper|yauzl|mjml|simple-git|isomorphic-git|dockerode|ssh2?|esbuild|webpack|rollup|transformers|onnxruntime)(\.?js)?(-(core|dist|lib|node|extra))?(\/|$)/;

/** Literals, one of which a file that uses such a module contains. */
const NEEDLES = [
  ...["pdf", "sharp", "jimp", "canvas", "puppeteer", "playwright", "ffmpeg", "tesseract"],
  ...["mammoth", "docx", "xlsx", "exceljs", "archiver", "jszip", "unzipper", "yauzl"],
  ...["mjml", "-git", "dockerode", "ssh", "esbuild", "webpack"],
  ...["rollup", "transformers", "onnxruntime"],
];

/** Mails that leave by SMTP, which no instrumentation knows. */
export const mails: Detector = {
  finds: "mails that are sent (nodemailer)",
  needles: [".sendMail("],
  paths: /\.[cm]?[jt]sx?$/,
  find: (source) =>
    callsIn(source.file).flatMap((call): Proposal[] => {
      const { expression, parent } = call;
      const isSent =
        ts.isPropertyAccessExpression(expression) && expression.name.text === "sendMail";
      const isKept = ts.isAwaitExpression(parent) || ts.isReturnStatement(parent);
      if (!isSent || !isKept || isInOwnSpan(call)) return [];
      const found = proposal(source, call, 2, "a mail is sent, which the SDK does not trace", {
        id: "mails",
        use: "wrap-span",
        phase: 3,
        at: { call: "$transport.sendMail($$$)" },
        span: { name: "mail.send", op: "function" },
      });
      // What is called so itself sends the mails of all that call it.
      const isWhole = functionAround(call) === "sendMail";
      return [{ ...found, isSecond: true, ...(isWhole ? { covers: [".sendMail"] } : {}) }];
    }),
};

/** Functions that wait for such work. */
export const untracedWork: Detector = {
  finds: "functions that wait for what the SDK does not trace: PDFs, images, browsers, archives",
  needles: NEEDLES,
  paths: /^(?!.*\.client\.)(?!(.*\/)?(cli|scripts?)\/).*\.[cm]?[jt]sx?$/,
  find: (source) =>
    namedFunctions(source, (name) => !MAKES.test(name)).flatMap((each): Proposal[] => {
      const { node, name, at } = each;
      const isCalled =
        isOpen(node) &&
        isAsync(node) &&
        !hasOwnSpan(node) &&
        !callsItself(node, functionName(node) ?? "");
      const by = isCalled ? untracedIn(source, each) : null;
      const weight = weightOf(node);
      if (by === null || weight < LEAST || !meansOnly(source, at, [each])) return [];
      const found = proposal(source, node, 2, `it waits for ${by}, which the SDK does not trace`, {
        id: idOf(areaOf(source), name),
        use: "wrap-span",
        phase: 3,
        at,
        span: { name: "{{function}}", op: "function" },
      });
      return [{ ...found, isSecond: true, weight }];
    }),
};

/** What weighs less is a line or two, which its caller's span tells of. */
const LEAST = 1;

/** What only prepares such work, or looks whether there is any. */
const MAKES = /^(is|has|can|check|get|create|make|init|setup|load|configure|register)(?=[A-Z]|$)/;

/** What a function waits for that is not traced. */
function untracedIn(source: Source, { node }: Named): string | null {
  let by: string | null = null;
  findNode(node.body, (each) => {
    if (ts.isAwaitExpression(each)) by ??= untracedBy(source, each.expression, 0);
    return by !== null;
  });
  return by;
}

const MAX_DEPTH = 3;

/** The module that an expression begins with, also by way of constants that were made with it. */
function untracedBy(source: Source, expression: TS.Expression, depth: number): string | null {
  const code = unwrapped(expression);
  if (ts.isAwaitExpression(code)) return untracedBy(source, code.expression, depth);
  if (ts.isCallExpression(code) || ts.isNewExpression(code)) {
    return untracedBy(source, code.expression, depth);
  }
  if (ts.isPropertyAccessExpression(code)) return untracedBy(source, code.expression, depth);
  if (!ts.isIdentifier(code)) return null;
  const module = moduleOf(source, code);
  if (module !== null) return isPackage(module) && UNTRACED.test(module) ? module : null;
  if (depth > MAX_DEPTH) return null;
  const [declared] = source.scope.resolve(code.text, code) ?? [];
  const value = declared && ts.isVariableDeclaration(declared) ? declared.initializer : undefined;
  return value ? untracedBy(source, value, depth + 1) : null;
}

/** Not a file of the tree, or one by an alias for it. */
function isPackage(module: string): boolean {
  return !/^([./~#]|@\/)/.test(module);
}
