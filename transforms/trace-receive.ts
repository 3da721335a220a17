import {
  callFingerprint,
  codeFingerprint,
  containerOf,
  defineTransform,
  findMatches,
  fingerprint,
  firstNode,
  headOf,
  helperFor,
  isReadable,
  isReason,
  joinPointNeedles,
  layOutWrapper,
  receivedIn,
  reason,
  REGION_KINDS,
  regionsOf,
  renderTemplate,
  schema,
  textOf,
  ts,
  unwrap,
  walk,
  wrappingFor,
  type Candidate,
  type FileContext,
  type HelperSpec,
  type Match,
  type Reason,
  type Received,
  type Rule,
  type Shape,
  type Site,
  type Source,
  type WrapperNode,
} from "../src/transform.js";

interface TraceReceive extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  readonly region: (typeof REGION_KINDS)[number];
  /** Code for the message, where it cannot be told from the code. */
  readonly message?: string | undefined;
  /** The module that has the helper; by default one of the package's own, which is made. */
  readonly module?: string | undefined;
}

export const traceReceive = defineTransform<TraceReceive, Received | Reason>({
  name: "trace-receive",
  summary: "Runs a message's handler in the trace that the message came with, or in a new one",
  isOutermost: true,
  params: {
    region: schema.optional(schema.picklist(REGION_KINDS), "auto"),
    message: schema.optional(schema.pipe(schema.string(), schema.minLength(1))),
    module: schema.optional(schema.string()),
  },
  joinPoints: ["call", "listener", "function", "method", "case", "switch"],
  templates: ({ message }) => (message === undefined ? [] : [["message", message]]),
  needles: ({ at }) => joinPointNeedles(at),

  find: (file, rule) =>
    findMatches(file.source, rule.at).flatMap((match): Site<Received | Reason>[] => {
      const received = receivedBy(file, match, rule);
      const { source } = file;
      if (isReason(received)) {
        const region = { start: match.node.getStart(source.file), end: match.node.end };
        return [{ anchor: match.anchor, region, data: received }];
      }
      const present = isContinuedByHand(received) ? "hand" : undefined;
      return [{ anchor: match.anchor, region: received.region, data: received, present }];
    }),

  instrument: (file, site, rule, lessons) => {
    const received = site.data;
    if (isReason(received)) return received;
    const { region, message } = received;
    const { source } = file;
    const wrapping = wrappingFor(source, region, file.types, "context");
    if (isReason(wrapping)) return wrapping;
    if (lessons.vetoed.has(wrapping.strategy)) return reason("type-check");
    const helper = helperFor(file, HELPER, rule.module);
    if (isReason(helper)) return helper;
    const { callee, imports, modules } = helper;
    const layout = layOutWrapper(source, region, wrapping, {
      callee,
      argument: message,
      parameter: "",
    });
    const inner = firstNode(region);
    return {
      strategy: wrapping.strategy,
      region,
      edits: [
        { start: region.start, end: region.start, text: layout.open, attach: "right" },
        { start: region.end, end: region.end, text: layout.close, attach: "left" },
      ],
      reindent: { range: region, unit: layout.unit },
      imports,
      modules,
      span: null,
      shape: {
        callee,
        key: codeFingerprint(`${callee}(${message})`),
        strategy: wrapping.strategy,
        prefix: wrapping.prefix,
        callback: wrapping.isConcise ? "expression" : "block",
        indent: layout.unit,
        ...(layout.isBracketed ? { bracket: "(" } : {}),
      },
      container: containerOf(inner),
      head: headOf(fingerprint(inner)),
    };
  },

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) => {
    const found: Candidate[] = [];
    walk(source.file, (node) => {
      if (!ts.isCallExpression(node) || node.expression.getText() !== shape.callee) return;
      const [, callback, ...others] = node.arguments;
      if (!callback || others.length > 0 || !ts.isArrowFunction(callback)) return;
      found.push(candidate(source, { call: node, callback }, shape));
    });
    return found;
  },
});

// What it looks for

