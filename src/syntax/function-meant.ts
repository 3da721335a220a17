import { ts, type TS } from "./compiler.js";
import type { NamedFunction } from "./names.js";
import type { Source } from "./source.js";
import { ancestors, unwrapped } from "./walk.js";

/**
 * The method of the same class, or the function of the same file, that an expression means: also one
 * in a constant or a field, and one that `bind` gives back.
 */
export function functionMeant(
  source: Source,
  expression: TS.Expression,
): NamedFunction | undefined {
  const code = unwrapped(expression);
  if (ts.isIdentifier(code)) {
    const declared = source.scope.resolve(code.text, code) ?? [];
    return declared.map(functionIn).find((each) => each !== undefined);
  }
  if (ts.isCallExpression(code)) {
    const { expression: callee } = code;
    const isBound = ts.isPropertyAccessExpression(callee) && callee.name.text === "bind";
    // With more, the parameters are others.
    return isBound && code.arguments.length === 1
      ? functionMeant(source, callee.expression)
      : undefined;
  }
  if (!ts.isPropertyAccessExpression(code)) return undefined;
  if (code.expression.kind !== ts.SyntaxKind.ThisKeyword) return undefined;
  const owner = [...ancestors(code)].find(ts.isClassLike);
  const named = owner?.members.filter(({ name }) => name?.getText() === code.name.text) ?? [];
  return named.map(functionIn).find((each) => each !== undefined);
}

/** The function that a declaration declares, or holds for good. */
function functionIn(declaration: TS.Declaration): NamedFunction | undefined {
  if (isFunctionWithBody(declaration)) return declaration;
  const isVariable = ts.isVariableDeclaration(declaration);
  if (!isVariable && !ts.isPropertyDeclaration(declaration)) return undefined;
  const isConstant = !isVariable || (declaration.parent.flags & ts.NodeFlags.Const) !== 0;
  const value = declaration.initializer && unwrapped(declaration.initializer);
  return isConstant && value && isFunctionWithBody(value) ? value : undefined;
}

/** Whether a node is a function that can be called by a name, with a body. */
export function isFunctionWithBody(node: TS.Node): node is NamedFunction {
  const isOne =
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isArrowFunction(node) ||
    ts.isFunctionExpression(node);
  return isOne && node.body !== undefined;
}
