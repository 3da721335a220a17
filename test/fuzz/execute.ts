import { createWorld, show, TooLong, type Task, type World } from "./runtime.js";

/** What programs call in place of, or as, the SDK. */
export interface Sdk {
  readonly startSpan: unknown;
}

/** What one run of a program showed. */
export interface Run {
  readonly log: readonly string[];
  /** How often the code that a rule means was reached, where probes were put into the program. */
  readonly probes: ReadonlyMap<string, number>;
  /** Whether the program was cut off, so that its log says nothing. */
  readonly isTooLong: boolean;
  /** Why the text could not be compiled. */
  readonly failure: string | null;
}

type Entry = (task: Task, value: number) => unknown;
type Main = (...names: unknown[]) => Promise<unknown>;

const AsyncFunction = (async () => {}).constructor as new (...parts: string[]) => Main;

const SDK_NAMES = ["Sentry", "SentrySdk", "sentrySdk"];

/** The body of a function that does what a module's text does, and returns its ways in. */
export function asFunctionBody(text: string, isSloppy: boolean): string {
  const body = text
    .replace(/^\uFEFF/, "")
    .replace(/^(?:import|export \{|const (?:\w+|\{[^}]*\}) = require\()[^\n]*$/gm, "")
    .replace(/^export (?:default )?/gm, "");
  return isSloppy
    ? `const module = {};${body}\nreturn module.exports;`
    : `"use strict";${body}\nreturn ways;`;
}

let current: World | null = null;

const listener = (error: unknown) => {
  if (!(error instanceof TooLong)) current?.sayUnhandled(error);
};

/**
 * Takes over what the process hears of unhandled rejections while programs run.
 * @returns gives it back
 */
export function listenForRejections(): () => void {
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", listener);
  return () => {
    process.off("unhandledRejection", listener);
    for (const other of others) process.on("unhandledRejection", other);
  };
}

/** Runs a program's text, then each of its ways in, one behind the other. */
export async function execute(body: string, sdk: Sdk): Promise<Run> {
  const world = createWorld();
  current = world;
  const names = Object.keys(world.names);
  let main: Main;
  try {
    main = new AsyncFunction(...SDK_NAMES, "T", ...names, body);
  } catch (error) {
    return { log: [], probes: new Map(), isTooLong: false, failure: String(error) };
  }
  const sdks = SDK_NAMES.map(() => sdk);
  let entries: readonly Entry[] = [];
  await settle(world, "module", async () => {
    entries = entriesOf(
      await main.call(undefined, ...sdks, world.root, ...Object.values(world.names)),
    );
  });
  for (const [index, entry] of entries.entries()) {
    const task = { id: `${index + 1}`, forks: 0 };
    await settle(world, `entry ${index}`, () => entry(task, index + 1));
  }
  current = null;
  const { probes } = world;
  return { log: world.log(), probes, isTooLong: world.isTooLong(), failure: null };
}

/** The ways in that a module gives; one that was made smaller may have lost some. */
function entriesOf(exported: unknown): Entry[] {
  if (!Array.isArray(exported)) return [];
  return exported.filter((each): each is Entry => typeof each === "function");
}

/** Calls something and waits until nothing goes on any more; how it ended is part of the log. */
async function settle(world: World, name: string, start: () => unknown): Promise<void> {
  const say = (text: string) => {
    if (!world.isTooLong()) world.say(world.root, `${name} ${text}`);
  };
  let isOver = false;
  const finish = (text: string) => {
    isOver = true;
    say(text);
  };
  try {
    const result = start();
    if (name !== "module") say(`returned ${show(result)} ${keysOf(result)}`);
    Promise.resolve(result).then(
      (value) => finish(`gave ${show(value)}`),
      (error: unknown) => finish(`failed with ${show(error)}`),
    );
  } catch (error) {
    finish(`threw ${show(error)}`);
  }
  await world.drain();
  if (!isOver) say("is pending");
}

/** Which of the properties that a new promise would not have are there. */
function keysOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return "";
  return ["then", "where", "cancel"].filter((key) => key in value).join();
}
