import {
  carryingHeaders,
  carryInHeaders,
  defineTransform,
  findMatches,
  findNode,
  FORWARD_SPAN,
  HANDLER_JOIN_POINTS,
  handlerParams,
  handlerSite,
  handlerTemplates,
  headersIn,
  isReadTwice,
  isReason,
  isStablePath,
  joinPointNeedles,
  messageOf,
  nodesOf,
  param,
  reason,
  receivedBy,
  regionsOf,
  runInTrace,
  runsInHelper,
  schema,
  spanSchema,
  textOf,
  ts,
  type FileContext,
  type Handler,
  type HandlerRule,
  type HeadersMember,
  type Match,
  type Reason,
  type Received,
  type Rule,
  type Site,
  type Source,
  type SpanParams,
  type TS,
} from "../src/transform.js";

interface TraceForward extends Rule, HandlerRule {
  readonly at: NonNullable<Rule["at"]>;
  readonly span: SpanParams;
  /** Whether the request's headers carry the context, for clients that the SDK does not trace. */
  readonly headers: boolean;
}

/** What passes a message on, or the headers of a request in it. */
type Forward =
  | { readonly kind: "handler"; readonly handler: Handler }
  | { readonly kind: "headers"; readonly member: HeadersMember };

export const traceForward = defineTransform<TraceForward, Forward>({
  name: "trace-forward",
  summary: "Runs what passes a message on in a span of the message's trace; headers are the SDK's",
  inserts:
    "`forwardSpanFrom(message, { name }, () => ...)` around a request that passes a message on",
  details: [
    "Before what `message` says, what a call makes into text counts, and the parameter that a function makes into text.",
    "No header is touched: the SDK sets those of `fetch` and `http`; a function that sets them by hand is left alone. With `headers`, a request that writes none out is told as `no-headers`.",
  ],
  isOutermost: true,
  isHop: true,
  params: {
    span: param(
      "the span around the request, below the active one where there is one, else in the message's trace",
      spanSchema,
    ),
    ...handlerParams,
    headers: param(
      "for clients that nothing traces: the `headers` of the request carry the context of the span as well (told as `manual-headers`)",
      schema.optional(schema.boolean(), false),
    ),
  },
  joinPoints: HANDLER_JOIN_POINTS,
  templates: handlerTemplates,
  needles: ({ at }) => joinPointNeedles(at),

  find: (file, rule) =>
    findMatches(file.source, rule.at).flatMap((match): Site<Forward>[] => {
      const { source } = file;
      const received = forwardedBy(file, match, rule);
      const site = handlerSite(source, match, received);
      const isByHand = !isReason(received) && setsHeader(received);
      const { anchor, region, hop, data: handler } = site;
      const present = isByHand ? "hand" : site.present;
      const data = { kind: "handler", handler } as const;
      const own: Site<Forward> = { anchor, region, hop, data, present };
      const members = rule.headers && !isReason(received) ? headersIn(source, match, received) : [];
      return [own, ...members.map((member) => headersSite(source, member, own))];
    }),

  instrument: (file, { data }, rule, lessons, { reserved }) =>
    data.kind === "headers"
      ? carryInHeaders(file, data.member)
      : runInTrace(file, data.handler, rule, FORWARD_SPAN, { lessons, reserved }),

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) =>
    shape.kind === "headers" ? carryingHeaders(source, shape) : runsInHelper(source, shape),
});

function headersSite({ file }: Source, member: HeadersMember, own: Site<Forward>): Site<Forward> {
  const start = member.getStart(file);
  const region = { start, end: member.end };
  const data = { kind: "headers", member } as const;
  return { anchor: start, region, data, present: own.present, dependsOn: [own] };
}

/** The message and what passes it on: as the rule says, what a request is made of, or a handler. */
function forwardedBy(file: FileContext, match: Match, rule: TraceForward): Received | Reason {
  const { source } = file;
  if (rule.message !== undefined) return receivedBy(file, match, rule);
  if (match.kind === "function") return forwardedIn(file, match, rule);
  if (match.kind !== "call") return receivedBy(file, match, rule);
  const sent = messageOf(source, match.node, match.captures.message);
  if (isReason(sent)) return sent;
  if (!isStablePath(sent.node)) return reason("no-message");
  if (isReadTwice(file, sent.node)) return reason("accessor-path");
  const [region] = regionsOf(source, match, rule.region);
  const { node: named } = sent;
  return region ? { message: textOf(source, named), named, region } : reason("empty-region");
}

/** Of a function's parameters, the one that it makes into text is what it passes on. */
function forwardedIn(
  file: FileContext,
  match: Match & { kind: "function" },
  rule: TraceForward,
): Received | Reason {
  const { source } = file;
  const names = match.node.parameters.map(({ name }) => name);
  const isText = ({ parent }: TS.Node) =>
    ts.isCallExpression(parent) && parent.expression.getText() === "JSON.stringify";
  const passed = names
    .filter(ts.isIdentifier)
    .filter((name) => source.scope.references(name, isText).length > 0);
  const [named, ...others] = passed;
  const [region] = regionsOf(source, match, rule.region);
  if (!named || others.length > 0 || named === names[0] || !region) {
    return receivedBy(file, match, rule);
  }
  return { message: named.text, named, region };
}

/** Whether the request gets the header by hand. */
function setsHeader({ region }: Received): boolean {
  const isHeader = (node: TS.Node) => ts.isStringLiteralLike(node) && node.text === "sentry-trace";
  return nodesOf(region).some((node) => findNode(node, isHeader) !== undefined);
}
