import {
  defineTransform,
  findMatches,
  findNode,
  FORWARD_SPAN,
  isContinuedByHand,
  isReason,
  isStablePath,
  joinPointNeedles,
  messageOf,
  nodesOf,
  reason,
  receivedAs,
  receivedIn,
  REGION_KINDS,
  regionsOf,
  runInTrace,
  schema,
  spanSchema,
  spanTemplates,
  textOf,
  tracedHandlers,
  ts,
  type Match,
  type Reason,
  type Received,
  type Rule,
  type Site,
  type Source,
  type SpanParams,
  type TS,
} from "../src/transform.js";

interface TraceForward extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  readonly region: (typeof REGION_KINDS)[number];
  readonly span: SpanParams;
  /** Code for the message, where it cannot be told from the code. */
  readonly message?: string | undefined;
  readonly markFailure: boolean;
  readonly captureErrors: boolean;
  /** The module that has the helper; by default one of the package's own, which is made. */
  readonly module?: string | undefined;
}

interface Found {
  readonly match: Match;
  readonly received: Received | Reason;
}

export const traceForward = defineTransform<TraceForward, Found>({
  name: "trace-forward",
  summary: "Runs what passes a message on in a span of the message's trace; headers are the SDK's",
  isOutermost: true,
  params: {
    region: schema.optional(schema.picklist(REGION_KINDS), "auto"),
    span: spanSchema,
    message: schema.optional(schema.pipe(schema.string(), schema.minLength(1))),
    markFailure: schema.optional(schema.boolean(), true),
    captureErrors: schema.optional(schema.boolean(), false),
    module: schema.optional(schema.string()),
  },
  joinPoints: ["call", "listener", "function", "method", "case", "switch"],
  templates: ({ message, span }) => [
    ...(message === undefined ? [] : [["message", message] as const]),
    ...spanTemplates(span),
  ],
  needles: ({ at }) => joinPointNeedles(at),

  find: ({ source }, rule) =>
    findMatches(source, rule.at).map((match): Site<Found> => {
      const received = forwardedBy(source, match, rule);
      const { anchor, node } = match;
      const data = { match, received };
      if (isReason(received)) {
        return { anchor, region: { start: node.getStart(source.file), end: node.end }, data };
      }
      const isByHand = isContinuedByHand(received) || setsHeader(received);
      return { anchor, region: received.region, data, present: isByHand ? "hand" : undefined };
    }),

  instrument: (file, { data: { match, received } }, rule, lessons, { reserved }) => {
    if (isReason(received)) return received;
    const { span, module } = rule;
    const helper = FORWARD_SPAN;
    const handler = { match, received, helper, module, span, catches: rule, lessons, reserved };
    return runInTrace(file, handler);
  },

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) => tracedHandlers(source, shape),
});

/** The message and what passes it on: as the rule says, what a request is made of, or a handler. */
function forwardedBy(
  source: Source,
  match: Match,
  { message, region: wanted }: TraceForward,
): Received | Reason {
  if (message !== undefined) return receivedAs(source, match, wanted, message);
  if (match.kind !== "call") return receivedIn(source, match, wanted);
  const sent = messageOf(source, match.node, match.captures.message);
  if (isReason(sent)) return sent;
  if (!isStablePath(sent.node)) return reason("no-message");
  const [region] = regionsOf(source, match, wanted);
  return region ? { message: textOf(source, sent.node), region } : reason("empty-region");
}

/** Whether the request gets the header by hand. */
function setsHeader({ region }: Received): boolean {
  const isHeader = (node: TS.Node) => ts.isStringLiteralLike(node) && node.text === "sentry-trace";
  return nodesOf(region).some((node) => findNode(node, isHeader) !== undefined);
}
