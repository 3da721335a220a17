import type { TS } from "../syntax/compiler.js";
import type { FindingCode } from "../syntax/finding.js";
import { registrationsIn } from "../syntax/registrations.js";
import { repeaterOf } from "../syntax/repeater.js";
import type { Source } from "../syntax/source.js";
import { firstCode } from "../syntax/template.js";
import { encloses, type Range } from "../text/edit.js";
import { nearest } from "../text/nearest.js";
import type { SpanParams } from "../transform.js";
import type { LedgerSite } from "./ledger.js";
import type { ActiveRule, Finding } from "./model.js";

/**
 * What Sentry groups operations by: the first part of an operation.
 * Source: the known values of `sentry.category` and the operations of Sentry's conventions.
 */
const CATEGORIES = [
  "ai",
  "app",
  "browser",
  "cache",
  "console",
  "db",
  "event",
  "file",
  "function",
  "gen_ai",
  "graphql",
  "grpc",
  "http",
  "mark",
  "mcp",
  "measure",
  "middleware",
  "navigation",
  "pageload",
  "queue",
  "resource",
  "rpc",
  "serialize",
  "subprocess",
  "template",
  "topic",
  "ui",
  "view",
  "websocket",
];

/** The ledger's entries of a rule once the plan is applied. */
export type EntriesOf = (rule: string) => readonly LedgerSite[];

/** What is accepted in the spans of rules, and will be regretted where spans are looked at. */
export function spanCautions(rules: readonly ActiveRule[], entriesOf: EntriesOf): Finding[] {
  return rules.flatMap(({ rule }) => {
    const span = "span" in rule ? (rule.span as SpanParams | undefined) : undefined;
    const own = span ? [...nameCaution(rule.id, span), ...opCaution(rule.id, span)] : [];
    if (!("headers" in rule) || rule.headers !== true) return own;
    return [...own, ...headersCaution(rule.id, entriesOf(rule.id))];
  });
}

/** What the SDK's own instrumentation of a client does as well is done twice. */
function headersCaution(id: string, planned: readonly LedgerSite[]): Finding[] {
  if (planned.length === 0) return [];
  if (!planned.some(({ shape }) => shape.kind === "headers")) {
    const message = `"${id}" finds no headers written out in its requests, which therefore carry no context`;
    return [finding("no-headers", "warning", message)];
  }
  const message = `"${id}" sets trace headers itself: the SDK does so too for fetch and http, where the receiver then gets two contexts and begins another trace`;
  return [finding("manual-headers", "warning", message)];
}

/** Spans are grouped by their names: each value of a part that varies is a group of its own. */
function nameCaution(id: string, { name }: SpanParams): Finding[] {
  const varying = firstCode(name);
  if (varying === undefined) return [];
  const message = `the span's name of "${id}" varies at run time: say ${varying} in an attribute`;
  return [finding("varying-span-name", "warning", message)];
}

function opCaution(id: string, { op }: SpanParams): Finding[] {
  const [category = ""] = op?.split(".") ?? [];
  if (op === undefined || /[{$]/.test(category) || CATEGORIES.includes(category)) return [];
  const guess = nearest(category, CATEGORIES);
  const hint = guess ? `; did you mean "${op.replace(category, guess)}"?` : "";
  return [
    finding("unknown-op", "info", `Sentry has no group for the op "${op}" of "${id}"${hint}`),
  ];
}

/**
 * Spans that are opened again and again: a streamed answer of a thousand pieces is a thousand spans,
 * where fifty say the same. Told once for a rule and a file, at the first of them.
 * @param source the text in which the sites were sought
 */
export function repeatedSpans(source: Source, sites: readonly PlacedSpan[]): Finding[] {
  const told = new Set<string>();
  return sites.flatMap(({ rule, region, line }) => {
    const repeater = told.has(rule) ? null : repeaterOf(source, region.start);
    if (!repeater) return [];
    told.add(rule);
    const message = `"${rule}" opens a span for ${repeater}; where they are many, mean only some of them, or list their types as "unsampled" where they are sent`;
    return [{ code: "repeated-span", level: "info", message, file: source.path, line } as const];
  });
}

/** A span, and the code that it is around, in the text in which its site was sought. */
export interface PlacedSpan {
  readonly rule: string;
  readonly region: Range;
  readonly line: number;
  /** Whether it begins where it stands, and not in the trace of a message. */
  readonly isLocal: boolean;
}

/**
 * Spans of what a clock or a listener calls, registered inside the span of another site: that one may
 * have ended by then, and is their parent all the same. Told once for a rule and a file.
 */
export function endedParents(source: Source, spans: readonly PlacedSpan[]): Finding[] {
  if (spans.length < 2) return [];
  const registrations = registrationsIn(source);
  const told = new Set<string>();
  return spans.flatMap((span) => {
    const { rule, region, line, isLocal } = span;
    if (!isLocal || told.has(rule)) return [];
    const around = registrations.filter(({ fn }) => encloses(rangeOf(source, fn), region));
    const parent = spans.find(
      (each) =>
        each !== span && around.some(({ node }) => encloses(each.region, rangeOf(source, node))),
    );
    if (!parent) return [];
    told.add(rule);
    const message = `"${rule}" opens spans below that of "${parent.rule}", which may have ended by then: all of them go into its trace`;
    return [{ code: "ended-parent", level: "warning", message, file: source.path, line } as const];
  });
}

function rangeOf({ file }: Source, node: TS.Node): Range {
  return { start: node.getStart(file), end: node.end };
}

function finding(code: FindingCode, level: Finding["level"], message: string): Finding {
  return { code, level, message, file: null, line: null };
}
