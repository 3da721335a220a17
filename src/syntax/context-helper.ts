import type { HelperSpec, Language } from "./helper-module.js";

/** Runs a handler in the trace that its message came with, or in a new one. */
export const CONTINUE_TRACE: HelperSpec = {
  name: "continueTraceFrom",
  file: "continue-trace-from",
  lines: (language) =>
    traceLines(language, {
      name: "continueTraceFrom",
      purpose: [
        " * Runs a message's handler in the trace that the message came with, or in a new one. Gives back what",
        " * the handler gives. Without an initialised SDK the handler just runs. Never throws by itself.",
      ],
      context: contextLines,
    }),
};

/** Runs a handler in a span of the trace that its message came with, or of a new one. */
export const CONTINUE_SPAN: HelperSpec = {
  name: "continueSpanFrom",
  file: "continue-span-from",
  lines: (language) =>
    spanLines(language, {
      name: "continueSpanFrom",
      purpose: [
        " * Runs a message's handler in a span, in the trace that the message came with, or in a new one.",
        " * Gives back what the handler gives. Without an initialised SDK there is no trace, and a span",
        " * that records nothing. Never throws by itself.",
      ],
      first: ["\t\tif (!Sentry.getClient()) return run();"],
      context: contextLines,
    }),
};

/** The same as {@link CONTINUE_TRACE} for a message that holds others, the newest of them last. */
export const CONTINUE_BATCH_TRACE: HelperSpec = {
  name: "continueTraceFromBatch",
  file: "continue-trace-from-batch",
  lines: (language) =>
    traceLines(language, {
      name: "continueTraceFromBatch",
      purpose: [
        " * Runs the handler of a batch in the trace of the newest message in it, or in a new one. Gives back",
        " * what the handler gives, and changes nothing in the batch. Without an initialised SDK the handler",
        " * just runs. Never throws by itself.",
      ],
      context: batchLines,
    }),
};

/** The same as {@link CONTINUE_SPAN} for a message that holds others, the newest of them last. */
export const CONTINUE_BATCH_SPAN: HelperSpec = {
  name: "continueSpanFromBatch",
  file: "continue-span-from-batch",
  lines: (language) =>
    spanLines(language, {
      name: "continueSpanFromBatch",
      purpose: [
        " * Runs the handler of a batch in a span, in the trace of the newest message in it, or in a new one.",
        " * Gives back what the handler gives, and changes nothing in the batch. Without an initialised SDK",
        " * the span records nothing. Never throws by itself.",
      ],
      first: ["\t\tif (!Sentry.getClient()) return run();"],
      context: batchLines,
    }),
};

/** Runs a hop in a span: of the trace that goes on here already, or of its message's. */
export const FORWARD_SPAN: HelperSpec = {
  name: "forwardSpanFrom",
  file: "forward-span-from",
  lines: (language) =>
    spanLines(language, {
      name: "forwardSpanFrom",
      purpose: [
        " * Runs what passes a message on in a span: below the active span where there is one, else in the",
        " * trace that the message came with, or in a new one. Gives back what the handler gives. Without",
        " * an initialised SDK the span records nothing. Never throws by itself.",
      ],
      first: [
        "\t\tif (!Sentry.getClient()) return run();",
        "\t\t// Before SDK 11, a trace that goes on without a span has one that stands for its sender's.",
        "\t\tconst active = Sentry.getActiveSpan();",
        "\t\tif (active && !active.spanContext().isRemote) return run();",
      ],
      context: contextLines,
    }),
};

interface TraceHelper {
  readonly name: string;
  readonly purpose: readonly string[];
  /** Code that finds the context of a message. */
  readonly context: (language: Language) => readonly string[];
}

interface SpanHelper extends TraceHelper {
  readonly first: readonly string[];
}

