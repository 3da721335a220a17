import { ts, type TS } from "./compiler.js";
import { functionMeant } from "./function-meant.js";
import type { Source } from "./source.js";
import { callsIn, enclosingFunction, isInlineFunction, unwrapped, walkOwn } from "./walk.js";

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
 * The functions of a file that are handed to a clock, or to a listener for which the function around
 * does not wait.
 */
export function registrationsIn(source: Source): readonly Registration[] {
  return callsIn(source.file).flatMap((call) => handedOver(source, call));
}

function handedOver(source: Source, node: TS.CallExpression): Registration[] {
  const callee = unwrapped(node.expression);
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
  // What is awaited is no clock, whatever it is called.
  if (ts.isAwaitExpression(node.parent)) return [];
  if (!CLOCKS.test(name) && (!LISTENING.test(name) || isWaitedFor(node))) return [];
  return node.arguments.flatMap((given) => {
    const code = unwrapped(given);
    const fn = isInlineFunction(code) ? code : functionMeant(source, code);
    return fn ? [{ node, fn }] : [];
  });
}

/** Whether the function around waits for something behind a call, or gives back what does. */
function isWaitedFor(node: TS.CallExpression): boolean {
  const fn = enclosingFunction(node);
  if (!fn?.body) return false;
  let isWaiting = ts.isNewExpression(fn.parent);
  walkOwn(fn.body, (each) => {
    if (each.pos >= node.end) isWaiting ||= waits(each);
  });
  return isWaiting;
}

function waits(node: TS.Node): boolean {
  if (ts.isAwaitExpression(node)) return true;
  if (ts.isForOfStatement(node)) return node.awaitModifier !== undefined;
  const value = ts.isReturnStatement(node) && node.expression ? unwrapped(node.expression) : null;
  return value !== null && (ts.isCallExpression(value) || ts.isNewExpression(value));
}
