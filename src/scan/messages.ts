import { ts, type TS } from "../syntax/compiler.js";
import { constantValue } from "../syntax/message.js";
import { isParse } from "../syntax/message-reader.js";
import type { NamedFunction } from "../syntax/names.js";
import { findNode, isAssignment, isInlineFunction, unwrapped, walk } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import { carriedType } from "./carried-types.js";
import { hearsChatter, sendsChatter } from "./chatter.js";
import { commandChains } from "./chains.js";
import { commandSwitches } from "./commands.js";
import { decodedBy, encodedIn, type Handling } from "./codecs.js";
import {
  areaOf,
  functionAround,
  idOf,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";
import { isNoMessage } from "./no-message.js";
import { functionMeant } from "../syntax/function-meant.js";
import { onlyCall, pointOf } from "./named-functions.js";

/** What a file has that hands messages to other processes over a channel nobody traces. */
const CHANNEL =
  /["'](ws|socket\.io|socket\.io-client|node:worker_threads|worker_threads|bullmq|bull|amqplib)["']|\bWebSocket\b|process\.send\b/;

/** Whether a file may have a channel at all. */
export function mayHaveChannel({ text }: Source): boolean {
  return CHANNEL.test(text);
}

/** Handlers of messages that a channel brings. */
export const messageReceivers: Detector = {
  finds: "handlers of messages that arrive as text",
  needles: ["message"],
  find: (source) => {
    if (!mayHaveChannel(source)) return [];
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const listening = listenedTo(node, source);
      if (!listening) return;
      const { callback, on } = listening;
      const place = handledAt(source, callback, on);
      if (!place || hearsChatter(source, callback)) return;
      const why = "a message arrives that brings no trace along";
      // What goes on from here needs a span to go on from; a command has one of its own.
      const name = `${areaOf(source)}.message`;
      const span = passesOn(source, callback) ? { span: { name, op: "queue.process" } } : {};
      const arriving = proposal(source, node, 3, why, {
        id: idOf(areaOf(source), "messages-received"),
        use: "trace-receive",
        phase: 2,
        ...place,
        ...span,
      });
      found.push({ ...arriving, channel: "socket" });
    });
    return found;
  },
};

/** Where a message is handled that a callback gets: there, or where it hands on what it got. */
function handledAt(source: Source, callback: TS.Expression, on: string): Handling | null {
  if (isHandler(callback)) {
    return handedTo(source, callback) ?? { at: { listener: "message", on } };
  }
  const isInline = isInlineFunction(callback);
  const own = isInline ? decodedBy(source, callback) : null;
  const target = own ? undefined : rawTaker(source, callback);
  if (!target) return own;
  const at = findNode(target.body, isParse) ? pointOf(target) : null;
  return at ? { at } : decodedBy(source, target);
}

/** Whether a handler, or what it calls in the file, sends messages on, and no command of it does. */
function passesOn(source: Source, handler: TS.Node): boolean {
  if (commandSwitches.find(source).length > 0 || commandChains.find(source).length > 0)
    return false;
  const reached = new Set<TS.Node>([handler]);
  for (const each of reached) {
    walk(each, (node) => {
      const target = ts.isCallExpression(node) ? functionMeant(source, node.expression) : undefined;
      if (target) reached.add(target);
    });
  }
  const sends = (node: TS.Node) => ts.isCallExpression(node) && leavingBy(source, node) !== null;
  return [...reached].some((each) => findNode(each, sends) !== undefined);
}

/** The function of the file that gets what arrived as it is: `(data) => this.take(data.toString())`. */
function rawTaker(source: Source, callback: TS.Expression): ReturnType<typeof functionMeant> {
  const code = unwrapped(callback);
  if (!ts.isArrowFunction(code)) return functionMeant(source, code);
  const name = code.parameters[0]?.name.getText(source.file) ?? "";
  const call = onlyCall(code);
  const given = RAW.exec(call?.arguments[0]?.getText(source.file) ?? "");
  return call && given?.slice(1).includes(name)
    ? functionMeant(source, call.expression)
    : undefined;
}

