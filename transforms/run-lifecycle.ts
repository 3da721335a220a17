import {
  boundNames,
  codeFingerprint,
  defineTransform,
  dirParam,
  fillsFor,
  findMatches,
  findNode,
  fingerprint,
  insertCall,
  importOf,
  insertedCalls,
  isReadable,
  isReason,
  isSentryModule,
  joinPointNeedles,
  moduleOf,
  nodesOf,
  OUTCOMES,
  outcomeWords,
  param,
  pipelineHelper,
  quoted,
  readingSafely,
  readsAccessor,
  reason,
  regionsOf,
  renderSpan,
  renderTemplate,
  runExits,
  runInHelper,
  runsInHelper,
  schema,
  spanSchema,
  spanTemplates,
  ts,
  wrappingFor,
  type FileContext,
  type Instrumentation,
  type Lessons,
  type Match,
  type PipelineExport,
  type Reason,
  type Region,
  type Rendered,
  type Rule,
  type RunExit,
  type RunOutcome,
  type Site,
  type Source,
  type SpanParams,
  type TS,
} from "../src/transform.js";

interface RunLifecycle extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  readonly span: SpanParams;
  /** What the event says beside the attributes of the span, as soon as it can be read. */
  readonly fields: Readonly<Record<string, string>>;
  /** Outcomes by words that the code has for them. */
  readonly outcomes: Readonly<Record<string, RunOutcome>>;
  /** Code that is true once the run was cancelled: an error that is caught then is none. */
  readonly cancelled?: string | undefined;
  /** The folder of the modules that it calls. */
  readonly dir?: string | undefined;
}

type BodyRegion = Region & { readonly kind: "body" };

/** The run itself, one of its exits, or a place where a field becomes known. */
type Found = { readonly match: Match } & (
  | { readonly kind: "run"; readonly region: BodyRegion }
  | { readonly kind: "exit"; readonly exit: RunExit }
  | { readonly kind: "field"; readonly field: Field }
);

interface Field {
  readonly key: string;
  readonly code: string;
  /** Before the first statement, or behind the one that makes it known. */
  readonly statement: TS.Statement;
  readonly side: "before" | "behind";
}

export const runLifecycle = defineTransform<RunLifecycle, Found>({
  name: "run-lifecycle",
  summary: "Runs a pipeline in a span and tells it in one wide event, however it ends",
  inserts:
    "`startPipelineTransaction({ name }, () => ...)` around a run, and its outcome before each of its exits",
  details: [
    "How a run ends is told by the literal it returns, the branch of an abort, the status set just before, the catch; an exit that nothing tells about is a skip (`unknown-outcome`) and counts as a success. What is thrown is told by itself.",
  ],
  params: {
    span: param(
      "the span of the run; its attributes are also the first fields of the run's event",
      spanSchema,
    ),
    fields: param(
      'fields of the event, set as soon as they can be read, such as `{ id: "${runId}" }`',
      schema.optional(schema.record(schema.string(), schema.string()), {}),
    ),
    outcomes: param(
      'your words for outcomes, such as `{ proof: "partial" }`',
      schema.optional(schema.record(schema.string(), schema.picklist(OUTCOMES)), {}),
    ),
    cancelled: param(
      'code that is true once the run was cancelled, such as `"${signal.aborted}"`: an error that is caught then is none',
      schema.optional(schema.pipe(schema.string(), schema.minLength(1))),
    ),
    dir: dirParam,
  },
  joinPoints: ["function", "method"],
  templates: ({ span, fields, cancelled }) => [
    ...spanTemplates(span),
    ...Object.entries(fields).map(([key, value]) => [`fields.${key}`, value] as const),
    ...(cancelled === undefined ? [] : [["cancelled", cancelled] as const]),
  ],
  needles: ({ at }) => joinPointNeedles(at),

  find: (file, rule) =>
    findMatches(file.source, rule.at).flatMap((match) => sitesOf(file, match, rule)),

  instrument: (file, { data, region }, rule, lessons, { reserved }) => {
    if (data.kind === "run") return wrapRun(file, data, rule, lessons, reserved);
    if (data.kind === "field") return setField(file, data.field, region, rule);
    return tellExit(file, data, region, rule);
  },

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) =>
    shape.side === undefined ? runsInHelper(source, shape) : insertedCalls(source, shape),
});

