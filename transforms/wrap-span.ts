import {
  canComplete,
  codeFingerprint,
  containerOf,
  defineTransform,
  directiveCount,
  enclosingFunctionNames,
  escapingDeclaration,
  findMatches,
  fingerprint,
  flowOf,
  freshName,
  hasUsing,
  headOf,
  indentationAt,
  indentNeeded,
  isAsync,
  isGenerator,
  isInAsync,
  isReadable,
  isReason,
  isTail,
  joinPointNeedles,
  lineStart,
  mayBeWrapped,
  objectOnOneLine,
  objectOverLines,
  reason,
  redeclaredParameter,
  readsOf,
  REGION_KINDS,
  regionsOf,
  renderTemplate,
  returnsMayBeCaught,
  returnsNoThenable,
  returnsPlainPromise,
  schema,
  textOf,
  ts,
  usesNeed,
  walk,
  type AttachedEdit,
  type Candidate,
  type Edit,
  type Entries,
  type FileContext,
  type Fills,
  type Instrumentation,
  type Lessons,
  type Match,
  type NamedFunction,
  type Range,
  type Reason,
  type Region,
  type Rendered,
  type Rule,
  type Shape,
  type Site,
  type Strategy,
  type TS,
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
      const call = spanCall(node, shape);
      if (call) found.push(candidate(file, call, shape));
    });
    return found;
  },
});

// What it inserts

/** How a region is wrapped: what stands before the call, around the callback and behind it. */
interface Wrapper {
  readonly strategy: Strategy;
  readonly prefix: "" | "await " | "return " | "return await ";
  readonly isAsync: boolean;
  /** Whether the callback is an expression rather than a block. */
  readonly concise: boolean;
}

function wrapRegion(
  file: FileContext,
  region: Region,
  match: Match,
  rule: WrapSpan,
  lessons: Lessons,
): Instrumentation | Reason {
  const wrapper = wrapperFor(file, region);
  if (isReason(wrapper)) return wrapper;
  if (lessons.vetoed.has(wrapper.strategy)) return reason("type-check");
  const options = renderOptions(file, region, match, rule);
  if (isReason(options)) return options;
  const marks = rule.markFailure ? swallowingCatches(region) : [];
  const parameter = marks.length > 0 ? freshName(file.source, ["span", "sentrySpan"]) : "";
  const callee = file.sentry.access("startSpan");
  const layout = layOut(file, region, wrapper, { callee, options, parameter });
  const inner = firstNode(region);
  const narrowed = readsOf(nodesOf(region), lessons.narrowed);
  return {
    strategy: wrapper.strategy,
    region,
    edits: [
      ...narrowed.map(({ end }): AttachedEdit => ({ start: end, end, text: "!", attach: "left" })),
      { start: region.start, end: region.start, text: layout.open, attach: "right" },
      { start: region.end, end: region.end, text: layout.close, attach: "left" },
      ...marks.map((block) => markEdit(file, block, parameter)),
    ],
    reindent: { range: region, unit: layout.unit },
    imports: usesNeed(file.sentry, "startSpan") && file.sentry.need ? [file.sentry.need] : [],
    modules: [],
    span: { name: options.name.constant ?? options.name.code, op: options.op?.constant ?? null },
    shape: {
      callee,
      options: codeFingerprint(objectOnOneLine(options.entries, file.source.style)),
      name: options.name.code,
      prefix: wrapper.prefix,
      callback: wrapper.concise ? "expression" : "block",
      parameter,
      indent: layout.unit,
      ...(needsBracket(file.source, region, wrapper) ? { bracket: "(" } : {}),
      ...(narrowed.length > 0 ? { narrowed: [...lessons.narrowed].join("\n") } : {}),
    },
    container: containerOf(inner),
    head: headOf(fingerprint(inner)),
  };
}

function wrapperFor(file: FileContext, region: Region): Wrapper | Reason {
  if (region.kind === "expression") return expressionWrapper(file, region.node);
  if (region.kind === "statements") return statementWrapper(file, region);
  return bodyWrapper(region.node, region);
}

function expressionWrapper(file: FileContext, node: TS.Expression): Wrapper | Reason {
  const { awaits, obstacle } = flowOf([node]);
  if (obstacle) return obstacle;
  if (!mayBeWrapped(file.source, node))
    return reason("not-awaited", textOf(file.source, node).slice(0, 60));
  return { strategy: "expression", prefix: "", isAsync: awaits, concise: true };
}

