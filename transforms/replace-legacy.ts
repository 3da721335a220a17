import {
  callStatement,
  containerOf,
  defineTransform,
  deprecation,
  deprecationRemoval,
  exportedFunction,
  findMatches,
  fingerprint,
  flowOf,
  functionName,
  guardLength,
  headOf,
  headOfPrint,
  importOf,
  indentationAt,
  isAsync,
  isEffectFree,
  isGenerator,
  isReadable,
  isReason,
  isStatementList,
  joinPointNeedles,
  lostWork,
  mayExport,
  namesOfFile,
  needsSemicolon,
  onlyDeclares,
  param,
  quoted,
  readsTooEarly,
  reason,
  removedImports,
  removeImport,
  renamingSince,
  renderTemplate,
  restoredCode,
  schema,
  statementAround,
  statementFingerprint,
  textOf,
  ts,
  unwrapped,
  usesNeed,
  walk,
  type Candidate,
  type Edit,
  type Entries,
  type FileContext,
  type Fills,
  type ImportedName,
  type Instrumentation,
  type Match,
  type NamedFunction,
  type Reason,
  type Renaming,
  type Rule,
  type Shape,
  type Site,
  type Source,
  type TS,
} from "../src/transform.js";

interface ReplaceLegacy extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  /** The legacy module, relative to the config's folder. */
  readonly module: string;
  readonly breadcrumb: {
    readonly message: string;
    readonly category?: string | undefined;
    readonly level: string;
    readonly data?: Readonly<Record<string, string>> | undefined;
  };
  /** The old switch as an expression: the breadcrumb is added only while it holds. */
  readonly when?: string | undefined;
}

/** A call to replace, an import that no call needs any more, or a function that becomes a wrapper. */
type Found =
  | { readonly kind: "call"; readonly match: Match & { kind: "call" }; readonly name: ImportedName }
  | { readonly kind: "import"; readonly name: ImportedName }
  | { readonly kind: "wrapper"; readonly fn: NamedFunction };

export const replaceLegacy = defineTransform<ReplaceLegacy, Found>({
  name: "replace-legacy",
  summary: "Replaces calls of a legacy tracing module, or turns the module into a slim wrapper",
  inserts:
    "`Sentry.addBreadcrumb` for calls of a legacy tracing module (`at.call`), or inside that module (`at.function`)",
  params: {
    module: param("the legacy module", schema.pipe(schema.string(), schema.minLength(1))),
    breadcrumb: param(
      "the breadcrumb that takes the place of a call",
      schema.strictObject({
        message: schema.string(),
        category: schema.optional(schema.string()),
        level: schema.optional(schema.picklist(["debug", "info", "warning", "error"]), "info"),
        data: schema.optional(schema.record(schema.string(), schema.string())),
      }),
    ),
    when: param(
      "the old switch as an expression; a function that keeps its own `if (...) return;` needs none",
      schema.optional(schema.string()),
    ),
  },
  joinPoints: ["call", "function"],
  templates: ({ breadcrumb: { message, category, data }, when }) => [
    ["breadcrumb.message", message],
    ...(category === undefined ? [] : [["breadcrumb.category", category] as const]),
    ...Object.entries(data ?? {}).map(
      ([key, template]) => [`breadcrumb.data[${JSON.stringify(key)}]`, template] as const,
    ),
    ...(when === undefined ? [] : [["when", `\${${when}}`] as const]),
  ],
  needles: ({ at }) => joinPointNeedles(at),
  find: (file, rule) => (rule.at.call === undefined ? wrappers(file, rule) : calls(file, rule)),

  instrument: (file, site, rule) => {
    switch (site.data.kind) {
      case "call":
        return needing(
          replaceCall(file, site.data.match, site.data.name, rule),
          file,
          site.data.name,
          rule,
        );
      case "import":
        return needing(removeImport(file.source, site.data.name), file, site.data.name, rule);
      case "wrapper":
        return slimWrapper(file, site.data.fn, rule);
    }
  },

  heldBy: (file, shape) => legacyGone(file, shape),

  landmark: ({ kind }) => (kind === "import" ? null : "addBreadcrumb"),
  // What was replaced calls a module that only the old file imported.
  isBoundToFile: true,

  recognise: (file, shape) => {
    const { source } = file;
    switch (shape.kind) {
      case "call":
        return replacedCalls(source, shape);
      case "import":
        return removedImports(source, fromHere(file, shape), (specifier) => {
          return file.resolve(specifier) === shape.module;
        });
      default:
        return slimmedFunctions(source, shape);
    }
  },
});

