import {
  anySpanCall,
  around,
  callFingerprint,
  callsLike,
  captureErrorsParam,
  captureImports,
  catchNeeds,
  codeFingerprint,
  containerOf,
  defineTransform,
  disclose,
  enclose,
  fillsFor,
  findMatches,
  findNode,
  fingerprint,
  firstNode,
  freshName,
  headOf,
  headOfPrint,
  inactiveRefusal,
  inactiveSpanAt,
  isReason,
  joinPointNeedles,
  layOutInactive,
  markFailureParam,
  namedAsBefore,
  nodesOf,
  objectOnOneLine,
  optionCode,
  param,
  reason,
  REGION_KINDS,
  regionParam,
  regionsOf,
  renderSpan,
  renamingSince,
  renderTemplate,
  schema,
  SPAN_NAMES,
  spanCall,
  spanName,
  spansIn,
  spanSchema,
  spanTemplates,
  ts,
  unwrapInactive,
  unwrapped,
  usesNeed,
  walk,
  wrappingFor,
  type Candidate,
  type FileContext,
  type HandSpan,
  type Instrumentation,
  type Lessons,
  type Match,
  type Range,
  type Reason,
  type Region,
  type Rule,
  type Shape,
  type Site,
  type Source,
  type SpanOptions,
  type SpanParams,
  type TS,
} from "../src/transform.js";

interface WrapSpan extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  readonly region: (typeof REGION_KINDS)[number];
  readonly span: SpanParams;
  readonly markFailure: boolean;
  readonly captureErrors: boolean;
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
  inserts:
    "`Sentry.startSpan` around an expression, statements or a body; marks a failure that a catch swallows",
  params: {
    span: param("the span that it runs in", spanSchema),
    region: regionParam,
    markFailure: markFailureParam,
    captureErrors: captureErrorsParam,
    allowInactive: param(
      "where a `break`, a `yield` or a `return` keeps the code out of a callback, takes `startInactiveSpan` in `try`/`catch`/`finally`, which nests no children",
      schema.optional(schema.boolean(), false),
    ),
    evenIfTraced: param(
      "also calls that the SDK traces by itself",
      schema.optional(schema.boolean(), false),
    ),
  },
  joinPoints: ["case", "switch", "call", "function", "method", "route", "listener", "assign"],
  templates: ({ span }) => spanTemplates(span),
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
      if (!region) return isEmptyClause(match) ? [nothingToWrap(match, data)] : [];
      const skip =
        valueAlone(match, rule) ?? startedAlone(region) ?? tracedAlready(file, region, rule);
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
    const { source } = file;
    const name = codeFingerprint(shape.name ?? "");
    const places: Place[] = [];
    if (shape.strategy === "inactive") {
      walk(source.file, (node) => {
        const place = heldPlace(source, node, shape);
        if (place) places.push(place);
      });
    } else {
      const calls = callsLike(source, shape, name);
      places.push(...calls.flatMap((call) => wrappedPlace(source, call, shape) ?? []));
    }
    return places.map((place) => new SpanCandidate(source, place, shape, name));
  },
});

/** Whether a clause has no code of its own, because it shares that of the next one. */
function isEmptyClause(match: Match): boolean {
  return match.kind === "clause" && match.list.statements.length === 0;
}

function nothingToWrap({ anchor, node }: Match, data: Found): Site<Found> {
  return { anchor, region: { start: anchor, end: node.end }, data, skip: reason("empty-region") };
}

/** The calls of one chain are one site: its region is the whole chain for each of them. */
function withoutTwins(sites: readonly Site<Found>[]): Site<Found>[] {
  const first = new Map<string, Site<Found>>();
  for (const site of sites) {
    const place = `${site.region.start}-${site.region.end}`;
    if (!first.has(place)) first.set(place, site);
  }
  return [...first.values()];
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
  const options = renderSpan(source, region, match, rule.span);
  if (isReason(options)) return options;
  const call = { callee: file.sentry.access("startSpan"), arguments: [options.entries] };
  const catches = catchNeeds(file.sentry, rule);
  const enclosed = enclose(source, region, wrapping, call, { lessons, reserved, catches });
  if (isReason(enclosed)) return enclosed;
  const common = surround(file, region, options, "startSpan");
  const shape = { ...common.shape, ...enclosed.shape };
  const own = common.imports.length > 0 ? [] : captureImports(file.sentry, enclosed.shape);
  const imports = [...common.imports, ...own];
  return { ...common, ...enclosed, strategy: wrapping.strategy, imports, shape };
}

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
    const options = renderSpan(file.source, region, match, rule.span);
    if (!isReason(options)) return holdRegion(file, region, options, reserved);
  }
  return refusal;
}