function statementWrapper(
  file: FileContext,
  region: Region & { kind: "statements" },
): Wrapper | Reason {
  const { statements, list } = region;
  const last = statements.at(-1);
  if (!last) return reason("empty-region");
  const { awaits, returns, obstacle } = flowOf(statements);
  if (obstacle) return obstacle;
  if (statements.some(isModuleStatement)) return reason("module-statement");
  const escaping = escapingDeclaration(file.source, statements, region);
  if (escaping) return escaping;
  if (hasUsing(statements) && list.statements.at(-1) !== last) return reason("escaping-using");
  const floating = floatingCall(file, statements);
  if (floating) return floating;
  if (returns.length === 0) {
    return {
      strategy: "statement",
      prefix: awaits ? "await " : "",
      isAsync: awaits,
      concise: false,
    };
  }
  return returningWrapper(region, returns, awaits, last);
}

/** A region that returns may be returned as a whole when nothing runs behind it. */
function returningWrapper(
  { statements, list }: Region & { kind: "statements" },
  returns: readonly TS.ReturnStatement[],
  awaits: boolean,
  last: TS.Statement,
): Wrapper | Reason {
  if (canComplete(statements) && !isTail(list, last)) return reason("escaping-return");
  const inAsync = isInAsync(list.parent);
  if (inAsync && returnsMayBeCaught(list, returns)) return reason("return-in-try");
  const fn = functionAround(list.parent);
  if (!inAsync && fn && !isPlainResult(fn)) return reason("may-return-thenable");
  if (fn && isGenerator(fn)) return reason("generator");
  return {
    strategy: "statement",
    prefix: inAsync ? "return await " : "return ",
    isAsync: awaits || inAsync,
    concise: false,
  };
}

function bodyWrapper(target: NamedFunction, region: Range): Wrapper | Reason {
  if (isGenerator(target)) return reason("generator");
  if (ts.isConstructorDeclaration(target)) return reason("escaping-super-call", "constructor");
  if (region.start >= region.end) return reason("empty-region");
  const clash = redeclaredParameter(target);
  if (clash) return clash;
  const { body } = target;
  const { awaits, obstacle } = flowOf(ts.isBlock(body) ? body.statements : [body]);
  if (obstacle) return obstacle;
  if (!isAsync(target) && !isPlainResult(target)) return reason("may-return-thenable");
  if (!ts.isBlock(body)) return { strategy: "body", prefix: "", isAsync: awaits, concise: true };
  return { strategy: "body", prefix: "return ", isAsync: isAsync(target), concise: false };
}

function isPlainResult(fn: TS.FunctionLikeDeclaration): boolean {
  return returnsNoThenable(fn) || returnsPlainPromise(fn);
}

function functionAround(node: TS.Node): TS.FunctionLikeDeclaration | null {
  for (let at: TS.Node = node; at; at = at.parent) {
    if (ts.isFunctionLike(at) && "body" in at) return at;
  }
  return null;
}

function isModuleStatement(statement: TS.Statement): boolean {
  return (
    ts.isImportDeclaration(statement) ||
    ts.isExportDeclaration(statement) ||
    ts.isExportAssignment(statement) ||
    ts.isImportEqualsDeclaration(statement) ||
    (ts.canHaveModifiers(statement) &&
      (ts.getModifiers(statement)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword) ?? false))
  );
}