// What it looks for

/** Calls of functions imported from the legacy module; when all go, so does the import. */
function calls(file: FileContext, rule: ReplaceLegacy): Site<Found>[] {
  const { source } = file;
  const sites: Site<Found>[] = [];
  const names = new Map<TS.Identifier, { name: ImportedName; sites: Site<Found>[] }>();
  for (const match of findMatches(source, rule.at)) {
    if (match.kind !== "call") continue;
    const name = legacyName(file, match.node, rule);
    if (!name) continue;
    const statement = statementAround(match.node)?.statement ?? match.node;
    const region = { start: statement.getStart(source.file), end: statement.end };
    const skip = callProblem(file, match, name, rule) ?? undefined;
    const site: Site<Found> = {
      anchor: match.anchor,
      region,
      data: { kind: "call", match, name },
      skip,
    };
    sites.push(site);
    const known = names.get(name.local) ?? { name, sites: [] };
    names.set(name.local, { name, sites: [...known.sites, site] });
  }
  for (const { name, sites: dependsOn } of names.values()) {
    const uses = source.scope.references(name.local).length - 1;
    if (uses !== dependsOn.length || !isDroppable(file, name)) continue;
    const { statement } = name;
    const start = statement.getStart(source.file);
    const region = { start, end: statement.end };
    sites.push({ anchor: start, region, data: { kind: "import", name }, dependsOn });
  }
  return sites.sort((a, b) => a.region.start - b.region.start);
}

function legacyName(
  file: FileContext,
  call: TS.CallExpression,
  rule: ReplaceLegacy,
): ImportedName | null {
  const callee = unwrapped(call.expression);
  if (!ts.isIdentifier(callee)) return null;
  const name = importOf(file.source, callee);
  return name && file.resolve(name.module) === file.pathOf(rule.module) ? name : null;
}

function callProblem(
  file: FileContext,
  { node }: Match & { kind: "call" },
  name: ImportedName,
  rule: ReplaceLegacy,
): Reason | null {
  const statement = statementAround(node)?.statement;
  const isStatement =
    statement && ts.isExpressionStatement(statement) && unwrapped(statement.expression) === node;
  if (!isStatement) return reason("not-a-statement");
  const acting = node.arguments.find(
    (argument) => !isEffectFree(argument) || readsTooEarly(file.source, argument),
  );
  if (acting) return reason("argument-effects", textOf(file.source, acting).slice(0, 60));
  if (rule.when !== undefined) return null;
  const module = file.read(file.pathOf(rule.module));
  const legacy = module && exportedFunction(module, name.exported);
  const guard = legacy && ts.isBlock(legacy.body) ? guardLength(legacy.body.statements) : 0;
  return guard > 0 ? reason("legacy-switch", `name it with "when"`) : null;
}

/** An import may go when loading its module does nothing but declare. */
function isDroppable(file: FileContext, name: ImportedName): boolean {
  if (!ts.isImportDeclaration(name.statement)) return false;
  const path = file.resolve(name.module);
  const module = path === null ? null : file.read(path);
  return module !== null && module.file.statements.every(onlyDeclares);
}

/** Functions of the legacy module itself. */
function wrappers(file: FileContext, rule: ReplaceLegacy): Site<Found>[] {
  if (file.source.path !== file.pathOf(rule.module)) return [];
  return findMatches(file.source, rule.at).flatMap((match): Site<Found>[] => {
    if (match.kind !== "function") return [];
    const region = { start: match.anchor, end: match.node.end };
    return [{ anchor: match.anchor, region, data: { kind: "wrapper", fn: match.node } }];
  });
}

// What it inserts

const SHARED = { reindent: null, modules: [], span: null } as const;

