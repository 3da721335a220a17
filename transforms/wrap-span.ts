import {
  callFingerprint,
  codeFingerprint,
  containerOf,
  defineTransform,
  enclosingFunctionNames,
  findMatches,
  findNode,
  fingerprint,
  firstNode,
  freshName,
  headOf,
  hoistTypes,
  inactiveRefusal,
  inactiveSpanAt,
  indentationAt,
  isReadable,
  isReason,
  joinPointNeedles,
  layOutInactive,
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
  unhoistTypes,
  unwrap,
  unwrapInactive,
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
  readonly allowInactive: boolean;
  readonly evenIfTraced: boolean;
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
    allowInactive: schema.optional(schema.boolean(), false),
    evenIfTraced: schema.optional(schema.boolean(), false),
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

  find: (file, rule) => {
    const sites = findMatches(file.source, rule.at).flatMap((match): Site<Found>[] => {
      const regions = regionsOf(file.source, match, rule.region);
      const data = { match, regions };
      const [region] = regions;
      if (hasSuchSpan(file, match, region, rule)) {
        const { node } = match;
        const whole = region ?? { start: node.getStart(file.source.file), end: node.end };
        return [{ anchor: match.anchor, region: whole, data, present: "hand" }];
      }
      if (!region) return [];
      const skip = tracedAlready(file, region, rule);
      return [{ anchor: match.anchor, region, alternatives: regions.slice(1), data, skip }];
    });
    return withoutTwins(sites);
  },

  instrument: (file, site, rule, lessons, { reserved }) => {
    let refusal: Reason | null = null;
    for (const region of site.data.regions) {
      const result = wrapRegion(file, region, site.data.match, rule, lessons, reserved);
      if (!isReason(result)) return result;
      refusal ??= result;
    }
    if (!refusal) return reason("empty-region");
    return rule.allowInactive
      ? holdAny(file, site.data, rule, lessons, reserved, refusal)
      : refusal;
  },

  landmark: ({ name = "" }) => /^"([^"\\]*)"$/.exec(name)?.[1] ?? "start",

  recognise: (file, shape) => {
    const found: Candidate[] = [];
    const name = codeFingerprint(shape.name ?? "");
    walk(file.source.file, (node) => {
      const place =
        shape.strategy === "inactive"
          ? heldPlace(file.source, node, shape)
          : wrappedPlace(file.source, node, shape);
      if (place) found.push(candidate(file.source, place, shape, name));
    });
    return found;
  },
});

/** The calls of one chain are one site: its region is the whole chain for each of them. */
function withoutTwins(sites: readonly Site<Found>[]): Site<Found>[] {
  const places = sites.map(({ region }) => `${region.start}-${region.end}`);
  return sites.filter((_, index) => places.indexOf(places[index] ?? "") === index);
}

// What it inserts

