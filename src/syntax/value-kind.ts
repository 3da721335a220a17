import type { TS } from "./compiler.js";

/**
 * What a value is to `startSpan`, as far as types can tell:
 * - `plain`: neither a promise nor a thenable; it comes back as it is;
 * - `promise`: the platform's own promise, or a plain value;
 * - `thenable`: something that has a `then` and more: a lazy builder, a promise with properties;
 * - `ongoing`: a subprocess, a stream or a generator, whose work goes on when it is there;
 * - `unknown`: types do not tell.
 */
export type ValueKind = "plain" | "promise" | "thenable" | "ongoing" | "unknown";

/** Answers about types, asked only where the text of the file alone cannot tell. */
export interface Types {
  /** What an expression yields. */
  readonly valueOf: (expression: TS.Expression) => ValueKind;
  /** What a call of a function yields. */
  readonly resultOf: (fn: TS.FunctionLikeDeclaration) => ValueKind;
  /** Whether what a call calls certainly makes a promise of its own. */
  readonly makesPromise: (call: TS.CallExpression) => boolean;
  /** Whether a call tells the compiler about the code behind it: `x is T`, `asserts x`, `never`. */
  readonly isTypeGuard: (call: TS.CallExpression) => boolean;
  /** Whether the compiler infers from a function's body that it tells a type: `x is T`. */
  readonly infersGuard: (fn: TS.FunctionLikeDeclaration) => boolean;
  /** Whether code before a name or a path made its type narrower than it is declared. */
  readonly isNarrowed: (path: TS.Expression) => boolean;
  /** The package that declares what a call calls; null for code of the tree. */
  readonly packageOf: (call: TS.CallExpression) => string | null;
  /** Whether reading a member runs code. */
  readonly isAccessor: (member: TS.PropertyAccessExpression) => boolean;
  /** The members of a value whose reading runs code. */
  readonly accessorsOf: (value: TS.Expression) => readonly string[];
  /** Whether a value certainly has no fields of its own that one could be added to. */
  readonly isFieldless: (value: TS.Node) => boolean;
  /** What the types of a message are called. */
  readonly messageTypes: (message: TS.Node) => MessageTypes;
}

/** Names of types, as `trace-field` calls them: `Event`, `Batch.updates`. None where it is not known. */
export interface MessageTypes {
  /** The message's own: what it is declared as, what that extends or is a union of. */
  readonly own: readonly string[];
  /** Those of what it holds in arrays. */
  readonly held: readonly string[];
  /** The members of each kind of message that it may be. */
  readonly fields: readonly (readonly string[])[];
}

export const UNKNOWN_MESSAGE: MessageTypes = { own: [], held: [], fields: [] };

/** For planning without a type check: nothing is known. */
export const NO_TYPES: Types = {
  valueOf: () => "unknown",
  resultOf: () => "unknown",
  makesPromise: () => false,
  isTypeGuard: () => false,
  infersGuard: () => false,
  isNarrowed: () => false,
  packageOf: () => null,
  isAccessor: () => false,
  accessorsOf: () => [],
  isFieldless: () => false,
  messageTypes: () => UNKNOWN_MESSAGE,
};
