import * as schema from "valibot";
import { objectOnOneLine } from "../text/code.js";
import { ts, type TS } from "./compiler.js";
import { disclose, enclose } from "./callback.js";
import { captureImports, catchNeeds, type CatchRule } from "./caught-error.js";
import { callFingerprint, codeFingerprint, fingerprint } from "./fingerprint.js";
import type { Binding } from "./imports.js";
import { helperFor, type HelperHost, type HelperSpec } from "./helper-module.js";
import {
  headOf,
  type Candidate,
  type Instrumentation,
  type Lessons,
  type Shape,
  type Site,
} from "./instrumentation.js";
import type { Match } from "./join-point.js";
import { containerOf } from "./names.js";
import { isReadable } from "./readable.js";
import { isReason, reason, type Reason } from "./reason.js";
import { receivedIn, type Received } from "./received.js";
import { REGION_KINDS, regionsOf, type Region, type RegionKind } from "./region.js";
import type { Source } from "./source.js";
import {
  fillsFor,
  optionCode,
  renderSpan,
  spanTemplates,
  type SpanParams,
} from "./span-options.js";
import { renderTemplate } from "./template.js";
import type { WrapperNode } from "./unwrapping.js";
import type { Types } from "./value-kind.js";
import { walk } from "./walk.js";
import { firstNode, wrappingFor } from "./wrapping.js";

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
  region: schema.optional(schema.picklist(REGION_KINDS), "auto"),
  message: schema.optional(schema.pipe(schema.string(), schema.minLength(1))),
  markFailure: schema.optional(schema.boolean(), true),
  captureErrors: schema.optional(schema.boolean(), false),
  module: schema.optional(schema.string()),
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
  source: Source,
  match: Match,
  { message, region: wanted }: HandlerRule,
): Received | Reason {
  if (message === undefined) return receivedIn(source, match, wanted);
  const [region] = regionsOf(source, match, wanted);
  if (!region) return reason("empty-region");
  const { code, names } = renderTemplate(message, fillsFor(source, match), source.style);
  return unreadableIn(source, region, names) ?? { message: code, region };
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
  const hop = { part: "receiver", message: received.named } as const;
  return { anchor, region: received.region, data, hop, present };
}

/** Whether the code around a region continues a trace. */
function isContinuedByHand({ region }: Received): boolean {
  for (let at = firstNode(region); at.parent; at = at.parent) {
    if (ts.isCallExpression(at) && /(^|\.)continueTrace\w*$/.test(at.expression.getText())) {
      return true;
    }
    if (ts.isFunctionLike(at) && !ts.isArrowFunction(at)) return false;
  }
  return false;
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
  const { callee, imports, modules } = helper;
  const given = options ? [message, options.entries] : [message];
  const needs = catchNeeds(host.sentry, rule);
  const catches = { ...needs, marks: needs.marks && span !== undefined };
  const call = { callee, arguments: given };
  const enclosed = enclose(source, region, wrapping, call, { lessons, reserved, catches });
  if (isReason(enclosed)) return enclosed;
  const inner = firstNode(region);
  const code = given.map((each) =>
    typeof each === "string" ? each : objectOnOneLine(each, source.style),
  );
  return {
    ...enclosed,
    strategy: wrapping.strategy,
    region,
    imports: [...imports, ...captureImports(host.sentry, enclosed.shape)],
    modules,
    span: options && {
      name: options.name.constant ?? options.name.code,
      op: options.op?.constant ?? null,
    },
    shape: {
      ...enclosed.shape,
      callee,
      key: codeFingerprint(`${callee}(${code.join(", ")})`),
      continues: message,
      ...(options ? { name: options.name.code } : {}),
    },
    container: containerOf(inner),
    head: headOf(fingerprint(inner)),
  };
}

/** Places where a helper runs a handler, by what it is called in the file. */
export function tracedHandlers(source: Source, shape: Shape): Candidate[] {
  const found: Candidate[] = [];
  walk(source.file, (node) => {
    if (!ts.isCallExpression(node) || node.expression.getText() !== shape.callee) return;
    const callback = node.arguments.at(-1);
    const count = shape.name === undefined ? 2 : 3;
    if (!callback || node.arguments.length !== count || !ts.isArrowFunction(callback)) return;
    found.push(candidate(source, { call: node, callback }, shape));
  });
  return found;
}

function candidate(source: Source, node: WrapperNode, shape: Shape): Candidate {
  const { call, callback } = node;
  const { body } = callback;
  const inner = ts.isBlock(body) ? (body.statements[0] ?? body) : body;
  const key = callFingerprint(call.expression, call.arguments.slice(0, -1));
  const removal = disclose(source, node, shape);
  return {
    range: { start: call.getStart(source.file), end: call.end },
    container: containerOf(call),
    head: headOf(fingerprint(inner)),
    key,
    exact: key === shape.key && !isReason(removal),
    similar: shape.name === undefined || hasName(call, shape.name),
    removal,
  };
}

function hasName({ arguments: given }: TS.CallExpression, name: string): boolean {
  const options = given[1];
  const isObject = options !== undefined && ts.isObjectLiteralExpression(options);
  return isObject && optionCode(options, "name") === codeFingerprint(name);
}