function wrapRegion(
  file: FileContext,
  region: Region,
  match: Match,
  rule: WrapSpan,
  lessons: Lessons,
  reserved: ReadonlySet<string>,
): Instrumentation | Reason {
  const { source } = file;
  const wrapping = wrappingFor(source, region, file.types);
  if (isReason(wrapping)) return wrapping;
  if (lessons.vetoed.has(wrapping.strategy)) return reason("type-check");
  const options = renderOptions(file, region, match, rule);
  if (isReason(options)) return options;
  const marks = rule.markFailure ? swallowingCatches(region) : [];
  const parameter = marks.length > 0 ? freshName(source, SPAN_NAMES, reserved) : "";
  const isTyped = /\.[cm]?tsx?$/.test(source.path);
  const saysTypes = lessons.annotated || lessons.narrowed.size + lessons.retyped.size > 0;
  if (!isTyped && saysTypes) return reason("type-check");
  const returns = lessons.annotated ? declaredResult(region) : undefined;
  if (lessons.annotated && returns === undefined) return reason("type-check");
  const callee = file.sentry.access("startSpan");
  const call = { callee, argument: options.entries, parameter, returns };
  const layout = layOutWrapper(source, region, wrapping, call);
  const reads = readsOf(nodesOf(region), lessons.narrowed);
  const hoisting = hoistTypes(source, region, lessons.retyped, reserved);
  // What is asserted lies inside the span, also where both begin or end at one place.
  const asserted = (hoisting?.assertions ?? []).map(attachAround);
  const openings = asserted.filter(({ attach }) => attach === "right");
  const closings = asserted.filter(({ attach }) => attach === "left");
  const { edits, ...common } = surround(file, region, options, "startSpan", layout);
  return {
    ...common,
    strategy: wrapping.strategy,
    edits: [
      ...reads.map(({ end }) => assertion(end)),
      ...closings,
      ...(hoisting ? [{ ...hoisting.declarations, attach: "right" as const }] : []),
      ...edits,
      ...openings,
      ...marks.map((block) => markEdit(source, block, parameter)),
    ],
    shape: {
      ...common.shape,
      ...shapeOf(wrapping, layout, parameter),
      ...(reads.length > 0 ? { narrowed: [...lessons.narrowed].join("\n") } : {}),
      ...(hoisting ? { types: hoisting.types } : {}),
    },
  };
}

/** The type that a whole function says it returns, where a callback can say it too. */
function declaredResult(region: Region): string | undefined {
  const type = region.kind === "body" ? region.node.type : undefined;
  if (!type || ts.isTypePredicateNode(type)) return undefined;
  return type.getText().replace(/\s+/g, " ");
}

/** Sites inside one another may both have to say what was known outside. */
function assertion(at: number): AttachedEdit {
  return { start: at, end: at, text: "!", attach: "left", isShared: true };
}

function attachAround(edit: Edit): AttachedEdit {
  return { ...edit, attach: edit.text === "(" ? "right" : "left" };
}

const SPAN_NAMES = ["span", "sentrySpan"];

/** Holds the first region that may be held by an inactive span, where no callback can take any. */
function holdAny(
  file: FileContext,
  { match, regions }: Found,
  rule: WrapSpan,
  lessons: Lessons,
  reserved: ReadonlySet<string>,
  refusal: Reason,
): Instrumentation | Reason {
  if (lessons.vetoed.has("inactive")) return reason("type-check");
  for (const region of regions) {
    const wrapping = wrappingFor(file.source, region, file.types);
    if (!isReason(wrapping)) continue;
    if (inactiveRefusal(file.source, region, wrapping, file.types)) continue;
    const options = renderOptions(file, region, match, rule);
    if (!isReason(options)) return holdRegion(file, region, options, reserved);
  }
  return refusal;
}

function holdRegion(
  file: FileContext,
  region: Region,
  options: Options,
  reserved: ReadonlySet<string>,
): Instrumentation {
  const { source } = file;
  const parameter = freshName(source, SPAN_NAMES, reserved);
  const callee = file.sentry.access("startInactiveSpan");
  const layout = layOutInactive(source, region, { callee, options: options.entries, parameter });
  const common = surround(file, region, options, "startInactiveSpan", layout);
  const shape = {
    ...common.shape,
    strategy: "inactive",
    parameter,
    indent: layout.unit,
    block: String(region.kind !== "body"),
  };
  return { ...common, strategy: "inactive", shape };
}

