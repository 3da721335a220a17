import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Worker, MessagePort } from "node:worker_threads";

/**
 * Changes the `_sentry` of what leaves a process or a thread, as somebody else's sender or a proxy
 * may. A preload that reads WIRE (the name of a way) and WIRE_LOG (a file that gets a line for each
 * value changed: over what it went).
 *
 * @typedef {Record<string, unknown>} Message
 * @typedef {(this: unknown, ...args: unknown[]) => unknown} Method
 */

/** Nearly the 1 MB that socket.io takes at most. */
const LONG = 990_000;

/** @type {Record<string, (message: Message) => void>} */
const WAYS = {
  stripped: (message) => delete message["_sentry"],
  number: (message) => (message["_sentry"] = 7),
  "wrong members": (message) => (message["_sentry"] = { trace: {}, baggage: [] }),
  long: (message) => (message["_sentry"] = { trace: "x".repeat(LONG), baggage: "y" }),
  prototype: (message) => (message["_sentry"] = JSON.parse('{ "__proto__": { "trace": 1 } }')),
};

const way = WAYS[process.env.WIRE ?? ""];
if (!way) throw new Error(`WIRE must be one of ${Object.keys(WAYS).join(", ")}`);

/**
 * The messages with a context in a value, which may be one or a list of them or hold one.
 * @param {unknown} value
 * @returns {Message[]}
 */
function messagesIn(value) {
  if (typeof value !== "object" || value === null) return [];
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return [];
  const inside = Object.values(value).flatMap(messagesIn);
  return "_sentry" in value ? [value, ...inside] : inside;
}

/**
 * A copy of a value with other contexts; what has none stays itself.
 * @param {unknown} value
 * @param {string} channel
 */
function changed(value, channel) {
  if (messagesIn(value).length === 0) return value;
  const copy = structuredClone(value);
  for (const message of messagesIn(copy)) {
    way?.(message);
    appendFileSync(process.env.WIRE_LOG ?? "", `${channel}\n`);
  }
  return copy;
}

/**
 * Lets the first argument of a method pass through a function.
 * @param {object | undefined} prototype
 * @param {string} name
 * @param {(value: unknown) => unknown} through
 */
function intercept(prototype, name, through) {
  if (!prototype) return;
  const methods = /** @type {Record<string, Method>} */ (prototype);
  const method = methods[name];
  methods[name] = function (first, ...rest) {
    return method?.call(this, through(first), ...rest);
  };
}

/**
 * The class of a package that the service has, perhaps by way of others.
 * @param {readonly string[]} packages
 * @param {string} name
 * @returns {object | undefined} its prototype
 */
function prototypeFrom(packages, name) {
  try {
    let from = join(process.cwd(), "package.json");
    for (const each of packages) from = createRequire(from).resolve(each);
    /** @type {unknown} */
    const loaded = createRequire(import.meta.url)(from);
    return /** @type {Record<string, { prototype: object }>} */ (loaded)[name]?.prototype;
  } catch (error) {
    const { code } = /** @type {{ code?: string }} */ (error);
    if (code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

intercept(prototypeFrom(["ws"], "WebSocket"), "send", (text) =>
  JSON.stringify(changed(JSON.parse(String(text)), "websocket")),
);
const encoder = prototypeFrom(["socket.io-client", "socket.io-parser"], "Encoder");
intercept(encoder, "encode", (packet) => changed(packet, "socket.io"));
for (const { prototype } of [Worker, MessagePort]) {
  intercept(prototype, "postMessage", (message) => changed(message, "thread"));
}
