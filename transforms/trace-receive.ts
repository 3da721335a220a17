import {
  CONTINUE_SPAN,
  CONTINUE_TRACE,
  defineTransform,
  findMatches,
  isContinuedByHand,
  isInRequestHandler,
  isReason,
  joinPointNeedles,
  reason,
  receivedAs,
  receivedIn,
  REGION_KINDS,
  runInTrace,
  schema,
  spanSchema,
  spanTemplates,
  tracedHandlers,
  type FileContext,
  type Match,
  type Reason,
  type Received,
  type Rule,
  type Site,
  type SpanParams,
} from "../src/transform.js";

interface TraceReceive extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  readonly region: (typeof REGION_KINDS)[number];
  /** Code for the message, where it cannot be told from the code. */
  readonly message?: string | undefined;
  /** The span that the handler runs in. */
  readonly span?: SpanParams | undefined;
  readonly markFailure: boolean;
  readonly captureErrors: boolean;
  /** The module that has the helper; by default one of the package's own, which is made. */
  readonly module?: string | undefined;
}

interface Found {
  readonly match: Match;
  readonly received: Received | Reason;
}

export const traceReceive = defineTransform<TraceReceive, Found>({
  name: "trace-receive",
  summary: "Runs a message's handler in the trace that the message came with, or in a new one",
  isOutermost: true,
  params: {
    region: schema.optional(schema.picklist(REGION_KINDS), "auto"),
    message: schema.optional(schema.pipe(schema.string(), schema.minLength(1))),
    span: schema.optional(spanSchema),
    markFailure: schema.optional(schema.boolean(), true),
    captureErrors: schema.optional(schema.boolean(), false),
    module: schema.optional(schema.string()),
  },
  joinPoints: ["call", "listener", "function", "method", "case", "switch"],
  templates: ({ message, span }) => [
    ...(message === undefined ? [] : [["message", message] as const]),
    ...(span === undefined ? [] : spanTemplates(span)),
  ],
  needles: ({ at }) => joinPointNeedles(at),

  find: ({ source }, rule) =>
    findMatches(source, rule.at).map((match): Site<Found> => {
      const received = receivedBy(source, match, rule);
      const { anchor, node } = match;
      const data = { match, received };
      if (isReason(received)) {
        return { anchor, region: { start: node.getStart(source.file), end: node.end }, data };
      }
      const present = isContinuedByHand(received) ? "hand" : undefined;
      const skip = isInRequestHandler(source, node) ? reason("already-continued") : undefined;
      return { anchor, region: received.region, data, present, skip };
    }),

  instrument: (file, { data: { match, received } }, rule, lessons, { reserved }) => {
    if (isReason(received)) return received;
    const { span, module } = rule;
    const helper = span ? CONTINUE_SPAN : CONTINUE_TRACE;
    const handler = { match, received, helper, module, span, catches: rule, lessons, reserved };
    return runInTrace(file, handler);
  },

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) => tracedHandlers(source, shape),
});

/** The message and its handler: as the rule says, or as the code does. */
function receivedBy(
  source: FileContext["source"],
  match: Match,
  { message, region }: TraceReceive,
): Received | Reason {
  return message === undefined
    ? receivedIn(source, match, region)
    : receivedAs(source, match, region, message);
}