function traceLines(
  language: Language,
  { name, purpose, context }: TraceHelper,
): readonly string[] {
  const { type, imports, exportWord, exportLines } = language;
  return [
    imports,
    "",
    "/**",
    ...purpose,
    " */",
    `${exportWord}function ${name}${type("<T>")}(message${type(": unknown")}, handler${type(": () => T")})${type(": T")} {`,
    ...guardedRun("handler()", [
      "\t\tif (!Sentry.getClient()) return run();",
      ...continuation(["\t\tif (!sentryTrace) return Sentry.startNewTrace(run);"]),
    ]),
    "}",
    "",
    ...context(language),
    ...exportLines,
    "",
  ];
}

function spanLines(
  language: Language,
  { name, purpose, first, context }: SpanHelper,
): readonly string[] {
  const { type, imports, exportWord, exportLines } = language;
  return [
    imports,
    "",
    "/**",
    ...purpose,
    " */",
    `${exportWord}function ${name}${type("<T>")}(`,
    `\tmessage${type(": unknown")},`,
    `\toptions${type(": Parameters<typeof Sentry.startSpan>[0]")},`,
    `\thandler${type(": (span: Sentry.Span) => T")},`,
    `)${type(": T")} {`,
    ...guardedRun("Sentry.startSpan(options, handler)", [
      ...first,
      ...continuation([
        "\t\t// SDK 10 gives a new trace a parent that nobody ever sends.",
        "\t\tconst runAsRoot = () => Sentry.withActiveSpan(null, run);",
        "\t\tif (!sentryTrace) return Sentry.startNewTrace(runAsRoot);",
      ]),
    ]),
    "}",
    "",
    ...context(language),
    ...exportLines,
    "",
  ];
}

function continuation(withoutContext: readonly string[]): readonly string[] {
  return [
    "\t\tconst { sentryTrace, baggage } = contextOf(message);",
    ...withoutContext,
    "\t\t// Before SDK 10, a page's span that is open would stay the parent.",
    "\t\treturn Sentry.withActiveSpan(null, () => Sentry.continueTrace({ sentryTrace, baggage }, run));",
  ];
}

/** What fails before the handler runs must not keep it from running, and it never runs twice. */
function guardedRun(call: string, lines: readonly string[]): readonly string[] {
  return [
    "\tlet isStarted = false;",
    "\tconst run = () => {",
    "\t\tisStarted = true;",
    `\t\treturn ${call};`,
    "\t};",
    "\ttry {",
    ...lines,
    "\t} catch (error) {",
    "\t\tif (isStarted) throw error;",
    `\t\treturn ${call};`,
    "\t}",
  ];
}

/** What came off the wire is checked: it may be anything. */
function contextLines({ isTyped }: Language): readonly string[] {
  return [
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
  ];
}

/** A batch is an array, or has arrays as members; what came last in it is the newest. */
function batchLines(language: Language): readonly string[] {
  const { isTyped, type } = language;
  const single = contextLines(language).map((line) =>
    line.replace("function contextOf(", "function carriedBy("),
  );
  const context = "{ sentryTrace?: string; baggage?: string | undefined }";
  return [
    "/** The newest context in a batch: of a message in it, or of its own. */",
    `function contextOf(batch${type(": unknown")})${type(`: ${context}`)} {`,
    "\tconst lists = Array.isArray(batch) ? [batch] : membersOf(batch).filter(Array.isArray);",
    `\tconst held = ${isTyped ? "([] as unknown[])" : "[]"}.concat(...lists);`,
    "\tconst newestFirst = [batch, ...held].reverse();",
    "\tconst contexts = newestFirst.map(carriedBy).filter(({ sentryTrace }) => sentryTrace);",
    "\t// One that is not sampled came with what shall leave no spans.",
    '\treturn contexts.find(({ sentryTrace }) => !sentryTrace?.endsWith("-0")) ?? contexts[0] ?? {};',
    "}",
    "",
    "/** What code computes is not read. */",
    `function membersOf(value${type(": unknown")})${type(": unknown[]")} {`,
    "\tconst members = Object.values(Object.getOwnPropertyDescriptors(value ?? {}));",
    `\treturn members.map((member)${type(": unknown")} => member.value);`,
    "}",
    "",
    ...single,
  ];
}
