import * as v from "valibot";
import { param } from "../syntax/params.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { AnyTransform } from "../transform.js";
import { PRESETS } from "./presets.js";

const TEXT = v.pipe(v.string(), v.minLength(1));
const GLOBS = v.union([TEXT, v.array(TEXT)]);

/** What each form of a join point means, with an example. */
export const AT_FORMS = {
  case: 'a clause of a switch, or the same test as an `if` that does not just look ahead to such a clause: `"start-build"`',
  switch: 'a whole switch: `"event.type"`',
  call: "a call: `\"save($ctx, 'done', $$$)\"`; `$x` captures (twice, it is the same code), `$_` is any code, `$$$` takes the rest (also in `{ body: $text, $$$ }`, `[$first, $$$]` and `new Command($$$)`); the head of a chain means the chain",
  function:
    'functions by name, also in `useCallback`: `"forwardEvent"`, `"handle*"`; `"createHandler()"` means those that a function of that name gives back',
  method:
    'methods by class: `"Server.*"`; `"Server.handler()"` means the functions that such a method gives back',
  route:
    'an exported HTTP handler: `"POST"`, `"*"`; also what wrappers take, `withAuth(async () => ...)`',
  listener:
    'the callback of `.on`, `.once`, `.addEventListener`, `.onmessage =`, there or by the name that it has in the file (`onMessage`, `this.onMessage.bind(this)`): `"message"`; also what does the jobs of a queue, `new Worker("emails", ...)`, `queue.process("emails", ...)`: `"emails"`, a step of Inngest, `step.run("charge", ...)`: `"charge"`; a task of Trigger.dev, `task({ id: "export", run: ... })`: `"export"`; what handles the messages of a channel, `client.subscribe("orders", ...)`, `channel.consume("orders", ...)`: `"orders"`; or what a clock starts, `cron.schedule("0 4 * * *", ...)`; with `on`, what a function of that name is given: `Cron("0 4 * * *", ...)`',
  assign:
    'an assignment: `"stageTiming[*]"`, `"*Duration"`; a name also means a constant of that name',
  type: 'a type or a schema, or the elements of a member: `"BaseEvent"`, `"Batch.updates"`',
} as const;

export type AtForm = keyof typeof AT_FORMS;

/** The forms that `on` narrows. */
export const TAKING_ON: readonly string[] = ["case", "listener"] satisfies AtForm[];

const ON = param(
  "narrows `case` to a switch over this expression, `listener` to this emitter, queue or class",
  v.optional(TEXT),
);
const WITHIN = param("only inside a function or a method of this name", v.optional(TEXT));

const AT_MEANING = "what it looks for";

const AT = v.strictObject({
  ...Object.fromEntries(
    Object.entries(AT_FORMS).map(([form, meaning]) => [form, param(meaning, v.optional(TEXT))]),
  ),
  on: ON,
  within: WITHIN,
});

const COMMON = {
  id: param(
    "what the rule is called, in the plan and in the ledger",
    v.pipe(TEXT, v.regex(/^[\w./-]+$/, "letters, digits, dots, dashes and slashes")),
  ),
  use: param("the transform", TEXT),
  phase: param(
    "the part of the plan that it belongs to, for `--phase`",
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  ),
  in: param("globs of the files that it looks at", v.optional(GLOBS)),
  at: param(AT_MEANING, v.optional(AT)),
};

const PRESETS_MEANING =
  "presets whose rules come first; a rule with the id of a preset's rule takes its place";

const RULES_MEANING = "what to instrument, and how";

/** A config before its rules are known: each is checked by the schema of its transform. */
export const CONFIG = v.strictObject({
  include: param(
    "globs of the files that are looked at, by default all",
    v.optional(v.array(TEXT)),
  ),
  exclude: param("globs of files that are not", v.optional(v.array(TEXT))),
  presets: param(PRESETS_MEANING, v.optional(v.array(TEXT))),
  rules: param(RULES_MEANING, v.optional(v.array(v.looseObject({ use: TEXT })))),
});

/** The schema of one rule of a transform: what every rule has, and its own parameters. */
export function ruleSchema(transform: AnyTransform) {
  return v.strictObject({ ...COMMON, ...transform.params });
}

/** Just one of the join points that a transform takes. */
function joinPointSchema({ joinPoints }: AnyTransform) {
  if (joinPoints.length === 0) return v.optional(v.never());
  const forms = joinPoints.map((form) => {
    const own: v.ObjectEntries = { [form]: param(AT_FORMS[form], TEXT), within: WITHIN };
    return v.strictObject(TAKING_ON.includes(form) ? { ...own, on: ON } : own);
  });
  return param(AT_MEANING, v.union(forms));
}

/** The schema of a whole config, every transform's rules included; the JSON Schema is made from it. */
export function configSchema() {
  const rules = [...TRANSFORMS.values()].map((transform) =>
    v.strictObject({
      ...COMMON,
      ...transform.params,
      at: joinPointSchema(transform),
      use: param(transform.summary, v.literal(transform.name)),
    }),
  );
  return v.strictObject({
    ...CONFIG.entries,
    $schema: v.optional(v.string()),
    presets: param(PRESETS_MEANING, v.optional(v.array(v.picklist([...PRESETS.keys()])))),
    rules: param(RULES_MEANING, v.optional(v.array(v.union(rules)))),
  });
}
