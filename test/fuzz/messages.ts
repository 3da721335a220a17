import { plain, simple } from "./expressions.js";
import { typed, type Place, type Writer } from "./writer.js";

/** Types of messages, which are also the values of `case` clauses. */
export const TYPES = ["alpha", "beta", "gamma"] as const;

/** A statement about messages: its lines, the message it makes, the box it sends with. */
interface Spoken {
  readonly lines: readonly string[];
  readonly message?: string;
  readonly box?: string;
}

/** Makes a message, sends one, or takes one off the wire. */
export function spoken(writer: Writer, place: Place): Spoken {
  return writer.choices.pick([made, parsed, sent, sent, sent, passed])(writer, place);
}

type Form = (writer: Writer, place: Place) => Spoken;

const made: Form = (writer, place) => {
  const name = writer.fresh("m");
  const line = `const ${name}${typed(writer, "any")} = ${literal(writer, place)}${writer.end}`;
  return { lines: [line], message: name };
};

const parsed: Form = (writer, place) => {
  const { choices, end } = writer;
  const name = writer.fresh("m");
  const wire = `wire(${place.task}, ${simple(writer, place)})`;
  const code = choices.pick([
    `JSON.parse(${wire})`,
    `JSON.parse(${wire})`,
    `JSON.parse(${wire})`,
    `JSON.parse(${wire})`,
    `(JSON.parse(${wire}))`,
    `{ ...JSON.parse(${wire}) }`,
  ]);
  const kind = choices.chance(93) ? "const" : "let";
  return { lines: [`${kind} ${name} = ${code}${end}`], message: name };
};

const sent: Form = (writer, place) => {
  const { choices, end } = writer;
  const known = place.boxes[0];
  const box = known ?? writer.fresh("o");
  const opened = known ? [] : [`const ${box} = box(${place.task}, 1)${end}`];
  const message = messageIn(writer, place);
  const text = writer.fresh("text");
  const lines = choices.pick<readonly string[]>([
    [`${box}.send(JSON.stringify(${message}))${end}`],
    [`${box}.send(JSON.stringify(${message}))${end}`],
    [`${box}.send(JSON.stringify([${message}, ${simple(writer, place)}]))${end}`],
    [`const ${text} = JSON.stringify(${message})${end}`, `${box}.send(${text})${end}`],
    [
      `const ${text} = JSON.stringify(${message})${end}`,
      `${box}.send(${text})${end}`,
      `${box}?.send(${text})${end}`,
    ],
    [`${box}.send(JSON.stringify(${message}, (_, v) => v))${end}`],
    [
      `const ${text} = JSON.stringify(${message})${end}`,
      `${box}.send(${text})${end}`,
      `log(${place.task}, ${writer.tag()}, ${text})${end}`,
    ],
    [`${box}.send(Buffer.from(JSON.stringify(${message})).toString())${end}`],
    [`${box}.send(${message})${end}`],
    [`${box}.send("text")${end}`],
    [`${box}.send(${simple(writer, place)}, ${message})${end}`],
    [`${box}.postMessage(${literal(writer, place)})${end}`],
    [`${box}.postMessage(JSON.parse(wire(${place.task}, ${simple(writer, place)})))${end}`],
    [`${box}.push(${message})${end}`],
    [
      `log(${place.task}, ${writer.tag()}, ${box}.push(${message}) === ${simple(writer, place)})${end}`,
    ],
    [`bus.emit("message", fork(${place.task}), ${literal(writer, place)})${end}`],
    ...(place.messages[0] ? [alike(writer, place, box, place.messages[0])] : []),
  ]);
  return { lines: [...opened, ...lines], box };
};

/** Whether the receiver got the very message. */
function alike({ tag, end }: Writer, { task }: Place, box: string, message: string): string[] {
  return [`log(${task}, ${tag()}, ${box}.push(${message}) === ${message})${end}`];
}

/** A message that a call is given. */
const passed: Form = (writer, place) => {
  const [message] = place.messages;
  if (!message) return made(writer, place);
  const { choices, end } = writer;
  const call = choices.pick([
    `sleep(${place.task}, 1, ${message})`,
    `sleep(${place.task}, 1, ${message})`,
    `sleep?.(${place.task}, 1, ${message}.value)`,
    ...(/method|derived/.test(place.own)
      ? Array<string>(5).fill(`sleep(${place.task}, 1, this.twice)`)
      : []),
  ]);
  const given = place.isAsync && choices.chance(70) ? `await ${call}` : `void ${call}`;
  return { lines: [`${given}${end}`] };
};

function messageIn(writer: Writer, place: Place): string {
  const [message] = place.messages;
  return message && writer.choices.chance(60) ? message : literal(writer, place);
}

function literal(writer: Writer, place: Place): string {
  const type = writer.choices.pick(TYPES);
  const value = plain(writer, { ...place, depth: Math.min(1, place.depth) });
  return writer.choices.chance(10)
    ? `{ type: "${type}", value: 1, _sentry: undefined }`
    : `{ type: "${type}", value: ${value} }`;
}
