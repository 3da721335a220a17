import {
  codeFingerprint,
  containerOf,
  defineTransform,
  enclosingFunctionNames,
  findMatches,
  fingerprint,
  firstNode,
  freshName,
  headOf,
  indentationAt,
  isReadable,
  isReason,
  joinPointNeedles,
  layOutWrapper,
  nodesOf,
  objectOnOneLine,
  ownStatements,
  readsOf,
  reason,
  REGION_KINDS,
  regionsOf,
  renderTemplate,
  schema,
  swallows,
  textOf,
  ts,
  unwrap,
  usesNeed,
  walk,
  wrappingFor,
  type AttachedEdit,
  type Candidate,
  type Edit,
  type Entries,
  type FileContext,
  type Fills,
  type Instrumentation,
  type Lessons,
  type Match,
  type Reason,
  type Region,
  type Rendered,
  type Rule,
  type Shape,
  type Site,
  type Source,
  type TS,
  type WrapperLayout,
  type WrapperNode,
  type Wrapping,
} from "../src/transform.js";

interface WrapSpan extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  readonly region: (typeof REGION_KINDS)[number];
  readonly span: {
    readonly name: string;
    readonly op?: string | undefined;
    readonly attributes?: Readonly<Record<string, string>> | undefined;
  };
  readonly markFailure: boolean;
}

interface Found {
  readonly match: Match;
  readonly regions: readonly Region[];
}

export const wrapSpan = defineTransform<WrapSpan, Found>({
  name: "wrap-span",
  summary: "Runs a piece of code inside Sentry.startSpan",
  params: {
    region: schema.optional(schema.picklist(REGION_KINDS), "auto"),
    span: schema.strictObject({
      name: schema.pipe(schema.string(), schema.minLength(1)),
      op: schema.optional(schema.string()),
      attributes: schema.optional(schema.record(schema.string(), schema.string())),
    }),
    markFailure: schema.optional(schema.boolean(), true),
  },
  joinPoints: ["case", "switch", "call", "function", "method", "route", "listener", "assign"],
  templates: ({ span }) => [
    ["span.name", span.name],
    ...(span.op === undefined ? [] : [["span.op", span.op] as const]),
    ...Object.entries(span.attributes ?? {}).map(
      ([key, template]) => [`span.attributes[${JSON.stringify(key)}]`, template] as const,
    ),
  ],
  needles: (rule) => joinPointNeedles(rule.at),

  find: ({ source }, rule) =>
    findMatches(source, rule.at).flatMap((match): Site<Found>[] => {
      const regions = regionsOf(source, match, rule.region);
      const [region] = regions;
      if (!region) return [];
      const present = isInsideSuchSpan(match.node, region, rule) ? "hand" : undefined;
      return [{ anchor: match.anchor, region, data: { match, regions }, present }];
    }),

  instrument: (file, site, rule, lessons) => {
    let refusal: Reason | null = null;
    for (const region of site.data.regions) {
      const result = wrapRegion(file, region, site.data.match, rule, lessons);
      if (!isReason(result)) return result;
      refusal ??= result;
    }
    return refusal ?? reason("empty-region");
  },

  recognise: (file, shape) => {
    const found: Candidate[] = [];
    walk(file.source.file, (node) => {
      const call = spanCall(node, shape.callee ?? "");
      if (call) found.push(candidate(file, call, shape));
    });
    return found;
  },
});

// What it inserts

