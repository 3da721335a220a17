import { ts, type TS } from "./compiler.js";
import { sameCode } from "./fingerprint.js";
import { propertyName } from "./names.js";
import { unwrapped, walk } from "./walk.js";

/** What the `$names` of a pattern stand for in one match. */
export type Captures = Readonly<Record<string, TS.Expression>>;

/**
 * Parses a pattern such as `save($id, "now", $$$)`.
 * @returns the expression, or null when the text is not one whole expression
 */
export function parseExpression(text: string): TS.Expression | null {
  const file = ts.createSourceFile("pattern.ts", `(${text}\n)`, ts.ScriptTarget.Latest, true);
  const { parseDiagnostics } = file as { parseDiagnostics?: readonly unknown[] };
  const [statement, ...others] = file.statements;
  if (parseDiagnostics?.length || others.length > 0) return null;
  if (!statement || !ts.isExpressionStatement(statement)) return null;
  const { expression } = statement;
  return ts.isParenthesizedExpression(expression) ? expression.expression : null;
}

/** The names that the code of an expression reads, members left out. */
export function namesIn(code: string): string[] {
  const names: string[] = [];
  const parsed = parseExpression(code);
  if (!parsed) return names;
  walk(parsed, (node) => {
    const isMember = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
    if (ts.isIdentifier(node) && !isMember) names.push(node.text);
  });
  return names;
}

/** Matches code against a pattern; `$x` captures, `$_` is any code, `$$$` takes the rest of arguments, elements or members. */
export function matchPattern(pattern: TS.Expression, code: TS.Expression): Captures | null {
  const captures: Record<string, TS.Expression> = {};
  return matches(pattern, code, captures) ? captures : null;
}

function matches(
  pattern: TS.Expression,
  code: TS.Expression,
  captures: Record<string, TS.Expression>,
): boolean {
  const wanted = unwrapped(pattern);
  const name = captureName(wanted);
  if (name === "_") return true;
  if (name) return capture(name, code, captures);
  const found = unwrapped(code);
  if (ts.isCallExpression(wanted)) {
    return (
      ts.isCallExpression(found) &&
      matches(wanted.expression, found.expression, captures) &&
      matchArguments(wanted.arguments, found.arguments, captures)
    );
  }
  if (ts.isNewExpression(wanted)) {
    return (
      ts.isNewExpression(found) &&
      matches(wanted.expression, found.expression, captures) &&
      matchArguments(wanted.arguments ?? [], found.arguments ?? [], captures)
    );
  }
  if (ts.isArrayLiteralExpression(wanted)) {
    return (
      ts.isArrayLiteralExpression(found) &&
      matchArguments(wanted.elements, found.elements, captures)
    );
  }
  if (ts.isPropertyAccessExpression(wanted)) {
    return (
      ts.isPropertyAccessExpression(found) &&
      wanted.name.text === found.name.text &&
      matches(wanted.expression, found.expression, captures)
    );
  }
  if (sameCode(wanted, found)) return true;
  const areObjects = ts.isObjectLiteralExpression(wanted) && ts.isObjectLiteralExpression(found);
  return areObjects && matchMembers(wanted, found, captures);
}

/** `{ body: $text, $$$ }` matches an object with that member, in whatever order. */
function matchMembers(
  wanted: TS.ObjectLiteralExpression,
  found: TS.ObjectLiteralExpression,
  captures: Record<string, TS.Expression>,
): boolean {
  const isOthers = ({ name }: TS.ObjectLiteralElementLike) =>
    name !== undefined && ts.isIdentifier(name) && isRest(name);
  const named = wanted.properties.filter((each) => !isOthers(each));
  const isOpen = named.length < wanted.properties.length;
  if (!isOpen && named.length !== found.properties.length) return false;
  return named.every((member) => {
    const pattern = valueOf(member);
    const name = member.name && propertyName(member.name);
    const other = found.properties.find((each) => each.name && propertyName(each.name) === name);
    const value = other && valueOf(other);
    return Boolean(name && pattern && value && matches(pattern, value, captures));
  });
}

function valueOf(member: TS.ObjectLiteralElementLike): TS.Expression | null {
  if (ts.isPropertyAssignment(member)) return member.initializer;
  return ts.isShorthandPropertyAssignment(member) ? member.name : null;
}

function matchArguments(
  wanted: readonly TS.Expression[],
  found: readonly TS.Expression[],
  captures: Record<string, TS.Expression>,
): boolean {
  for (const [index, pattern] of wanted.entries()) {
    if (isRest(pattern)) return true;
    const argument = found[index];
    // What is spread may be several, or none.
    if (!argument || (ts.isSpreadElement(argument) && !ts.isSpreadElement(pattern))) return false;
    if (!matches(pattern, argument, captures)) return false;
  }
  return wanted.length === found.length;
}

function capture(name: string, code: TS.Expression, captures: Record<string, TS.Expression>) {
  const known = captures[name];
  if (known) return sameCode(known, code);
  captures[name] = code;
  return true;
}

function captureName(node: TS.Expression): string | null {
  if (!ts.isIdentifier(node) || isRest(node)) return null;
  return /^\$\w+$/.test(node.text) ? node.text.slice(1) : null;
}

function isRest(node: TS.Expression): boolean {
  return ts.isIdentifier(node) && node.text.startsWith("$$$");
}