function replaceCall(
  file: FileContext,
  match: Match & { kind: "call" },
  { local }: ImportedName,
  rule: ReplaceLegacy,
): Instrumentation | Reason {
  const { source } = file;
  const statement = statementAround(match.node)?.statement;
  if (!statement) return reason("not-a-statement");
  const fills = Object.fromEntries(
    Object.entries(match.captures).map(([name, node]) => {
      const code = textOf(source, node);
      return [name, { code, text: ts.isStringLiteralLike(node) ? node.text : code }];
    }),
  );
  const breadcrumb = breadcrumbCode(file, statement, rule, fills);
  if (isReason(breadcrumb)) return breadcrumb;
  const code = breadcrumb.replace(/;$/, "");
  // Behind a condition, an `else` of the user's would become that of the switch.
  const isBraced = rule.when !== undefined && !isStatementList(statement.parent);
  const start = statement.getStart(source.file);
  const end = replacedEnd(source, statement, rule.when !== undefined);
  return {
    ...SHARED,
    strategy: "replace",
    region: { start, end: statement.end },
    edits: [{ start, end, text: isBraced ? `{ ${code} }` : code, attach: "right" }],
    imports: sdkImport(file),
    shape: {
      key: statementFingerprint(code),
      kind: "call",
      eol: source.style.eol,
      code: statementFingerprint(code),
      original: source.text.slice(start, end),
      // The import comes back by itself.
      local: local.text,
      names: namesOfFile(source, [statement], local.text),
      ...(isBraced ? { braced: "yes" } : {}),
    },
    container: containerOf(statement),
    head: headOfPrint(statementFingerprint(code)),
  };
}

/**
 * The user's semicolon stays where an expression takes the place of another one; on a line of its own
 * it belongs to what comes behind.
 */
function replacedEnd({ text }: Source, statement: TS.Statement, isGuarded: boolean): number {
  if (!ts.isExpressionStatement(statement)) return statement.end;
  const { end } = statement.expression;
  return isGuarded && !text.slice(end, statement.end).includes("\n") ? statement.end : end;
}

function sdkImport({ sentry }: FileContext) {
  return sentry.need && usesNeed(sentry, "addBreadcrumb") ? [sentry.need] : [];
}

/** The breadcrumb, inside the old switch where the rule names one. */
function breadcrumbCode(
  file: FileContext,
  at: TS.Node,
  rule: ReplaceLegacy,
  fills: Fills,
): string | Reason {
  const { source } = file;
  const { style } = source;
  const { message, category, level, data } = rule.breadcrumb;
  const names: string[] = [];
  const render = (template: string) => {
    const rendered = renderTemplate(template, fills, style);
    names.push(...rendered.names);
    return rendered.code;
  };
  const entries: Entries = [
    ...(category === undefined ? [] : [["category", render(category)] as const]),
    ["message", render(message)],
    ["level", quoted(level, style)],
    ...(data
      ? [
          [
            "data",
            Object.entries(data).map(([key, value]) => [key, render(value)] as const),
          ] as const,
        ]
      : []),
  ];
  const guard = rule.when === undefined ? null : render(`\${${rule.when}}`);
  const start = at.getStart(source.file);
  const place = { start, end: start };
  const unreadable = names.find((name) => !isReadable(source, name, at, place));
  if (unreadable) return reason("not-in-scope", unreadable);
  const indent = indentationAt(source.text, start);
  const callee = file.sentry.access("addBreadcrumb");
  const inner = guard === null ? indent : indent + style.indent;
  const call = callStatement(callee, entries, style, { indent: inner, column: inner.length });
  if (guard === null) return call;
  return `if (${guard}) {${style.eol}${inner}${call}${style.eol}${indent}}`;
}

/** Keeps a legacy function's head and switch, and replaces what it did by a breadcrumb. */
function slimWrapper(
  file: FileContext,
  fn: NamedFunction,
  rule: ReplaceLegacy,
): Instrumentation | Reason {
  const { source } = file;
  const { text, style, file: tree } = source;
  if (!ts.isBlock(fn.body)) return reason("returns-value");
  const { statements } = fn.body;
  const kept = guardLength(statements);
  const rest = statements.slice(kept);
  const [first] = rest;
  if (!first) return reason("empty-region");
  if (flowOf(statements).returns.some(({ expression }) => expression))
    return reason("returns-value");
  if (isAsync(fn) || isGenerator(fn)) return reason("returns-value");
  const lost = rule.when === undefined ? lostWork(rest) : null;
  if (lost) return lost;
  const code = breadcrumbCode(file, first, rule, {});
  if (isReason(code)) return code;
  const from = statements[kept - 1]?.end ?? fn.body.getStart(tree) + 1;
  const inner = text.slice(from, fn.body.end - 1);
  const start = from + inner.length - inner.trimStart().length;
  const end = from + inner.trimEnd().length;
  const outer = statementAround(fn)?.statement ?? fn;
  const head = outer.getStart(tree);
  const name = functionName(fn) ?? "";
  const deprecated = deprecation(source, outer);
  return {
    ...SHARED,
    strategy: "replace",
    region: { start: head, end: outer.end },
    edits: [...deprecation(source, outer), { start, end, text: code, attach: "right" }],
    imports: sdkImport(file),
    shape: {
      key: `${name} ${statementFingerprint(code)}`,
      kind: "wrapper",
      ...(deprecated.length > 0 ? { deprecated: "yes" } : {}),
      eol: style.eol,
      function: name,
      code: statementFingerprint(code),
      original: text.slice(start, end),
      names: namesOfFile(source, rest),
    },
    container: containerOf(first),
    head: "",
  };
}

