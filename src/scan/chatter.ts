import { ts, type TS } from "../syntax/compiler.js";
import { constantValue } from "../syntax/message.js";
import { propertyName } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { callsIn, enclosingFunction, unwrapped, walk } from "../syntax/walk.js";
import { functionMeant } from "../syntax/function-meant.js";

/** Kinds of messages that keep a channel open, say who listens to it, or what it has. */
const CHATTER =
  /^(heart-?beat|keep-?alive|ping|pong|ack|hello|welcome|auth(enticate)?|connected|ready|(un)?subscribed?|join|leave|error|(get|request|sync)-?(state|status)|(state|status)-?(response|sync))([-_:](ack|ok|response))?$/i;

/** Messages that wait in such a list bring their own traces. */
const BATCH = /^(updates|events|messages)$/;

/** Whether a handler knows kinds of messages of which none starts work. */
export function hearsChatter(source: Source, handler: TS.Node): boolean {
  const called = callsBelow(handler).flatMap(
    (call) => functionMeant(source, call.expression) ?? [],
  );
  const kinds = [handler, ...called].flatMap(kindsTold);
  return kinds.length > 0 && kinds.every((kind) => CHATTER.test(kind));
}

/** Whether all that goes through a function that sends is chatter, or has its contexts in it. */
export function sendsChatter(source: Source, message: TS.Expression): boolean {
  const fn = enclosingFunction(message);
  const code = unwrapped(message);
  const index = fn?.parameters.findIndex(({ name }) => name.getText() === code.getText()) ?? -1;
  if (!fn || index < 0) return false;
  const given = callsIn(source.file)
    .filter((call) => functionMeant(source, call.expression) === fn)
    .map((call) => call.arguments[index]);
  return given.length > 0 && given.every((each) => each && isChatter(source, each));
}

function isChatter(source: Source, message: TS.Expression): boolean {
  const code = unwrapped(constantValue(source, message));
  if (!ts.isObjectLiteralExpression(code)) return false;
  return code.properties.some((each) => {
    const name = each.name && propertyName(each.name);
    if (name && BATCH.test(name)) return true;
    const value = ts.isPropertyAssignment(each) ? unwrapped(each.initializer) : null;
    return (
      name &&
      /^(type|kind|op|event)$/.test(name) &&
      value &&
      ts.isStringLiteralLike(value) &&
      CHATTER.test(value.text)
    );
  });
}

/** Literals that the kind of something is compared with. */
function kindsTold(node: TS.Node): string[] {
  const kinds: string[] = [];
  walk(node, (inner) => {
    if (ts.isCaseClause(inner) && isKind(inner.parent.parent.expression)) {
      if (ts.isStringLiteralLike(inner.expression)) kinds.push(inner.expression.text);
    }
    if (!ts.isBinaryExpression(inner) || !isKind(inner.left)) return;
    const isCompared = /^[!=]==?$/.test(inner.operatorToken.getText());
    if (isCompared && ts.isStringLiteralLike(inner.right)) kinds.push(inner.right.text);
  });
  return kinds;
}

function isKind(expression: TS.Expression): boolean {
  const code = unwrapped(expression);
  return (
    ts.isPropertyAccessExpression(code) && /^(type|kind|event|action|op)$/.test(code.name.text)
  );
}

function callsBelow(node: TS.Node): TS.CallExpression[] {
  const calls: TS.CallExpression[] = [];
  walk(node, (inner) => {
    if (ts.isCallExpression(inner)) calls.push(inner);
  });
  return calls;
}
