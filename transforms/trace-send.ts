import {
  codeFingerprint,
  containerOf,
  defineTransform,
  enclosingFunction,
  findMatches,
  findNode,
  fingerprint,
  headOf,
  helperFor,
  isReason,
  joinPointNeedles,
  messageOf,
  propertyName,
  reason,
  schema,
  ts,
  unwrapped,
  walk,
  type Candidate,
  type HelperSpec,
  type Message,
  type Reason,
  type Rule,
  type Site,
  type Source,
  type TS,
} from "../src/transform.js";

interface TraceSend extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  /** Whether what is not made into text may be sent as a copy. */
  readonly allowCopy: boolean;
  /** The module that has the helper; by default one of the package's own, which is made. */
  readonly module?: string | undefined;
}

/** The member of a message that carries the context. */
const FIELD = "_sentry";

export const traceSend = defineTransform<TraceSend, Message | Reason>({
  name: "trace-send",
  summary: "Gives a message that leaves the context of the active span",
  isHop: true,
  params: {
    allowCopy: schema.optional(schema.boolean(), false),
    module: schema.optional(schema.string()),
  },
  joinPoints: ["call"],
  templates: () => [],
  needles: ({ at }) => joinPointNeedles(at),

  find: ({ source }, rule) => {
    const sites = findMatches(source, rule.at).flatMap((match): Site<Message | Reason>[] => {
      if (match.kind !== "call") return [];
      const message = messageOf(source, match.node, match.captures.message);
      const node = isReason(message) ? match.node : message.node;
      const region = { start: node.getStart(source.file), end: node.end };
      const present = !isReason(message) && carriesField(message.node) ? "hand" : undefined;
      return [{ anchor: match.anchor, region, data: message, present }];
    });
    return withoutTwins(sites);
  },

  instrument: (file, site, rule) => {
    const message = site.data;
    if (isReason(message)) return message;
    const { node, isCopied } = message;
    if (!isCopied && !rule.allowCopy) return reason("shared-message");
    const helper = helperFor(file, HELPER, rule.module);
    if (isReason(helper)) return helper;
    const { start, end } = site.region;
    return {
      strategy: "expression",
      region: site.region,
      edits: [
        { start, end: start, text: `${helper.callee}(`, attach: "right" },
        { start: end, end, text: ")", attach: "left" },
      ],
      reindent: null,
      imports: helper.imports,
      modules: helper.modules,
      span: null,
      shape: { callee: helper.callee, key: codeFingerprint(helper.callee) },
      container: containerOf(node),
      head: headOf(fingerprint(node)),
    };
  },

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, { callee = "" }) => {
    const found: Candidate[] = [];
    walk(source.file, (node) => {
      if (!ts.isCallExpression(node) || node.expression.getText() !== callee) return;
      const [message, ...others] = node.arguments;
      if (message && others.length === 0) found.push(candidate(source, node, message));
    });
    return found;
  },
});

// What it looks for

/** One message that is made into text once and sent twice is one site. */
function withoutTwins(sites: readonly Site<Message | Reason>[]): Site<Message | Reason>[] {
  const starts = sites.map(({ region }) => region.start);
  return sites.filter((_, index) => starts.indexOf(starts[index] ?? -1) === index);
}

/** Whether a message gets its context by hand: in its literal, or by an assignment to its member. */
function carriesField(message: TS.Expression): boolean {
  const code = unwrapped(message);
  if (ts.isObjectLiteralExpression(code)) {
    return code.properties.some(({ name }) => name && propertyName(name) === FIELD);
  }
  if (ts.isCallExpression(code)) return code.expression.getText().endsWith(HELPER.name);
  const member = `${code.getText()}.${FIELD}`;
  const isSet = (node: TS.Node) =>
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
    node.left.getText() === member;
  return findNode(enclosingFunction(code) ?? code.getSourceFile(), isSet) !== undefined;
}

// What it inserts

const HELPER: HelperSpec = {
  name: "withTraceContext",
  file: "with-trace-context",
  lines: ({ type, imports, exportWord, exportLines }) => [
    imports,
    "",
    "/**",
    " * Gives a message the context of the active span, in a copy. Without a span, and for what is no",
    " * plain object, it is the message itself. Never throws.",
    " */",
    `${exportWord}function withTraceContext${type("<T>")}(message${type(": T")})${type(": T")} {`,
    "\ttry {",
    "\t\tif (!isPlainObject(message) || !Sentry.getClient()) return message;",
    "\t\t// Before SDK 11, a trace that goes on without a span has one that stands for its sender's.",
    "\t\tconst active = Sentry.getActiveSpan();",
    "\t\tif (!active || active.spanContext().isRemote) return message;",
    '\t\tconst { "sentry-trace": trace, baggage } = Sentry.getTraceData();',
    "\t\tif (!trace) return message;",
    `\t\treturn { ...message, ${FIELD}: baggage ? { trace, baggage } : { trace } };`,
    "\t} catch {",
    "\t\treturn message;",
    "\t}",
    "}",
    "",
    `function isPlainObject(value${type(": unknown")})${type(": boolean")} {`,
    '\tif (typeof value !== "object" || value === null) return false;',
    `\tconst prototype${type(": unknown")} = Object.getPrototypeOf(value);`,
    "\treturn prototype === Object.prototype || prototype === null;",
    "}",
    ...exportLines,
    "",
  ],
};

// How it recognises its own work

function candidate(source: Source, call: TS.CallExpression, message: TS.Expression): Candidate {
  const { file, text } = source;
  const start = call.getStart(file);
  const open = text.slice(start, message.getStart(file));
  const close = text.slice(message.end, call.end);
  const hasComment = /\/\/|\/\*/.test(open + close);
  return {
    range: { start, end: call.end },
    container: containerOf(call),
    head: headOf(fingerprint(message)),
    key: fingerprint(call.expression),
    exact: !hasComment,
    similar: true,
    removal: hasComment
      ? reason("changed-by-hand", "a comment stands in the call")
      : {
          edits: [
            { start, end: message.getStart(file), text: "" },
            { start: message.end, end: call.end, text: "" },
          ],
          dedent: null,
        },
  };
}
