import { awaitedNow, plain } from "./expressions.js";
import { TYPES } from "./messages.js";
import { block } from "./statements.js";
import { indented, typed, type Callee, type Place, type Writer } from "./writer.js";

/** A part of a module, and how a test gets into it. */
export interface Item {
  readonly lines: readonly string[];
  readonly callees: readonly Callee[];
  /** Expressions over `t` and `n` that run it. */
  readonly entries: readonly string[];
}

const TOP: Place = {
  isAsync: false,
  isGenerator: false,
  returns: "nothing",
  task: "T",
  readable: [],
  assignable: [],
  promises: [],
  boxes: [],
  messages: [],
  closures: [],
  labels: [],
  isInLoop: false,
  isBreakable: false,
  own: "none",
  isLoose: false,
  depth: 0,
};

/** Writes the next part of a module; what it calls has been written before. */
export function item(writer: Writer): Item {
  return writer.choices.pick(ITEMS)(writer);
}

interface Signature {
  readonly isAsync: boolean;
  readonly isGenerator: boolean;
  readonly returns: "settled" | "plain" | "promise" | "any";
  readonly result: Callee["result"];
  /** In TypeScript, for the result. */
  readonly type: string | null;
}

function signature({ choices }: Writer): Signature {
  const isAsync = choices.chance(66);
  const isGenerator = choices.chance(12);
  if (isGenerator) {
    const result = isAsync ? "async-iterator" : "iterator";
    return { isAsync, isGenerator, returns: "plain", result, type: null };
  }
  if (isAsync) {
    const returns = choices.pick<"plain" | "any">(["plain", "plain", "plain", "any", "any"]);
    const type = choices.pick([null, "Promise<unknown>", "Promise<number>", "Promise<void>"]);
    return { isAsync, isGenerator, returns, result: "promise", type };
  }
  const returns = choices.pick<Signature["returns"]>([
    "settled",
    "settled",
    "settled",
    "plain",
    "promise",
    "any",
  ]);
  const types = {
    settled: [null, "number", "string", "void", "string | undefined"],
    plain: [null, "number", "string", "void", "string | undefined"],
    promise: [null, "Promise<number>"],
    any: [null, "unknown"],
  } as const;
  const type = types[returns][choices.below(types[returns].length)] ?? null;
  const result = returns === "settled" ? "plain" : returns;
  return { isAsync, isGenerator, returns, result, type };
}

interface Head {
  /** The parameters with their brackets, and the type of the result. */
  readonly code: string;
  readonly readable: readonly string[];
}

function head(writer: Writer, { type }: Signature): Head {
  const { choices } = writer;
  const any = typed(writer, "any");
  const result = type && choices.chance(85) ? typed(writer, type) : "";
  const [more, readable] = choices.pick<readonly [string, readonly string[]]>([
    ["", []],
    ["", []],
    [`, m${any} = n`, ["m"]],
    [`, { q = 2, ...r }${any} = {}`, ["q"]],
    [`, ...rest${typed(writer, "any[]")}`, ["rest"]],
    [`, m${any} = log(t, ${writer.tag()}, 1)`, ["m"]],
  ]);
  return { code: `(t${any}, n${any}${more})${result}`, readable: ["n", ...readable] };
}

function bodyPlace(
  writer: Writer,
  { isAsync, isGenerator, returns }: Signature,
  given: Head,
): Place {
  const assignable = writer.choices.chance(20) ? ["n"] : [];
  const { readable } = given;
  const isLoose = writer.facts.isSloppy;
  return { ...TOP, isAsync, isGenerator, returns, task: "t", readable, assignable, isLoose };
}

