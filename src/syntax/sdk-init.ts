import { ts, type TS } from "./compiler.js";
import { isSentryModule } from "./imports.js";
import { perFile } from "./per-file.js";
import type { Source } from "./source.js";
import { callsIn, unwrapped } from "./walk.js";

/** Whether a call is that of the SDK's `init`, in whatever way the file gets hold of the package. */
export function callsSdkInit(source: Source, call: TS.CallExpression): boolean {
  const callee = unwrapped(call.expression);
  if (ts.isPropertyAccessExpression(callee)) {
    return callee.name.text === "init" && isSdk(source, callee.expression);
  }
  if (!ts.isIdentifier(callee)) return false;
  const [declaration] = source.scope.resolve(callee.text, callee) ?? [];
  if (!declaration || nameTakenBy(declaration) !== "init") return false;
  if (ts.isImportSpecifier(declaration)) {
    return isSdkSpecifier(declaration.parent.parent.parent.moduleSpecifier);
  }
  const { parent } = declaration.parent;
  const value = ts.isVariableDeclaration(parent) ? parent.initializer : undefined;
  return value !== undefined && isSdk(source, value);
}

const initsIn = perFile((file) => callsIn(file).filter(({ expression }) => endsInInit(expression)));

function endsInInit(callee: TS.Expression): boolean {
  const code = unwrapped(callee);
  return ts.isPropertyAccessExpression(code) ? code.name.text === "init" : ts.isIdentifier(code);
}

/** The calls by which a file starts the SDK. */
export function sdkInits(source: Source): readonly TS.CallExpression[] {
  if (!source.text.includes("@sentry/") || !/\binit\b/.test(source.text)) return [];
  return initsIn(source.file).filter((call) => callsSdkInit(source, call));
}

/** What a name was called where it was taken from. */
function nameTakenBy(declaration: TS.Declaration): string | null {
  if (!ts.isImportSpecifier(declaration) && !ts.isBindingElement(declaration)) return null;
  return (declaration.propertyName ?? declaration.name).getText();
}

/** Whether an expression's value is the SDK's module. */
function isSdk(source: Source, expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  if (ts.isAwaitExpression(code)) return isSdk(source, code.expression);
  if (ts.isPropertyAccessExpression(code)) {
    return code.name.text === "default" && isSdk(source, code.expression);
  }
  if (ts.isCallExpression(code)) {
    const isLoad =
      code.expression.kind === ts.SyntaxKind.ImportKeyword ||
      code.expression.getText() === "require";
    return isLoad && isSdkSpecifier(code.arguments[0]);
  }
  if (!ts.isIdentifier(code)) return false;
  const [declaration] = source.scope.resolve(code.text, code) ?? [];
  if (!declaration) return false;
  if (ts.isVariableDeclaration(declaration)) {
    const { initializer } = declaration;
    return initializer !== undefined && isSdk(source, initializer);
  }
  const isWhole = ts.isNamespaceImport(declaration) || ts.isImportClause(declaration);
  return isWhole && isSdkSpecifier(importOfWhole(declaration).moduleSpecifier);
}

function importOfWhole(clause: TS.NamespaceImport | TS.ImportClause): TS.ImportDeclaration {
  return (
    ts.isNamespaceImport(clause) ? clause.parent.parent : clause.parent
  ) as TS.ImportDeclaration;
}

function isSdkSpecifier(specifier: TS.Expression | undefined): boolean {
  return (
    specifier !== undefined && ts.isStringLiteralLike(specifier) && isSentryModule(specifier.text)
  );
}

const BROWSER_SDK =
  /^@sentry\/(browser|react|vue|svelte|solid|angular|ember|wasm|nextjs|gatsby|astro|nuxt|remix|react-router|tanstackstart-react|sveltekit)$/;
const ONLY_BROWSER = /^@sentry\/(browser|react|vue|svelte|solid|angular|ember|gatsby)$/;
const CLIENT_FILE = /(^|[./-])(client|browser)\.[cm]?[jt]sx?$/;

/** Whether the SDK that a file starts runs in a page: by its package, else by the file's name. */
export function isInBrowser({ file, path, text }: Source): boolean {
  const specifiers = [...text.matchAll(/["'](@sentry\/[\w-]+)["']/g)].map(([, name]) => name ?? "");
  if (specifiers.some((name) => ONLY_BROWSER.test(name))) return true;
  const mayBe = specifiers.some((name) => BROWSER_SDK.test(name));
  const [first] = file.statements;
  const isClient =
    first !== undefined &&
    ts.isExpressionStatement(first) &&
    ts.isStringLiteral(first.expression) &&
    first.expression.text === "use client";
  return mayBe && (isClient || CLIENT_FILE.test(path) || /\.client\.config\./.test(path));
}