/** What every way of putting a span around a region has in common. */
function surround(
  file: FileContext,
  region: Region,
  { entries, name, op }: Options,
  api: "startSpan" | "startInactiveSpan",
  layout: WrapperLayout,
): Omit<Instrumentation, "strategy"> {
  const { source, sentry } = file;
  const inner = firstNode(region);
  const callee = sentry.access(api);
  return {
    region,
    edits: [
      { start: region.start, end: region.start, text: layout.open, attach: "right" },
      { start: region.end, end: region.end, text: layout.close, attach: "left" },
    ],
    reindent: { range: region, unit: layout.unit },
    imports: usesNeed(sentry, api) && sentry.need ? [sentry.need] : [],
    modules: [],
    span: { name: name.constant ?? name.code, op: op?.constant ?? null },
    shape: {
      callee,
      key: codeFingerprint(`${callee}(${objectOnOneLine(entries, source.style)})`),
      name: name.code,
    },
    container: containerOf(inner),
    head: headOf(fingerprint(inner, (node) => seeThrough(source, node, callee))),
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
  const call = `${parameter}.setStatus(${status})`;
  const [first] = block.statements;
  if (first) {
    const start = first.getStart(file);
    const semicolon = style.semicolons || /[;([`+\-/]/.test(text[start] ?? "") ? ";" : "";
    const indent = `${style.eol}${indentationAt(text, start)}`;
    return { start, end: start, text: `${call}${semicolon}${indent}`, attach: "right" };
  }
  const start = block.getStart(file) + 1;
  const isOneLine = !textOf(source, block).includes("\n");
  const gap = isOneLine
    ? text[start] === "}"
      ? ""
      : " "
    : `${style.eol}${indentationAt(text, block.getStart(file))}${style.indent}`;
  // Two marks on one line must be told apart.
  const semicolon = style.semicolons || isOneLine ? ";" : "";
  return { start, end: start, text: `${gap}${call}${semicolon}`, attach: "right" };
}

function isMark(node: TS.Node, parameter: string): node is TS.ExpressionStatement {
  if (!ts.isExpressionStatement(node) || !node.getText().startsWith(parameter)) return false;
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

/** A place that may be an entry's. */
interface Place {
  readonly call: TS.CallExpression;
  readonly options: TS.ObjectLiteralExpression;
  readonly range: Candidate["range"];
  /** The first of the code inside. */
  readonly inner: TS.Node;
  readonly remove: () => Candidate["removal"];
}

function wrappedPlace(source: Source, node: TS.Node, shape: Shape): Place | null {
  const found = spanCall(node, shape.callee ?? "");
  if (!found) return null;
  const { call, options, callback } = found;
  const { body } = callback;
  return {
    call,
    options,
    range: { start: call.getStart(source.file), end: call.end },
    inner: ts.isBlock(body) ? (body.statements[0] ?? body) : body,
    remove: () => removalOf(source, found, shape),
  };
}

function heldPlace(source: Source, node: TS.Node, shape: Shape): Place | null {
  const found = inactiveSpanAt(source, node, shape.block === "true");
  if (!found) return null;
  const { call, options, start, end } = found;
  const { tryBlock } = found.attempt;
  return {
    call,
    options,
    range: { start, end },
    inner: tryBlock.statements[0] ?? tryBlock,
    remove: () => unwrapInactive(source, found, shape.indent ?? ""),
  };
}

/** Most places are another entry's: what is dear is found when it is asked for. */
function candidate(source: Source, place: Place, shape: Shape, name: string): Candidate {
  const { call, options, range, inner } = place;
  const key = callFingerprint(call.expression, [options]);
  let head: string | undefined;
  let removal: Candidate["removal"] | undefined;
  return {
    range,
    key,
    similar: propertyCode(options, "name") === name,
    get container() {
      return containerOf(call);
    },
    get head() {
      return (head ??= headOf(
        fingerprint(inner, (node) => seeThrough(source, node, shape.callee ?? "")),
      ));
    },
    get exact() {
      return key === shape.key && !isReason(this.removal);
    },
    get removal() {
      return (removal ??= place.remove());
    },
  };
}

/** What a node says without what may have come with a span: others around it, said types. */
function seeThrough(source: Source, node: TS.Node, callee: string): TS.Node {
  let inner = node;
  for (;;) {
    const next = wrappedBy(inner, callee) ?? heldBy(source, inner) ?? assertedBy(inner);
    if (!next) return inner;
    inner = next;
  }
}

/** The first of what a call of `startSpan` wraps; null for a node that is none. */
function wrappedBy(node: TS.Node, callee: string): TS.Node | null {
  const statement =
    ts.isExpressionStatement(node) || ts.isReturnStatement(node) ? node.expression : node;
  const awaited = statement && ts.isAwaitExpression(statement) ? statement.expression : statement;
  const found = awaited && spanCall(awaited, callee);
  if (!found) return null;
  const { body } = found.callback;
  if (ts.isBlock(body)) return body.statements[0] ?? null;
  return ts.isCallExpression(node) ? body : null;
}

function assertedBy(node: TS.Node): TS.Node | null {
  return ts.isNonNullExpression(node) || ts.isAsExpression(node) ? node.expression : null;
}

/** The first of what an inactive span holds; null for a node that is none. */
function heldBy(source: Source, node: TS.Node): TS.Node | null {
  const start = ts.isBlock(node) && node.statements.length === 2 ? node.statements[0] : node;
  const found = start && inactiveSpanAt(source, start, start !== node);
  return found?.attempt.tryBlock.statements[0] ?? null;
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
  const types = unhoistTypes(source, found.call, shape.types ?? "");
  if (isReason(types)) return types;
  const own = [
    ...types,
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
    if (!ts.isNonNullExpression(node)) return;
    if (!paths.has(node.expression.getText().replace(/!+$/, ""))) return;
    edits.push({ start: node.expression.end, end: node.end, text: "" });
  });
  return edits;
}

/** Takes a mark out with the white space it came with: behind it, or before it in an empty block. */
function unmark({ file, text }: Source, mark: TS.ExpressionStatement): Edit {
  const block = mark.parent as TS.Block;
  const start = mark.getStart(file);
  const isEmpty = block.statements.every((each) => /^\w+\.setStatus\(/.test(each.getText(file)));
  if (!isEmpty && block.statements.at(-1) !== mark) {
    const behind = /^\s*/.exec(text.slice(mark.end))?.[0].length ?? 0;
    return { start, end: mark.end + behind, text: "" };
  }
  const before = text.slice(block.getStart(file) + 1, start);
  return { start: start - (before.length - before.trimEnd().length), end: mark.end, text: "" };
}

// Instrumentation that is there already

/** Whether matched code stands in a span of the same name and op, or holds one, by hand. */
function hasSuchSpan(
  file: FileContext,
  match: Match,
  region: Region | undefined,
  rule: WrapSpan,
): boolean {
  const fills = fillsFor(file, match);
  const codeOf = (template: string) => renderTemplate(template, fills, file.source.style).code;
  const name = codeFingerprint(codeOf(rule.span.name));
  const op = rule.span.op === undefined ? null : codeFingerprint(codeOf(rule.span.op));
  const isSuch = (node: TS.Node) => {
    const options = spanOptions(node);
    return options && propertyCode(options, "name") === name && propertyCode(options, "op") === op;
  };
  const within = region ? nodesOf(region) : [match.node];
  return within.some((node) => findNode(node, isSuch)) || isInsideSuch(match.node, isSuch);
}

function isInsideSuch(node: TS.Node, isSuch: (node: TS.Node) => boolean | null): boolean {
  for (let at: TS.Node = node; at; at = at.parent) {
    if (isSuch(at)) return true;
    if (at !== node && ts.isFunctionLike(at) && !ts.isArrowFunction(at)) return false;
  }
  return false;
}

/** The options of a call that starts a span, by whatever name the SDK has there. */
function spanOptions(node: TS.Node): TS.ObjectLiteralExpression | null {
  if (!ts.isCallExpression(node)) return null;
  if (!/(^|\.)start(Inactive)?Span(Manual)?$/.test(node.expression.getText())) return null;
  const [options] = node.arguments;
  return options && ts.isObjectLiteralExpression(options) ? options : null;
}

/** Why a call is left to the SDK, which traces it; a wider region than the call is another matter. */
function tracedAlready(file: FileContext, region: Region, rule: WrapSpan): Reason | undefined {
  if (rule.evenIfTraced || region.kind !== "expression") return undefined;
  const by = file.tracedBy(region.node);
  return by === null ? undefined : reason("already-traced", by);
}