/** A lone call whose promise nobody waits for: its span would end before its work. */
function floatingCall(file: FileContext, statements: readonly TS.Statement[]): Reason | null {
  const [statement, ...others] = statements;
  if (others.length > 0 || !statement || !ts.isExpressionStatement(statement)) return null;
  const { expression } = statement;
  if (!ts.isCallExpression(expression) || mayBeWrapped(file.source, expression)) return null;
  return reason("not-awaited", textOf(file.source, expression).slice(0, 60));
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
    if (!isReadable(source, read, scopeNode, region.start)) return reason("not-in-scope", read);
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

interface Layout {
  readonly open: string;
  readonly close: string;
  /** White space added to each further line of the region. */
  readonly unit: string;
}

/** Writes the call in one line if that fits, else one argument a line. */
function layOut(
  { source }: FileContext,
  region: Region,
  wrapper: Wrapper,
  call: { callee: string; options: Options; parameter: string },
): Layout {
  const { style, text } = source;
  const base = indentationAt(text, region.start);
  const semicolon = needsSemicolon(source.text, region, wrapper, style.semicolons) ? ";" : "";
  const parameters = call.parameter ? `(${call.parameter})` : "()";
  const arrow = `${wrapper.isAsync ? "async " : ""}${parameters} =>`;
  const head = `${wrapper.prefix}${call.callee}(`;
  const oneLine = `${head}${objectOnOneLine(call.options.entries, style)}, ${arrow} ${wrapper.concise ? "" : "{"}`;
  const column = region.start - lineStart(text, region.start);
  const firstLine = wrapper.concise
    ? (text.slice(region.start, region.end).split("\n", 1)[0]?.length ?? 0)
    : 0;
  const fits = column + oneLine.length + firstLine <= style.width;
  const depth = fits ? style.indent : style.indent + style.indent;
  const lineIndent = base + style.indent;
  const bracket = needsBracket(source, region, wrapper) ? "(" : "";
  const closeBracket = bracket ? ")" : "";
  if (wrapper.concise) {
    const needed = indentNeeded(source.file, region, base, style.indent);
    if (fits) return { open: `${oneLine}${bracket}`, close: `${closeBracket})`, unit: "" };
    const options = objectOverLines(call.options.entries, style, lineIndent);
    return {
      open: `${head}${style.eol}${lineIndent}${options},${style.eol}${lineIndent}${arrow} ${bracket}`,
      close: `${closeBracket},${style.eol}${base})`,
      unit: needed,
    };
  }
  const unit = indentNeeded(source.file, region, base, depth);
  if (fits) {
    return {
      open: `${oneLine}${style.eol}${base}${depth}`,
      close: `${style.eol}${base}})${semicolon}`,
      unit,
    };
  }
  const options = objectOverLines(call.options.entries, style, lineIndent);
  return {
    open: `${head}${style.eol}${lineIndent}${options},${style.eol}${lineIndent}${arrow} {${style.eol}${base}${depth}`,
    close: `${style.eol}${lineIndent}},${style.eol}${base})${semicolon}`,
    unit,
  };
}

/** An expression that begins with a brace would be read as the callback's block. */
function needsBracket({ text }: FileContext["source"], region: Region, wrapper: Wrapper): boolean {
  return wrapper.concise && text[region.start] === "{";
}

/** Without semicolons, a line that begins with a bracket would continue the call. */
function needsSemicolon(text: string, region: Region, wrapper: Wrapper, wanted: boolean): boolean {
  if (wrapper.concise) return false;
  if (wanted) return true;
  return /^\s*[;([`+\-/*.,]/.test(text.slice(region.end, region.end + 2000));
}

/** The code of a region, for looking through it. */
function nodesOf(region: Region): readonly TS.Node[] {
  if (region.kind === "expression") return [region.node];
  if (region.kind === "statements") return region.statements;
  return [region.node.body];
}

/** The node whose fingerprint and surroundings identify a region. */
function firstNode(region: Region): TS.Node {
  if (region.kind === "expression") return region.node;
  if (region.kind === "statements") return region.statements[0] ?? region.list.parent;
  const { body } = region.node;
  if (!ts.isBlock(body)) return body;
  return body.statements[directiveCount(body.statements)] ?? body;
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

function ownStatements(region: Region): readonly TS.Statement[] {
  if (region.kind === "statements") return region.statements;
  if (region.kind === "expression" || !ts.isBlock(region.node.body)) return [];
  return region.node.body.statements;
}

function swallows(block: TS.Block): boolean {
  const { returns } = flowOf([block]);
  return returns.length > 0 || canComplete(block.statements);
}

const FAILURE = '{ code: 2, message: "internal_error" }';

function markEdit({ source }: FileContext, block: TS.Block, parameter: string): AttachedEdit {
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

interface SpanCall {
  readonly call: TS.CallExpression;
  readonly options: TS.ObjectLiteralExpression;
  readonly callback: TS.ArrowFunction;
}

function spanCall(node: TS.Node, shape: Shape): SpanCall | null {
  if (!ts.isCallExpression(node) || node.arguments.length !== 2) return null;
  if (node.expression.getText() !== shape.callee) return null;
  const [options, callback] = node.arguments;
  if (!options || !ts.isObjectLiteralExpression(options)) return null;
  return callback && ts.isArrowFunction(callback) ? { call: node, options, callback } : null;
}

function candidate(file: FileContext, found: SpanCall, shape: Shape): Candidate {
  const { call, options, callback } = found;
  const inner = ts.isBlock(callback.body)
    ? (callback.body.statements[0] ?? callback.body)
    : callback.body;
  const removal = removalOf(file, found, shape);
  return {
    range: { start: call.getStart(file.source.file), end: call.end },
    container: containerOf(call),
    head: headOf(fingerprint(inner)),
    exact: fingerprint(options) === shape.options,
    similar: propertyCode(options, "name") === codeFingerprint(shape.name ?? ""),
    removal,
  };
}

function propertyCode(options: TS.ObjectLiteralExpression, key: string): string | null {
  for (const property of options.properties) {
    if (property.name?.getText() !== key) continue;
    return ts.isPropertyAssignment(property) ? fingerprint(property.initializer) : key;
  }
  return null;
}

function removalOf(file: FileContext, found: SpanCall, shape: Shape): Candidate["removal"] {
  const { call, callback } = found;
  const { file: tree, text } = file.source;
  const marks = marksIn(callback, shape.parameter ?? "");
  const inUse = parameterUse(file, callback, marks);
  if (inUse) return inUse;
  const isConcise = !ts.isBlock(callback.body);
  if (isConcise !== (shape.callback === "expression")) return reason("changed-by-hand");
  const outer = outerNode(call, shape.prefix ?? "");
  if (!outer) return reason("changed-by-hand", `expected "${shape.prefix}" before the call`);
  const kept = isConcise
    ? keptExpression(file, callback, shape)
    : keptStatements(file, callback, shape);
  if (isReason(kept)) return kept;
  const start = outer.getStart(tree);
  const edits =
    kept.start >= kept.end
      ? [emptied(text, start, outer.end)]
      : [
          { start, end: kept.start, text: "" },
          { start: kept.end, end: outer.end, text: "" },
          ...marks.map((mark) => unmark(file, mark)),
          ...assertionsIn(callback, shape),
        ];
  return { edits, dedent: { range: kept, unit: shape.indent ?? "" } };
}

/** A span whose body was emptied by hand goes with its whole line. */
function emptied(text: string, start: number, end: number) {
  const from = lineStart(text, start);
  const alone = text.slice(from, start).trim() === "" && /^[ \t]*(\r?\n|$)/.test(text.slice(end));
  if (!alone) return { start, end, text: "" };
  const behind = /^[ \t]*\r?\n?/.exec(text.slice(end))?.[0].length ?? 0;
  return { start: from, end: end + behind, text: "" };
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
  file: FileContext,
  callback: TS.ArrowFunction,
  marks: readonly TS.Node[],
): Reason | null {
  const [parameter] = callback.parameters;
  if (!parameter || !ts.isIdentifier(parameter.name))
    return parameter ? reason("span-in-use") : null;
  const { name } = parameter;
  const isOurs = (use: TS.Node) => marks.some((mark) => mark.pos <= use.pos && use.end <= mark.end);
  const used = file.source.scope.references(name).some((use) => use !== name && !isOurs(use));
  return used ? reason("span-in-use", name.text) : null;
}

/** The node that our prefix and the call make up together. */
function outerNode(call: TS.CallExpression, prefix: string): TS.Node | null {
  let node: TS.Node = call;
  if (prefix === "") {
    const { parent } = node;
    const isConciseBody = ts.isArrowFunction(parent) && parent.body === node;
    return ts.isExpressionStatement(parent) && !isConciseBody
      ? statementOrCall(parent, call)
      : call;
  }
  if (prefix.includes("await")) {
    if (!ts.isAwaitExpression(node.parent)) return null;
    node = node.parent;
  }
  const { parent } = node;
  if (prefix.startsWith("return")) return ts.isReturnStatement(parent) ? parent : null;
  return ts.isExpressionStatement(parent) ? parent : null;
}

/** A wrapped expression statement keeps its own semicolon; wrapped statements do not need ours. */
function statementOrCall(statement: TS.ExpressionStatement, call: TS.CallExpression): TS.Node {
  const callback = call.arguments[1];
  return callback && ts.isArrowFunction(callback) && ts.isBlock(callback.body) ? statement : call;
}

function keptExpression(file: FileContext, callback: TS.ArrowFunction, shape: Shape): Range {
  const { body } = callback;
  const start = body.getStart(file.source.file);
  const isOurs = shape.bracket !== undefined && ts.isParenthesizedExpression(body);
  return isOurs ? { start: start + 1, end: body.end - 1 } : { start, end: body.end };
}

function keptStatements(
  file: FileContext,
  callback: TS.ArrowFunction,
  shape: Shape,
): Range | Reason {
  const body = callback.body as TS.Block;
  const { returns } = flowOf(body.statements);
  if (returns.length > 0 && !shape.prefix?.startsWith("return")) {
    return reason("changed-by-hand", "a return was added that would leave the function");
  }
  const from = body.getStart(file.source.file) + 1;
  const inner = file.source.text.slice(from, body.end - 1);
  const start = from + (inner.length - inner.trimStart().length);
  return { start, end: Math.max(start, from + inner.trimEnd().length) };
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
function unmark({ source }: FileContext, mark: TS.ExpressionStatement) {
  const { file, text } = source;
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
