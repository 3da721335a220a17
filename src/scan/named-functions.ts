import { ts, type TS } from "../syntax/compiler.js";
import { functionName, qualifiedName, type NamedFunction } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { walk } from "../syntax/walk.js";
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
    if (!isNamed(node)) return;
    const [own, name] = [functionName(node), qualifiedName(node)];
    if (own === null || name === null || !test(own)) return;
    const isMethod = ts.isMethodDeclaration(node) && ts.isClassLike(node.parent);
    found.push({ node, name, at: isMethod ? { method: name } : { function: name } });
  });
  return found;
}

function isNamed(node: TS.Node): node is NamedFunction {
  const isOne =
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isArrowFunction(node) ||
    ts.isFunctionExpression(node);
  return isOne && node.body !== undefined;
}