/** Says what has to be there for the old code to come back. */
function needing(
  result: Instrumentation | Reason,
  file: FileContext,
  { exported }: ImportedName,
  { module }: ReplaceLegacy,
): Instrumentation | Reason {
  if (isReason(result)) return result;
  return { ...result, shape: { ...result.shape, module: file.pathOf(module), exported } };
}

// How it recognises its own work

const SPECIFIER = /(\bfrom\s*|\brequire\(\s*)(["'])(\.{1,2}\/[^"']*)\2/;

/** A removed import as the file says it where it lies by now. */
function fromHere(file: FileContext, shape: Shape): Shape {
  const { module, original = "", code = "" } = shape;
  const specifier = SPECIFIER.exec(original)?.[3];
  if (module === undefined || specifier === undefined) return shape;
  if (file.resolve(specifier) === module) return shape;
  const now = file.specifierFor(file.source.path, module);
  const told = (text: string) => text.replace(SPECIFIER, `$1$2${now}$2`);
  return { ...shape, original: told(original), code: told(code) };
}

/** What the old code needs, where it is gone: the code would come back broken. */
function legacyGone(file: FileContext, { module, exported = "" }: Shape): Reason | null {
  if (module === undefined) return null;
  const legacy = file.read(module);
  if (!legacy) return reason("legacy-gone", module);
  return mayExport(legacy, exported) ? null : reason("legacy-gone", `${exported} of ${module}`);
}

function replacedCalls(source: Source, shape: Shape): Candidate[] {
  const found: Candidate[] = [];
  walk(source.file, (node) => {
    if (!ts.isStatement(node)) return;
    const code = ourCode(source, node, shape);
    if (code) found.push(...replacedAt(source, code, shape));
    else if (isBreadcrumb(node)) found.push(editedBreadcrumb(source, node));
  });
  return found;
}

/** What was put there, and how its variables were renamed since. */
interface OurCode {
  readonly node: TS.Statement;
  readonly renames: Renaming;
}

function ourCode(source: Source, node: TS.Statement, { code = "" }: Shape): OurCode | null {
  const renames = fingerprint(node) === code ? AS_IT_WAS : renamingSince(source, code, node);
  return renames && { node, renames };
}

const AS_IT_WAS: Renaming = new Map();

/** What a statement that says what was put there may be: itself, or with braces that came with it. */
function replacedAt(source: Source, { node, renames }: OurCode, shape: Shape): Candidate[] {
  const braces = bracesAround(node);
  const isSurelyBraced = braces !== null && standsOnOneLine(source, braces);
  if (!shape.braced && isSurelyBraced) return [];
  const own = shape.braced ? (braces ?? node) : node;
  const end = ts.isExpressionStatement(own) ? own.expression.end : own.end;
  const range = { start: own.getStart(source.file), end };
  const isWhole = !shape.braced || braces !== null;
  const original = isWhole
    ? originalAt(source, own, shape, renames)
    : reason("changed-by-hand", "it has no braces any more");
  return [
    {
      range,
      container: containerOf(own),
      head: headOfPrint(shape.code ?? ""),
      key: shape.key ?? "",
      // Braces of the user's may hold the same.
      exact: renames.size === 0 && (!shape.braced || isSurelyBraced),
      similar: isWhole,
      removal: isReason(original)
        ? original
        : { edits: [{ ...range, text: original }], dedent: null },
    },
  ];
}

/** The replaced code; a switch parts what is around it, and a call needs a semicolon for that. */
function originalAt(
  source: Source,
  node: TS.Statement,
  shape: Shape,
  renames: Renaming,
): string | Reason {
  const { end, kind } = node;
  const original = restoredCode(source, node, shape, renames);
  if (isReason(original)) return original;
  const isParted = kind === ts.SyntaxKind.ExpressionStatement || original.endsWith(";");
  return !isParted && needsSemicolon(source.text, end) ? `${original};` : original;
}

/** The braces that a lone statement of its kind would have got. */
function bracesAround(node: TS.Statement): TS.Block | null {
  const { parent } = node;
  if (!ts.isBlock(parent) || parent.statements.length > 1 || !ts.isIfStatement(node)) return null;
  return ts.isFunctionLike(parent.parent) || isStatementList(parent.parent) ? null : parent;
}

/** Whether braces open as ours do: on the line of what they hold. */
function standsOnOneLine({ file, text }: Source, block: TS.Block): boolean {
  const [first] = block.statements;
  return first !== undefined && text.slice(block.getStart(file), first.getStart(file)) === "{ ";
}

function isBreadcrumb(node: TS.Statement): node is TS.ExpressionStatement {
  if (!ts.isExpressionStatement(node) || !ts.isCallExpression(node.expression)) return false;
  return /(^|\.)addBreadcrumb$/.test(node.expression.expression.getText());
}

function editedBreadcrumb({ file }: Source, node: TS.ExpressionStatement): Candidate {
  return {
    range: { start: node.getStart(file), end: node.expression.end },
    container: containerOf(node),
    head: headOf(node),
    key: "",
    exact: false,
    similar: true,
    removal: reason("changed-by-hand", "the breadcrumb says something else now"),
  };
}

function slimmedFunctions(source: Source, shape: Shape): Candidate[] {
  const fn = exportedFunction(source, shape.function ?? "");
  return fn ? slimmed(source, fn, shape) : renamedFunctions(source, shape);
}

/** Functions of other names whose bodies say what was put there. */
function renamedFunctions(source: Source, shape: Shape): Candidate[] {
  const found: Candidate[] = [];
  walk(source.file, (node) => {
    const isFunction = ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
    if (isFunction && fingerprintsIn(node as NamedFunction).has(shape.code ?? "")) {
      found.push(...slimmed(source, node as NamedFunction, shape));
    }
  });
  return found;
}

/** The statements of a function's own, by what they say. */
function fingerprintsIn({ body }: NamedFunction): ReadonlySet<string> {
  return new Set(ts.isBlock(body) ? body.statements.map((each) => fingerprint(each)) : []);
}

function slimmed(source: Source, fn: NamedFunction, shape: Shape): Candidate[] {
  if (!ts.isBlock(fn.body)) return [];
  const [ours] = ourCodeIn(source, fn.body, shape);
  const outer = statementAround(fn)?.statement ?? fn;
  const head = outer.getStart(source.file);
  const range = { start: head, end: outer.end };
  const shared = { range, head: "", similar: true };
  if (!ours) {
    // Somebody has brought the old code back.
    if (saysAgain(source, fn.body, shape)) return [];
    const removal = reason("changed-by-hand", "the wrapper's body is another one now");
    return [{ ...shared, container: containerOf(fn.body), key: "", exact: false, removal }];
  }
  const { node, renames } = ours;
  const original = restoredCode(source, node, shape, renames);
  const own = {
    ...shared,
    container: containerOf(node),
    key: shape.key ?? "",
    exact: renames.size === 0,
  };
  if (isReason(original)) return [{ ...own, removal: original }];
  const edits: Edit[] = [
    { start: node.getStart(source.file), end: node.end, text: original },
    ...(shape.deprecated ? deprecationRemoval(source, outer) : []),
  ];
  return [{ ...own, removal: { edits, dedent: null } }];
}

/** Whether the replaced code stands in a function as it stood there, however it is formatted. */
function saysAgain(source: Source, body: TS.Block, { original = "" }: Shape): boolean {
  const bare = (text: string) => text.replace(/[\s;,()]+/g, "").replace(/'/g, '"');
  return original !== "" && bare(textOf(source, body)).includes(bare(original));
}

/** A span may stand around it by now. */
function ourCodeIn(source: Source, body: TS.Block, shape: Shape): OurCode[] {
  const found: OurCode[] = [];
  walk(body, (node) => {
    const code = ts.isStatement(node) ? ourCode(source, node, shape) : null;
    if (code) found.push(code);
  });
  return found;
}
