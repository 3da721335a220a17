import { ts, type TS } from "../syntax/compiler.js";
import type { NamedFunction } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import { callsIn, findNode, unwrapped } from "../syntax/walk.js";
import type { Rule } from "../transform.js";
import { carriedType } from "./carried-types.js";
import { decodedBy, decodedOf, type Handling } from "./codecs.js";
import {
  areaOf,
  functionAround,
  idOf,
  meansOnly,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";
import { isHandler, madeIntoText } from "./messages.js";
import { namedFunctions } from "./named-functions.js";
import { isNoMessage } from "./no-message.js";

/** Modules of brokers that hand out messages one by one, and that the SDK does not trace. */
const BROKERS =
  /["'](nats|@nats-io\/[\w-]+|@aws-sdk\/client-(sqs|sns)|aws-lambda|@google-cloud\/pubsub)["']/;
const NEEDLES = ["nats", "@aws-sdk/client-s", "aws-lambda", "@google-cloud/pubsub"];

/** What such a broker calls that which it brings. */
const BROUGHT =
  /\b(Msg|JsMsg|MessageInfo|ConsumeMessage|Message|SQSRecord|SNSEventRecord|SQSEvent|SNSEvent)\b/;

/** The part of it that is the message. */
const CONTENT = /\.(data|Body|body|Message)\b/;

/** Functions that are given what a broker has brought, or ask for it, and read the message in it. */
export const takers: Detector = {
  finds: "functions that read what NATS, SQS, SNS or Pub/Sub has brought",
  needles: NEEDLES,
  find: (source) => {
    if (!BROKERS.test(source.text)) return [];
    return namedFunctions(source, () => true).flatMap(({ node, name, at }): Proposal[] => {
      const place = handlingIn(source, node, at);
      if (!place) return [];
      return [
        proposal(source, node, 3, "a message arrives that brings no trace along", {
          id: idOf(areaOf(source), name),
          use: "trace-receive",
          phase: 2,
          ...place,
          span: { name, op: "queue.process" },
        }),
      ];
    });
  },
};

/** How a rule means what a function does with a message. */
function handlingIn(
  source: Source,
  node: NamedFunction,
  at: NonNullable<Rule["at"]>,
): Handling | null {
  const type = node.parameters[0]?.type?.getText(source.file) ?? "";
  const isList = /Event\b/.test(type);
  if (BROUGHT.test(type) && !isList) {
    const isRead = isHandler(node) && meansOnly(source, at, [{ node }]);
    return isRead ? { at } : decodedBy(source, node);
  }
  return decodedOf(source, node, (given) => isBrought(source, given));
}

/** Whether something is read off what the broker has brought: an element of such a list. */
function isBrought(source: Source, given: TS.Expression): boolean {
  if (!CONTENT.test(given.getText(source.file))) return false;
  const root = findNode(given, ts.isIdentifier);
  const [declared] =
    root && ts.isIdentifier(root) ? (source.scope.resolve(root.text, root) ?? []) : [];
  if (!declared) return false;
  if (ts.isParameter(declared) && declared.type) {
    return BROUGHT.test(declared.type.getText(source.file));
  }
  const list = listOf(declared);
  return list !== null && LISTS.test(list.getText(source.file));
}

/** What a broker brings several messages in, or one after the other. */
const LISTS = /(Records|[mM]essages|[sS]ub(scription)?|[cC]onsumer|[iI]terator)\b/;

/** The list of which a name is an element: in `for (const name of list)`, `list.map((name) => ...)`. */
function listOf(declared: TS.Declaration): TS.Expression | null {
  const loop = declared.parent.parent as TS.Node | undefined;
  if (loop && ts.isForOfStatement(loop)) return loop.expression;
  const call = ts.isParameter(declared) ? declared.parent.parent : undefined;
  const isEach =
    call && ts.isCallExpression(call) && /\.(map|forEach)$/.test(call.expression.getText());
  return isEach && ts.isPropertyAccessExpression(call.expression)
    ? call.expression.expression
    : null;
}

/** Calls by which such a broker gets a message, and the member of what they are given that holds it. */
const HOLDERS: Readonly<Record<string, string>> = {
  SendMessageCommand: "MessageBody",
  PublishCommand: "Message",
  sendMessage: "MessageBody",
  publishMessage: "data",
};

/** Messages that a broker gets as a part of what it is told. */
export const envelopes: Detector = {
  finds: "messages that are handed to SQS, SNS or Pub/Sub",
  needles: NEEDLES,
  find: (source) => {
    if (!BROKERS.test(source.text)) return [];
    return callsIn(source.file).flatMap((call): Proposal[] => {
      const sent = sentBy(source, call);
      if (!sent || isNoMessage(source, sent.message)) return [];
      const within = functionAround(call);
      const isLiteral = ts.isObjectLiteralExpression(unwrapped(sent.message));
      const why = "a message is handed to a broker without the trace that it belongs to";
      const leaving = proposal(source, call, 3, why, {
        id: idOf(areaOf(source), within ?? "message", "published"),
        use: "trace-send",
        phase: 2,
        at: { call: sent.pattern, ...(within ? { within } : {}) },
        // The broker makes it into text.
        ...(sent.isText || isLiteral ? {} : { allowCopy: true }),
      });
      return [{ ...leaving, carries: carriedType(source, sent.message) }];
    });
  },
};

interface Enveloped {
  readonly pattern: string;
  readonly message: TS.Expression;
  readonly isText: boolean;
}

/** `sqs.send(new SendMessageCommand({ MessageBody: text }))`, `topic.publishMessage({ json: message })`. */
function sentBy(source: Source, call: TS.CallExpression): Enveloped | null {
  const callee = unwrapped(call.expression);
  const [given] = call.arguments;
  if (!given || !ts.isPropertyAccessExpression(callee)) return null;
  const code = unwrapped(given);
  const on = callee.getText(source.file);
  const rest = call.arguments.length > 1 ? ", $$$" : "";
  if (callee.name.text === "send" && ts.isNewExpression(code)) {
    const command = code.expression.getText(source.file);
    const [input] = code.arguments ?? [];
    const held = input ? heldIn(source, input, HOLDERS[command]) : null;
    return held && { ...held, pattern: `${on}(new ${command}(${held.pattern})${rest})` };
  }
  const { [callee.name.text]: member } = HOLDERS;
  const held = heldIn(source, code, member);
  return held && { ...held, pattern: `${on}(${held.pattern}${rest})` };
}

/** The message in a member of an object, as text or as it is. */
function heldIn(
  source: Source,
  given: TS.Expression,
  member: string | undefined,
): Enveloped | null {
  const code = unwrapped(given);
  if (member === undefined || !ts.isObjectLiteralExpression(code)) return null;
  const valueOf = (name: string) =>
    code.properties.find(
      (each): each is TS.PropertyAssignment =>
        ts.isPropertyAssignment(each) && each.name.getText(source.file) === name,
    )?.initializer;
  const rest = code.properties.length > 1 ? ", $$$" : "";
  const json = member === "data" ? valueOf("json") : undefined;
  if (json) return { pattern: `{ json: $message${rest} }`, message: json, isText: false };
  const text = valueOf(member);
  const message = text && madeIntoText(source, text);
  return message ? { pattern: `{ ${member}: $text${rest} }`, message, isText: true } : null;
}
