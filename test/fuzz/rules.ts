import type { RuleConfig } from "../../src/plan/define-config.js";
import { REGION_KINDS } from "../../src/syntax/region.js";
import type { JoinPoint } from "../../src/syntax/join-point.js";
import { UNREADABLE } from "./around.js";
import type { Choices } from "./choices.js";
import { TYPES } from "./messages.js";
import type { Callee } from "./writer.js";

/** The program that a rule is for. */
export interface Subject {
  readonly path: string;
  readonly text: string;
  readonly callees: readonly Callee[];
  /** The paths of what stands around it. */
  readonly others: readonly string[];
}

/** A rule of any transform for some of what a program has. */
export function ruleFor(choices: Choices, id: string, subject: Subject): RuleConfig {
  const { text, others } = subject;
  const makers = [
    ...(/\b(?:timing|stages)\b.*[=(]/.test(text) ? [stageRule] : []),
    ...(/\btraceStep\(|\btraceGuarded\(/.test(text) ? [callRule, callRule] : []),
    ...(/\brecord\d/.test(text) ? [wrapperRule, wrapperRule] : []),
    ...(/\bMessage\d/.test(text) ? [fieldRule, fieldRule] : []),
    ...(/\.send\(|\.push\(/.test(text) ? [sendRule] : []),
    ...(/JSON\.parse|\bm\d/.test(text) ? [receiveRule] : []),
    ...(/JSON\.parse/.test(text) ? [receiveRule] : []),
    ...(/\bbegan\d/.test(text) ? [timedRule, timedRule] : []),
    ...(text.includes("Sentry.init(") ? [initRule, initRule] : []),
    ...(others.length > 1 ? [aroundRule, aroundRule] : []),
    ...(text.includes("{ id: ") ? [userRule] : []),
    runRule,
  ];
  const make = makers[choices.below(makers.length + 14)] ?? spanRule;
  return make(choices, id, subject);
}

type Maker = (choices: Choices, id: string, subject: Subject) => RuleConfig;

// Spans

const spanRule: Maker = (choices, id, subject) => {
  const at = joinPoint(choices, subject);
  const region = regionFor(choices, at);
  const attributes = choices.chance(40) ? attributesOf(choices, at) : null;
  return {
    id,
    use: "wrap-span",
    at,
    ...(region === "auto" ? {} : { region }),
    span: {
      name: choices.chance(10) ? `${id} {{function}}` : id,
      ...(choices.chance(60) ? { op: choices.pick(["function", "db.query", "it's"]) } : {}),
      ...(attributes ? { attributes } : {}),
    },
    ...(choices.chance(25) ? { markFailure: false } : {}),
    ...(choices.chance(25) ? { captureErrors: true } : {}),
    ...(choices.chance(60) ? { allowInactive: true } : {}),
    ...(choices.chance(20) ? { evenIfTraced: true } : {}),
  };
};

/** What stands in a declaration of its own is reached as a statement only. */
function regionFor(choices: Choices, { call, assign }: JoinPoint): (typeof REGION_KINDS)[number] {
  if (call?.startsWith("disposable")) return choices.pick(["statement", "rest"]);
  if (call?.startsWith("failing")) return choices.pick(["auto", "statement", "rest"]);
  if (assign === "this.size") return choices.pick(["auto", "statement", "body", "rest"]);
  return choices.chance(25) ? choices.pick(REGION_KINDS) : "auto";
}

/** Names that are known in most places, and some that are known in few. */
function attributesOf(choices: Choices, at: JoinPoint): Record<string, string> {
  const near = [
    "${n}",
    "plain text",
    "{{function}}",
    "id ${state.n}",
    at.case === undefined ? "{{file}}" : "{{file}} and {{case}}",
  ] as const;
  const far = ["${a}", "${x}", "${T.id}", "${typeof this}", "${i0}"] as const;
  const value = () => choices.pick<string>(choices.chance(8) ? far : near);
  const first = { "app.first": value() };
  return choices.chance(30) ? { ...first, second: value() } : first;
}

function joinPoint(choices: Choices, subject: Subject): JoinPoint {
  const form = choices.pick(FORMS);
  const at = form(choices, subject);
  return choices.chance(5) ? { ...at, within: "f*" } : at;
}

type Form = (choices: Choices, subject: Subject) => JoinPoint;

const byCase: Form = (choices) => ({ case: choices.pick(TYPES) });

const byFunction: Form = (choices, { callees }) => {
  const names = callees.filter(({ owner }) => !owner).map(({ name }) => name);
  const name = names[choices.below(names.length + 3)];
  return { function: name ?? choices.pick(["*", "f*", "h*", "late*", "call*"]) };
};

const byMethod: Form = (choices, subject) => {
  const methods = subject.callees.filter(({ owner }) => owner?.startsWith("K"));
  if (methods.length === 0) return byCall(choices, subject);
  const method = methods[choices.below(methods.length + 1)];
  const all = choices.chance(10) ? "*.*" : "K*.*";
  return { method: method ? `${method.owner}.${method.name}` : all };
};

/** Calls of the program's own functions, most often of those that are waited for. */
const byCall: Form = (choices, { callees, text }) => {
  const known = callees.filter(({ owner, isStatic }) => !owner || isStatic);
  const asynchronous = known.filter(({ result }) => result === "promise");
  const chosen = choices.chance(92) && asynchronous.length > 0 ? asynchronous : known;
  const callee = chosen[choices.below(chosen.length)];
  if (callee && choices.chance(30)) {
    return { call: `${callee.owner ? `${callee.owner}.` : ""}${callee.name}($$$)` };
  }
  const present = CALLS.filter((call) => text.includes(calledName(call)));
  return { call: present[choices.below(present.length)] ?? "sleep($$$)" };
};

/** What a program must say for a pattern of a call to mean something in it. */
function calledName(call: string): string {
  return call.slice(call.startsWith("$") ? call.indexOf(".") : 0, call.indexOf("("));
}

const CALLS = [
  "sleep($$$)",
  "sleep($task, $ticks, $value)",
  "sleep($$$)",
  "sleep($task, $ticks, $value)",
  "lazy($$$)",
  "fetch($$$)",
  "pg.query($$$)",
  "$box.later($$$)",
  "$box.later($$$)",
  "disposable($$$)",
  "disposable($$$)",
  "disposable($$$)",
  "disposable($$$)",
  "isText($$$)",
  "isText($$$)",
  "isText($$$)",
  "isText($$$)",
  "log($task, 3, $value)",
  "risky($task, $value)",
  "cancellable($$$)",
  "cached($$$)",
  "each($$$)",
  "each($$$)",
  "failing($$$)",
  "failing($$$)",
  "Promise.all($$$)",
  "Promise.allSettled($$$)",
  "o0.read($$$)",
  "bus.emit($$$)",
  "h0($$$)",
  "h1($$$)",
  "kindOf($$$)",
  "super.base($$$)",
  "super($$$)",
  "Symbol.for($$$)",
  "traceStep($$$)",
] as const;

const bySwitch: Form = (choices) => ({
  switch: choices.pick(["kindOf($x)", "command.type", "kindOf(n)"]),
});

const byAssignment: Form = (choices, { text }) => {
  const present = TARGETS.filter((target) => text.includes(target.replace("[*]", "")));
  return { assign: present[choices.below(present.length)] ?? "state.n" };
};

const TARGETS = [
  "state.n",
  "timing[*]",
  "a",
  "x",
  "v1",
  "o0.value",
  "state[*]",
  "b",
  "c",
  "state.handler",
  "state.handler",
  "this.size",
] as const;

const byListener: Form = () => ({ listener: "message" });

const byRoute: Form = (choices) => ({ route: choices.pick(["*", "GET"]) });

const FORMS: readonly [Form, ...Form[]] = [
  byCall,
  byCall,
  byCall,
  byFunction,
  byFunction,
  byFunction,
  byFunction,
  byCase,
  byCase,
  byCase,
  byCase,
  byCase,
  byCase,
  byMethod,
  byMethod,
  byMethod,
  bySwitch,
  byAssignment,
  byListener,
  byRoute,
];

// The other transforms

const stageRule: Maker = (choices, id) => {
  const at = choices.pick<JoinPoint>([
    { assign: "timing[*]" },
    { assign: "timing[*]" },
    { call: "stages.set($$$)" },
    { call: "stages.mark($$$)" },
  ]);
  const recorder = choices.pick<Readonly<Record<string, unknown>>>([
    { module: "lib/stages.js", create: true },
    { module: "lib/stages.js", create: true },
    { module: "lib/stages.js", create: true },
    { module: "lib/tracing.js" },
    { module: "lib/stages.js", create: true },
    { module: "a-package", recorder: "wideEvent.recordStage" },
    { recorder: "stages.recordStage" },
  ]);
  const status = choices.chance(30) ? { status: "it's done" } : {};
  return { id, use: "record-stage", at, ...recorder, ...status };
};

const callRule: Maker = (choices, id, { path }) => {
  const name = choices.pick(["traceStep", "traceStep", "traceGuarded"]);
  return {
    id,
    use: "replace-legacy",
    module: choices.chance(90)
      ? `lib/tracing.${path.endsWith("ts") ? "ts" : "js"}`
      : "lib/other.js",
    at: { call: `${name}($name, $value, $ms)` },
    breadcrumb: {
      message: "{{name}}",
      ...(choices.chance(50) ? { category: "agent" } : {}),
      ...(choices.chance(70) ? { data: { value: "${{{value}}}", ms: "${{{ms}}}" } } : {}),
    },
    ...(choices.chance(40) ? { when: "state.n !== 7" } : {}),
  };
};

const wrapperRule: Maker = (choices, id, { path, text }) => ({
  id,
  use: "replace-legacy",
  module: path,
  at: { function: choices.pick([/\brecord\d/.exec(text)?.[0] ?? "record0", "record*"]) },
  breadcrumb: {
    message: choices.pick(["recorded", "${n}", "step ${n}"]),
    ...(choices.chance(40) ? { data: { value: "${n}", far: choices.pick(["${n}", "${q}"]) } } : {}),
  },
  ...(choices.chance(30) ? { when: "state.n !== 7" } : {}),
});

const fieldRule: Maker = (choices, id, { text }) => {
  const message = /\bMessage\d/.exec(text)?.[0] ?? "Message0";
  const type = choices.pick([message, message, "Message*", "Base0", `${message}.items`]);
  return { id, use: "trace-field", at: { type } };
};

const sendRule: Maker = (choices, id, { text }) => {
  const call = choices.pick([
    "$box.send($$$)",
    "$box.send($$$)",
    "$box.send($message)",
    "$box.push($message)",
    "$box.postMessage($$$)",
    "$box.postMessage($$$)",
    "bus.emit($name, $task, $message)",
    "bus.emit($name, $task, $message)",
    "bus.emit($$$)",
  ]);
  const mayCopy = !/\) === m\d/.test(text) && choices.chance(70);
  return {
    id,
    use: "trace-send",
    at: { call },
    ...(mayCopy ? { allowCopy: true } : {}),
    ...(choices.chance(30) ? { unsampled: { type: ["open"] } } : {}),
  };
};

const receiveRule: Maker = (choices, id, { text }) => {
  const use = choices.pick([
    "trace-receive",
    "trace-receive",
    "trace-receive",
    "trace-browser",
    "trace-browser",
    "trace-forward",
  ]);
  const message = /\bm\d+\b/.exec(text)?.[0] ?? "m0";
  const switched = /switch \((m\d+\.type)/.exec(text)?.[1] ?? "m0.type";
  const at = choices.pick<JoinPoint>([
    { call: "JSON.parse($$$)" },
    { call: "JSON.parse($$$)" },
    { call: "JSON.parse($$$)" },
    { call: "JSON.parse($$$)" },
    { call: "JSON.parse($$$)" },
    // A getter of the runtime's, which nobody sees, would be read twice.
    ...(/\bo\d+\.value/.test(text)
      ? []
      : [{ call: "sleep($task, $ticks, $message)" }, { call: "$box.later($message)" }]),
    ...(text.includes("switch (m") ? [{ case: choices.pick(TYPES) }, { switch: switched }] : []),
    { listener: "message" },
    { method: "K*.*" },
  ]);
  return {
    id,
    use,
    at,
    ...(choices.chance(15) ? { region: choices.pick(REGION_KINDS) } : {}),
    ...(use === "trace-forward" || choices.chance(12) ? { span: { name: id } } : {}),
    ...(choices.chance(25) ? { captureErrors: true } : {}),
    ...(choices.chance(8) ? { module: "lib/none.js" } : {}),
    ...(choices.chance(10) ? { message: `\${${choices.pick(["n", message, "state.n"])}}` } : {}),
  };
};

const timedRule: Maker = (choices, id) => ({
  id,
  use: "stage-span",
  at: choices.pick<JoinPoint>([
    { assign: "spent[*]" },
    { assign: "spent[*]" },
    { assign: "spent[*]" },
    { assign: "spent[*]" },
    { assign: "spent[*]" },
    { assign: "spent[*]" },
    { assign: "spent[*]" },
    { assign: "spent[*]" },
    { assign: "timing[*]" },
    { call: "stages.set($$$)" },
  ]),
  ...(choices.chance(20) ? { dir: "lib/pipeline" } : {}),
});

const wholeFunction: Form = (choices, subject) => {
  const hasMethods = subject.callees.some(({ owner }) => owner?.startsWith("K"));
  return hasMethods && choices.chance(30)
    ? byMethod(choices, subject)
    : byFunction(choices, subject);
};

const runRule: Maker = (choices, id, subject) => ({
  id,
  use: "run-lifecycle",
  at: wholeFunction(choices, subject),
  span: { name: id, ...(choices.chance(50) ? { op: "pipeline" } : {}) },
  ...(choices.chance(60) ? { fields: { first: choices.pick(["${a}", "${v1}", "${n}"]) } } : {}),
  ...(choices.chance(30) ? { outcomes: { alpha: "partial", got: "cancelled" } } : {}),
  ...(choices.chance(30) ? { cancelled: choices.pick(["${state.n === 2}", "${n === 3}"]) } : {}),
});

const userRule: Maker = (choices, id, subject) => ({
  id,
  use: "user-context",
  at: wholeFunction(choices, subject),
  ...(choices.chance(40) ? { user: choices.pick(["value", "twice", "twice"]) } : {}),
});

const initRule: Maker = (choices, id) => ({
  id,
  use: "init-hardening",
  ...(choices.chance(50) ? { dsn: choices.pick<string | true>([true, "${state.dsn}"]) } : {}),
  ...(choices.chance(50) ? { environment: true } : {}),
  ...(choices.chance(50) ? { productionRate: 0.2 } : {}),
  ...(choices.chance(30) ? { sampler: samplerOf(choices) } : {}),
  ...(choices.chance(50) ? { pii: false } : {}),
  ...(choices.chance(50) ? { ignoreErrors: ["AbortError", "it's over"] } : {}),
  ...(choices.chance(50) ? { scrub: true } : {}),
});

function samplerOf(choices: Choices) {
  const rates = [{ name: "/health", rate: 0 }];
  return choices.chance(25) ? { rates, otherwise: 0.5 } : { rates };
}

const aroundRule: Maker = (choices, id, { others }) => {
  const hasIndex = others.some((each) => each.startsWith("lib/index."));
  if (hasIndex && choices.chance(60)) return { id, use: "observability-modules", dir: "lib" };
  const envFile = choices.chance(20) ? { envFile: UNREADABLE } : {};
  return { id, use: "clean-up", ...envFile };
};
