import { encloses, type Range } from "../text/edit.js";
import { ts, type TS } from "./compiler.js";
import { ancestors, enclosingFunction, findNode } from "./walk.js";
import type { Source } from "./source.js";

/** Names that browsers provide and Node does not; the others are read off `globalThis`. */
const BROWSER_GLOBALS = new Set([
  "document",
  "history",
  "localStorage",
  "location",
  "self",
  "sessionStorage",
  "window",
]);

/**
 * Whether code that is put before a region can read a name: declared outside the region and
 * initialised by then, or provided by the platform.
 */
export function isReadable(source: Source, name: string, node: TS.Node, region: Range): boolean {
  const { scope, file } = source;
  const at = around(node, region.start, file);
  if (name === "this" || name === "arguments") return hasOwnThis(at);
  const declarations = scope.resolve(name, at) ?? [];
  if (declarations.length === 0) return isGlobal(name);
  const isInside = declarations.some((each) =>
    encloses(region, { start: each.getStart(file), end: each.end }),
  );
  return !isInside && scope.isReadable(name, at, region.start);
}

/** Beside a function nothing is known of its parameters and of what it declares. */
function around(node: TS.Node, offset: number, file: TS.SourceFile): TS.Node {
  const isBeside = offset <= node.getStart(file) || node.end <= offset;
  return isBeside && ts.isFunctionDeclaration(node) ? node.parent : node;
}

/** Whether an expression fails because it reads what the same function declares further down. */
export function readsTooEarly({ scope }: Source, expression: TS.Expression): boolean {
  const isBelow = (each: TS.Declaration, at: TS.Node) =>
    isBlockScoped(each) && each.pos > at.pos && enclosingFunction(each) === enclosingFunction(at);
  const found = findNode(expression, (node) => {
    if (!ts.isIdentifier(node)) return false;
    return scope.resolve(node.text, node)?.some((each) => isBelow(each, node)) ?? false;
  });
  return found !== undefined;
}

function isBlockScoped(declaration: TS.Declaration): boolean {
  if (ts.isClassDeclaration(declaration)) return true;
  return (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.BlockScoped) !== 0;
}

function isGlobal(name: string): boolean {
  return name === "undefined" || name in globalThis || BROWSER_GLOBALS.has(name);
}

/** Whether a function that is no arrow, or a class member, stands around a node. */
function hasOwnThis(at: TS.Node): boolean {
  for (const node of [at, ...ancestors(at)]) {
    if (ts.isArrowFunction(node)) continue;
    if (ts.isFunctionLike(node) || ts.isPropertyDeclaration(node)) return true;
  }
  return false;
}