/** `data`, `data.toString()`, `String(data)`, `event.data`. */
const RAW = /^(?:String\(([\w$]+)\)|([\w$]+)(?:\.toString\((?:["'][\w-]+["'])?\)|\.data)?)$/;

/**
 * The function of the file that gets the message right where it is made, `handle(JSON.parse(text))`,
 * and what the message is called there, where it is not the first parameter.
 */
function handedTo(source: Source, callback: TS.Expression): Handling | null {
  const parse = findNode(callback, isParse);
  for (let node = parse; node && node !== callback; node = node.parent) {
    const { parent } = node;
    if (!ts.isCallExpression(parent)) continue;
    const target = functionMeant(source, parent.expression);
    const index = parent.arguments.findIndex((each) => each === node);
    const name = target?.parameters[index]?.name;
    const at = target && pointOf(target);
    if (!at || !name || !ts.isIdentifier(name)) continue;
    return index === 0 ? { at } : { at, message: `\${${name.text}}` };
  }
  return null;
}

interface Listening {
  readonly on: string;
  readonly callback: TS.Expression;
}

/** `socket.on("message", ...)`, `socket.onmessage = ...`. */
function listenedTo(node: TS.Node, { file }: Source): Listening | null {
  if (ts.isBinaryExpression(node)) {
    const { left, right: callback } = node;
    const isSet = ts.isPropertyAccessExpression(left) && left.name.text === "onmessage";
    return isSet && isAssignment(node.operatorToken.kind)
      ? { on: unwrapped(left.expression).getText(file), callback }
      : null;
  }
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return null;
  const [event] = node.arguments;
  const isMessage = event && ts.isStringLiteralLike(event) && event.text === "message";
  const { name, expression } = node.expression;
  const callback = node.arguments.at(-1);
  if (!isMessage || !callback || !/^(on|once|addEventListener)$/.test(name.text)) return null;
  return { on: unwrapped(expression).getText(file), callback };
}

/** A handler that reads the message as data. */
export function isHandler(callback: TS.Node): callback is NamedFunction {
  if (!ts.isFunctionLike(callback) || !("body" in callback) || !callback.body) return false;
  return callback.parameters.length > 0 && findNode(callback.body, isParse) !== undefined;
}

/** Messages that are made into text and sent. */
export const messageSenders: Detector = {
  finds: "messages that leave as text",
  needles: [".send(", ".send?.("],
  find: (source) => {
    if (!mayHaveChannel(source)) return [];
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const leaving = ts.isCallExpression(node) ? leavingBy(source, node) : null;
      if (!leaving) return;
      const { message, call, isEncoded } = leaving;
      const within = functionAround(node);
      const why = "a message leaves without the trace that it belongs to";
      const sending = proposal(source, node, 3, why, {
        id: idOf(areaOf(source), within ?? "message", "sent"),
        use: "trace-send",
        phase: 2,
        at: { call, ...(within ? { within } : {}) },
        // What it is made into is made of a copy as well.
        ...(isEncoded && !ts.isObjectLiteralExpression(message) ? { allowCopy: true } : {}),
      });
      found.push({ ...sending, channel: "socket", carries: carriedType(source, message) });
    });
    return found;
  },
};

interface Leaving {
  readonly message: TS.Expression;
  /** The call as a rule says it. */
  readonly call: string;
  /** Whether a function of the user's makes it into text. */
  readonly isEncoded: boolean;
}

/** The message that a call sends as text; null for heartbeats, answers and what is none. */
function leavingBy(
  source: Source,
  { expression, arguments: given }: TS.CallExpression,
): Leaving | null {
  const [text, ...others] = given;
  if (!ts.isPropertyAccessExpression(expression) || expression.name.text !== "send") return null;
  if (!text || isReply(text) || isAnswer(expression)) return null;
  const encoded = encodedIn(source, text);
  const message = encoded?.message ?? madeIntoText(source, text);
  if (!message || isNoMessage(source, message) || sendsChatter(source, message)) return null;
  const said = `${encoded?.pattern ?? "$text"}${others.length > 0 ? ", $$$" : ""}`;
  const call = `${expression.getText(source.file)}(${said})`;
  return { message, call, isEncoded: encoded !== null };
}

/** What is made into text on the spot, or just before. */
export function madeIntoText(source: Source, text: TS.Expression): TS.Expression | null {
  const code = constantValue(source, text);
  const [first] = ts.isCallExpression(code) ? code.arguments : [];
  if (!first || !ts.isCallExpression(code)) return null;
  const callee = code.expression.getText();
  if (callee === "JSON.stringify") return first;
  // The text in another form.
  return /^Buffer\.from$|\.encode$/.test(callee) ? madeIntoText(source, first) : null;
}

/** Heartbeats and errors about the channel itself are nobody's work. */
function isReply(message: TS.Expression): boolean {
  const text = message.getText();
  // Of a terminal.
  if (/["']resize["']/.test(text) && /\b(cols|rows)\b/.test(text)) return true;
  return /["'](ping|pong|heartbeat|ack|error|connected|welcome|hello|auth)["']/i.test(text);
}

/** The answer to a request also goes by `send`, and is read by who does not ask for a context. */
function isAnswer({ expression }: TS.PropertyAccessExpression): boolean {
  const code = unwrapped(expression);
  return ts.isCallExpression(code) || /^(.*\.)?(res|resp|response|reply)$/.test(code.getText());
}