function body(writer: Writer, place: Place, given: Head): string[] {
  const { choices, end } = writer;
  // A directive is an error where parameters are more than names.
  const isStrict = !/[=.{]/.test(given.code) && choices.chance(6);
  const inner = isStrict ? { ...place, isLoose: false } : place;
  return indented([...(isStrict ? [`"use strict"${end}`] : []), ...block(writer, inner, 9)]);
}

function functionItem(writer: Writer): Item {
  const { choices, end } = writer;
  const name = writer.fresh("f");
  const made = signature(writer);
  const given = head(writer, made);
  const place = bodyPlace(writer, made, given);
  const word = made.isAsync ? "async " : "";
  const isArrow = !made.isGenerator && choices.chance(40);
  const exported = choices.chance(50) && !writer.facts.isSloppy ? "export " : "";
  const own = isArrow ? "none" : "plain";
  const lines = isArrow
    ? arrowLines(
        writer,
        `${exported}const ${name} = ${word}${given.code} =>`,
        { ...place, own },
        given,
      )
    : [
        `${exported}${word}function${made.isGenerator ? "*" : ""} ${name}${given.code} {`,
        ...body(writer, { ...place, own }, given),
        "}",
      ];
  if (isArrow) lines[lines.length - 1] += end;
  const callee = { name, result: made.result };
  return { lines, callees: [callee], entries: [entryFor(callee, name)] };
}

function arrowLines(writer: Writer, start: string, place: Place, given: Head): string[] {
  if (writer.choices.chance(25)) {
    const code = plain(writer, place);
    return [`${start} ${code.startsWith("{") ? `(${code})` : code}`];
  }
  return [`${start} {`, ...body(writer, place, given), "}"];
}

function entryFor({ result }: Callee, name: string): string {
  if (result === "iterator") return `[...${name}(t, n)]`;
  if (result !== "async-iterator") return `${name}(t, n)`;
  return `(async () => { const all = []; for await (const x of ${name}(t, n)) all.push(x); return all; })()`;
}

function classItem(writer: Writer): Item {
  const { choices, end } = writer;
  const name = writer.fresh("K");
  const isDerived = choices.chance(50);
  const any = typed(writer, "any");
  const lines = [`class ${name}${isDerived ? " extends Base" : ""} {`];
  const callees: Callee[] = [];
  const entries: string[] = [];
  const members = [
    `  #hidden${any} = 3${end}`,
    `  static count${any} = 0${end}`,
    `  size${any} = 0${end}`,
    ...(isDerived ? [] : [`  n${any}${end}`]),
    `  constructor(n${any}) {`,
    ...(isDerived ? [`    super(n)${end}`] : [`    this.n = n${end}`]),
    ...(choices.chance(50) ? [`    this.size = [n, kindOf(n)]${end}`] : []),
    "  }",
    `  get twice() {`,
    `    return this.n + this.#hidden${end}`,
    "  }",
  ];
  lines.push(...members);
  const count = 1 + choices.below(3);
  for (let index = 0; index < count; index++) {
    const method = methodOf(writer, name, isDerived);
    lines.push(...indented(method.lines));
    callees.push(method.callee);
    entries.push(entryFor(method.callee, methodAccess(name, method.callee)));
  }
  return { lines: [...lines, "}"], callees, entries };
}

function methodAccess(owner: string, { name, isStatic }: Callee): string {
  return isStatic ? `${owner}.${name}` : `new ${owner}(n).${name}`;
}

function methodOf(writer: Writer, owner: string, isDerived: boolean) {
  const { choices, end } = writer;
  const name = writer.fresh("m");
  const made = signature(writer);
  const given = head(writer, made);
  const isStatic = choices.chance(20);
  const own = isStatic ? "static" : isDerived ? "derived" : "method";
  const place = { ...bodyPlace(writer, made, given), own, isLoose: false } as const;
  const words = `${isStatic ? "static " : ""}${made.isAsync ? "async " : ""}`;
  const callee: Callee = { name, result: made.result, owner, isStatic };
  if (!made.isGenerator && !isStatic && choices.chance(20)) {
    const start = `${name} = ${made.isAsync ? "async " : ""}${given.code} =>`;
    const lines = arrowLines(writer, start, place, given);
    lines[lines.length - 1] += end || ";";
    return { callee, lines };
  }
  const lines = [
    `${words}${made.isGenerator ? "*" : ""}${name}${given.code} {`,
    ...body(writer, place, given),
    "}",
  ];
  return { callee, lines };
}

function objectItem(writer: Writer): Item {
  const { end } = writer;
  const owner = writer.fresh("api");
  const made = signature(writer);
  const given = head(writer, made);
  const place = { ...bodyPlace(writer, made, given), own: "plain" } as const;
  const name = writer.fresh("call");
  const word = `${made.isAsync ? "async " : ""}${made.isGenerator ? "*" : ""}`;
  const lines = [
    `const ${owner} = {`,
    `  ${word}${name}${given.code} {`,
    ...indented(body(writer, place, given)),
    "  },",
    `}${end}`,
  ];
  const callee: Callee = { name, result: made.result, owner, isStatic: true };
  return { lines, callees: [callee], entries: [entryFor(callee, `${owner}.${name}`)] };
}

/** A handler of commands, as message loops have it. */
function dispatcherItem(writer: Writer): Item {
  const { choices, end } = writer;
  const name = writer.fresh("f");
  const isAsync = choices.chance(70);
  const any = typed(writer, "any");
  const place: Place = {
    ...TOP,
    isAsync,
    returns: "plain",
    task: "t",
    readable: ["n"],
    own: "plain",
    depth: 1,
  };
  const lines = [`${isAsync ? "async " : ""}function ${name}(t${any}, n${any}) {`];
  lines.push(`  const command = { type: kindOf(n), id: n }${end}`, "  switch (command.type) {");
  for (const value of TYPES) {
    lines.push(`    case "${value}": {`);
    lines.push(...indented(indented(indented(block(writer, place, 4)))));
    lines.push(...(choices.chance(60) ? [`      break${end}`] : []), "    }");
  }
  lines.push("  }", ...(choices.chance(50) ? indented(block(writer, place, 2)) : []), "}");
  const callee = { name, result: isAsync ? "promise" : "plain" } as const;
  return { lines, callees: [callee], entries: [`${name}(t, n)`] };
}

function listenerItem(writer: Writer): Item {
  const { choices, end } = writer;
  const isAsync = choices.chance(60);
  const any = typed(writer, "any");
  const place: Place = { ...TOP, isAsync, returns: "plain", task: "t", readable: ["n"], depth: 2 };
  const registration = choices.chance(35) ? 'bus.on("message",' : 'bus.post("/message",';
  const lines = [
    `${registration} ${isAsync ? "async " : ""}(t${any}, n${any}) => {`,
    ...indented(block(writer, place, 4)),
    `})${end}`,
  ];
  return { lines, callees: [], entries: [`bus.emit("message", fork(t), n)`] };
}

function routeItem(writer: Writer): Item {
  const { choices } = writer;
  const name = choices.pick(["GET", "POST"]);
  const made = {
    ...signature(writer),
    isAsync: true,
    isGenerator: false,
    returns: "plain",
  } as const;
  if (writer.facts.isSloppy || writer.callees.some((each) => each.name === name)) {
    return functionItem(writer);
  }
  const given = head(writer, { ...made, type: null });
  const lines = [
    `export async function ${name}${given.code} {`,
    ...body(writer, { ...bodyPlace(writer, made, given), own: "plain" }, given),
    "}",
  ];
  return { lines, callees: [{ name, result: "promise" }], entries: [`${name}(t, n)`] };
}

/** Code that runs when the module is loaded. */
function topItem(writer: Writer): Item {
  const { choices, facts } = writer;
  const place = { ...TOP, isAsync: !facts.isSloppy, depth: 1 };
  if (!facts.isSloppy && choices.chance(60)) {
    const name = writer.fresh("made");
    const start = { ...place, depth: 0 };
    const code = choices.chance(60) ? awaitedNow(writer, start) : plain(writer, start);
    const lines = [`export const ${name} = ${code}${writer.end}`];
    return { lines, callees: [], entries: [name] };
  }
  return { lines: ["{", ...indented(block(writer, place, 4)), "}"], callees: [], entries: [] };
}

/** A function of a legacy module: what it did is to be replaced. */
function recordingItem(writer: Writer): Item {
  const { choices, end, facts } = writer;
  const name = writer.fresh("record");
  const any = typed(writer, "any");
  const documentation = choices.pick<string[]>([
    [],
    ["/** Records something. */"],
    ["/**", " * Records something.", " */"],
  ]);
  const [word, exported] = [choices.chance(12) ? "async " : "", facts.isSloppy ? "" : "export "];
  const isArrow = choices.chance(40);
  const head = isArrow
    ? `${exported}const ${name} = ${word}(t${any}, n${any}) => {`
    : `${exported}${word}function ${name}(t${any}, n${any}) {`;
  const guard = choices.pick<string[]>([
    [],
    [`if (state.n === 5) return${end}`],
    [`const isOff = state.n === 5${end}`, "if (isOff) {", `  return${end}`, "}"],
  ]);
  const work = choices.pick<string[]>([
    [`mark("step", n)${end}`],
    [`mark("step", n)${end}`, "// For now.", `mark("more", [n])${end}`],
    [`mark("step", n)${end}`, `if (n === 3) mark("more", n)${end}`],
    [`mark("step", n)${end}`, `return n${end}`],
    [],
  ]);
  const lines = [
    ...documentation,
    head,
    ...indented([...guard, ...work]),
    isArrow ? `}${end}` : "}",
  ];
  const callee = { name, result: word ? "promise" : "any" } as const;
  return { lines, callees: [callee], entries: [`${name}(t, n)`] };
}

/** A function whose callers get more than the promise of a span would be. */
function builderItem(writer: Writer): Item {
  const { choices, end } = writer;
  const name = writer.fresh("query");
  const any = typed(writer, "any");
  const made = choices.pick([
    "lazy(t, n)",
    "lazy(t, n).where(1)",
    "n === 7 ? n : lazy(t, n)",
    "cancellable(t, n)",
  ]);
  const lines = [`function ${name}(t${any}, n${any}) {`, `  return ${made}${end}`, "}"];
  return { lines, callees: [{ name, result: "any" }], entries: [`${name}(t, n)`] };
}

/** Types of messages; a program without types gets a function instead. */
function typesItem(writer: Writer): Item {
  const { choices, facts, end } = writer;
  if (!facts.isTypeScript) return functionItem(writer);
  const base = writer.fresh("Base");
  const message = writer.fresh("Message");
  const known = choices.chance(50)
    ? [`  _sentry?: { trace?: string; baggage?: string }${end}`]
    : [];
  const own = choices.chance(12) ? [`  _sentry?: string${end}`] : [];
  const above = choices.chance(60) ? ` extends ${base}` : "";
  const shape = choices.pick<string[]>([
    [`export interface ${message}${above} {`, `  type: string${end}`, ...own, "}"],
    [`interface ${message}${above} { type: string; items: { id: number }[] }`],
    [`interface ${message} {`, "  /** which */", `  items: { id: number }[]${end} // all`, "}"],
    [`interface ${message}${above} {}`],
    [`type ${message} = { type: string, at: number }${end}`],
    [`export type ${message} = ${base} & { type: string }${end}`],
    [`type ${message} = { a: 1 } | { b: 2 }${end}`],
    [`type ${message} = keyof ${base}${end}`],
  ]);
  const lines = [`interface ${base} {`, ...known, `  id: number${end}`, "}", ...shape];
  return { lines, callees: [], entries: [] };
}

/** A schema of messages, and a function that reads by it; it may also look at its fields. */
function schemaItem(writer: Writer): Item {
  const { choices, facts, end } = writer;
  if (!facts.hasSchemas) return typesItem(writer);
  const any = typed(writer, "any");
  const message = writer.fresh("Message");
  const name = writer.fresh("read");
  const shape = choices.pick<string[]>([
    [`const ${message} = z.object({ id: z.number() })${end}`],
    [
      `export const ${message} = z.object({`,
      "  // which",
      "  id: z.number(),",
      "  items: z.array(z.object({ id: z.number() })).optional(),",
      `})${end}`,
    ],
    [`const ${message} = z.strictObject({ id: z.number() }).partial()${end}`],
    [`const ${message} = z.object({ id: z.number() }).refine(({ id }) => id !== 7)${end}`],
    [`const ${message} = z.object({ id: z.number() }).extend({ at: z.number().optional() })${end}`],
    [`const ${message} = z.object({ id: z.number() }).transform(({ id }) => id)${end}`],
    [`const ${message} = z.union([z.object({ id: z.number() }), z.string()])${end}`],
  ]);
  const isPlain = !/transform|union/.test(shape.join(""));
  const fields = isPlain && choices.chance(20) ? `Object.keys(${message}.shape).join()` : "n";
  const lines = [
    ...shape,
    `function ${name}(t${any}, n${any}) {`,
    `  const { success, data } = ${message}.safeParse({ id: n, more: 1 })${end}`,
    `  return log(t, "read", [success, JSON.stringify(data), ${fields}])${end}`,
    "}",
  ];
  return { lines, callees: [{ name, result: "plain" }], entries: [`${name}(t, n)`] };
}

const ITEMS: readonly [(writer: Writer) => Item, ...((writer: Writer) => Item)[]] = [
  functionItem,
  functionItem,
  functionItem,
  functionItem,
  classItem,
  classItem,
  objectItem,
  dispatcherItem,
  dispatcherItem,
  listenerItem,
  routeItem,
  topItem,
  topItem,
  recordingItem,
  builderItem,
  typesItem,
  schemaItem,
];
