import type { Callee, Place, Writer } from "./writer.js";

type Form = (writer: Writer, place: Place) => string | null;

/** An expression that is no promise and no builder once it is evaluated. */
export function plain(writer: Writer, place: Place): string {
  const { choices } = writer;
  if (place.depth > 3 || choices.isUsedUp()) return simple(writer, place);
  const inner = { ...place, depth: place.depth + 1 };
  for (let attempt = 0; attempt < 3; attempt++) {
    const form = choices.pick(PLAIN_FORMS);
    const code = form(writer, inner);
    if (code !== null) return code;
  }
  return simple(writer, place);
}

/** A literal or a variable. */
export function simple({ choices }: Writer, { readable }: Place): string {
  const literal = String(choices.below(5));
  const name = readable[choices.below(readable.length + 1)];
  return name ?? literal;
}

function some<T>({ choices }: Writer, all: readonly T[]): T | undefined {
  return all.length === 0 ? undefined : all[choices.below(all.length)];
}

const constant: Form = (writer, place) => simple(writer, place);
const logged: Form = (writer, place) =>
  `log(${place.task}, ${writer.tag()}, ${plain(writer, place)})`;
const sum: Form = (writer, place) => `${simple(writer, place)} + ${operand(writer, place)}`;
const risky: Form = (writer, place) => `risky(${place.task}, ${plain(writer, place)})`;

function operand(writer: Writer, place: Place): string {
  const code = plain(writer, place);
  return /^[\w.]+$|^[\w.]+\([^()]*\)$/.test(code) ? code : `(${code})`;
}

const conditional: Form = (writer, place) =>
  `${simple(writer, place)} ? ${operand(writer, place)} : ${operand(writer, place)}`;

const coalesced: Form = (writer, place) =>
  `${simple(writer, place)} ${writer.choices.pick(["??", "||", "&&"])} ${operand(writer, place)}`;

const assigned: Form = (writer, place) => {
  const target = some(writer, place.assignable);
  if (!target) return null;
  const operator = writer.choices.pick(["=", "+=", "??=", "||=", "&&="]);
  return `(${target} ${operator} ${operand(writer, place)})`;
};

const templated: Form = (writer, place) =>
  writer.choices.chance(30)
    ? `\`one \${${plain(writer, place)}}\n  two ${writer.tag()}\``
    : `\`one \${${plain(writer, place)}}\``;

const taggedTemplate: Form = (writer, place) =>
  `tagged(${place.task})\`x\${${plain(writer, place)}}y\``;

const spread: Form = (writer, place) =>
  `[...[${plain(writer, place)}, ${simple(writer, place)}], ${writer.tag()}].length`;

const objectSpread: Form = (writer, place) =>
  `({ ...{ a: ${plain(writer, place)} }, [log(${place.task}, ${writer.tag()}, "k")]: 1 }).a`;

const getter: Form = (writer, place) => {
  const name = some(writer, place.boxes);
  return name ? `${name}.${writer.choices.pick(["value", "inner.n", "inner.kind"])}` : null;
};

const optionalChain: Form = (writer, place) => {
  const name = some(writer, place.boxes);
  if (!name) return null;
  const given = plain(writer, place);
  return writer.choices.pick([
    `${name}?.read(${given})`,
    `${name}.none?.read(${given}).deep`,
    `${name}?.read(${given})?.length`,
    `${name}.read?.(${given})?.toString().length`,
  ]);
};

const syncCall: Form = (writer, place) => {
  const callee = some(writer, callable(writer, place, ["plain"]));
  return callee ? callOf(writer, place, callee, place.task) : null;
};

const closureCall: Form = (writer, place) => {
  const closure = some(writer, place.closures);
  if (!closure) return null;
  const call = `${closure.name}(${place.task}, ${plain(writer, place)})`;
  if (closure.result === "plain") return call;
  return place.isAsync ? `(await ${call})` : null;
};

const spreadIterator: Form = (writer, place) => {
  const callee = some(writer, callable(writer, place, ["iterator"]));
  return callee ? `[...${callOf(writer, place, callee, place.task)}].length` : null;
};

const yielded: Form = (writer, place) =>
  place.isGenerator ? `(yield ${plain(writer, place)})` : null;

