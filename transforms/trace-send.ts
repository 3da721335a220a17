import {
  callAround,
  callCandidate,
  codeFingerprint,
  containerOf,
  defineTransform,
  enclosingFunction,
  findMatches,
  findNode,
  headOf,
  helperFor,
  isAssignment,
  isReason,
  joinPointNeedles,
  messagesOf,
  param,
  propertyName,
  quoted,
  reason,
  saysCallee,
  schema,
  textOf,
  ts,
  unwrapped,
  valueOf,
  walk,
  type Candidate,
  type HelperSpec,
  type Language,
  type Match,
  type Message,
  type Range,
  type Reason,
  type Rule,
  type Site,
  type Source,
  type Style,
  type TS,
} from "../src/transform.js";

interface TraceSend extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  /** Whether what is not made into text may be sent as a copy. */
  readonly allowCopy: boolean;
  /** Values of members, such as `type`: messages that have one of them shall leave no spans. */
  readonly unsampled?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The module that has the helper; by default one of the package's own, which is made. */
  readonly module?: string | undefined;
}

/** The member of a message that carries the context. */
const FIELD = "_sentry";

export const traceSend = defineTransform<TraceSend, Message | Reason>({
  name: "trace-send",
  summary: "Gives a message that leaves the context of the active span",
  inserts:
    "`withTraceContext(...)` around a message that leaves, in `JSON.stringify`, in `postMessage` or as a literal",
  details: [
    "The message is the argument captured as `$message`, else what is made into text in the call, else the first argument that can be an object. Of a list that is written out or mapped there, each element gets it, or the `data` of a job (`addBulk`).",
  ],
  isHop: true,
  params: {
    allowCopy: param(
      "also a message that is handed over as it is, for callees that make it into text themselves: a plain object goes as a copy",
      schema.optional(schema.boolean(), false),
    ),
    unsampled: param(
      'such as `{ type: ["chunk"] }`: messages with that value carry a context that is not sampled, so that nothing they pass through records spans of them; for streams, where a thousand spans say what fifty do',
      schema.optional(
        schema.record(
          schema.pipe(schema.string(), schema.regex(/^[A-Za-z_$][\w$]*$/, "the name of a member")),
          schema.pipe(schema.array(schema.string()), schema.minLength(1)),
        ),
      ),
    ),
    module: param(
      "a module of yours that has the helper; by default it is made",
      schema.optional(schema.string()),
    ),
  },
  joinPoints: ["call"],
  templates: () => [],
  needles: ({ at }) => joinPointNeedles(at),

  find: ({ source }, rule) => {
    const sites = findMatches(source, rule.at).flatMap((match): Site<Message | Reason>[] => {
      if (match.kind !== "call") return [];
      const messages = messagesOf(source, match.node, match.captures.message);
      return messages.map((message) => siteOf(source, match, message));
    });
    return withoutTwins(sites);
  },

  instrument: (file, site, rule) => {
    const message = site.data;
    if (isReason(message)) return message;
    const { node, isCopied, isShorthand } = message;
    if (file.types.isFieldless(node)) return reason("no-message", textOf(file.source, node));
    if (!isCopied && !rule.allowCopy) return reason("shared-message");
    const helper = helperFor(file, rule.unsampled ? FILTER : HELPER, rule.module);
    if (isReason(helper)) return helper;
    const open = `${helper.callee}(`;
    const filter = rule.unsampled ? `, ${filterText(rule.unsampled, file.source.style)}` : "";
    return {
      strategy: "expression",
      region: site.region,
      edits: callAround(
        file.source,
        node,
        isShorthand ? `${textOf(file.source, node)}: ${open}` : open,
        `${filter})`,
      ),
      reindent: null,
      imports: helper.imports,
      modules: helper.modules,
      span: null,
      shape: {
        callee: helper.callee,
        key: codeFingerprint(helper.callee),
        arguments: rule.unsampled ? "2" : "1",
        exclusive: FIELD,
        ...(isShorthand ? { form: "shorthand" } : {}),
      },
      container: containerOf(node),
      head: headOf(node),
    };
  },

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, { callee = "", arguments: count, form }) => {
    const found: Candidate[] = [];
    walk(source.file, (node) => {
      if (!ts.isCallExpression(node) || !saysCallee(node, callee)) return;
      const [message] = node.arguments;
      if (!message) return;
      const start = form === "shorthand" ? shorthandStart(source, node, message) : undefined;
      const candidate = callCandidate(source, node, message, start);
      const isOurs = String(node.arguments.length) === count;
      const removal = reason("changed-by-hand", "the call has other arguments");
      found.push(isOurs ? candidate : { ...candidate, exact: false, removal });
    });
    return found;
  },
});

// What it looks for

function rangeOf({ file }: Source, node: TS.Node): Range {
  return { start: node.getStart(file), end: node.end };
}

function siteOf(
  source: Source,
  match: Match & { readonly kind: "call" },
  message: Message | Reason,
): Site<Message | Reason> {
  const node = isReason(message) ? match.node : message.node;
  const region = rangeOf(source, node);
  // Where a person has made a constant of the message since, its context is given there.
  const value = isReason(message) ? node : valueOf(source, message.node);
  const alternatives = value === node ? [] : [rangeOf(source, value)];
  const present = !isReason(message) && carriesField(source, message.node) ? "hand" : undefined;
  const hop = { part: "sender", message: isReason(message) ? undefined : node } as const;
  return { anchor: match.anchor, region, alternatives, data: message, hop, present };
}

