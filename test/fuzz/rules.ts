import type { RuleConfig } from "../../src/plan/config.js";
import { REGION_KINDS } from "../../src/syntax/region.js";
import type { JoinPoint } from "../../src/syntax/join-point.js";
import type { Choices } from "./choices.js";
import { CASES } from "./statements.js";
import type { Callee } from "./writer.js";

/** A rule of wrap-span for some of what a program has. */
export function spanRule(choices: Choices, id: string, callees: readonly Callee[]): RuleConfig {
  const at = joinPoint(choices, callees);
  const region = choices.chance(45) ? choices.pick(REGION_KINDS) : "auto";
  const attributes = choices.chance(40) ? attributesOf(choices) : null;
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
    ...(choices.chance(35) ? { allowInactive: true } : {}),
  };
}

function attributesOf(choices: Choices): Record<string, string> {
  const values = [
    "${n}",
    "plain text",
    "{{function}}",
    "id ${n}",
    "${a}",
    "${x}",
    "${T.id}",
    "${typeof this}",
    "${i0}",
    "{{file}} and {{case}}",
  ] as const;
  const first = { "app.first": choices.pick(values) };
  return choices.chance(30) ? { ...first, second: choices.pick(values) } : first;
}

function joinPoint(choices: Choices, callees: readonly Callee[]): JoinPoint {
  const form = choices.pick(FORMS);
  const at = form(choices, callees);
  return choices.chance(5) ? { ...at, within: "f*" } : at;
}

type Form = (choices: Choices, callees: readonly Callee[]) => JoinPoint;

const byCase: Form = (choices) => ({ case: choices.pick(CASES) });

const byFunction: Form = (choices, callees) => {
  const names = callees.filter(({ owner }) => !owner).map(({ name }) => name);
  const name = names[choices.below(names.length + 3)];
  return { function: name ?? choices.pick(["*", "f*", "h*", "late*", "call*"]) };
};

const byMethod: Form = (choices, callees) => {
  const methods = callees.filter(({ owner }) => owner?.startsWith("K"));
  const method = methods[choices.below(methods.length + 1)];
  return { method: method ? `${method.owner}.${method.name}` : "*.*" };
};

const byCall: Form = (choices, callees) => {
  const names = callees
    .filter(({ owner, isStatic }) => !owner || isStatic)
    .map(({ owner, name }) => (owner ? `${owner}.${name}` : name));
  const name = names[choices.below(names.length)];
  return { call: name && choices.chance(60) ? `${name}($$$)` : choices.pick(CALLS) };
};

const CALLS = [
  "sleep($$$)",
  "sleep($task, $ticks, $value)",
  "lazy($$$)",
  "log($$$)",
  "log($task, $tag, $value)",
  "risky($task, $value)",
  "cancellable($$$)",
  "cached($$$)",
  "each($$$)",
  "Promise.all($$$)",
  "Promise.allSettled($$$)",
  "o0.read($$$)",
  "bus.emit($$$)",
  "h0($$$)",
  "kindOf($$$)",
  "super.base($$$)",
] as const;

const bySwitch: Form = (choices) => ({
  switch: choices.pick(["kindOf($x)", "command.type", "kindOf(n)"]),
});

const byAssignment: Form = (choices) => ({
  assign: choices.pick(["state.n", "timing[*]", "a", "x", "v1", "o0.value", "state[*]", "b", "c"]),
});

const byListener: Form = () => ({ listener: "message" });

const byRoute: Form = (choices) => ({ route: choices.pick(["*", "GET"]) });

const FORMS: readonly [Form, ...Form[]] = [
  byCall,
  byCall,
  byCall,
  byCall,
  byFunction,
  byFunction,
  byFunction,
  byCase,
  byCase,
  byCase,
  byMethod,
  byMethod,
  bySwitch,
  byAssignment,
  byAssignment,
  byListener,
  byRoute,
];
