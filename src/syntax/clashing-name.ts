import { ts, type TS } from "./compiler.js";
import { namesOfParameters } from "./declarations.js";
import { boundNames } from "./names.js";
import type { Source } from "./source.js";
import { walk } from "./walk.js";

/** A declared name that means something else where its code would go. */
export function clashingName(
  source: Source,
  declared: readonly TS.Identifier[],
  outer: TS.Node,
  around: readonly TS.Statement[],
): string | null {
  const names = new Set(declared.map(({ text }) => text));
  if (names.size === 0) return null;
  const taken = [...parameterNames(outer), ...caughtNames(outer)];
  const found = taken.find((name) => names.has(name));
  if (found !== undefined) return found;
  let clash: string | null = null;
  const visit = (node: TS.Node): boolean => {
    if (node === outer || clash) return false;
    if (ts.isIdentifier(node) && names.has(node.text) && isVisibleAt(source, node, outer)) {
      clash = node.text;
    }
    return true;
  };
  // The clauses of a switch share their names.
  const clause = ts.isCaseOrDefaultClause(outer.parent) ? outer.parent : null;
  const shared = clause ? clause.parent.clauses.flatMap((each) => [...partsOf(each)]) : [];
  for (const statement of new Set([...around, ...shared])) walk(statement, visit);
  return clash;
}

/** The statements of a clause, and what it is compared with. */
function partsOf(clause: TS.CaseOrDefaultClause): readonly TS.Node[] {
  return ts.isCaseClause(clause) ? [clause.expression, ...clause.statements] : clause.statements;
}

/** Nor can the name of what is caught be declared by the statements of its block. */
function caughtNames(outer: TS.Node): string[] {
  const clause = outer.parent.parent as TS.Node | undefined;
  if (!ts.isBlock(outer.parent) || !clause || !ts.isCatchClause(clause)) return [];
  return clause.variableDeclaration ? boundNames(clause.variableDeclaration.name) : [];
}

/** Parameters cannot be declared again by the statements of the body itself. */
function parameterNames(outer: TS.Node): string[] {
  const { parent } = outer;
  if (!ts.isBlock(parent) || !ts.isFunctionLike(parent.parent)) return [];
  return namesOfParameters(parent.parent.parameters).map(({ text }) => text);
}

/** Whether an identifier names a variable that could also be read where the wrapper stands. */
function isVisibleAt({ scope }: Source, identifier: TS.Identifier, outer: TS.Node): boolean {
  if (isMemberName(identifier)) return false;
  const meant = scope.resolve(identifier.text, identifier)?.[0];
  // One that the file does not declare is a global, which would be hidden.
  return meant === scope.resolve(identifier.text, outer)?.[0];
}

/** Whether an identifier names a member of something rather than a variable. */
function isMemberName(identifier: TS.Identifier): boolean {
  const { parent } = identifier;
  if (ts.isBindingElement(parent)) return parent.propertyName === identifier;
  if (ts.isQualifiedName(parent)) return parent.right === identifier;
  const isMember =
    ts.isPropertyAccessExpression(parent) ||
    ts.isPropertyAssignment(parent) ||
    ts.isJsxAttribute(parent) ||
    ts.isNamedTupleMember(parent) ||
    ts.isTypeElement(parent) ||
    ts.isClassElement(parent) ||
    ts.isObjectLiteralElementLike(parent);
  return isMember && parent.name === identifier && !ts.isShorthandPropertyAssignment(parent);
}