function wrapRegion(
  file: FileContext,
  region: Region,
  match: Match,
  rule: WrapSpan,
  lessons: Lessons,
): Instrumentation | Reason {
  const { source } = file;
  const wrapping = wrappingFor(source, region, file.types);
  if (isReason(wrapping)) return wrapping;
  if (lessons.vetoed.has(wrapping.strategy)) return reason("type-check");
  const options = renderOptions(file, region, match, rule);
  if (isReason(options)) return options;
  const marks = rule.markFailure ? swallowingCatches(region) : [];
  const parameter = marks.length > 0 ? freshName(source, ["span", "sentrySpan"]) : "";
  const call = { callee: file.sentry.access("startSpan"), options: options.entries, parameter };
  const layout = layOutWrapper(source, region, wrapping, call);
  const reads = readsOf(nodesOf(region), lessons.narrowed);
  const inner = firstNode(region);
  return {
    strategy: wrapping.strategy,
    region,
    edits: [
      ...reads.map(({ end }): AttachedEdit => ({ start: end, end, text: "!", attach: "left" })),
      { start: region.start, end: region.start, text: layout.open, attach: "right" },
      { start: region.end, end: region.end, text: layout.close, attach: "left" },
      ...marks.map((block) => markEdit(source, block, parameter)),
    ],
    reindent: { range: region, unit: layout.unit },
    imports: usesNeed(file.sentry, "startSpan") && file.sentry.need ? [file.sentry.need] : [],
    modules: [],
    span: { name: options.name.constant ?? options.name.code, op: options.op?.constant ?? null },
    shape: {
      ...shapeOf(wrapping, layout, parameter),
      callee: call.callee,
      key: codeFingerprint(`${call.callee}(${objectOnOneLine(options.entries, source.style)})`),
      name: options.name.code,
      ...(reads.length > 0 ? { narrowed: [...lessons.narrowed].join("\n") } : {}),
    },
    container: containerOf(inner),
    head: headOf(fingerprint(inner)),
  };
}

function shapeOf(wrapping: Wrapping, layout: WrapperLayout, parameter: string): Shape {
  return {
    strategy: wrapping.strategy,
    prefix: wrapping.prefix,
    callback: wrapping.isConcise ? "expression" : "block",
    parameter,
    indent: layout.unit,
    ...(layout.isBracketed ? { bracket: "(" } : {}),
  };
}

interface Options {
  readonly name: Rendered;
  readonly op: Rendered | null;
  readonly entries: Entries;
}

function renderOptions(
  file: FileContext,
  region: Region,
  match: Match,
  rule: WrapSpan,
): Options | Reason {
  const { source } = file;
  const fills = fillsFor(file, match);
  const render = (template: string) => renderTemplate(template, fills, source.style);
  const name = render(rule.span.name);
  const op = rule.span.op === undefined ? null : render(rule.span.op);
  const attributes = Object.entries(rule.span.attributes ?? {}).map(
    ([key, template]) => [key, render(template)] as const,
  );
  const scopeNode = scopeOf(region);
  const used = [name, ...(op ? [op] : []), ...attributes.map(([, value]) => value)];
  for (const read of used.flatMap((rendered) => rendered.names)) {
    if (!isReadable(source, read, scopeNode, region)) return reason("not-in-scope", read);
  }
  const pairs = attributes.map(([key, value]) => [key, value.code] as const);
  const entries: Entries = [
    ["name", name.code],
    ...(op ? [["op", op.code] as const] : []),
    ...(pairs.length > 0 ? [["attributes", pairs] as const] : []),
  ];
  return { name, op, entries };
}

function fillsFor({ source }: FileContext, match: Match): Fills {
  const text = (value: string) => ({ text: value, code: JSON.stringify(value) });
  const captured = Object.entries(match.captures).map(([name, node]) => {
    const code = textOf(source, node);
    return [name, { text: ts.isStringLiteralLike(node) ? node.text : code, code }] as const;
  });
  return {
    file: text(source.path),
    function: text(
      match.kind === "function" ? match.name : (enclosingFunctionNames(match.node)[0] ?? "module"),
    ),
    case: text(match.kind === "clause" ? match.value : ""),
    callee: text(match.kind === "call" ? textOf(source, match.node.expression) : ""),
    ...Object.fromEntries(captured),
  };
}

/** The node whose scope the options are evaluated in: where the call stands. */
function scopeOf(region: Region): TS.Node {
  if (region.kind === "expression") return region.node;
  if (region.kind === "statements") return region.statements[0] ?? region.list.parent;
  const { body } = region.node;
  return ts.isBlock(body) ? (region.node.parameters[0] ?? body) : body;
}