const ownMember: Form = (writer, place) => {
  const { choices } = writer;
  switch (place.own) {
    case "method":
      return choices.pick(["this.n", "this.#hidden", "this.twice", "(this.n = 4)"]);
    case "derived":
      return choices.pick([
        "this.n",
        "this.#hidden",
        "super.twice",
        `super.base(${place.task}, ${plain(writer, place)})`,
        `super.base(${place.task}, this.n)`,
      ]);
    case "static":
      return choices.pick(["this.count", "(this.count += 1)"]);
    case "plain":
      return choices.pick(["arguments.length", "arguments[1]", "typeof this"]);
    case "none":
      return null;
  }
};

const helper: Form = (writer, place) => {
  const value = plain(writer, place);
  return writer.choices.pick([
    `Math.max(1, Number(${value}) || 0)`,
    `JSON.stringify({ a: ${value} })`,
    `String(${value})`,
    `typeof (${value})`,
    `(${writer.tag()}, ${value})`,
  ]);
};

/** Waited for on the spot. */
const awaited: Form = (writer, place) => (place.isAsync ? awaitedNow(writer, place) : null);

export function awaitedNow(writer: Writer, place: Place): string {
  const { choices } = writer;
  const deeper = { ...place, depth: place.depth + 1 };
  const code = choices.pick(AWAITED)(writer, deeper) ?? sleepCall(writer, deeper);
  // TypeScript 6.0 misreads `await [...list]` at the top of a module.
  const awaited = code.startsWith("[") ? `await (${code})` : `await ${code}`;
  return place.depth === 0 ? awaited : `(${awaited})`;
}

const sleepCall = (writer: Writer, place: Place) =>
  `sleep(${place.task}, ${1 + writer.choices.below(3)}, ${plain(writer, place)})`;

const asyncCall: Form = (writer, place) => {
  const callee = some(writer, callable(writer, place, ["promise", "any"]));
  return callee ? callOf(writer, place, callee, place.task) : null;
};

const builder: Form = (writer, place) => {
  const base = `lazy(${place.task}, ${plain(writer, place)})`;
  const clause = `.where(${simple(writer, place)})`;
  return writer.choices.pick([base, `${base}${clause}`, `${base}${clause}.limit(1)`]);
};

/** What the SDK traces by itself. */
const traced: Form = (writer, place) => {
  const client = writer.facts.hasDatabase && writer.choices.chance(70) ? "pg.query" : "fetch";
  return `${client}(${place.task}, ${plain(writer, place)})`;
};

/** An optional chain that goes on behind its call. */
const optionalThen: Form = (writer, place) => {
  const name = some(writer, place.boxes);
  if (!name) return null;
  const call = `${name}?.later(${simple(writer, place)})`;
  return `${call}.then((v) => log(${place.task}, ${writer.tag()}, v))`;
};

const chainedThen: Form = (writer, place) => {
  const call = asyncCall(writer, place) ?? sleepCall(writer, place);
  const { task } = place;
  return writer.choices.pick([
    `${call}.then((v) => log(${task}, ${writer.tag()}, v))`,
    `${call}.catch((error) => log(${task}, ${writer.tag()}, error))`,
    `${call}.then((v) => risky(${task}, v)).catch(() => 7)`,
    `${call}.finally(() => log(${task}, ${writer.tag()}))`,
    `${call}.then(\n    (v) => v,\n    (error) => log(${task}, ${writer.tag()}, error),\n  )`,
  ]);
};

const allOf: Form = (writer, place) => {
  const forked = { ...place, task: `fork(${place.task})` };
  const first = asyncCall(writer, forked) ?? sleepCall(writer, forked);
  const safe = `sleep(fork(${place.task}), ${1 + writer.choices.below(3)}, ${simple(writer, place)})`;
  const settled = asyncCall(writer, forked) ?? builder(writer, forked) ?? safe;
  return writer.choices.pick([
    `Promise.all([${first}, ${safe}])`,
    `Promise.allSettled([${first}, ${settled}])`,
    `Promise.race([${first}, sleep(fork(${place.task}), 50, "late")])`,
    `Promise.all([${safe}, lazy(fork(${place.task}), ${simple(writer, place)})])`,
  ]);
};

