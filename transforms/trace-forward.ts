import {
  defineTransform,
  findMatches,
  findNode,
  FORWARD_SPAN,
  HANDLER_JOIN_POINTS,
  handlerParams,
  handlerSite,
  handlerTemplates,
  isReason,
  isStablePath,
  joinPointNeedles,
  messageOf,
  nodesOf,
  reason,
  receivedBy,
  regionsOf,
  runInTrace,
  spanSchema,
  textOf,
  tracedHandlers,
  ts,
  type Handler,
  type HandlerRule,
  type Match,
  type Reason,
  type Received,
  type Rule,
  type Source,
  type SpanParams,
  type TS,
} from "../src/transform.js";

interface TraceForward extends Rule, HandlerRule {
  readonly at: NonNullable<Rule["at"]>;
  readonly span: SpanParams;
}

export const traceForward = defineTransform<TraceForward, Handler>({
  name: "trace-forward",
  summary: "Runs what passes a message on in a span of the message's trace; headers are the SDK's",
  isOutermost: true,
  isHop: true,
  params: { ...handlerParams, span: spanSchema },
  joinPoints: HANDLER_JOIN_POINTS,
  templates: handlerTemplates,
  needles: ({ at }) => joinPointNeedles(at),

  find: ({ source }, rule) =>
    findMatches(source, rule.at).map((match) => {
      const received = forwardedBy(source, match, rule);
      const site = handlerSite(source, match, received);
      const isByHand = !isReason(received) && setsHeader(received);
      return isByHand ? { ...site, present: "hand" as const } : site;
    }),

  instrument: (file, site, rule, lessons, { reserved }) =>
    runInTrace(file, site.data, rule, FORWARD_SPAN, { lessons, reserved }),

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) => tracedHandlers(source, shape),
});

/** The message and what passes it on: as the rule says, what a request is made of, or a handler. */
function forwardedBy(source: Source, match: Match, rule: TraceForward): Received | Reason {
  if (rule.message !== undefined) return receivedBy(source, match, rule);
  if (match.kind === "function") return forwardedIn(source, match, rule);
  if (match.kind !== "call") return receivedBy(source, match, rule);
  const sent = messageOf(source, match.node, match.captures.message);
  if (isReason(sent)) return sent;
  if (!isStablePath(sent.node)) return reason("no-message");
  const [region] = regionsOf(source, match, rule.region);
  const { node: named } = sent;
  return region ? { message: textOf(source, named), named, region } : reason("empty-region");
}

/** Of a function's parameters, the one that it makes into text is what it passes on. */
function forwardedIn(
  source: Source,
  match: Match & { kind: "function" },
  rule: TraceForward,
): Received | Reason {
  const names = match.node.parameters.map(({ name }) => name);
  const passed = names.filter(ts.isIdentifier).filter((name) =>
    source.scope.references(name).some(({ parent }) => {
      return ts.isCallExpression(parent) && parent.expression.getText() === "JSON.stringify";
    }),
  );
  const [named, ...others] = passed;
  const [region] = regionsOf(source, match, rule.region);
  if (!named || others.length > 0 || named === names[0] || !region) {
    return receivedBy(source, match, rule);
  }
  return { message: named.text, named, region };
}

/** Whether the request gets the header by hand. */
function setsHeader({ region }: Received): boolean {
  const isHeader = (node: TS.Node) => ts.isStringLiteralLike(node) && node.text === "sentry-trace";
  return nodesOf(region).some((node) => findNode(node, isHeader) !== undefined);
}