// What it looks for

function sitesOf(file: FileContext, match: Match, rule: RunLifecycle): Site<Found>[] {
  const { source } = file;
  const region = regionsOf(source, match, "body").find(
    (each): each is BodyRegion => each.kind === "body",
  );
  if (!region) return [];
  const { anchor } = match;
  const present = nodesOf(region).some((node) => findNode(node, isRun)) ? "hand" : undefined;
  const run: Site<Found> = { anchor, region, data: { kind: "run", match, region }, present };
  const { body } = region.node;
  if (present || !ts.isBlock(body)) return [run];
  const placed = (statement: TS.Statement, data: Found): Site<Found> => {
    const place = { start: statement.getStart(source.file), end: statement.end };
    return { anchor: place.start, region: place, data, dependsOn: [run] };
  };
  const exits = runExits(body, outcomeWords(rule.outcomes)).map((exit) =>
    placed(exit.statement, { kind: "exit", match, exit }),
  );
  const [first] = body.statements.filter((each) => !isDirective(each));
  if (!first) return [run, ...exits];
  const fields = Object.entries(rule.fields).map(([key, template]): Site<Found> => {
    const field = fieldOf(file, match, body, first, { key, template });
    const part = partOfField(key);
    if (isReason(field)) return { ...run, part, dependsOn: [run], skip: field };
    return { ...placed(field.statement, { kind: "field", match, field }), part };
  });
  return [run, ...exits, ...fields];
}

/** Several fields may become known at one place. */
function partOfField(key: string): string {
  return `field ${key}`;
}

function isDirective(statement: TS.Statement): boolean {
  return ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression);
}

function isRun(node: TS.Node): boolean {
  return (
    ts.isCallExpression(node) && /(^|\.)startPipelineTransaction$/.test(node.expression.getText())
  );
}

/** Where a field can be read: from the start, or behind the first of the body's own statements. */
function fieldOf(
  { source }: FileContext,
  match: Match,
  { statements }: TS.Block,
  first: TS.Statement,
  { key, template }: { readonly key: string; readonly template: string },
): Field | Reason {
  const safe = readingSafely(source, match, template);
  const { code, names } = renderTemplate(safe, fillsFor(source, match), source.style);
  if (readsAccessor(source, code)) return reason("accessor-path", code);
  const isKnownAt = (statement: TS.Statement, offset: number) =>
    names.every((name) => isReadable(source, name, statement, { start: offset, end: offset }));
  if (isKnownAt(first, first.getStart(source.file))) {
    return { key, code, statement: first, side: "before" };
  }
  const statement = statements.find(
    (each) => declaresAny(each, names) && isKnownAt(each, each.end),
  );
  if (statement) return { key, code, statement, side: "behind" };
  return reason("not-in-scope", names.join(", "));
}

function declaresAny(statement: TS.Statement, names: readonly string[]): boolean {
  return (
    ts.isVariableStatement(statement) &&
    statement.declarationList.declarations.some(({ name }) =>
      boundNames(name).some((each) => names.includes(each)),
    )
  );
}

// What it inserts

function wrapRun(
  file: FileContext,
  { match, region }: Extract<Found, { kind: "run" }>,
  rule: RunLifecycle,
  lessons: Lessons,
  reserved: ReadonlySet<string>,
): Instrumentation | Reason {
  const { source, types } = file;
  const wrapping = wrappingFor(source, region, types);
  if (isReason(wrapping)) return wrapping;
  if (lessons.vetoed.has(wrapping.strategy)) return reason("type-check");
  const said = saidOfScope(source, region);
  if (said !== null) return reason("changes-scope", said);
  const span = renderSpan(source, region, match, rule.span);
  if (isReason(span)) return span;
  const helper = pipelineHelper(file, "startPipelineTransaction", rule.dir);
  if (isReason(helper)) return helper;
  const catches = { marks: false, capture: null };
  const run = { region, wrapping, helper, given: [span.entries], span, catches };
  const inserted = runInHelper(file, run, { lessons, reserved });
  if (isReason(inserted)) return inserted;
  // Whatever another rule calls it, a run is told once.
  return { ...inserted, shape: { ...inserted.shape, exclusive: "run" } };
}