function holdRegion(
  file: FileContext,
  region: Region,
  options: SpanOptions,
  reserved: ReadonlySet<string>,
): Instrumentation {
  const { source } = file;
  const parameter = freshName(source, SPAN_NAMES, reserved);
  const callee = file.sentry.access("startInactiveSpan");
  const layout = layOutInactive(source, region, { callee, options: options.entries, parameter });
  const common = surround(file, region, options, "startInactiveSpan");
  const shape = {
    ...common.shape,
    strategy: "inactive",
    parameter,
    indent: layout.unit,
    block: String(region.kind !== "body"),
    ...(layout.lead ? { lead: layout.lead } : {}),
  };
  return {
    ...common,
    strategy: "inactive",
    edits: around(region, layout),
    reindent: { range: region, unit: layout.unit },
    shape,
  };
}

/** What every way of putting a span around a region has in common. */
function surround(
  file: FileContext,
  region: Region,
  { entries, name, op }: SpanOptions,
  api: "startSpan" | "startInactiveSpan",
): Omit<Instrumentation, "strategy" | "edits" | "reindent"> {
  const { source, sentry } = file;
  const inner = firstNode(region);
  const callee = sentry.access(api);
  return {
    region,
    imports: usesNeed(sentry, api) && sentry.need ? [sentry.need] : [],
    modules: [],
    span: { name: name.constant ?? name.code, op: op?.constant ?? null },
    shape: {
      callee,
      key: codeFingerprint(`${callee}(${objectOnOneLine(entries, source.style)})`),
      name: name.code,
    },
    container: containerOf(inner),
    head: headOf(inner, (node) => seeThrough(source, node, callee)),
  };
}

// How it recognises its own work

/** A place that may be an entry's. */
interface Place {
  readonly call: TS.CallExpression;
  readonly options: TS.Expression;
  readonly range: Candidate["range"];
  /** The first of the code inside. */
  readonly inner: TS.Node;
  readonly remove: () => Candidate["removal"];
}

function wrappedPlace(source: Source, node: TS.Node, shape: Shape): Place | null {
  const found = anySpanCall(node, shape.callee ?? "");
  if (!found) return null;
  const { call, options, callback } = found;
  const place = { call, options, range: { start: call.getStart(source.file), end: call.end } };
  if (!ts.isArrowFunction(callback)) {
    const removal = reason("changed-by-hand", "its callback is no arrow function any more");
    return { ...place, inner: callback, remove: () => removal };
  }
  const { body } = callback;
  return {
    ...place,
    inner: ts.isBlock(body) ? (body.statements[0] ?? body) : body,
    remove: () =>
      ts.isObjectLiteralExpression(options)
        ? disclose(source, { call, callback }, shape)
        : reason("changed-by-hand", "its options stand elsewhere now"),
  };
}

