import * as schema from "valibot";
import { ts, type TS } from "./compiler.js";
import { catchNeeds, type CatchRule } from "./caught-error.js";
import { helperFor, type HelperHost, type HelperSpec } from "./helper-module.js";
import { runInHelper } from "./helper-wrapper.js";
import type { Binding } from "./imports.js";
import type { Instrumentation, Lessons, Site } from "./instrumentation.js";
import type { Match } from "./join-point.js";
import { captureErrorsParam, codeSchema, markFailureParam, param, regionParam } from "./params.js";
import { isReadable, readSafely } from "./readable.js";
import { isReason, reason, type Reason } from "./reason.js";
import { readsAccessor, receivedIn, type Received, type Receiving } from "./received.js";
import { regionsOf, type Region, type RegionKind } from "./region.js";
import type { Source } from "./source.js";
import { fillsFor, renderSpan, spanTemplates, type SpanParams } from "./span-options.js";
import { renderTemplate } from "./template.js";
import type { Types } from "./value-kind.js";
import { firstNode, nodesOf, wrappingFor } from "./wrapping.js";

/** What a rule says about a handler that is to run in a trace. */
export interface HandlerRule extends CatchRule {
  readonly region: RegionKind;
  /** Code for the message, where it cannot be told from the code. */
  readonly message?: string | undefined;
  /** The span that the handler runs in. */
  readonly span?: SpanParams | undefined;
  /** The module that has the helper; by default one of the package's own, which is made. */
  readonly module?: string | undefined;
}

/** The parameters of such a rule, without those of its span. */
export const handlerParams = {
  message: param(
    'the message as code, such as `"${job.data}"`; else the capture `$message` or the first argument of a call, what a listener or `JSON.parse` parses, or a schema reads of that, the first parameter of a function (of a job of BullMQ or Bull, its `data`), what a switch tests',
    schema.optional(codeSchema),
  ),
  region: regionParam,
  markFailure: markFailureParam,
  captureErrors: captureErrorsParam,
  module: param(
    "a module of yours that has the helper; by default it is made",
    schema.optional(schema.string()),
  ),
};

/** Where a message can be handled. */
export const HANDLER_JOIN_POINTS = [
  "call",
  "listener",
  "function",
  "method",
  "case",
  "switch",
] as const;

/** The templates of such a rule with their paths in it. */
export function handlerTemplates({
  message,
  span,
}: HandlerRule): readonly (readonly [path: string, template: string])[] {
  return [
    ...(message === undefined ? [] : [["message", message] as const]),
    ...(span === undefined ? [] : spanTemplates(span)),
  ];
}

/** A match, and the message with its handler, or why there is none. */
export interface Handler {
  readonly match: Match;
  readonly received: Received | Reason;
}

/** The message and its handler: as the rule says, or as the code does. */
export function receivedBy(
  host: Receiving,
  match: Match,
  { message, region: wanted }: HandlerRule,
): Received | Reason {
  if (message === undefined) return receivedIn(host, match, wanted);
  const { source } = host;
  const [region] = regionsOf(source, match, wanted);
  if (!region) return reason("empty-region");
  const { code, names } = renderTemplate(message, fillsFor(source, match), source.style);
  const unreadable = unreadableIn(source, region, names);
  if (unreadable) return unreadable;
  if (readsAccessor(source, code)) return reason("accessor-path", code);
  return { message: isReadAtOnce(region) ? code : readSafely(source, match, code), region };
}

/** An expression reads its message itself, first of all; other code may look first whether it is there. */
function isReadAtOnce({ kind }: Region): boolean {
  return kind === "expression";
}

/** Whether a name cannot be read where a region begins. */
function unreadableIn(source: Source, region: Region, names: readonly string[]): Reason | null {
  const place = { start: region.start, end: region.start };
  const node = firstNode(region);
  const found = names.find((name) => name !== "this" && !isReadable(source, name, node, place));
  return found === undefined ? null : reason("not-in-scope", found);
}

/** The site of a handler; one that goes on with a trace already is present. */
export function handlerSite(
  { file }: Source,
  match: Match,
  received: Received | Reason,
): Site<Handler> {
  const { anchor, node } = match;
  const data = { match, received };
  if (isReason(received)) {
    return { anchor, region: { start: node.getStart(file), end: node.end }, data };
  }
  const present = isContinuedByHand(received) ? "hand" : undefined;
  const hop = { part: "receiver", message: received.named, schema: received.schema } as const;
  return { anchor, region: received.region, data, hop, present };
}

/** What goes on with a trace: the SDK's own function, and our helpers. */
const CONTINUING = /(^|\.)(continueTrace\w*|continueSpanFrom|forwardSpanFrom)$/;

/** Whether the code around a region, or all of what is in it, goes on with a trace. */
function isContinuedByHand({ region }: Received): boolean {
  const [only, ...others] = nodesOf(region);
  if (only && others.length === 0 && isContinuing(valueOfStatement(only))) return true;
  for (let at = firstNode(region); at.parent; at = at.parent) {
    if (isContinuing(at)) return true;
    if (ts.isFunctionLike(at) && !ts.isArrowFunction(at)) return false;
  }
  return false;
}

function isContinuing(node: TS.Node | undefined): boolean {
  return !!node && ts.isCallExpression(node) && CONTINUING.test(node.expression.getText());
}

/** `await f()` of `return await f();`, and of that the call. */
function valueOfStatement(node: TS.Node): TS.Node | undefined {
  const value =
    ts.isExpressionStatement(node) || ts.isReturnStatement(node) ? node.expression : node;
  return value && ts.isAwaitExpression(value) ? value.expression : value;
}

/** What the type check and the sites around tell about one site. */
interface Known {
  readonly lessons: Lessons;
  readonly reserved: ReadonlySet<string>;
}

/** Runs a handler through a helper: `helper(message, options, () => handler)`. */
export function runInTrace(
  host: HelperHost & { readonly types: Types; readonly sentry: Binding },
  { match, received }: Handler,
  rule: HandlerRule,
  spec: HelperSpec,
  { lessons, reserved }: Known,
): Instrumentation | Reason {
  if (isReason(received)) return received;
  const { source, types } = host;
  const { span, module } = rule;
  const { region, message } = received;
  const unreadable = unreadableIn(source, region, [/^[\w$]+/.exec(message)?.[0] ?? "this"]);
  if (unreadable) return unreadable;
  const wrapping = wrappingFor(source, region, types, span ? "span" : "context");
  if (isReason(wrapping)) return wrapping;
  if (lessons.vetoed.has(wrapping.strategy)) return reason("type-check");
  const options = span ? renderSpan(source, region, match, span) : null;
  if (options && isReason(options)) return options;
  const helper = helperFor(host, spec, module);
  if (isReason(helper)) return helper;
  const needs = catchNeeds(host.sentry, rule);
  const catches = { ...needs, marks: needs.marks && span !== undefined };
  const given = options ? [message, options.entries] : [message];
  const wrapped = { region, wrapping, helper, given, span: options, catches };
  const result = runInHelper(host, wrapped, { lessons, reserved });
  return isReason(result) ? result : { ...result, shape: { ...result.shape, continues: message } };
}
