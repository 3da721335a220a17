import { awaitedNow, callOf, plain, promising, simple } from "./expressions.js";
import { spoken, TYPES } from "./messages.js";
import { STAGES, timedStage } from "./stages.js";
import { indented, typed, type Place, type Writer } from "./writer.js";

/** Lines, and what they declare for the lines behind them. */
interface Written {
  readonly lines: readonly string[];
  readonly place: Place;
}

type Form = (writer: Writer, place: Place, taken: Set<string>) => Written | null;

const MAX_DEPTH = 4;

/** Some statements that belong into one block. */
export function block(writer: Writer, place: Place, atMost = 5): string[] {
  if (writer.choices.chance(4)) return [];
  const taken = new Set<string>(["t", "n"]);
  return statements(writer, place, taken, atMost);
}

function statements(writer: Writer, start: Place, taken: Set<string>, atMost: number): string[] {
  const { choices } = writer;
  const lines: string[] = [];
  const count = 1 + choices.below(atMost);
  let place = start;
  for (let index = 0; index < count; index++) {
    if (choices.isUsedUp()) break;
    const written = statement(writer, place, taken);
    if (choices.chance(7)) lines.push(choices.pick(COMMENTS));
    lines.push(...written.lines);
    ({ place } = written);
  }
  if (choices.chance(30)) lines.push(...lastStatement(writer, place));
  if (lines.length === 0) lines.push(`state.last = ${writer.tag()}${writer.end}`);
  return lines;
}

const COMMENTS = [
  "// retrospan-ignore-next-line the reason is ours",
  "// a comment",
  "/* a\n     longer one */",
  "",
] as const;

function statement(writer: Writer, place: Place, taken: Set<string>): Written {
  const { choices } = writer;
  for (let attempt = 0; attempt < 4; attempt++) {
    const forms = place.depth < MAX_DEPTH ? ALL_FORMS : FLAT_FORMS;
    const written = choices.pick(forms)(writer, place, taken);
    if (written) return written;
  }
  return same(place, [expressionStatement(writer, `log(${place.task}, ${writer.tag()})`)]);
}

function same(place: Place, lines: readonly string[]): Written {
  return { lines, place };
}

