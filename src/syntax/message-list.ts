import { ts, type TS } from "./compiler.js";
import { flowOf } from "./control-flow.js";
import { canBeObject, isMadeHere, messageOf, valueOf, type Message } from "./message.js";
import { propertyName } from "./names.js";
import { isReason, reason, type Reason } from "./reason.js";
import type { Source } from "./source.js";
import { unwrapped } from "./walk.js";

/**
 * Finds the messages of a call: of a list that is made where it is sent, each of its elements, or what
 * an element says is its `data`, as jobs do; else the one message of the call.
 * @param named the argument that the rule captures as `$message`
 */
export function messagesOf(
  source: Source,
  call: TS.CallExpression,
  named: TS.Expression | undefined,
): readonly (Message | Reason)[] {
  const given = named ?? call.arguments[0];
  // What is handed to something else in the call, such as `JSON.stringify`, is one message.
  const isList = given?.parent === call;
  const elements = isList ? elementsOf(valueOf(source, given)) : [];
  if (!given || elements.length === 0) return [messageOf(source, call, named)];
  if (isUsedElsewhere(source, given)) return [reason("list-in-use", given.getText())];
  return elements.map((element): Message | Reason => {
    const node = dataOf(element);
    if (isReason(node)) return node;
    const isShorthand = ts.isShorthandPropertyAssignment(node.parent);
    return { node, isCopied: isMadeHere(node), isShorthand };
  });
}

/** The objects that a list is made of where it is written out, or made of another one. */
function elementsOf(list: TS.Expression): readonly TS.ObjectLiteralExpression[] {
  const code = unwrapped(list);
  if (ts.isArrayLiteralExpression(code)) {
    const all = code.elements.map(unwrapped);
    const objects = all.filter(ts.isObjectLiteralExpression);
    return objects.length === all.length ? objects : [];
  }
  if (!ts.isCallExpression(code) || !/\.map$/.test(code.expression.getText())) return [];
  const made = code.arguments[0] && returnedBy(code.arguments[0]);
  return made && ts.isObjectLiteralExpression(made) ? [made] : [];
}

/** What a function written on the spot gives back where nothing else can be. */
function returnedBy(fn: TS.Expression): TS.Expression | null {
  if (!ts.isArrowFunction(fn)) return null;
  if (!ts.isBlock(fn.body)) return unwrapped(fn.body);
  const [returned, ...others] = flowOf(fn.body.statements).returns;
  const isLast = others.length === 0 && returned === fn.body.statements.at(-1);
  return isLast && returned?.expression ? unwrapped(returned.expression) : null;
}

/**
 * What an element says is its data, where it describes a job: `{ name, data: {...}, opts }`; else the
 * element.
 */
function dataOf(element: TS.ObjectLiteralExpression): TS.Expression | Reason {
  const { properties } = element;
  const named = (name: RegExp) =>
    properties.find((each) => name.test(each.name ? (propertyName(each.name) ?? "") : ""));
  const data = named(/^data$/);
  if (!data || !named(/^(name|opts|options|queue)$/)) return element;
  if (ts.isShorthandPropertyAssignment(data)) return data.name;
  const isGiven = ts.isPropertyAssignment(data) && canBeObject(data.initializer);
  // Of the job itself, a queue takes nothing but what it knows.
  return isGiven
    ? data.initializer
    : reason("no-message", "it stands in no `data: ...` of its own");
}

/** Whether a list has a name by which other code sees it as well. */
function isUsedElsewhere(source: Source, list: TS.Expression): boolean {
  const code = unwrapped(list);
  if (!ts.isIdentifier(code)) return false;
  const [declaration] = source.scope.resolve(code.text, code) ?? [];
  const name = declaration && ts.isVariableDeclaration(declaration) ? declaration.name : null;
  if (!name || !ts.isIdentifier(name)) return true;
  return source.scope.references(name, (use) => use !== name && use !== code).length > 0;
}
