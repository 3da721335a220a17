import type { TS } from "./compiler.js";
import type { Edit, Range } from "../text/edit.js";
import { fingerprint } from "./fingerprint.js";
import type { ImportNeed } from "./import-place.js";
import type { Reindent } from "./indent.js";
import type { Reason } from "./reason.js";
import type { Source } from "./source.js";

/** How a site is instrumented. */
export type Strategy =
  "expression" | "statement" | "body" | "inactive" | "insert" | "replace" | "create" | "delete";

/** One place a rule means. `Data` is the transform's own. */
export interface Site<Data> {
  /** Offset of what the join point matched. */
  readonly anchor: number;
  /** The code concerned; its first line is the site's line. */
  readonly region: Range;
  /** What it may be instead, where the first choice is not safe. */
  readonly alternatives?: readonly Range[];
  readonly data: Data;
  /** Which of the changes that a rule makes at one place; its `Shape` has the same `part`. */
  readonly part?: string | undefined;
  /** Sites without which this one makes no sense, such as the calls that an import was for. */
  readonly dependsOn?: readonly Site<Data>[] | undefined;
  /** The site that this one stands in for, should that one be impossible. */
  readonly insteadOf?: Site<Data> | undefined;
  /** What it is to a hop. */
  readonly hop?: HopPart | undefined;
  /** Set when the place is instrumented already, by hand. */
  readonly present?: "hand" | undefined;
  /** Set when the place must be left alone whatever the strategy. */
  readonly skip?: Reason | undefined;
}

/** A type whose messages carry a context, or one end of the way that a message takes. */
export type HopPart =
  | { readonly part: "type"; readonly name: string; readonly members: readonly string[] }
  | { readonly part: "sender"; readonly message: TS.Node | undefined }
  | {
      readonly part: "receiver";
      readonly message: TS.Node | undefined;
      /** The schema that has read the message, which may drop what it does not name. */
      readonly schema?: TS.Identifier | undefined;
    };

/** An edit that knows which neighbour it belongs to, should another one claim the same offset. */
export interface AttachedEdit extends Edit {
  /** `left` closes what stands before it, `right` opens what comes behind it. */
  readonly attach: "left" | "right";
  /** What the text belongs to, where that is less than the region. */
  readonly extent?: Range;
  /** Whether it stands before whatever begins at its place, such as a call that other code wraps. */
  readonly isFirst?: boolean;
  /** Whether once is enough, should several sites put the same text at the same place. */
  readonly isShared?: boolean;
}

/**
 * What the ledger keeps to find the instrumentation again: plain strings, never offsets. Of the sites
 * of one place, only one may have a certain `exclusive`: a field of that name, braces.
 */
export type Shape = Readonly<Record<string, string>>;

/** A module that the instrumentation calls and that is made when the tree has none. */
export interface ModuleNeed {
  /** Relative to the root. */
  readonly path: string;
  readonly text: (style: Source["style"]) => string;
}

/** The edits for one site. */
export interface Instrumentation {
  readonly strategy: Strategy;
  readonly region: Range;
  readonly edits: readonly AttachedEdit[];
  readonly reindent: Reindent | null;
  readonly imports: readonly ImportNeed[];
  readonly modules: readonly ModuleNeed[];
  readonly span: { readonly name: string; readonly op: string | null } | null;
  readonly shape: Shape;
  /** The path of names around the site, and the head of its code: they tell equal shapes apart. */
  readonly container: string;
  readonly head: string;
}

/** A place in the current text that has the shape of a ledger entry. */
export interface Candidate {
  readonly range: Range;
  readonly container: string;
  readonly head: string;
  /** What our own part of it says; the shape has the same key when nothing of that was edited. */
  readonly key: string;
  /** Whether it is as it was inserted, apart from formatting. */
  readonly exact: boolean;
  /** Whether at least what names it (a span's name, a field) is as it was inserted. */
  readonly similar: boolean;
  /** Whether it is as it was inserted, but for the names of variables. */
  readonly isRenamed?: boolean;
  /** The head under the names that variables had, where nothing else of our own part has changed. */
  readonly headBefore?: string;
  /** The message whose trace it goes on with, as the code calls it now. */
  readonly continues?: string | undefined;
  /** The edits that take it out, or why it cannot be taken out. */
  readonly removal: Removal | Reason;
}

export interface Removal {
  readonly edits: readonly Edit[];
  readonly dedent: Reindent | null;
}

/** What the type check taught about one site in an earlier round. */
export interface Lessons {
  /** Strategies whose result did not type-check. */
  readonly vetoed: ReadonlySet<string>;
  /** Expressions, as written, that were known not to be null or undefined before they were wrapped. */
  readonly narrowed: ReadonlySet<string>;
  /** Paths, as written, whose types were narrower before they were wrapped. */
  readonly retyped: ReadonlySet<string>;
  /** Whether a callback must say the type that the function around it returns. */
  readonly annotated: boolean;
  /** Whether nothing that is left to try is worth trying. */
  readonly isGivenUp: boolean;
  /** What the compiler complained about first. */
  readonly complaint: string | null;
}

export const NO_LESSONS: Lessons = {
  vetoed: new Set(),
  narrowed: new Set(),
  retyped: new Set(),
  annotated: false,
  isGivenUp: false,
  complaint: null,
};

/** How much of a piece of code is kept to know it again. */
const HEAD_LENGTH = 160;

/** The beginning of a node's fingerprint, long enough to tell neighbours apart. */
export function headOf(node: TS.Node, seeThrough?: (node: TS.Node) => TS.Node): string {
  return fingerprint(node, seeThrough, HEAD_LENGTH);
}

/** The same of a fingerprint. */
export function headOfPrint(print: string): string {
  return print.slice(0, HEAD_LENGTH);
}

/**
 * A text of the ledger as it goes back into the file: byte for byte, unless the whole file has got
 * other line endings since.
 */
export function ledgerText({ style }: Pick<Source, "style">, shape: Shape, key: string): string {
  const text = shape[key] ?? "";
  return shape.eol === style.eol ? text : text.replace(/\r?\n/g, style.eol);
}
