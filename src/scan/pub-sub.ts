import { ts, type TS } from "../syntax/compiler.js";
import { functionMeant } from "../syntax/function-meant.js";
import { callsIn, unwrapped } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import { carriedType } from "./carried-types.js";
import { encodedIn } from "./codecs.js";
import { sendsChatter } from "./chatter.js";
import {
  areaOf,
  functionAround,
  idOf,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";
import { isNoMessage } from "./no-message.js";
import { isHandler, madeIntoText } from "./messages.js";
import { pointOf } from "./named-functions.js";

/** What hands a text to all that have asked for its channel, in whatever process. */
const BROKERS = /["'](ioredis|redis|@redis\/client|mqtt|nats|@google-cloud\/pubsub)["']/;
const NAMED_LIKE_ONE = /redis|pub(sub|lisher)?\b|\bnats|mqtt|broker/i;

/** Messages that are published as text. */
export const publishers: Detector = {
  finds: "messages that are published on a channel (Redis, MQTT, NATS)",
  needles: [".publish("],
  find: (source) =>
    callsIn(source.file).flatMap((call): Proposal[] => {
      const { expression } = call;
      const [channel, text] = call.arguments;
      if (!channel || !text || !ts.isPropertyAccessExpression(expression)) return [];
      if (expression.name.text !== "publish" || !isBroker(source, expression.expression)) return [];
      const encoded = encodedIn(source, text);
      const message = encoded?.message ?? madeIntoText(source, text);
      const within = functionAround(call);
      if (!message || isNoMessage(source, message) || sendsChatter(source, message)) return [];
      const why = "a message is published without the trace that it belongs to";
      const others = call.arguments.length > 2 ? ", $$$" : "";
      const given = `${encoded?.pattern ?? "$text"}${others}`;
      const pattern = `${expression.getText(source.file)}($channel, ${given})`;
      const leaving = proposal(source, call, 3, why, {
        id: idOf(areaOf(source), within ?? "message", "published"),
        use: "trace-send",
        phase: 2,
        at: { call: pattern, ...(within ? { within } : {}) },
        // What it is made into is made of a copy as well.
        ...(encoded && !ts.isObjectLiteralExpression(message) ? { allowCopy: true } : {}),
      });
      return [{ ...leaving, carries: carriedType(source, message) }];
    }),
};

/** What is done with messages that were published. */
export const subscribers: Detector = {
  finds: "handlers of what was published",
  needles: ["message", "ubscribe("],
  find: (source) =>
    callsIn(source.file).flatMap((call): Proposal[] => {
      const { expression } = call;
      const [event, callback] = call.arguments;
      if (!event || !callback || !ts.isPropertyAccessExpression(expression)) return [];
      if (!brings(source, expression, event, callback)) return [];
      const target = isHandler(callback) ? null : functionMeant(source, callback);
      const on = unwrapped(expression.expression).getText(source.file);
      const listener = ts.isStringLiteralLike(event) ? event.text : event.getText(source.file);
      const at = target ? pointOf(target) : { listener, on };
      if (!isHandler(target ?? callback) || !at) return [];
      return [
        proposal(source, call, 3, "a message arrives that brings no trace along", {
          id: idOf(areaOf(source), "messages-subscribed"),
          use: "trace-receive",
          phase: 2,
          at,
        }),
      ];
    }),
};

/** Whether a call hands over what is done with messages: `on("message", ...)`, `subscribe(channel, ...)`. */
function brings(
  source: Source,
  { name, expression }: TS.PropertyAccessExpression,
  event: TS.Expression,
  callback: TS.Expression,
): boolean {
  if (/^p?subscribe$/i.test(name.text))
    return isBroker(source, expression) && !tellsErrors(callback);
  const isMessage = ts.isStringLiteralLike(event) && /^p?message$/.test(event.text);
  if (!isMessage || name.text !== "on") return false;
  return isBroker(source, expression) || hasAsked(source, expression);
}

/** `(error, granted) => ...` is told how subscribing went. */
function tellsErrors(callback: TS.Expression): boolean {
  const [first] = ts.isFunctionLike(callback) ? callback.parameters : [];
  return first !== undefined && /^(e|err|error)$/.test(first.name.getText());
}

/** Whether a file asks something for what is published, by `subscribe`. */
function hasAsked({ text, file }: Source, receiver: TS.Expression): boolean {
  const name = receiver.getText(file);
  return text.includes(`${name}.subscribe(`) || text.includes(`${name}.psubscribe(`);
}

function isBroker({ text, file }: Source, receiver: TS.Expression): boolean {
  return BROKERS.test(text) || NAMED_LIKE_ONE.test(receiver.getText(file));
}