// Marking a failure that a catch swallows

/** Catch blocks of the region's own try statements that do not pass the error on. */
function swallowingCatches(region: Region): TS.Block[] {
  return ownStatements(region)
    .filter(ts.isTryStatement)
    .flatMap(({ catchClause }) =>
      catchClause && swallows(catchClause.block) ? [catchClause.block] : [],
    );
}

const FAILURE = '{ code: 2, message: "internal_error" }';

function markEdit(source: Source, block: TS.Block, parameter: string): AttachedEdit {
  const { style, text, file } = source;
  const status = FAILURE.replace(/"/g, style.quote);
  const statement = `${parameter}.setStatus(${status})${style.semicolons ? ";" : ""}`;
  const [first] = block.statements;
  if (first) {
    const start = first.getStart(file);
    const semicolon = style.semicolons || !/[;([`+\-/]/.test(text[start] ?? "") ? "" : ";";
    const indent = `${style.eol}${indentationAt(text, start)}`;
    return { start, end: start, text: `${statement}${semicolon}${indent}`, attach: "right" };
  }
  const start = block.getStart(file) + 1;
  const isOneLine = !textOf(source, block).includes("\n");
  const gap = isOneLine
    ? text[start] === "}"
      ? ""
      : " "
    : `${style.eol}${indentationAt(text, block.getStart(file))}${style.indent}`;
  return { start, end: start, text: `${gap}${statement}`, attach: "right" };
}

function isMark(node: TS.Node, parameter: string): node is TS.ExpressionStatement {
  if (!ts.isExpressionStatement(node)) return false;
  return fingerprint(node.expression) === codeFingerprint(`${parameter}.setStatus(${FAILURE})`);
}

// How it recognises its own work

interface SpanCall extends WrapperNode {
  readonly options: TS.ObjectLiteralExpression;
}

/** A call of `startSpan`, by whatever name the SDK has by now. */
function spanCall(node: TS.Node, callee: string): SpanCall | null {
  if (!ts.isCallExpression(node) || node.arguments.length !== 2) return null;
  const name = node.expression.getText();
  if (name !== callee && !/(^|\.)startSpan$/.test(name)) return null;
  const [options, callback] = node.arguments;
  if (!options || !ts.isObjectLiteralExpression(options)) return null;
  return callback && ts.isArrowFunction(callback) ? { call: node, options, callback } : null;
}

function candidate({ source }: FileContext, found: SpanCall, shape: Shape): Candidate {
  const { call, options, callback } = found;
  const { body } = callback;
  const inner = ts.isBlock(body) ? (body.statements[0] ?? body) : body;
  const removal = removalOf(source, found, shape);
  const key = codeFingerprint(`${call.expression.getText()}(${options.getText()})`);
  return {
    range: { start: call.getStart(source.file), end: call.end },
    container: containerOf(call),
    head: headOf(fingerprint(inner, (node) => seeThrough(node, shape.callee ?? ""))),
    key,
    exact: key === shape.key && !isReason(removal),
    similar: propertyCode(options, "name") === codeFingerprint(shape.name ?? ""),
    removal,
  };
}

/** What a node says without spans around it, so that a nested span does not hide it. */
function seeThrough(node: TS.Node, callee: string): TS.Node {
  let inner = node;
  for (;;) {
    const statement =
      ts.isExpressionStatement(inner) || ts.isReturnStatement(inner) ? inner.expression : inner;
    const awaited = statement && ts.isAwaitExpression(statement) ? statement.expression : statement;
    const found = awaited && spanCall(awaited, callee);
    if (!found) return inner;
    const { body } = found.callback;
    if (!ts.isBlock(body)) return ts.isCallExpression(inner) ? body : inner;
    const [first] = body.statements;
    if (!first) return inner;
    inner = first;
  }
}

function propertyCode(options: TS.ObjectLiteralExpression, key: string): string | null {
  for (const property of options.properties) {
    if (property.name?.getText() !== key) continue;
    return ts.isPropertyAssignment(property) ? fingerprint(property.initializer) : key;
  }
  return null;
}

function removalOf(source: Source, found: SpanCall, shape: Shape): Candidate["removal"] {
  const marks = marksIn(found.callback, shape.parameter ?? "");
  const inUse = parameterUse(source, found.callback, marks);
  if (inUse) return inUse;
  const unwrapped = unwrap(source, found, {
    strategy: shape.strategy ?? "",
    prefix: shape.prefix ?? "",
    isConcise: shape.callback === "expression",
    isBracketed: shape.bracket !== undefined,
    unit: shape.indent ?? "",
  });
  if (isReason(unwrapped)) return unwrapped;
  const own = [
    ...marks.map((mark) => unmark(source, mark)),
    ...assertionsIn(found.callback, shape),
  ];
  return { edits: [...unwrapped.edits, ...own], dedent: unwrapped.dedent };
}

function marksIn(callback: TS.ArrowFunction, parameter: string): TS.ExpressionStatement[] {
  const marks: TS.ExpressionStatement[] = [];
  if (!parameter) return marks;
  walk(callback.body, (node) => {
    if (isMark(node, parameter)) marks.push(node);
  });
  return marks;
}

function parameterUse(
  source: Source,
  callback: TS.ArrowFunction,
  marks: readonly TS.Node[],
): Reason | null {
  const [parameter] = callback.parameters;
  if (!parameter) return null;
  if (!ts.isIdentifier(parameter.name)) return reason("span-in-use");
  const { name } = parameter;
  const isOurs = (use: TS.Node) => marks.some((mark) => mark.pos <= use.pos && use.end <= mark.end);
  const used = source.scope.references(name).some((use) => use !== name && !isOurs(use));
  return used ? reason("span-in-use", name.text) : null;
}

/** The `!` that said again what was known outside the callback. */
function assertionsIn(callback: TS.ArrowFunction, shape: Shape): Edit[] {
  const paths = new Set(shape.narrowed?.split("\n"));
  const edits: Edit[] = [];
  walk(callback.body, (node) => {
    if (!ts.isNonNullExpression(node) || !paths.has(node.expression.getText())) return;
    edits.push({ start: node.expression.end, end: node.end, text: "" });
  });
  return edits;
}

/** Takes a mark out with the white space it came with. */
function unmark({ file, text }: Source, mark: TS.ExpressionStatement): Edit {
  const block = mark.parent as TS.Block;
  const start = mark.getStart(file);
  if (block.statements.at(-1) !== mark) {
    const behind = /^\s*/.exec(text.slice(mark.end))?.[0].length ?? 0;
    return { start, end: mark.end + behind, text: "" };
  }
  const before = text.slice(block.getStart(file) + 1, start);
  return { start: start - (before.length - before.trimEnd().length), end: mark.end, text: "" };
}

// Instrumentation that is there already

/** Whether code stands in a span of the same name and op, written by hand. */
function isInsideSuchSpan(node: TS.Node, region: Region, rule: WrapSpan): boolean {
  for (let at: TS.Node = firstNode(region); at; at = at.parent) {
    if (
      at !== node &&
      ts.isFunctionLike(at) &&
      !ts.isArrowFunction(at) &&
      at !== firstNode(region)
    ) {
      return false;
    }
    if (ts.isCallExpression(at) && isSpanNamed(at, rule)) return true;
  }
  return false;
}

function isSpanNamed(call: TS.CallExpression, rule: WrapSpan): boolean {
  if (!/(^|\.)startSpan(Manual)?$/.test(call.expression.getText())) return false;
  const [options] = call.arguments;
  if (!options || !ts.isObjectLiteralExpression(options)) return false;
  const value = (key: string) => {
    const property = options.properties.find((each) => each.name?.getText() === key);
    return property &&
      ts.isPropertyAssignment(property) &&
      ts.isStringLiteralLike(property.initializer)
      ? property.initializer.text
      : undefined;
  };
  return value("name") === rule.span.name && value("op") === rule.span.op;
}