/** `Sentry.setTag("team", team)`: a run has a scope of its own, so that it would be gone behind the run. */
function saidOfScope(source: Source, region: Region): string | null {
  const isSaid = (node: TS.Node): boolean => {
    if (!ts.isCallExpression(node)) return false;
    const { expression } = node;
    if (ts.isIdentifier(expression)) {
      const { exported = "", module = "" } = importOf(source, expression) ?? {};
      return SETS_SCOPE.test(exported) && isSentryModule(module);
    }
    if (!ts.isPropertyAccessExpression(expression)) return false;
    const { expression: root, name } = expression;
    if (!ts.isIdentifier(root) || !SETS_SCOPE.test(name.text)) return false;
    return isSentryModule(moduleOf(source, root) ?? "");
  };
  const found = nodesOf(region).flatMap((node) => findNode(node, isSaid) ?? [])[0];
  return found && ts.isCallExpression(found) ? found.expression.getText() : null;
}

const SETS_SCOPE = /^set(Tags?|User|Context|Extras?|Attributes?)$/;

function setField(
  file: FileContext,
  { key, code, statement, side }: Field,
  region: Site<Found>["region"],
  rule: RunLifecycle,
): Instrumentation | Reason {
  const name = quoted(key, file.source.style);
  const told = tell(file, { statement, side }, region, rule, "setRunField", [name, code]);
  return isReason(told) ? told : { ...told, shape: { ...told.shape, part: partOfField(key) } };
}

function tellExit(
  file: FileContext,
  { match, exit }: Extract<Found, { kind: "exit" }>,
  region: Site<Found>["region"],
  rule: RunLifecycle,
): Instrumentation | Reason {
  const { outcome, error, statement } = exit;
  if (outcome === null) return reason("unknown-outcome");
  const { source } = file;
  const place = { start: region.start, end: region.start };
  const isKnown = (name: string) => isReadable(source, name, statement, place);
  const caught = error !== null && isKnown(error) ? [error] : [];
  const literal = quoted(outcome, source.style);
  const cancelled = cancelledFor(file, match, exit, rule);
  if (!cancelled?.names.every(isKnown)) {
    const judge = pipelineHelper(file, "outcomeOf", rule.dir);
    if (isReason(judge)) return judge;
    const isOpen = outcome === "error" && caught.length > 0;
    const given = isOpen ? [`${judge.callee}(${caught.join()})`, ...caught] : [literal];
    return tell(file, exit, region, rule, "setOutcome", given);
  }
  const either = [quoted("cancelled", source.style), quoted("error", source.style)].join(" : ");
  return tell(file, exit, region, rule, "setOutcome", [`${cancelled.code} ? ${either}`, ...caught]);
}

/** What decides between a cancellation and an error, where the code of an exit leaves that open. */
function cancelledFor(
  { source }: FileContext,
  match: Match,
  { outcome, condition, isCaught }: RunExit,
  rule: RunLifecycle,
): Rendered | null {
  if (rule.cancelled === undefined) return null;
  const safe = readingSafely(source, match, rule.cancelled);
  const cancelled = renderTemplate(safe, fillsFor(source, match), source.style);
  if (outcome === "error") return isCaught ? cancelled : null;
  if (outcome !== "cancelled" || !condition) return null;
  const written = renderTemplate(rule.cancelled, fillsFor(source, match), source.style);
  const code = codeFingerprint(written.code);
  return findNode(condition, (node) => fingerprint(node) === code) ? null : cancelled;
}

function tell(
  file: FileContext,
  { statement, side }: Pick<RunExit, "statement" | "side">,
  region: Site<Found>["region"],
  rule: RunLifecycle,
  name: PipelineExport,
  given: readonly string[],
): Instrumentation | Reason {
  const helper = pipelineHelper(file, name, rule.dir);
  if (isReason(helper)) return helper;
  return insertCall(file.source, { helper, given, statement, side, region });
}
