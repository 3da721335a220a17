import { ts, type TS } from "../syntax/compiler.js";
import { callsIn } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import { carriedType } from "./carried-types.js";
import { sendsChatter } from "./chatter.js";
import {
  areaOf,
  functionAround,
  idOf,
  proposal,
  type Detector,
  type Proposal,
} from "./detector.js";
import { isHandler, madeIntoText } from "./messages.js";

/** What hands a text to all that have asked for its channel, in whatever process. */
const BROKERS = /["'](ioredis|redis|@redis\/client|mqtt|nats)["']/;
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
      const message = madeIntoText(source, text);
      const within = functionAround(call);
      if (!message || sendsChatter(source, message)) return [];
      const why = "a message is published without the trace that it belongs to";
      const pattern = `${expression.getText(source.file)}($channel, $text)`;
      const leaving = proposal(source, call, 3, why, {
        id: idOf(areaOf(source), within ?? "message", "published"),
        use: "trace-send",
        phase: 2,
        at: { call: pattern, ...(within ? { within } : {}) },
      });
      return [{ ...leaving, carries: carriedType(source, message) }];
    }),
};

/** What is done with messages that were published. */
export const subscribers: Detector = {
  finds: "handlers of what was published",
  needles: ["message"],
  find: (source) =>
    callsIn(source.file).flatMap((call): Proposal[] => {
      const { expression } = call;
      const [event, callback] = call.arguments;
      if (!event || !callback || !ts.isPropertyAccessExpression(expression)) return [];
      const isMessage = ts.isStringLiteralLike(event) && /^p?message$/.test(event.text);
      if (!isMessage || expression.name.text !== "on" || !isHandler(callback)) return [];
      if (!isBroker(source, expression.expression)) return [];
      return [
        proposal(source, call, 3, "a message arrives that brings no trace along", {
          id: idOf(areaOf(source), "messages-subscribed"),
          use: "trace-receive",
          phase: 2,
          at: { listener: event.text, on: expression.expression.getText(source.file) },
        }),
      ];
    }),
};

function isBroker({ text, file }: Source, receiver: TS.Expression): boolean {
  return BROKERS.test(text) || NAMED_LIKE_ONE.test(receiver.getText(file));
}
