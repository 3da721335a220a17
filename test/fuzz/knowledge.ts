import type { Plan } from "../../src/plan/model.js";
import { ts, type TS } from "../../src/syntax/compiler.js";
import type { Source } from "../../src/syntax/source.js";
import { NO_TYPES, type Types, type ValueKind } from "../../src/syntax/value-kind.js";
import { unwrapped } from "../../src/syntax/walk.js";
import { NO_LESSONS, type Lessons } from "../../src/transform.js";
import { choicesFrom, type Choices } from "./choices.js";

/** What a type check would have told about a program. */
export interface Knowledge {
  readonly lessons: ReadonlyMap<string, Lessons>;
  readonly typesOf: (source: Source) => Types;
}

/** What is known of a program before anything is planned. */
export function knowledgeFrom(numbers: readonly number[]): Knowledge {
  const hasTypes = choicesFrom(numbers).chance(60);
  return { lessons: new Map(), typesOf: hasTypes ? typesOf : () => NO_TYPES };
}

/** Whether a program is judged with complaints of a compiler. */
export function isTaught(numbers: readonly number[]): boolean {
  const choices = choicesFrom(numbers.slice(1));
  return choices.chance(6);
}

/** Complaints about some of the sites of a first plan. */
export function lessonsFor(plan: Plan, numbers: readonly number[]): Map<string, Lessons> {
  const lessons = new Map<string, Lessons>();
  const choices = choicesFrom(numbers.slice(2));
  for (const { id, strategy } of plan.sites) {
    if (strategy === null || choices.chance(30)) continue;
    lessons.set(id, lesson(choices, strategy));
  }
  return lessons;
}

const NARROWED = ["n", "this.n", "state", "state.n", "o0", "command", "bus"] as const;

function lesson(choices: Choices, strategy: string): Lessons {
  const paths = () => new Set([choices.pick(NARROWED), choices.pick(NARROWED)]);
  return choices.pick<() => Lessons>([
    () => ({ ...NO_LESSONS, vetoed: new Set([strategy]) }),
    () => ({ ...NO_LESSONS, vetoed: new Set([strategy, "statement"]) }),
    () => ({ ...NO_LESSONS, annotated: true }),
    () => ({ ...NO_LESSONS, narrowed: paths() }),
    () => ({ ...NO_LESSONS, retyped: paths() }),
    () => ({ ...NO_LESSONS, narrowed: paths(), retyped: paths() }),
  ])();
}

/** What a compiler would say that knows the declarations of the runtime. */
function typesOf(source: Source): Types {
  const asyncMethods = namesIn(source.text, /async (\w+)\(|(\w+) = async /g);
  const generators = namesIn(source.text, /\* ?(\w+)\(/g);
  const kindOfCall = (call: TS.CallExpression): ValueKind => {
    const name = lastName(call);
    if (generators.has(name)) return "ongoing";
    return asyncMethods.has(name) ? "promise" : (RESULTS.get(rootName(call)) ?? "unknown");
  };
  return {
    ...NO_TYPES,
    valueOf: (expression) => {
      const code = unwrapped(expression);
      return ts.isCallExpression(code) ? kindOfCall(code) : "unknown";
    },
    makesPromise: (call) => asyncMethods.has(lastName(call)) || FRESH.has(rootName(call)),
    isTypeGuard: (call) => lastName(call) === "isText",
  };
}

function namesIn(text: string, pattern: RegExp): ReadonlySet<string> {
  return new Set([...text.matchAll(pattern)].map(([, first, second]) => first ?? second ?? ""));
}

const RESULTS: ReadonlyMap<string, ValueKind> = new Map<string, ValueKind>([
  ["kindOf", "plain"],
  ["fork", "plain"],
  ["box", "plain"],
  ["disposable", "plain"],
  ["bus.emit", "plain"],
  ["isText", "plain"],
  ["sleep", "promise"],
  ["failing", "promise"],
  ["cached", "promise"],
  ["each", "promise"],
  ["fetch", "promise"],
  ["pg.query", "promise"],
  ["lazy", "thenable"],
  ["cancellable", "thenable"],
]);

const FRESH: ReadonlySet<string> = new Set(["sleep", "failing", "each", "fetch", "pg.query"]);

/** The name that a call names, or that of the function it is a method of the result of. */
function rootName(call: TS.CallExpression): string {
  const callee = unwrapped(call.expression);
  if (!ts.isPropertyAccessExpression(callee)) return callee.getText();
  const inner = unwrapped(callee.expression);
  const isClause = ts.isCallExpression(inner) && rootName(inner) === "lazy";
  return isClause && callee.name.text !== "then" ? "lazy" : callee.getText();
}

function lastName(call: TS.CallExpression): string {
  const callee = unwrapped(call.expression);
  return ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
}
