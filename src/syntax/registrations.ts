import { ts, type TS } from "./compiler.js";
import { functionMeant, isInlineFunction } from "./function-meant.js";
import type { Source } from "./source.js";
import { callsIn, enclosingFunction, findNode, unwrapped } from "./walk.js";

/** A function that is handed to what calls it later, again and again. */
export interface Registration {
  readonly node: TS.CallExpression;
  readonly fn: TS.Node;
}

/** What calls a function as long as the program runs. */
const CLOCKS = /^(setInterval|schedule|scheduleJob)$/;
/** What calls it with each message or event. */
const LISTENING = /^(on|addListener|prependListener|addEventListener|p?subscribe)$/i;

/**
 * The functions of a file that are handed to a clock, a listener or a subscription, and by whom it is
 * not awaited what they bring: nothing is awaited behind it in the function around.
 */
export function registrationsIn(source: Source): readonly Registration[] {
  return callsIn(source.file).flatMap((call) => handedOver(source, call));
}

function handedOver(source: Source, node: TS.CallExpression): Registration[] {
  const callee = unwrapped(node.expression);
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
  const isClock = CLOCKS.test(name);
  if (!isClock && (!LISTENING.test(name) || isAwaitedFor(node))) return [];
  return node.arguments.flatMap((given) => {
    const code = unwrapped(given);
    const fn = isInlineFunction(code) ? code : functionMeant(source, code);
    return fn ? [{ node, fn }] : [];
  });
}

/** Whether the function around waits for something behind a call, which may be what it brings. */
function isAwaitedFor(node: TS.CallExpression): boolean {
  const fn = enclosingFunction(node);
  if (!fn?.body) return false;
  const isPromised = ts.isNewExpression(fn.parent);
  const waits = findNode(fn.body, (each) => each.pos >= node.end && ts.isAwaitExpression(each));
  return isPromised || waits !== undefined;
}
