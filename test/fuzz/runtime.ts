import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";

/** Who runs a piece of code: work that is not waited for gets a task of its own. */
export interface Task {
  readonly id: string;
  forks: number;
}

/** One thing that happened. */
interface Entry {
  readonly step: number;
  readonly task: string;
  readonly text: string;
}

interface Sleeper {
  readonly time: number;
  readonly task: string;
  readonly order: number;
  readonly wake: () => void;
}

const KINDS = ["alpha", "beta", "gamma", "alpha"];

/** A program that says more than this is cut off, and not compared. */
const MAX_ENTRIES = 1500;

export class TooLong extends Error {}

/** What one run of a program lives in: a virtual clock, a log, and the functions it may call. */
export interface World {
  readonly names: Readonly<Record<string, unknown>>;
  readonly root: Task;
  readonly say: (task: Task, text: string) => void;
  readonly sayUnhandled: (error: unknown) => void;
  /** Runs until nobody sleeps any more. */
  readonly drain: () => Promise<void>;
  readonly isTooLong: () => boolean;
  /**
   * The log in an order that does not depend on microtask ticks: by the step of the clock, then by
   * task; within one task of one step as it happened.
   */
  readonly log: () => string[];
  readonly probes: ReadonlyMap<string, number>;
}

export function createWorld(): World {
  const entries: Entry[] = [];
  const sleepers: Sleeper[] = [];
  const probes = new Map<string, number>();
  let now = 0;
  let step = 0;
  let order = 0;
  let isTooLong = false;

  const say = (task: Task, text: string) => {
    if (entries.length >= MAX_ENTRIES) {
      isTooLong = true;
      throw new TooLong("the program says too much");
    }
    entries.push({ step, task: task.id, text });
  };
  const sleep = (task: Task, ticks: number, value: unknown) =>
    new Promise((resolve) => {
      const wake = () => resolve(value);
      sleepers.push({ time: now + ticks, task: task.id, order: order++, wake });
    });
  const drain = async () => {
    for (;;) {
      await nextTurn();
      const next = takeNext(sleepers);
      if (!next) return;
      now = next.time;
      step++;
      next.wake();
    }
  };
  const probe = (rule: string) => {
    probes.set(rule, (probes.get(rule) ?? 0) + 1);
    return { value: <T>(value: T): T => value };
  };
  return {
    names: { ...programNames(say, sleep), probe },
    root: { id: "0", forks: 0 },
    say,
    sayUnhandled: (error) => {
      entries.push({ step, task: "~unhandled", text: show(error) });
    },
    drain,
    isTooLong: () => isTooLong,
    log: () =>
      entries
        .map((each, index) => ({ ...each, index }))
        .sort(compareEntries)
        .map(asLine),
    probes,
  };
}

function takeNext(sleepers: Sleeper[]): Sleeper | undefined {
  sleepers.sort((a, b) => a.time - b.time || compare(a.task, b.task) || a.order - b.order);
  return sleepers.shift();
}

type Indexed = Entry & { readonly index: number };