/** The message and its handler: as the rule says, or as the code does. */
function receivedBy(file: FileContext, match: Match, rule: TraceReceive): Received | Reason {
  const { source } = file;
  if (rule.message === undefined) return receivedIn(source, match, rule.region);
  const [region] = regionsOf(source, match, rule.region);
  if (!region) return reason("empty-region");
  const fills = Object.fromEntries(
    Object.entries(match.captures).map(([name, node]) => {
      const code = textOf(source, node);
      return [name, { code, text: code }];
    }),
  );
  const { code, names } = renderTemplate(rule.message, fills, source.style);
  const place = { start: region.start, end: region.start };
  const unreadable = names.find((name) => !isReadable(source, name, firstNode(region), place));
  return unreadable ? reason("not-in-scope", unreadable) : { message: code, region };
}

/** Whether a handler goes on with a trace already, around the region or as its first step. */
function isContinuedByHand({ region }: Received): boolean {
  for (let at = firstNode(region); at.parent; at = at.parent) {
    if (ts.isCallExpression(at) && /(^|\.)continueTrace\w*$/.test(at.expression.getText())) {
      return true;
    }
    if (ts.isFunctionLike(at) && !ts.isArrowFunction(at)) return false;
  }
  return false;
}

// What it inserts

const HELPER: HelperSpec = {
  name: "continueTraceFrom",
  file: "continue-trace-from",
  lines: ({ type, isTyped, imports, exportWord, exportLines }) => [
    imports,
    "",
    "/**",
    " * Runs a message's handler in the trace that the message came with, or in a new one. Gives back what",
    " * the handler gives. Without an initialised SDK the handler just runs. Never throws by itself.",
    " */",
    `${exportWord}function continueTraceFrom${type("<T>")}(message${type(": unknown")}, handler${type(": () => T")})${type(": T")} {`,
    "\tlet isStarted = false;",
    "\tconst run = () => {",
    "\t\tisStarted = true;",
    "\t\treturn handler();",
    "\t};",
    "\ttry {",
    "\t\tif (!Sentry.getClient()) return run();",
    "\t\tconst { sentryTrace, baggage } = contextOf(message);",
    "\t\tif (!sentryTrace) return Sentry.startNewTrace(run);",
    "\t\treturn Sentry.continueTrace({ sentryTrace, baggage }, run);",
    "\t} catch (error) {",
    "\t\tif (isStarted) throw error;",
    "\t\treturn handler();",
    "\t}",
    "}",
    "",
    "const SENTRY_TRACE = /^[\\da-f]{32}-[\\da-f]{16}(-[01])?$/;",
    "const MAX_BAGGAGE = 8192;",
    "",
    "/** What came off the wire may be anything. */",
    ...(isTyped
      ? [
          "function contextOf(message: unknown): { sentryTrace?: string; baggage?: string | undefined } {",
          "\tconst carried = (message as { _sentry?: unknown } | null | undefined)?._sentry;",
          "\tconst { trace, baggage } = (carried ?? {}) as { trace?: unknown; baggage?: unknown };",
        ]
      : ["function contextOf(message) {", "\tconst { trace, baggage } = message?._sentry ?? {};"]),
    '\tif (typeof trace !== "string" || !SENTRY_TRACE.test(trace)) return {};',
    '\tconst isUsable = typeof baggage === "string" && baggage.length <= MAX_BAGGAGE;',
    "\treturn { sentryTrace: trace, baggage: isUsable ? baggage : undefined };",
    "}",
    ...exportLines,
    "",
  ],
};

// How it recognises its own work

function candidate(source: Source, node: WrapperNode, shape: Shape): Candidate {
  const { call, callback } = node;
  const { body } = callback;
  const inner = ts.isBlock(body) ? (body.statements[0] ?? body) : body;
  const key = callFingerprint(call.expression, call.arguments.slice(0, 1));
  const unwrapped = unwrap(source, node, {
    strategy: shape.strategy ?? "",
    prefix: shape.prefix ?? "",
    isConcise: shape.callback === "expression",
    isBracketed: shape.bracket !== undefined,
    unit: shape.indent ?? "",
  });
  return {
    range: { start: call.getStart(source.file), end: call.end },
    container: containerOf(call),
    head: headOf(fingerprint(inner)),
    key,
    exact: key === shape.key && !isReason(unwrapped),
    similar: true,
    removal: unwrapped,
  };
}
