import { ts, type TS } from "../syntax/compiler.js";
import { className, functionName, qualifiedName, type NamedFunction } from "../syntax/names.js";
import { isFunctionWithBody } from "../syntax/function-meant.js";
import { makerOf } from "../syntax/named-points.js";
import type { Source } from "../syntax/source.js";
import { hasModifier, unwrapped, walk } from "../syntax/walk.js";
import type { Rule } from "../transform.js";

/** A function that a rule can mean by its name. */
export interface Named {
  readonly node: NamedFunction;
  /** With its class, where it is a method. */
  readonly name: string;
  readonly at: NonNullable<Rule["at"]>;
}

/** The functions, methods and functions in variables whose own names pass a test. */
export function namedFunctions({ file }: Source, test: (name: string) => boolean): Named[] {
  const found: Named[] = [];
  walk(file, (node) => {
    if (!isFunctionWithBody(node)) return;
    const [own, name, at] = [functionName(node), qualifiedName(node), pointOf(node)];
    if (own !== null && name !== null && at && test(own)) found.push({ node, name, at });
  });
  return found;
}

/** The functions that such a function gives back: `createHandler()`. */
export function givenBack({ file }: Source, test: (name: string) => boolean): Named[] {
  const found: Named[] = [];
  walk(file, (node) => {
    if (!isFunctionWithBody(node) || functionName(node) !== null) return;
    const maker = makerOf(node);
    const at = maker && pointOf(maker);
    const own = maker ? functionName(maker) : null;
    const name = maker ? qualifiedName(maker) : null;
    if (!at || own === null || name === null || !test(own)) return;
    const made = Object.fromEntries(Object.entries(at).map(([key, each]) => [key, `${each}()`]));
    found.push({ node, name, at: made });
  });
  return found;
}

/** How a rule means a function: a method of a class without a name it cannot. */
export function pointOf(fn: TS.FunctionLikeDeclaration): Named["at"] | null {
  const [name, own] = [qualifiedName(fn), functionName(fn)];
  if (name === null || own === null) return null;
  if (!ts.isMethodDeclaration(fn) || !ts.isClassLike(fn.parent)) return { function: own };
  return className(fn) === null ? null : { method: name };
}

/** The statement of a function in a variable: `export const run = async () => ...`. */
export function statementOf({ parent }: TS.Node): TS.Node | null {
  if (!ts.isVariableDeclaration(parent)) return null;
  return ts.isVariableStatement(parent.parent.parent) ? parent.parent.parent : null;
}

/** Whether others may call a function: it is exported, or a public member of a class. */
export function isOpen(node: Named["node"]): boolean {
  const member = ts.isMethodDeclaration(node) ? node : node.parent;
  if (ts.isClassElement(member) && ts.isClassLike(member.parent)) {
    const isHidden = member.name !== undefined && ts.isPrivateIdentifier(member.name);
    const isOwn =
      hasModifier(member, ts.SyntaxKind.PrivateKeyword) ||
      hasModifier(member, ts.SyntaxKind.ProtectedKeyword);
    return !isHidden && !isOwn;
  }
  const holder: TS.Node | null = ts.isFunctionDeclaration(node) ? node : statementOf(node);
  return holder !== null && hasModifier(holder, ts.SyntaxKind.ExportKeyword);
}

/** The one call that a callback makes, with or without braces, `void`, `await` and `.catch(...)`. */
export function onlyCall({ body }: TS.ArrowFunction): TS.CallExpression | null {
  const only = ts.isBlock(body) && body.statements.length === 1 ? body.statements[0] : undefined;
  const code = only && ts.isExpressionStatement(only) ? only.expression : body;
  return ts.isBlock(code) ? null : startedBy(code);
}

/** The call that an expression begins, behind `void`, `await` and what is chained to it. */
export function startedBy(expression: TS.Expression): TS.CallExpression | null {
  const code = unwrapped(expression);
  if (ts.isVoidExpression(code) || ts.isAwaitExpression(code)) return startedBy(code.expression);
  if (!ts.isCallExpression(code)) return null;
  const callee = unwrapped(code.expression);
  const isHandled =
    ts.isPropertyAccessExpression(callee) && /^(catch|finally|then)$/.test(callee.name.text);
  return isHandled ? startedBy(callee.expression) : code;
}
