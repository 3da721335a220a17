import { ts, type TS } from "../syntax/compiler.js";
import { constantValue } from "../syntax/message.js";
import { qualifiedName, type NamedFunction } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { findNode, isInlineFunction, unwrapped, walk } from "../syntax/walk.js";
import type { Rule } from "../transform.js";
import { carriedType } from "./carried-types.js";
import { isChannel, isLifecycle, isMessage, isOwnPort } from "./channels.js";
import { elementOf } from "./list-type.js";
import { isNoMessage } from "./no-message.js";
import { functionMeant } from "../syntax/function-meant.js";
import { onlyCall, pointOf } from "./named-functions.js";
import {
  areaOf,
  functionAround,
  idOf,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";

/** Objects that are handed to a channel as they are. */
export const objectSenders: Detector = {
  finds: "messages that leave as objects (socket.io, threads, child processes)",
  needles: [".emit(", ".postMessage(", ".send(", ".send?.("],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const sent = ts.isCallExpression(node) ? sentBy(source, node) : null;
      if (!sent) return;
      const within = functionAround(node);
      const why = "a message leaves without the trace that it belongs to";
      const leaving = proposal(source, node, 3, why, {
        id: idOf(areaOf(source), within ?? "message", "sent"),
        use: "trace-send",
        phase: 2,
        at: { call: sent.pattern, ...(within ? { within } : {}) },
        // What another process gets is a copy anyway.
        ...(sent.isShared ? { allowCopy: true } : {}),
      });
      found.push({
        ...leaving,
        carries: carriedType(source, sent.message),
        ...(sent.isEvent ? { channel: "socket" } : {}),
      });
    });
    return found;
  },
};

/** Whether a handler only settles the promise of who asked, in whose trace that goes on. */
function settles({ body }: NamedFunction): boolean {
  const isSettling = (node: TS.Node) =>
    ts.isCallExpression(node) && /(^|\.)(resolve|reject)$/.test(node.expression.getText());
  return findNode(body, isSettling) !== undefined && !findNode(body, ts.isAwaitExpression);
}

interface Sent {
  readonly pattern: string;
  readonly message: TS.Expression;
  readonly isShared: boolean;
  /** Whether it goes over a socket, to who listens to events of that name. */
  readonly isEvent: boolean;
}

function sentBy(source: Source, call: TS.CallExpression): Sent | null {
  const callee = unwrapped(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || !/^(emit|send|postMessage)$/.test(callee.name.text))
    return null;
  const [first, second] = call.arguments;
  const isEmit = callee.name.text === "emit";
  const message = isEmit ? second : first;
  const others = call.arguments.slice(isEmit ? 2 : 1);
  // What is called with the answer is no part of the message.
  if (!first || !message || !others.every((each) => isEmit && isInlineFunction(each))) return null;
  if (isEmit && !(ts.isStringLiteralLike(first) && !isLifecycle(first.text))) return null;
  if (isNoMessage(source, message) || !isChannel(source, callee.expression)) return null;
  const isShared = !ts.isObjectLiteralExpression(unwrapped(message));
  // Others in the same file may have a method of that name as well.
  const channel = unwrapped(callee.expression);
  const on = ts.isCallExpression(channel) ? "$channel" : channel.getText(source.file);
  const rest = others.length > 0 ? ", $$$" : "";
  const given = isEmit ? `${first.getText(source.file)}, $message${rest}` : "$message";
  const pattern = `${on}.${callee.name.text}(${given})`;
  const isCopied = callee.name.text === "postMessage";
  return { pattern, message, isShared: isShared && !isCopied, isEvent: isEmit };
}

function isList(type: TS.TypeNode | undefined): boolean {
  return type !== undefined && elementOf(type) !== undefined;
}

/** Handlers of objects that a channel brings. */
export const objectReceivers: Detector = {
  finds: "handlers of such messages",
  needles: [".on(", ".once("],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      const listening = listeningAt(source, node);
      if (listening && settles(listening.handler)) return;
      const place = listening && placeOf(source, listening);
      if (!listening || !place) return;
      const { at, message } = place;
      const arriving = proposal(source, node, 3, "a message arrives that brings no trace along", {
        id: idOf(areaOf(source), listening.event),
        use: "trace-receive",
        phase: 2,
        at,
        ...(message === null ? {} : { message: `\${${message}}` }),
      });
      found.push({ ...arriving, ...(listening.event === "message" ? {} : { channel: "socket" }) });
    });
    return found;
  },
};