function compareEntries(a: Indexed, b: Indexed): number {
  const both = a.task === "~unhandled" && b.task === "~unhandled";
  const last = both ? compare(a.text, b.text) : a.index - b.index;
  return a.step - b.step || compare(a.task, b.task) || last;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function asLine({ step, task, text }: Entry): string {
  return `${step} ${task} ${text}`;
}

type Say = World["say"];
type Sleep = (task: Task, ticks: number, value: unknown) => Promise<unknown>;

/** The functions that generated programs call. */
function programNames(say: Say, sleep: Sleep) {
  const log = (task: Task, tag: unknown, value?: unknown) => {
    say(task, `${show(tag)} ${show(value)}`);
    return value;
  };
  const fork = (task: Task): Task => ({ id: `${task.id}.${task.forks++}`, forks: 0 });
  const risky = (task: Task, value: unknown) => {
    log(task, "risky", value);
    if (typeof value === "number" && value % 3 === 0) throw new Error(`risky ${value}`);
    return value;
  };
  const cancellable = (task: Task, value: unknown) =>
    Object.assign(sleep(task, 1, value), { cancel: () => log(task, "cancelled") });
  const failing = async (task: Task, value: unknown) => {
    await sleep(task, 1, value);
    throw new Error(`failing ${show(value)}`);
  };
  const kept = new Map<unknown, Promise<unknown>>();
  const cached = (task: Task, key: unknown) => {
    const known = kept.get(key);
    if (known) return known;
    const made = sleep(task, 2, key);
    kept.set(key, made);
    return made;
  };
  const box = (task: Task, value: unknown) => ({
    get value() {
      return log(task, "get", value);
    },
    set value(given: unknown) {
      log(task, "set", given);
    },
    read: (given: unknown) => log(task, "read", given),
    later: (given: unknown) => sleep(task, 1, given),
    send: (...given: readonly unknown[]) => log(task, "sent", given.map(read)),
    postMessage: (given: unknown) => log(task, "posted", structuredClone(given)),
    push: (given: unknown) => given,
    inner: { n: 1, kind: "alpha" },
    none: undefined,
  });
  const tagged =
    (task: Task) =>
    (parts: TemplateStringsArray, ...values: readonly unknown[]) =>
      log(task, "tagged", `${parts.join("_")}${values.map(show).join()}`);
  return {
    log,
    fork,
    sleep,
    risky,
    cancellable,
    failing,
    cached,
    box,
    tagged,
    lazy: lazyBuilder(say),
    each: eachInTurn,
    createBus,
    createStages,
    clock: () => 1,
    now: () => 1,
    wire: (_task: Task, value: unknown) => JSON.stringify(onWire(value)),
    fetch: (task: Task, value: unknown) => sleep(task, 1, value),
    z,
    pg: { query: (task: Task, value: unknown) => sleep(task, 2, value) },
    ...SILENT,
    ...NODE,
    kindOf: (value: unknown) => KINDS[Number(value) % KINDS.length] ?? "gamma",
    disposable: (task: Task) => ({ [Symbol.dispose]: () => log(task, "disposed") }),
  };
}

/** What came as text, as what it says. */
function read(given: unknown): unknown {
  try {
    return typeof given === "string" ? (JSON.parse(given) as unknown) : given;
  } catch {
    return given;
  }
}

const CONTEXTS = [
  undefined,
  { trace: `${"a".repeat(32)}-${"b".repeat(16)}-1`, baggage: "sentry-environment=test" },
  { trace: 1, baggage: {} },
  "text",
];

/** A message that came with a context, without one, or with something else in its place. */
function onWire(value: unknown): object {
  const number = typeof value === "number" ? value : 0;
  const type = KINDS[number % KINDS.length] ?? "gamma";
  const _sentry = CONTEXTS[number % CONTEXTS.length];
  return { type, value: number, ...(_sentry === undefined ? {} : { _sentry }) };
}

const silent = () => undefined;

/** What the modules that are made for a program have from Node; nothing is printed. */
const NODE = { AsyncLocalStorage, process: { env: {}, stderr: { write: silent } } };

/** What records leaves no trace in the log, so that it may be put there and taken away. */
const SILENT = {
  recordStage: silent,
  wideEvent: { recordStage: silent },
  traceStep: silent,
  traceGuarded: silent,
  mark: silent,
};

/** What durations are kept in, as a map and by a method. */
function createStages() {
  const stages = new Map<unknown, unknown>();
  return {
    set: (name: unknown, value: unknown) => void stages.set(name, value),
    get: (name: unknown) => stages.get(name),
    recordStage: silent,
    mark: (name: unknown, value: unknown) => void stages.set(name, value),
  };
}

/** The part of a task's log that is about the queries it runs. */
const QUERIES = 1_000_000;

/** A query builder: it runs whenever somebody asks for its result, each time anew. */
function lazyBuilder(say: Say) {
  return function lazy(task: Task, value: unknown, steps: readonly unknown[] = []): object {
    // A span asks at once, an await one tick later: what others do meanwhile is not compared.
    const apart = { ...task, id: `${task.id}.${QUERIES}` };
    const run = (teller: Task) => {
      say(teller, `query ${show(value)} ${show(steps)}`);
      return Promise.resolve(value);
    };
    const then = (done?: (value: unknown) => unknown, failed?: (error: unknown) => unknown) => {
      say(apart, `then ${show(value)}`);
      return run(apart).then(done, failed);
    };
    return {
      where: (given: unknown) => lazy(task, value, [...steps, given]),
      limit: (given: unknown) => lazy(task, value, [...steps, given]),
      execute: () => run(task),
      then,
      catch: (failed: (error: unknown) => unknown) => then(undefined, failed),
      finally: (settled: () => void) => then().finally(settled),
    };
  };
}

async function eachInTurn(items: Iterable<unknown>, visit: (item: unknown) => unknown) {
  const results: unknown[] = [];
  for (const item of items) results.push(await visit(item));
  return results;
}

/** A listener may emit what it listens to, so that there must be an end to it. */
const MAX_GENERATIONS = 3;

/** An emitter that waits for nobody. */
type Listener = (task: Task, value: unknown) => unknown;

/** A listener hears of what was emitted before it too: which came first may be a matter of ticks. */
function createBus() {
  const listeners = new Map<string, Listener[]>();
  const emitted: [event: string, task: Task, value: unknown][] = [];
  // What one listener does while another waits is not compared.
  const tell = (listener: Listener, index: number, task: Task, value: unknown) =>
    listener({ id: `${task.id}.${QUERIES + index}`, forks: 0 }, value);
  const on = (event: string, listener: Listener) => {
    const fitting = listeners.get(event) ?? [];
    const index = fitting.push(listener) - 1;
    listeners.set(event, fitting);
    for (const [name, task, value] of emitted)
      if (name === event) tell(listener, index, task, value);
  };
  return {
    on,
    /** As a router has it. */
    post: (path: string, listener: Listener) => on(path.slice(1), listener),
    emit: (event: string, task: Task, value: unknown) => {
      if (task.id.split(".").length > MAX_GENERATIONS) return;
      emitted.push([event, task, value]);
      for (const [index, each] of (listeners.get(event) ?? []).entries()) {
        tell(each, index, task, value);
      }
    },
  };
}

/** A text without the context that a message in it may have got on its way. */
function withoutContext(text: string): string {
  return text.replace(/,?\\*"_sentry\\*":\{[^{}]*\}/g, "");
}

/** A value as text: the same for what nobody can tell apart. */
export function show(value: unknown, depth = 0): string {
  if (value instanceof Error) return showError(value);
  if (value instanceof Promise) return `promise${"cancel" in value ? "+cancel" : ""}`;
  if (typeof value === "function") return "function";
  if (typeof value === "string") return JSON.stringify(withoutContext(value));
  if (typeof value !== "object" || value === null) return String(value);
  if (depth > 3) return "...";
  if (Array.isArray(value)) return `[${value.map((each) => show(each, depth + 1)).join()}]`;
  if ("where" in value) return "query";
  if ("forks" in value) return "task";
  const keys = Object.keys(value).filter((key) => {
    if (key === "_sentry") return false;
    const own = Object.getOwnPropertyDescriptor(value, key);
    return own && "value" in own;
  });
  const parts = keys.map(
    (key) => `${key}:${show((value as Record<string, unknown>)[key], depth + 1)}`,
  );
  return `{${parts.join()}}`;
}

/** The engine's own messages quote code, which differs once it is wrapped. */
function showError(error: Error): string {
  return error.constructor === Error ? `Error ${error.message}` : error.name;
}
