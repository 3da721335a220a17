import {
  codeFingerprint,
  defineTransform,
  fillsFor,
  findMatches,
  findNode,
  fingerprint,
  insertCall,
  insertedCalls,
  isReadable,
  isReason,
  joinPointNeedles,
  nodesOf,
  OUTCOMES,
  outcomeWords,
  pipelineHelper,
  quoted,
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
  readonly statement: TS.Statement;
}

export const runLifecycle = defineTransform<RunLifecycle, Found>({
  name: "run-lifecycle",
  summary: "Runs a pipeline in a span and tells it in one wide event, however it ends",
  params: {
    span: spanSchema,
    fields: schema.optional(schema.record(schema.string(), schema.string()), {}),
    outcomes: schema.optional(schema.record(schema.string(), schema.picklist(OUTCOMES)), {}),
    cancelled: schema.optional(schema.pipe(schema.string(), schema.minLength(1))),
    dir: schema.optional(schema.string()),
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
  const fields = fieldsOf(file, match, region, rule).map((field) =>
    placed(field.statement, { kind: "field", match, field }),
  );
  return [run, ...exits, ...fields];
}

function isRun(node: TS.Node): boolean {
  return (
    ts.isCallExpression(node) && /(^|\.)startPipelineTransaction$/.test(node.expression.getText())
  );
}

/** The first statements of a body's own behind which the fields can be read. */
function fieldsOf(
  { source }: FileContext,
  match: Match,
  { node }: BodyRegion,
  rule: RunLifecycle,
): Field[] {
  const statements = ts.isBlock(node.body) ? node.body.statements : [];
  return Object.entries(rule.fields).flatMap(([key, template]) => {
    const { code, names } = renderTemplate(template, fillsFor(source, match), source.style);
    const statement = statements.find((each) => {
      const place = { start: each.end, end: each.end };
      const isDeclared = declaresAny(each, names);
      return isDeclared && names.every((name) => isReadable(source, name, each, place));
    });
    return statement ? [{ key, code, statement }] : [];
  });
}

function declaresAny(statement: TS.Statement, names: readonly string[]): boolean {
  return (
    ts.isVariableStatement(statement) &&
    statement.declarationList.declarations.some(
      ({ name }) => ts.isIdentifier(name) && names.includes(name.text),
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
  const span = renderSpan(source, region, match, rule.span);
  if (isReason(span)) return span;
  const helper = pipelineHelper(file, "startPipelineTransaction", rule.dir);
  if (isReason(helper)) return helper;
  const catches = { marks: false, capture: null };
  const run = { region, wrapping, helper, given: [span.entries], span, catches };
  return runInHelper(file, run, { lessons, reserved });
}

function setField(
  file: FileContext,
  { key, code, statement }: Field,
  region: Site<Found>["region"],
  rule: RunLifecycle,
): Instrumentation | Reason {
  const name = quoted(key, file.source.style);
  return tell(file, { statement, side: "behind" }, region, rule, "setRunField", [name, code]);
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
  const cancelled = renderTemplate(rule.cancelled, fillsFor(source, match), source.style);
  if (outcome === "error") return isCaught ? cancelled : null;
  if (outcome !== "cancelled" || !condition) return null;
  const code = codeFingerprint(cancelled.code);
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