/** Methods of Nest's gateways, which get what pages and others send over a socket. */
export const gateways: Detector = {
  finds: "handlers of Nest's gateways (`@SubscribeMessage`)",
  needles: ["@SubscribeMessage("],
  find: (source) => {
    const found: Proposal[] = [];
    walk(source.file, (node) => {
      if (!ts.isMethodDeclaration(node) || !isSubscribed(node)) return;
      const [at, name, message] = [pointOf(node), qualifiedName(node), bodyOf(node)];
      if (!at || name === null || message === null) return;
      const why = "a message arrives that brings no trace along";
      found.push(
        proposal(source, node, 3, why, {
          id: idOf(name),
          use: "trace-receive",
          phase: 2,
          at,
          message: `\${${message}}`,
          span: { name, op: "function" },
        }),
      );
    });
    return found;
  },
};

function isSubscribed(node: TS.HasDecorators): boolean {
  return calledDecorators(node).includes("SubscribeMessage");
}

function calledDecorators(node: TS.HasDecorators): string[] {
  return (ts.getDecorators(node) ?? []).flatMap(({ expression }) =>
    ts.isCallExpression(expression) ? [expression.expression.getText()] : [],
  );
}

/** What a method of a gateway calls the message: the parameter that says so, else the one behind the client. */
function bodyOf({ parameters }: TS.MethodDeclaration): string | null {
  const told = parameters.find((each) => calledDecorators(each).includes("MessageBody"));
  const isTold = parameters.some((each) => calledDecorators(each).length > 0);
  const parameter = told ?? (isTold ? undefined : parameters[1]);
  return parameter && ts.isIdentifier(parameter.name) ? parameter.name.text : null;
}

/** A handler that a channel calls with each message. */
interface Listening {
  readonly event: string;
  readonly channel: TS.Expression;
  /** A function there, or one of the file by its name. */
  readonly handler: NamedFunction;
  readonly isInline: boolean;
}

function listeningAt(source: Source, node: TS.Node): Listening | null {
  const callee = ts.isCallExpression(node) ? unwrapped(node.expression) : null;
  if (!ts.isCallExpression(node) || !callee || !ts.isPropertyAccessExpression(callee)) return null;
  const { name, expression: channel } = callee;
  const [event, handler] = node.arguments;
  if (!/^(on|once)$/.test(name.text) || !event || !ts.isStringLiteralLike(event)) return null;
  const code = handler && unwrapped(handler);
  const isInline = code && isInlineFunction(code);
  const fn = isInline ? code : code && functionMeant(source, code);
  if (!fn || fn.parameters.length === 0) return null;
  if (!isMessage(source, event.text, channel) || !isChannel(source, channel)) return null;
  return { event: event.text, channel, handler: fn, isInline: isInline === true };
}

interface Place {
  readonly at: NonNullable<Rule["at"]>;
  /** What the message is called there, where it is not the first parameter. */
  readonly message: string | null;
}

/** Where a message is handled: by whom the handler hands it to, or by itself; null for a list of them. */
function placeOf(source: Source, { event, channel, handler, isInline }: Listening): Place | null {
  if (!isInline) {
    const at = pointOf(handler);
    return at && !isList(handler.parameters[0]?.type) ? { at, message: null } : null;
  }
  const passed = ts.isArrowFunction(handler) ? passedTo(handler) : null;
  const target = passed ? functionMeant(source, passed.call.expression) : undefined;
  const at = target && pointOf(target);
  const parameter = target?.parameters[passed?.index ?? 0];
  if (isList(parameter?.type) || isList(handler.parameters[0]?.type)) return null;
  if (at && parameter && ts.isIdentifier(parameter.name)) {
    return { at, message: passed?.index === 0 ? null : parameter.name.text };
  }
  const [first] = handler.parameters;
  const isEvent = first && ts.isIdentifier(first.name) && bringsEvents(source, channel);
  const message = isEvent ? `${first.name.getText()}.data` : null;
  return { at: { listener: event, on: unwrapped(channel).getText(source.file) }, message };
}

/** Whether a channel hands out events that hold the message, as Electron's utility processes do. */
function bringsEvents(source: Source, channel: TS.Expression): boolean {
  const code = unwrapped(constantValue(source, channel));
  return isOwnPort(code);
}

interface Passed {
  readonly call: TS.CallExpression;
  readonly index: number;
}

/** `(note) => this.take(note)`, with or without `void` and braces. */
function passedTo(handler: TS.ArrowFunction): Passed | null {
  const call = onlyCall(handler);
  if (!call) return null;
  const name = handler.parameters[0]?.name.getText();
  const index = call.arguments.findIndex((each) => each.getText() === name);
  return index < 0 ? null : { call, index };
}