/** One message that is made into text once and sent twice is one site. */
function withoutTwins(sites: readonly Site<Message | Reason>[]): Site<Message | Reason>[] {
  const starts = sites.map(({ region }) => region.start);
  return sites.filter((_, index) => starts.indexOf(starts[index] ?? -1) === index);
}

/** Whether a message gets its context by hand: where it is made, or by an assignment to its member. */
function carriesField(source: Source, message: TS.Expression): boolean {
  const value = unwrapped(valueOf(source, message));
  if (hasField(value)) return true;
  if (ts.isCallExpression(value)) {
    const callee = value.expression.getText();
    return [HELPER, FILTER].some(({ name }) => callee.endsWith(name));
  }
  const code = unwrapped(message).getText();
  const members = [`${code}.${FIELD}`, `${code}["${FIELD}"]`, `${code}['${FIELD}']`];
  const isSet = (node: TS.Node) => {
    if (ts.isBinaryExpression(node)) {
      return isAssignment(node.operatorToken.kind) && members.includes(node.left.getText());
    }
    if (!ts.isCallExpression(node) || node.expression.getText() !== "Object.assign") return false;
    const [target, ...others] = node.arguments;
    return target?.getText() === code && others.some(hasField);
  };
  return findNode(enclosingFunction(message) ?? message.getSourceFile(), isSet) !== undefined;
}

function hasField(value: TS.Expression): boolean {
  const isLiteral = ts.isObjectLiteralExpression(value);
  return isLiteral && value.properties.some(({ name }) => name && propertyName(name) === FIELD);
}

// What it inserts

const HELPER: HelperSpec = {
  name: "withTraceContext",
  file: "with-trace-context",
  lines: (language) =>
    helperLines(language, {
      name: "withTraceContext",
      purpose: [
        " * Gives a message the context of the active span, in a copy. Without a span, and for what is no",
        " * plain object, it is the message itself. Never throws.",
      ],
      filter: "",
      unsampled: [],
      functions: [],
    }),
};

/** The same for messages of which some shall leave no spans wherever they go. */
const FILTER: HelperSpec = {
  name: "withFilteredTraceContext",
  file: "with-filtered-trace-context",
  lines: (language) =>
    helperLines(language, {
      name: "withFilteredTraceContext",
      purpose: [
        " * Gives a message the context of the active span, in a copy. A message that has one of the values",
        " * of `unsampled` gets one that is not sampled: whoever goes on with it records no spans. Without a",
        " * span, and for what is no plain object, it is the message itself. Never throws.",
      ],
      filter: `, unsampled${language.type(": Readonly<Record<string, readonly unknown[]>>")}`,
      unsampled: [
        "\t\tif (isAmong(message, unsampled)) {",
        `\t\t\treturn { ...message, ${FIELD}: { trace: trace.replace(/(-[01])?$/, "-0") } };`,
        "\t\t}",
      ],
      functions: [
        "",
        `function isAmong(message${language.type(": unknown")}, values${language.type(": Readonly<Record<string, readonly unknown[]>>")})${language.type(": boolean")} {`,
        `\tconst members = message${language.isTyped ? " as Readonly<Record<string, unknown>>" : ""};`,
        "\treturn Object.entries(values).some(([name, all]) => all.includes(members[name]));",
        "}",
      ],
    }),
};

interface HelperParts {
  readonly name: string;
  readonly purpose: readonly string[];
  /** What stands behind the message in the parameters. */
  readonly filter: string;
  /** What is done with a message that shall leave no spans. */
  readonly unsampled: readonly string[];
  readonly functions: readonly string[];
}

function helperLines(
  { type, imports, exportWord, exportLines }: Language,
  { name, purpose, filter, unsampled, functions }: HelperParts,
): readonly string[] {
  return [
    imports,
    "",
    "/**",
    ...purpose,
    " */",
    `${exportWord}function ${name}${type("<T>")}(message${type(": T")}${filter})${type(": T")} {`,
    "\ttry {",
    "\t\tif (!isPlainObject(message) || !Sentry.getClient()) return message;",
    "\t\t// Before SDK 11, a trace that goes on without a span has one that stands for its sender's.",
    "\t\tconst active = Sentry.getActiveSpan();",
    "\t\tif (!active || active.spanContext().isRemote) return message;",
    '\t\tconst { "sentry-trace": trace, baggage } = Sentry.getTraceData();',
    "\t\tif (!trace) return message;",
    ...unsampled,
    `\t\treturn { ...message, ${FIELD}: baggage ? { trace, baggage } : { trace } };`,
    "\t} catch {",
    "\t\treturn message;",
    "\t}",
    "}",
    "",
    `function isPlainObject(value${type(": unknown")})${type(": boolean")} {`,
    '\tif (typeof value !== "object" || value === null || "toJSON" in value) return false;',
    "\treturn Object.getPrototypeOf(value) === Object.prototype;",
    "}",
    ...functions,
    ...exportLines,
    "",
  ];
}

/** The filter as code, such as `{ type: ["chunk"] }`. */
function filterText(values: Readonly<Record<string, readonly string[]>>, style: Style): string {
  const members = Object.entries(values).map(
    ([name, all]) => `${name}: [${all.map((each) => quoted(each, style)).join(", ")}]`,
  );
  return `{ ${members.join(", ")} }`;
}

// How it recognises its own work

/** Where `data: helper(data)` begins, which was `data`. */
function shorthandStart(
  { file }: Source,
  { parent }: TS.CallExpression,
  message: TS.Expression,
): number | undefined {
  const isNamed =
    ts.isPropertyAssignment(parent) && parent.name.getText(file) === message.getText(file);
  return isNamed ? parent.getStart(file) : undefined;
}
