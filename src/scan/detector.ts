import type { RuleConfig } from "../plan/define-config.js";
import { position } from "../text/lines.js";
import type { TS } from "../syntax/compiler.js";
import { findMatches } from "../syntax/join-point.js";
import { enclosingFunctionNames } from "../syntax/names.js";
import type { Source } from "../syntax/source.js";
import type { Rule } from "../transform.js";
import type { CarriedType } from "./carried-types.js";

/** A rule that a place in the code suggests. */
export interface Proposal {
  readonly rule: RuleConfig;
  readonly file: string;
  readonly line: number;
  readonly why: string;
  /** Functions that the place hands its work on to, or is most of: they need nothing of their own. */
  readonly covers?: readonly string[];
  /** The functions whose calls are most of the place: a span of theirs would have its extent. */
  readonly mostly?: readonly string[];
  /** The function that it is nearly all of, as a rule names it. */
  readonly most?: string | undefined;
  /** The type of the message that it is about, where the file says it. */
  readonly carries?: CarriedType | null;
  /** The one function whose call is all that it is about. */
  readonly calls?: string | undefined;
  /** What it is about messages of, at whose other end may be anybody: a socket, or a queue of jobs. */
  readonly channel?: "socket" | "jobs";
  /** Left out where another detector means the same function, or another place hands its work to it. */
  readonly isSecond?: boolean;
  /** How much it does. */
  readonly weight?: number;
  /** Whether nothing but its weight speaks for it: of these only the heaviest of a tree are wanted. */
  readonly isUntold?: boolean;
  /** How much it is worth, from 1 (good to have) to 3 (what a trace is about). */
  readonly worth: 1 | 2 | 3;
}

/** One kind of place that deserves a rule: what a file must contain, and what is found in it. */
export interface Detector {
  /** What it finds, in words for people. */
  readonly finds: string;
  /** Literals, one of which a file must contain to be parsed for it. */
  readonly needles: readonly string[];
  /** What the path of a file must be like, where that tells. */
  readonly paths?: RegExp;
  readonly find: (source: Source) => readonly Proposal[];
}

/** A proposal for a node; the rule's globs are the file's own unless it says others. */
export function proposal(
  source: Source,
  node: TS.Node,
  worth: Proposal["worth"],
  why: string,
  rule: RuleConfig,
): Proposal {
  const { line } = position(source.text, node.getStart(source.file));
  return { rule: { in: source.path, ...rule }, file: source.path, line, why, worth };
}

/** Whether a rule means these places of a file and nothing else in it. */
export function meansOnly(
  source: Source,
  at: NonNullable<Rule["at"]>,
  places: readonly { readonly node: TS.Node }[],
): boolean {
  const nodes = new Set(places.map(({ node }) => node));
  const found = findMatches(source, at);
  return found.length === nodes.size && found.every(({ node }) => nodes.has(node));
}

/** The attribute by which the span of a job says what job it is. */
export const JOB_NAME = "job.name";

/** Not the code of pages: what they measure is what people do. */
export const NO_PAGES = /^(?!.*(\buse[A-Z]|(^|\/)use-)[^/]*$).*\.[cm]?[jt]s$/;

/** What only a browser has. */
const BROWSER =
  /\b(window|(local|session)Storage)\.\w|\bnew XMLHttpRequest\b|\bdocument\.(createElement|querySelector|getElementById|body|cookie)\b/;

/** Whether a file runs in pages only, as far as its text and its path tell. */
export function isOfPages({ path, text }: Source): boolean {
  return !NO_PAGES.test(path) || PAGES.test(path) || BROWSER.test(text);
}

/** Where a tree that has several programs keeps the one that runs in pages. */
const PAGES = /(^|\/)(apps|packages)\/(client|frontend|mobile|(\w+-)?extension)\//;

/** An id that tells people what a rule is about; what a part says again is said once. */
export function idOf(...parts: readonly string[]): string {
  const said = parts.map(wordsOf).filter((words) => words !== "");
  const isAgain = (words: string, at: number) => `${said[at + 1] ?? ""}-`.startsWith(`${words}-`);
  return said.filter((words, at) => !isAgain(words, at)).join("-");
}

function wordsOf(part: string): string {
  return part
    .replace(/([a-z\d])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z\d]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

/** What the part of the tree is called that a file lies in: `runner` for `apps/runner/src/index.ts`. */
export function areaOf({ path }: Source): string {
  const parts = path.split("/");
  const at = parts.findIndex((part) => /^(apps|packages|services|libs)$/.test(part));
  if (at >= 0 && parts[at + 1]) return parts[at + 1] ?? "";
  return parts.at(-1)?.replace(/\.\w+$/, "") ?? "";
}

/** What a file is about by its path: `plaid` for `webhooks/plaid/index.ts`. */
export function placeOf({ path }: Source): string {
  const parts = path.replace(/\.\w+$/, "").split("/");
  return parts.findLast((part) => !/^(index|route|src|api|\[.*\])$/.test(part)) ?? path;
}

/** The name of the nearest function around a node that has one. */
export function functionAround(node: TS.Node): string | undefined {
  return enclosingFunctionNames(node)[0]?.split(".").at(-1);
}

/** How what covers a place says the nearest function around it: as a function, and as a method. */
export function namesAround(node: TS.Node): string[] {
  const name = functionAround(node);
  return name === undefined ? [] : [name, `.${name}`];
}