const mapped: Form = (writer, place) => {
  const { task } = place;
  const callee = some(writer, callable(writer, place, ["promise"]));
  const call = callee
    ? callOf(writer, { ...place, depth: 9 }, callee, `fork(${task})`)
    : `sleep(fork(${task}), 1, ${simple(writer, place)})`;
  return `Promise.allSettled([1, 2].map((each) => ${call}))`;
};

const eachCall: Form = (writer, place) => {
  const inner = { ...place, readable: ["item", ...place.readable], isGenerator: false };
  return `each([1, 2], async (item) => ${plain(writer, { ...inner, isAsync: true, assignable: [] })})`;
};

const eitherPromise: Form = (writer, place) =>
  `(${simple(writer, place)} ? ${sleepCall(writer, place)} : ${plain(writer, place)})`;

const heldPromise: Form = (writer, place) => some(writer, place.promises) ?? null;

const AWAITED: readonly [Form, ...Form[]] = [
  (writer, place) => sleepCall(writer, place),
  asyncCall,
  asyncCall,
  asyncCall,
  asyncCall,
  asyncCall,
  asyncCall,
  builder,
  chainedThen,
  chainedThen,
  allOf,
  mapped,
  eachCall,
  eitherPromise,
  heldPromise,
  plain,
  traced,
  optionalThen,
];

const PLAIN_FORMS: readonly [Form, ...Form[]] = [
  constant,
  logged,
  logged,
  awaited,
  awaited,
  awaited,
  sum,
  syncCall,
  syncCall,
  closureCall,
  closureCall,
  conditional,
  coalesced,
  assigned,
  templated,
  taggedTemplate,
  spread,
  objectSpread,
  getter,
  optionalChain,
  spreadIterator,
  yielded,
  ownMember,
  ownMember,
  helper,
  risky,
];

/** An expression that gives a promise or a builder; what it starts runs as a task of its own. */
export function promising(writer: Writer, place: Place): string {
  const { choices } = writer;
  const forked = { ...place, task: `fork(${place.task})`, depth: place.depth + 2 };
  return choices.pick(PROMISING)(writer, forked) ?? sleepCall(writer, forked);
}

const PROMISING: readonly [Form, ...Form[]] = [
  (writer, place) => sleepCall(writer, place),
  (writer, place) => `failing(${place.task}, ${simple(writer, place)})`,
  (writer, place) => `failing(${place.task}, ${simple(writer, place)})`,
  (writer, place) => freeCall(writer, place),
  (writer, place) => freeCall(writer, place),
  (writer, place) => freeCall(writer, place),
  (writer, place) => `lazy(${place.task}, ${simple(writer, place)})`,
  (writer, place) => `lazy(${place.task}, 1).where(${simple(writer, place)})`,
  (writer, place) => `cancellable(${place.task}, ${simple(writer, place)})`,
  (writer, place) => `cached(${place.task}, ${writer.choices.below(2)})`,
  (writer, place) => `Promise.resolve(${simple(writer, place)})`,
  heldPromise,
  (writer, place) => `Promise.all([${freeCall(writer, place) ?? 1}, sleep(${place.task}, 2, 1)])`,
];

/** A call that may be left alone: its arguments are plain, so that it shares nothing. */
function freeCall(writer: Writer, place: Place): string | null {
  const callee = some(writer, callable(writer, place, ["promise", "any"]));
  if (!callee) return null;
  return callOf(writer, { ...place, depth: 9 }, callee, place.task);
}

function callable({ callees }: Writer, place: Place, results: readonly Callee["result"][]) {
  return place.depth > 4 ? [] : callees.filter(({ result }) => results.includes(result));
}

/** A call of a function or a method. */
export function callOf(writer: Writer, place: Place, callee: Callee, task: string): string {
  const given = `(${task}, ${plain(writer, place)})`;
  if (!callee.owner) return `${callee.name}${given}`;
  if (callee.isStatic) return `${callee.owner}.${callee.name}${given}`;
  return `new ${callee.owner}(${simple(writer, place)}).${callee.name}${given}`;
}
