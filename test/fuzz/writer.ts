import type { Choices } from "./choices.js";

/** What the whole module is. */
export interface ModuleFacts {
  readonly isTypeScript: boolean;
  /** CommonJS, not strict: `with` is allowed and `arguments` follows the parameters. */
  readonly isSloppy: boolean;
  readonly semicolons: boolean;
  /** Whether it imports a package that the SDK traces. */
  readonly hasDatabase: boolean;
  /** Whether it imports a library of schemas. */
  readonly hasSchemas: boolean;
  /** Whether it imports a module of traces that are to be replaced. */
  readonly hasLegacy: boolean;
  /** The SDK that it starts, where it does. */
  readonly sdk: string | null;
}

/** A function, method or class that generated code may call. */
export interface Callee {
  readonly name: string;
  /** What a call gives: a plain value, a promise, or who knows. */
  readonly result: "plain" | "promise" | "any" | "iterator" | "async-iterator";
  /** The class of a method. */
  readonly owner?: string | undefined;
  readonly isStatic?: boolean | undefined;
}

/** What generated code may use where it stands. */
export interface Place {
  readonly isAsync: boolean;
  readonly isGenerator: boolean;
  /**
   * What a `return` may give: `settled` is no promise by its looks already, and nothing may be
   * returned at the top level or in a static block.
   */
  readonly returns: "settled" | "plain" | "promise" | "any" | "nothing";
  /** The name of the task that the code runs for. */
  readonly task: string;
  readonly readable: readonly string[];
  readonly assignable: readonly string[];
  readonly promises: readonly string[];
  readonly boxes: readonly string[];
  /** Objects with a `type`. */
  readonly messages: readonly string[];
  readonly closures: readonly Callee[];
  /** Labels around, and whether each is of a loop. */
  readonly labels: readonly { readonly name: string; readonly isLoop: boolean }[];
  readonly isInLoop: boolean;
  readonly isBreakable: boolean;
  /** How `this` can be used: the members of a class, of a plain function, or not at all. */
  readonly own: "method" | "derived" | "static" | "plain" | "none";
  /** Whether `with` is allowed. */
  readonly isLoose: boolean;
  readonly depth: number;
}

/** Writes one program: its choices, and what it has written so far. */
export interface Writer {
  readonly choices: Choices;
  readonly facts: ModuleFacts;
  readonly callees: Callee[];
  /** The end of a statement. */
  readonly end: string;
  /** The next number to log, so that each log call can be told from the others. */
  readonly tag: () => number;
  /** A name nobody has. */
  readonly fresh: (prefix: string) => string;
}

export function createWriter(choices: Choices, facts: ModuleFacts, callees: Callee[]): Writer {
  let tags = 0;
  const counts = new Map<string, number>();
  return {
    choices,
    facts,
    callees,
    end: facts.semicolons ? ";" : "",
    tag: () => tags++,
    fresh: (prefix) => {
      const count = counts.get(prefix) ?? 0;
      counts.set(prefix, count + 1);
      return `${prefix}${count}`;
    },
  };
}

/** A type annotation, in TypeScript. */
export function typed(writer: Writer, type: string): string {
  return writer.facts.isTypeScript ? `: ${type}` : "";
}

export function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === "" ? line : `  ${line}`));
}
