import {
  CONTINUE_SPAN,
  CONTINUE_TRACE,
  defineTransform,
  findMatches,
  HANDLER_JOIN_POINTS,
  handlerParams,
  handlerSite,
  handlerTemplates,
  isInRequestHandler,
  joinPointNeedles,
  param,
  reason,
  receivedBy,
  runInTrace,
  runsInHelper,
  schema,
  spanSchema,
  type Handler,
  type HandlerRule,
  type Rule,
} from "../src/transform.js";

interface TraceReceive extends Rule, HandlerRule {
  readonly at: NonNullable<Rule["at"]>;
}

export const traceReceive = defineTransform<TraceReceive, Handler>({
  name: "trace-receive",
  summary: "Runs a message's handler in the trace that the message came with, or in a new one",
  inserts: "`continueTraceFrom(message, () => ...)` around the handler of a message that arrives",
  details: ["Handlers of requests are left to the SDK, which continues their traces by itself."],
  isOutermost: true,
  isHop: true,
  params: {
    ...handlerParams,
    span: param("the handler also runs in this span", schema.optional(spanSchema)),
  },
  joinPoints: HANDLER_JOIN_POINTS,
  templates: handlerTemplates,
  needles: ({ at }) => joinPointNeedles(at),

  find: (file, rule) =>
    findMatches(file.source, rule.at).map((match) => {
      const site = handlerSite(file.source, match, receivedBy(file, match, rule));
      const isRequest = isInRequestHandler(file.source, match.node);
      return isRequest ? { ...site, skip: reason("already-continued") } : site;
    }),

  instrument: (file, site, rule, lessons, { reserved }) => {
    const helper = rule.span ? CONTINUE_SPAN : CONTINUE_TRACE;
    return runInTrace(file, site.data, rule, helper, { lessons, reserved });
  },

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) => runsInHelper(source, shape),
});
