import ts from "typescript";
import type { Texts } from "./tree.js";

/** The first syntax error of a text, if any. */
export function syntaxError(path: string, text: string): string | null {
  const file = parse(path, text) as ts.SourceFile & {
    parseDiagnostics?: readonly ts.Diagnostic[];
  };
  const [first] = file.parseDiagnostics ?? [];
  if (!first) return null;
  const { line } = file.getLineAndCharacterOfPosition(first.start ?? 0);
  return `${path}:${line + 1}: ${ts.flattenDiagnosticMessageText(first.messageText, " ")}`;
}

/** How many calls of `startSpan` a text has. */
export function countSpans(path: string, text: string): number {
  let spans = 0;
  const visit = (node: ts.Node) => {
    if (ts.isCallExpression(node) && /(^|\.)startSpan$/.test(node.expression.getText())) spans++;
    ts.forEachChild(node, visit);
  };
  visit(parse(path, text));
  return spans;
}

/** Where awaited calls begin (`line:column`, from 1). */
export function awaitedCalls(path: string, text: string): Set<string> {
  const file = parse(path, text);
  const places = new Set<string>();
  const visit = (node: ts.Node) => {
    if (ts.isAwaitExpression(node) && ts.isCallExpression(bare(node.expression))) {
      const { line, character } = file.getLineAndCharacterOfPosition(node.expression.getStart());
      places.add(`${line + 1}:${character + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return places;
}

function bare(node: ts.Expression): ts.Expression {
  const isAround =
    ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node);
  return isAround ? bare(node.expression) : node;
}

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** Whether a path is source that a compiler reads. */
export function isSource(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path);
}

/** The source files of a tree as text. */
export function sourcesOf(texts: Texts): [path: string, text: string][] {
  return [...texts].flatMap(([path, text]) =>
    isSource(path) ? [[path, text.toString("utf8")] as [string, string]] : [],
  );
}
