import {
  CONTINUE_BATCH_SPAN,
  CONTINUE_BATCH_TRACE,
  defineTransform,
  findMatches,
  HANDLER_JOIN_POINTS,
  handlerParams,
  handlerSite,
  handlerTemplates,
  joinPointNeedles,
  param,
  receivedBy,
  runInTrace,
  runsInHelper,
  schema,
  spanSchema,
  type Handler,
  type HandlerRule,
  type Rule,
} from "../src/transform.js";

interface TraceBrowser extends Rule, HandlerRule {
  readonly at: NonNullable<Rule["at"]>;
}

export const traceBrowser = defineTransform<TraceBrowser, Handler>({
  name: "trace-browser",
  summary:
    "Runs the handler of a batch in the trace of the newest message in it, for the page's use",
  inserts:
    "`continueTraceFromBatch(batch, () => ...)` around the handler of a batch, in the trace of its newest message",
  details: [
    "As trace-receive, for a message that is an array or holds arrays: the newest context in it counts, and nothing in it is changed.",
  ],
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
    findMatches(file.source, rule.at).map((match) =>
      handlerSite(file.source, match, receivedBy(file, match, rule)),
    ),

  instrument: (file, site, rule, lessons, { reserved }) => {
    const helper = rule.span ? CONTINUE_BATCH_SPAN : CONTINUE_BATCH_TRACE;
    return runInTrace(file, site.data, rule, helper, { lessons, reserved });
  },

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) => runsInHelper(source, shape),
});