/** Without semicolons, a line that begins with a bracket needs one in front. */
function expressionStatement({ facts, end }: Writer, code: string): string {
  const guard = !facts.semicolons && /^[([`+\-/]/.test(code) ? ";" : "";
  const isObject = code.startsWith("{") || /^(function|class|let)\b/.test(code);
  return isObject
    ? `${guard || (facts.semicolons ? "" : ";")}(${code})${end}`
    : `${guard}${code}${end}`;
}

/** A trailing comment now and then. */
function remark({ choices }: Writer): string {
  return choices.chance(8) ? " // remark" : "";
}

const deeper = (place: Place): Place => ({ ...place, depth: place.depth + 1 });

/** Expressions begin anew at the surface, however deep their statement stands. */
const surface = (place: Place): Place => ({ ...place, depth: Math.min(1, place.depth) });

const value = (writer: Writer, place: Place) => plain(writer, surface(place));

// Flat statements

const logging: Form = (writer, place) =>
  same(place, [
    expressionStatement(writer, `log(${place.task}, ${writer.tag()}, ${value(writer, place)})`) +
      remark(writer),
  ]);

const lone: Form = (writer, place) =>
  same(place, [expressionStatement(writer, plain(writer, { ...place, depth: 0 }))]);

const waiting: Form = (writer, place) => {
  if (!place.isAsync) return null;
  return same(place, [
    expressionStatement(writer, awaitedNow(writer, { ...place, depth: 0 })) + remark(writer),
  ]);
};

/** Work that nobody waits for. */
const floating: Form = (writer, place) => {
  const { choices, end } = writer;
  const call = promising(writer, surface(place));
  const name = writer.fresh("u");
  const chain = choices.pick([
    `.then((v) => log(${name}, ${writer.tag()}, v), () => 0)`,
    `.catch?.((error) => log(${name}, ${writer.tag()}, error))`,
    `.then((v) => v).finally(() => log(${name}, ${writer.tag()}))`,
  ]);
  return choices.pick([
    same(place, [expressionStatement(writer, call)]),
    same(place, [`void ${call}${end}`]),
    same(place, [
      `const ${name} = fork(${place.task})${end}`,
      expressionStatement(writer, `${call}${chain}`),
    ]),
  ]);
};

const POOL = ["a", "b", "c", "d", "e", "x", "y"] as const;

function unusedName(writer: Writer, taken: Set<string>): string | null {
  for (let attempt = 0; attempt < 3; attempt++) {
    const name = writer.choices.pick(POOL);
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
  return null;
}

const declaration: Form = (writer, place, taken) => {
  const { choices, end } = writer;
  const initial = value(writer, place);
  const name = unusedName(writer, taken);
  if (!name) return null;
  const kind = choices.pick(["const", "let"]);
  const isLate = kind === "let" && choices.chance(25);
  const readable = [name, ...place.readable];
  const others = place.assignable.filter((each) => each !== name);
  const assignable = kind === "let" ? [name, ...others] : others;
  const promises = place.promises.filter((each) => each !== name);
  const annotation = choices.chance(30) ? typed(writer, "unknown") : "";
  const lines = isLate
    ? [`let ${name}${annotation}${end}`, `${name} = ${initial}${end}`]
    : [`${kind} ${name}${annotation} = ${initial}${end}${remark(writer)}`];
  return { lines, place: { ...place, readable, assignable, promises } };
};

const varDeclaration: Form = (writer, place) => {
  const { choices, end } = writer;
  const initial = value(writer, place);
  const isParameter = place.returns !== "nothing" && choices.chance(40);
  const name = isParameter ? "n" : choices.pick(["v1", "v2"]);
  const readable = [name, ...place.readable];
  const assignable = [name, ...place.assignable];
  const lines = choices.chance(30) ? [`var ${name}${end}`] : [`var ${name} = ${initial}${end}`];
  return { lines, place: { ...place, readable, assignable } };
};

const destructuring: Form = (writer, place, taken) => {
  const { choices, end } = writer;
  const initial = value(writer, place);
  const [first, second] = [unusedName(writer, taken), unusedName(writer, taken)];
  if (!first || !second) return null;
  const tag = writer.tag();
  const lines = choices.pick([
    [`const [${first}, ${second} = ${tag}] = [${initial}]${end}`],
    [`const { p: ${first}, ...${second} } = { p: ${initial}, q: ${tag} }${end}`],
    [`let { p: ${first} = ${tag}, q: { r: ${second} } } = { q: { r: ${initial} } }${end}`],
    [`let ${first}, ${second}${end}`, `;[${first}, ${second}] = [${tag}, ${initial}]${end}`],
  ]);
  return { lines, place: { ...place, readable: [first, second, ...place.readable] } };
};

const assignment: Form = (writer, place) => {
  const { choices } = writer;
  const initial = value(writer, place);
  const targets = [
    "state.n",
    'state["m"]',
    "timing.parse",
    'timing["render"]',
    ...place.assignable,
  ];
  const target = targets[choices.below(targets.length)] ?? "state.n";
  // What several tasks share may be written, and is never read.
  const operator =
    target.includes(".") || target.includes("[") ? "=" : choices.pick(["=", "+=", "??="]);
  return same(place, [`${target} ${operator} ${initial}${writer.end}`]);
};

const promiseDeclaration: Form = (writer, place) => {
  const name = writer.fresh("p");
  const code = promising(writer, surface(place));
  const promises = [name, ...place.promises];
  return { lines: [`const ${name} = ${code}${writer.end}`], place: { ...place, promises } };
};

const promiseQuestion: Form = (writer, place) => {
  const name = place.promises[writer.choices.below(place.promises.length)];
  if (!name) return null;
  const question = writer.choices.pick([
    `"cancel" in ${name}`,
    `${name} instanceof Promise`,
    `${name} === ${place.promises[0]}`,
    `${name}.cancel?.()`,
    `typeof ${name}.where`,
  ]);
  const line = `log(${place.task}, ${writer.tag()}, ${question})`;
  return same(place, [expressionStatement(writer, line)]);
};

const boxDeclaration: Form = (writer, place) => {
  const name = writer.fresh("o");
  const line = `const ${name} = box(${place.task}, ${value(writer, place)})${writer.end}`;
  return { lines: [line], place: { ...place, boxes: [name, ...place.boxes] } };
};

const boxAssignment: Form = (writer, place) => {
  const [name] = place.boxes;
  if (!name) return null;
  return same(place, [`${name}.value = ${value(writer, place)}${writer.end}`]);
};

const emission: Form = (writer, place) =>
  same(place, [
    expressionStatement(
      writer,
      `bus.emit("message", fork(${place.task}), ${value(writer, place)})`,
    ),
  ]);

const messaging: Form = (writer, place) => {
  const { lines, message, box } = spoken(writer, place);
  const messages = message ? [message, ...place.messages] : place.messages;
  const boxes = box && !place.boxes.includes(box) ? [box, ...place.boxes] : place.boxes;
  return { lines, place: { ...place, messages, boxes } };
};

const yielding: Form = (writer, place) =>
  place.isGenerator ? same(place, [`yield ${value(writer, place)}${writer.end}`]) : null;

const throwing: Form = (writer, place) => {
  if (!writer.choices.chance(30)) return null;
  const line = `if (${simple(writer, place)} === 2) throw new Error("e${writer.tag()}")${writer.end}`;
  return same(place, [line]);
};

const early: Form = (writer, place) => {
  if (place.returns === "nothing") return null;
  return same(place, [`if (${simple(writer, place)} === 3) ${returned(writer, place)}`]);
};

const jumping: Form = (writer, place) => {
  const jump = jumpFrom(writer, place);
  return jump ? same(place, [`if (${simple(writer, place)} === 1) ${jump}`]) : null;
};

function jumpFrom(writer: Writer, place: Place): string | null {
  const { choices, end } = writer;
  const loops = place.labels.filter(({ isLoop }) => isLoop);
  const jumps = [
    ...(place.isInLoop ? ["continue"] : []),
    ...(place.isBreakable ? ["break"] : []),
    ...place.labels.map(({ name }) => `break ${name}`),
    ...loops.map(({ name }) => `continue ${name}`),
  ];
  const jump = jumps[choices.below(jumps.length)];
  return jump ? `${jump}${end}` : null;
}

function returned(writer: Writer, place: Place): string {
  const { choices, end } = writer;
  if (place.returns === "nothing" || choices.chance(15)) return `return${end}`;
  const [message] = place.messages;
  if (message && choices.chance(15)) return `return ${message}${end}`;
  const deep = { ...place, depth: 1 };
  const isPromise = place.returns === "promise" || (place.returns === "any" && choices.chance(50));
  if (!isPromise) return `return ${result(writer, place)}${end}`;
  if (choices.chance(30)) return `return ${promising(writer, deep)}${end}`;
  if (choices.chance(30)) return `return lazy(fork(${place.task}), ${simple(writer, place)})${end}`;
  const condition = simple(writer, place);
  return `return ${condition} ? ${promising(writer, deep)} : ${promising(writer, deep)}${end}`;
}

/** What a function returns that returns no promise. */
function result(writer: Writer, place: Place): string {
  const { choices } = writer;
  const code = plain(writer, { ...place, depth: place.returns === "settled" ? 1 : 0 });
  if (place.returns !== "settled") return code;
  return choices.pick([
    `[${code}, ${simple(writer, place)}]`,
    `{ a: ${code} }`,
    `{ id: ${simple(writer, place)}, a: ${code} }`,
    `\`got \${${code}}\``,
    `${simple(writer, place)} + ${writer.tag()}`,
    `typeof (${code})`,
  ]);
}

/** The end of a block, behind which nothing runs. */
function lastStatement(writer: Writer, place: Place): string[] {
  const { choices, end } = writer;
  const jump = jumpFrom(writer, place);
  if (jump && choices.chance(50)) return [jump];
  if (choices.chance(20)) return [`throw new Error("e${writer.tag()}")${end}`];
  return place.returns === "nothing" ? [] : [returned(writer, place)];
}

// Statements that hold statements

function braces(writer: Writer, place: Place, atMost = 4): string[] {
  return indented(block(writer, deeper(place), atMost));
}

const conditional: Form = (writer, place) => {
  const { choices } = writer;
  const test = choices.chance(30)
    ? `kindOf(${simple(writer, place)}) === "${choices.pick(TYPES)}"`
    : `${value(writer, place)}`;
  const head = `if (${test}) {`;
  const lines = [head, ...braces(writer, place), "}"];
  if (choices.chance(40)) {
    lines.pop();
    lines.push("} else {", ...braces(writer, place), "}");
  } else if (choices.chance(15)) {
    return same(place, [`if (${test}) ${expressionStatement(writer, lineOf(writer, place))}`]);
  }
  return same(place, lines);
};

function lineOf(writer: Writer, place: Place): string {
  return place.isAsync
    ? awaitedNow(writer, { ...place, depth: 0 })
    : `log(${place.task}, ${writer.tag()}, ${value(writer, place)})`;
}

const loop: Form = (writer, place) => {
  const { choices, end } = writer;
  const name = writer.fresh("i");
  const label = choices.chance(25) ? writer.fresh("outer") : null;
  const inner = {
    ...place,
    readable: [name, ...place.readable],
    isInLoop: true,
    isBreakable: true,
    labels: label ? [...place.labels, { name: label, isLoop: true }] : place.labels,
  };
  const prefix = label ? `${label}: ` : "";
  const body = braces(writer, inner, 3);
  const step = `  ${name}++${end}`;
  const heads: [string[], ...string[][]] = [
    [`${prefix}for (let ${name} = 0; ${name} < 2; ${name}++) {`, ...body, "}"],
    [`${prefix}for (const ${name} of [1, 2]) {`, ...body, "}"],
    [`let ${name} = 0${end}`, `${prefix}while (${name} < 2) {`, step, ...body, "}"],
    [`let ${name} = 0${end}`, `${prefix}do {`, step, ...body, `} while (${name} < 2)${end}`],
    [`${prefix}for (const ${name} in { k: 1, l: 2 }) {`, ...body, "}"],
    [`for (const ${name} of ${iterable(writer, place)}) {`, ...body, "}"],
  ];
  const needsLabel = label !== null && body.some((line) => line.includes(label));
  const chosen = choices.pick(heads);
  if (chosen === heads[5] && needsLabel) return same(place, heads[0]);
  if (place.isAsync && choices.chance(30)) {
    const source = asyncIterable(writer, place);
    return same(place, [`${prefix}for await (const ${name} of ${source}) {`, ...body, "}"]);
  }
  return same(place, chosen);
};

function iterable(writer: Writer, place: Place): string {
  const callee = writer.callees.find(({ result }) => result === "iterator");
  return callee ? callOf(writer, { ...place, depth: 9 }, callee, place.task) : "[3, 4]";
}

function asyncIterable(writer: Writer, place: Place): string {
  const callee = writer.callees.find(({ result }) => result === "async-iterator");
  if (!callee) return `[sleep(${place.task}, 1, 3), 4]`;
  return callOf(writer, { ...place, depth: 9 }, callee, place.task);
}

const labelled: Form = (writer, place) => {
  const name = writer.fresh("block");
  const labels = [...place.labels, { name, isLoop: false }];
  return same(place, [`${name}: {`, ...braces(writer, { ...place, labels }), "}"]);
};

const bare: Form = (writer, place) => same(place, ["{", ...braces(writer, place), "}"]);

const attempt: Form = (writer, place) => {
  const { choices, end } = writer;
  const lines = ["try {", ...braces(writer, place)];
  if (place.returns === "any" && choices.chance(40)) {
    lines.push(`  return ${promising(writer, { ...place, depth: 1 })}${end}`);
  }
  const hasCatch = !choices.chance(20);
  if (hasCatch) {
    const caught = { ...place, readable: ["error", ...place.readable] };
    lines.push(choices.chance(80) ? "} catch (error) {" : "} catch {");
    const usesError = lines.at(-1)?.includes("error") ?? false;
    lines.push(...braces(writer, usesError ? caught : place, 3));
    if (choices.chance(25) && usesError) lines.push(`  throw error${end}`);
  }
  if (!hasCatch || choices.chance(25)) lines.push("} finally {", ...braces(writer, place, 3));
  return same(place, [...lines, "}"]);
};

const choice: Form = (writer, place) => {
  const { choices, end } = writer;
  const inner = { ...place, isBreakable: true };
  const [message] = place.messages;
  const tested =
    message && choices.chance(60) ? `${message}.type` : `kindOf(${simple(writer, place)})`;
  const lines = [`switch (${tested}) {`];
  for (const name of TYPES.slice(0, 1 + choices.below(TYPES.length))) {
    const hasBlock = choices.chance(40);
    const body = hasBlock
      ? braces(writer, deeper(inner))
      : indented(caseBody(writer, deeper(inner)));
    const stop = choices.chance(75) ? [`    break${end}`] : [];
    lines.push(`  case "${name}":${hasBlock ? " {" : ""}`, ...indented(body));
    lines.push(
      ...(hasBlock && choices.chance(50) ? [...stop, "  }"] : hasBlock ? ["  }", ...stop] : stop),
    );
  }
  if (choices.chance(50)) {
    const body = indented(indented(caseBody(writer, deeper(inner))));
    lines.splice(choices.chance(20) ? 1 : lines.length, 0, "  default:", ...body);
  }
  return same(place, [...lines, "}"]);
};

/** Clauses share a scope, so they declare nothing of their own but what has a name of its own. */
function caseBody(writer: Writer, place: Place): string[] {
  return statements(writer, place, new Set(POOL), 3);
}

const closure: Form = (writer, place) => {
  const { choices, end } = writer;
  const name = writer.fresh("h");
  const isAsync = choices.chance(60);
  const isArrow = choices.chance(60);
  const inner: Place = {
    ...place,
    isAsync,
    isGenerator: false,
    returns: isAsync ? "plain" : choices.pick(["settled", "settled", "plain"]),
    readable: ["n", ...place.readable],
    labels: [],
    isInLoop: false,
    isBreakable: false,
    own: isArrow ? place.own : "plain",
    depth: place.depth + 1,
    task: "t",
    closures: [],
  };
  const word = isAsync ? "async " : "";
  const any = typed(writer, "any");
  const given = `(t${any}, n${any})`;
  const body = isArrow && choices.chance(30) ? null : indented(block(writer, inner, 3));
  const lines =
    body === null
      ? [
          `const ${name} = ${word}${given} => ${concise(plain(writer, { ...inner, depth: 0 }))}${end}`,
        ]
      : isArrow
        ? [`const ${name} = ${word}${given} => {`, ...body, `}${end}`]
        : [`${word}function ${name}${given} {`, ...body, "}"];
  const made = { name, result: isAsync ? "promise" : "plain" } as const;
  const closures = [made, ...place.closures];
  return { lines, place: { ...place, closures } };
};

function concise(code: string): string {
  return code.startsWith("{") ? `(${code})` : code;
}

/** A function that is used before it is declared. */
const hoisted: Form = (writer, place) => {
  const { end } = writer;
  const name = writer.fresh("late");
  const any = typed(writer, "any");
  const call = expressionStatement(writer, `log(${place.task}, ${writer.tag()}, ${name}(3))`);
  return same(place, [
    call,
    `function ${name}(n${any}) {`,
    `  return n + ${writer.tag()}${end}`,
    "}",
  ]);
};

/** Closures over a loop's variable, called when the loop is over. */
const loopClosures: Form = (writer, place) => {
  const { end } = writer;
  const name = writer.fresh("fs");
  const index = writer.fresh("i");
  const kind = writer.choices.pick(["let", "var"]);
  const any = typed(writer, "any[]");
  return same(place, [
    `const ${name}${any} = []${end}`,
    `for (${kind} ${index} = 0; ${index} < 2; ${index}++) {`,
    `  ${name}.push(() => ${index})${end}`,
    "}",
    expressionStatement(writer, `log(${place.task}, ${writer.tag()}, ${name}.map((f) => f()))`),
  ]);
};

/** A call of what may be missing, with more behind it. */
const optional: Form = (writer, place) => {
  const { end, choices } = writer;
  const name = writer.fresh("o");
  const call = `${name}?.later(${simple(writer, place)})`;
  const isAwaited = place.isAsync && choices.chance(70);
  const code = isAwaited
    ? `await ${call}.then((v) => log(${place.task}, ${writer.tag()}, v))`
    : `void ${call}.then((v) => v)`;
  const lines = [`const ${name} = box(${place.task}, 1)${end}`, `${code}${end}`];
  return { lines, place: { ...place, boxes: [name, ...place.boxes] } };
};

/** Where a stage's duration is taken. */
const measuring: Form = (writer, place) => {
  const { choices, end } = writer;
  const name = choices.pick(STAGES);
  const duration = simple(writer, place);
  return choices.pick([
    same(place, [`timing.${name} = ${duration}${end}${remark(writer)}`]),
    same(place, [`timing["${name}"] = clock() - ${duration}${end}`]),
    same(place, [`timing[log(${place.task}, ${writer.tag()}, "${name}")] = ${duration}${end}`]),
    same(place, [`timing.${name} += ${duration}${end}`]),
    same(place, [`log(${place.task}, ${writer.tag()}, (timing.${name} = ${duration}))${end}`]),
    same(place, [`stages.set("${name}", clock())${end}`]),
    same(place, [`stages.set("${name}", ${duration})${end}`]),
    same(place, [`stages.mark("${name}", kindOf(${duration}))${end}`]),
    same(place, [`if (${simple(writer, place)} === 1) timing.${name} = ${duration}${end}`]),
  ]);
};

/** A stage that is timed; what it declares is there behind it. */
const stage: Form = (writer, place, taken) => {
  const { lines, place: behind } = timedStage(writer, deeper(place), (inner) => {
    const body: string[] = [];
    let at = inner;
    for (let count = 1 + writer.choices.below(3); count > 0; count--) {
      const written = statement(writer, at, taken);
      body.push(...written.lines);
      at = written.place;
    }
    return { lines: body, place: at };
  });
  return { lines, place: { ...behind, depth: place.depth } };
};

/** A call into the module of traces that are to be replaced. */
const tracing: Form = (writer, place) => {
  const { choices, end, facts } = writer;
  if (!facts.hasLegacy) return null;
  const name = choices.pick(STAGES);
  const given = simple(writer, place);
  const effect = `log(${place.task}, ${writer.tag()}, ${given})`;
  return choices.pick([
    same(place, [`traceStep("${name}", ${given}, 5)${end}`]),
    same(place, [`traceStep(\`${name} \${${given}}\`, typeof ${given}, 5)${end}${remark(writer)}`]),
    same(place, [`traceStep("${name}", ${effect}, clock())${end}`]),
    same(place, [`log(${place.task}, ${writer.tag()}, traceStep("${name}", ${given}, 1))${end}`]),
    same(place, [`traceGuarded("${name}", ${given}, 5)${end}`]),
    same(place, [`if (${given} === 1) traceStep("${name}", 1, 5)${end}`]),
  ]);
};

/** A promise that is returned from a try, where nobody catches it. */
const uncaught: Form = (writer, place) => {
  const { choices, end } = writer;
  if (!place.isAsync || place.returns !== "any") return null;
  const call = `failing(fork(${place.task}), ${simple(writer, place)})`;
  const test = `kindOf(${simple(writer, place)}) === "${choices.pick(TYPES)}"`;
  const [open, close] = choices.chance(70) ? [`if (${test}) {`, "}"] : ["{", "}"];
  const body = [...braces(writer, place, 2), `  return ${call}${end}`];
  return same(place, [
    "try {",
    ...indented([open, ...body, close]),
    "} catch (error) {",
    ...indented([expressionStatement(writer, `log(${place.task}, ${writer.tag()}, error)`)]),
    "}",
  ]);
};

/** What is a value rather than work. */
const handling: Form = (writer, place) => {
  const { choices, end } = writer;
  const any = typed(writer, "any");
  return choices.pick([
    same(place, [`state.handler = (v${any}) => v${end}`]),
    same(place, [`state.handler = async (v${any}) => [v, ${writer.tag()}]${end}`]),
    same(place, [`const ${writer.fresh("key")} = Symbol.for("k")${end}`]),
  ]);
};

/** A test that tells the compiler what a value is. */
const guarding: Form = (writer, place) => {
  if (!writer.facts.isTypeScript) return null;
  const inner = braces(writer, place, 2);
  return same(place, [`if (isText(${simple(writer, place)})) {`, ...inner, "}"]);
};

/** Something tried again until it works. */
const retrying: Form = (writer, place) => {
  const { choices, end } = writer;
  const name = writer.fresh("i");
  const inner = { ...place, isInLoop: true, isBreakable: true };
  const again = `  continue${end}`;
  return same(place, [
    `for (let ${name} = 0; ${name} < 2; ${name}++) {`,
    ...(choices.chance(50) ? [`  if (${name} === 1) continue${end}`] : []),
    "  try {",
    ...indented(braces(writer, inner, 2)),
    "  } catch {",
    ...indented([again]),
    "  }",
    ...(choices.chance(60) ? [`  break${end}`] : []),
    "}",
  ]);
};

/** A resource that goes with its block. */
const disposing: Form = (writer, place) => {
  if (!writer.facts.isTypeScript) return null;
  const line = `using ${writer.fresh("r")} = disposable(${place.task})${writer.end}`;
  return same(place, ["{", `  ${line}`, ...braces(writer, place, 3), "}"]);
};

/** Things that make names impossible to follow, or that need an end of their scope. */
const rare: Form = (writer, place) => {
  const { choices, end } = writer;
  const inner = braces(writer, place, 2);
  const options = [
    ["{", `  eval("1")${end}`, ...inner, "}"],
    ...(place.isLoose ? [[`with ({ inWith: 1 }) {`, ...inner, "}"]] : []),
  ];
  return choices.chance(40) ? same(place, options[choices.below(options.length)] ?? []) : null;
};

const FLAT_FORMS: readonly [Form, ...Form[]] = [
  logging,
  lone,
  waiting,
  waiting,
  waiting,
  declaration,
  declaration,
  declaration,
  assignment,
  assignment,
  floating,
  promiseDeclaration,
  promiseQuestion,
  varDeclaration,
  destructuring,
  boxDeclaration,
  boxAssignment,
  emission,
  messaging,
  messaging,
  messaging,
  yielding,
  yielding,
  throwing,
  early,
  jumping,
  hoisted,
  loopClosures,
  measuring,
  measuring,
  tracing,
  tracing,
  tracing,
  tracing,
  handling,
  optional,
];

const ALL_FORMS: readonly [Form, ...Form[]] = [
  ...FLAT_FORMS,
  conditional,
  conditional,
  conditional,
  loop,
  loop,
  attempt,
  attempt,
  attempt,
  choice,
  choice,
  retrying,
  uncaught,
  uncaught,
  uncaught,
  disposing,
  disposing,
  stage,
  stage,
  guarding,
  guarding,
  closure,
  closure,
  labelled,
  bare,
  rare,
] as unknown as readonly [Form, ...Form[]];
