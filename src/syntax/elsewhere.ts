import { ts, type TS } from "./compiler.js";
import { moduleOf } from "./imports.js";
import { perFile } from "./per-file.js";
import type { Source } from "./source.js";
import { unwrapped } from "./walk.js";

/** Whether a file says anything that sends a function away as text. */
const maySend = perFile(({ text }) =>
  /\beval\b|new Function\b|toString\(\)|<script|\$\$?eval|evaluate|executeScript|addInitScript|waitForFunction/.test(
    text,
  ),
);

/** Methods of browsers' drivers that run a function in a page. */
const IN_PAGES =
  /^(\$\$?eval|evaluateHandle|evaluateOnNewDocument|addInitScript|executeScript|executeAsyncScript|waitForFunction)$/;

/** Others have methods of these names too. */
const PERHAPS_IN_PAGES = /^evaluate(All)?$/;
const PAGES = /(page|frame|browser|context|locator|handle|element|worker|tab|driver)$/i;
const DRIVERS = /playwright|puppeteer|webdriver|selenium|stagehand/;

/** What runs a file's code in a sandbox, which has nothing of Node; null where it runs as others do. */
export const sandboxOf = perFile((file): string | null => {
  const isOfWorkflow = file.statements.some(
    (each) =>
      ts.isImportDeclaration(each) &&
      ts.isStringLiteral(each.moduleSpecifier) &&
      each.moduleSpecifier.text === "@temporalio/workflow" &&
      each.importClause?.isTypeOnly !== true,
  );
  return isOfWorkflow ? "a workflow of Temporal" : null;
});

/** How a function goes to where the names around it mean nothing; null where it does not. */
export function sentAway(source: Source, fn: TS.SignatureDeclaration): string | null {
  if (!maySend(source.file)) return null;
  const { parent } = fn;
  if (ts.isCallExpression(parent) && parent.expression !== fn) return takenInto(source, parent);
  if (ts.isPropertyAssignment(parent) && /^(func|function)$/.test(parent.name.getText())) {
    const call = parent.parent.parent;
    if (ts.isCallExpression(call)) return takenInto(source, call);
  }
  return madeIntoText(source, fn);
}

function takenInto(source: Source, { expression }: TS.CallExpression): string | null {
  const callee = unwrapped(expression);
  if (!ts.isPropertyAccessExpression(callee)) return null;
  const { text } = callee.name;
  const isSent =
    IN_PAGES.test(text) ||
    (PERHAPS_IN_PAGES.test(text) &&
      (PAGES.test(callee.expression.getText()) || DRIVERS.test(source.text)));
  return isSent ? callee.getText() : null;
}

/** `${work}`, `String(work)`, `work.toString()`: what runs then is a copy of its text. */
function madeIntoText(source: Source, fn: TS.SignatureDeclaration): string | null {
  const { parent } = fn;
  const name = ts.isVariableDeclaration(parent) ? parent.name : fn.name;
  if (!name || !ts.isIdentifier(name)) return null;
  const use = source.scope.references(name).find(isText);
  return use ? use.getText() : null;
}

function isText(use: TS.Identifier): boolean {
  const { parent } = use;
  if (ts.isTemplateSpan(parent)) return true;
  if (ts.isPropertyAccessExpression(parent)) {
    return parent.expression === use && parent.name.text === "toString";
  }
  return ts.isCallExpression(parent) && parent.expression.getText() === "String";
}

/** What the SDK hands to the functions that it is given. */
const HANDED =
  /^((Error|Transaction|Feedback)?Event(Hint)?|Breadcrumb(Hint)?|(Traces)?Sampl(er|ing)\w*|Log|SpanJSON|StreamedSpanJSON)$/;

/** Whether a function's first parameter is of a type that the SDK hands to its hooks. */
export function takesSdkEvent(source: Source, fn: TS.SignatureDeclaration): boolean {
  const type = fn.parameters[0]?.type;
  if (!type || !ts.isTypeReferenceNode(type)) return false;
  const { typeName } = type;
  const [root, last] = ts.isQualifiedName(typeName)
    ? [typeName.left, typeName.right.text]
    : [typeName, typeName.text];
  if (!HANDED.test(last) || !ts.isIdentifier(root)) return false;
  return moduleOf(source, root)?.startsWith("@sentry/") === true;
}