function heldPlace(source: Source, node: TS.Node, shape: Shape): Place | null {
  const found = inactiveSpanAt(source, node, shape.block === "true", shape.lead ?? "");
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
class SpanCandidate implements Candidate {
  readonly range: Range;
  readonly key: string;
  readonly similar: boolean;
  readonly #source: Source;
  readonly #place: Place;
  readonly #shape: Shape;
  #head: string | undefined;
  #headBefore: string | undefined;
  #removal: Candidate["removal"] | undefined;

  constructor(source: Source, place: Place, shape: Shape, name: string) {
    const { call, options, range } = place;
    this.range = range;
    this.key = callFingerprint(call.expression, [options]);
    this.similar = spanName(options) === name;
    this.#source = source;
    this.#place = place;
    this.#shape = shape;
  }

  get container(): string {
    return containerOf(this.#place.call);
  }

  get head(): string {
    const { callee = "" } = this.#shape;
    return (this.#head ??= headOf(this.#place.inner, (node) =>
      seeThrough(this.#source, node, callee),
    ));
  }

  get exact(): boolean {
    return this.key === this.#shape.key && !isReason(this.removal);
  }

  get removal(): Candidate["removal"] {
    return (this.#removal ??= this.#place.remove());
  }

  get headBefore(): string {
    return (this.#headBefore ??= this.#namedBefore());
  }

  /** The head under the names that the options say that variables had; none where more has changed. */
  #namedBefore(): string {
    const { options, inner } = this.#place;
    const { callee = "", key = "" } = this.#shape;
    if (!this.similar) return "";
    // The options are all that its key says behind the callee.
    const [head = "", tail = ""] = this.key.split(fingerprint(options));
    if (!key.startsWith(head) || isReason(this.removal)) return "";
    const before = key.slice(head.length, key.length - tail.length);
    const renames = renamingSince(this.#source, before, options);
    if (!renames) return "";
    const print = fingerprint(inner, (node) => seeThrough(this.#source, node, callee));
    return headOfPrint(namedAsBefore(print, renames));
  }
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
  const found = start && inactiveSpanAt(source, start, start !== node, "");
  return found?.attempt.tryBlock.statements[0] ?? null;
}

// Instrumentation that is there already

/** Whether matched code stands in a span of the same name and op, or holds one, by hand. */
function hasSuchSpan(
  file: FileContext,
  match: Match,
  region: Region | undefined,
  rule: WrapSpan,
): boolean {
  const spans = spansIn(file.source.file);
  if (spans.length === 0) return false;
  // A pattern that means every call means those that start spans too.
  if (spans.some(({ call }) => call === match.node)) return true;
  const fills = fillsFor(file.source, match);
  const codeOf = (template: string) => renderTemplate(template, fills, file.source.style).code;
  const name = codeFingerprint(codeOf(rule.span.name));
  const op = rule.span.op === undefined ? null : codeFingerprint(codeOf(rule.span.op));
  const isSuch = ({ options }: HandSpan) =>
    optionCode(options, "name") === name && optionCode(options, "op") === op;
  const such = new Set(spans.filter(isSuch).map(({ call }) => call as TS.Node));
  if (such.size === 0) return false;
  const within = region ? nodesOf(region) : [match.node];
  const holds = within.some((node) => findNode(node, (each) => such.has(each)));
  return holds || isInside(such, match.node);
}

function isInside(such: ReadonlySet<TS.Node>, node: TS.Node): boolean {
  const held = [...such].flatMap((call) => heldFrom(call) ?? []);
  for (let at: TS.Node = node; at; at = at.parent) {
    if (such.has(at)) return true;
    if (held.some(({ block, end }) => block === at.parent && at.pos >= end)) return true;
    if (at !== node && ts.isFunctionLike(at) && !ts.isArrowFunction(at)) return false;
  }
  return false;
}

/** The block in which a constant is a span that was started, and where that begins. */
function heldFrom(call: TS.Node): { readonly block: TS.Node; readonly end: number } | null {
  const { parent } = call;
  if (!ts.isVariableDeclaration(parent)) return null;
  const statement = parent.parent.parent;
  return ts.isVariableStatement(statement) ? { block: statement.parent, end: statement.end } : null;
}

/** A constant that nothing is done for; what comes behind it may be work. */
function valueAlone({ kind, node }: Match, { region }: WrapSpan): Reason | undefined {
  if (region === "rest") return undefined;
  const isGiven = kind === "constant" || kind === "assign";
  const isValue = isGiven && findNode(node, isWork) === undefined;
  return isValue ? reason("function-value") : undefined;
}

/** `() => void sweep()`: whatever it starts goes on when its span has ended. */
function startedAlone(region: Region): Reason | undefined {
  if (region.kind !== "body") return undefined;
  const { body } = region.node;
  const [only, ...others] = ts.isBlock(body) ? body.statements : [body];
  const code = only && ts.isExpressionStatement(only) ? only.expression : only;
  const isVoid = others.length === 0 && code !== undefined && ts.isVoidExpression(code);
  return isVoid && ts.isCallExpression(unwrapped(code.expression))
    ? reason("not-awaited")
    : undefined;
}

/** What may take time; reading a member may as well, but nobody means that. */
function isWork(node: TS.Node): boolean {
  return (
    ts.isCallOrNewExpression(node) ||
    ts.isAwaitExpression(node) ||
    ts.isYieldExpression(node) ||
    ts.isTaggedTemplateExpression(node)
  );
}

/** Why a call is left to the SDK, which traces it; a wider region than the call is another matter. */
function tracedAlready(file: FileContext, region: Region, rule: WrapSpan): Reason | undefined {
  if (rule.evenIfTraced || region.kind !== "expression") return undefined;
  const by = file.tracedBy(region.node);
  return by === null ? undefined : reason("already-traced", by);
}
