import {
  catchAround,
  codeFingerprint,
  constantValue,
  defineTransform,
  enclosingFunction,
  findMatches,
  findNode,
  fingerprint,
  insertCall,
  insertedCalls,
  isAssignment,
  isEffectFree,
  isReadable,
  isReadTwice,
  isReason,
  isStatementList,
  joinPointNeedles,
  keyNode,
  modulesOf,
  moduleSpec,
  namesIn,
  outcomeWords,
  param,
  pipelineHelper,
  quoted,
  reason,
  runExits,
  schema,
  stageName,
  stageOf,
  statementAround,
  takesTime,
  textOf,
  timeGiven,
  ts,
  unwrapped,
  withTrailingComment,
  type FileContext,
  type Helper,
  type Instrumentation,
  type Match,
  type ModuleNeed,
  type Range,
  type Reason,
  type Rule,
  type Site,
  type Source,
  type TS,
} from "../src/transform.js";

interface RecordStage extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  /** What is called: a name or path in scope, or an export of `module`. */
  readonly recorder: string;
  readonly module?: string | undefined;
  readonly create: boolean;
  readonly status: string;
  /** The status of a stage that failed. */
  readonly failure: string;
  /** The folder of the pipeline's module, where that is to record, rather than `recorder`. */
  readonly dir?: string | undefined;
}

/** Where a timing is taken, or a catch that comes of a stage's failure. */
type Found = { readonly match: Match } & (
  | {
      readonly kind: "timing";
      readonly statement: TS.ExpressionStatement | TS.VariableStatement | null;
      /** What turns back at once because of what the stage found out. */
      readonly check: TS.IfStatement | null;
    }
  | { readonly kind: "failure"; readonly clause: TS.CatchClause; readonly first: TS.Statement }
);

export const recordStage = defineTransform<RecordStage, Found>({
  name: "record-stage",
  summary: "Records a stage's name, status and duration where its timing is taken",
  inserts: "one call of your recorder behind each stage timing",
  details: [
    "A constant's name tells the stage without what says that it is a time: `downloadMs` is `download`. One that measures nothing, such as a start mark or a limit, is no timing.",
    "In a call, the captures `$name` and `$duration` say what is what, else the first two arguments.",
  ],
  params: {
    recorder: param(
      "what is called: a path in scope such as `wideEvent.recordStage`, or an export of `module`",
      schema.optional(schema.pipe(schema.string(), schema.minLength(1)), "recordStage"),
    ),
    module: param("the module that has the recorder", schema.optional(schema.string())),
    create: param("makes that module", schema.optional(schema.boolean(), false)),
    status: param("what is said of a stage that went well", schema.optional(schema.string(), "ok")),
    failure: param(
      "what is said of one that failed: its timing stands in a `catch`, the `catch` of its own `try` is reached, or the `if` behind its timing ends the run as failed",
      schema.optional(schema.string(), "error"),
    ),
    dir: param(
      "the folder of the pipeline's modules: stages are told to the event of the run, without a recorder",
      schema.optional(schema.string()),
    ),
  },
  joinPoints: ["assign", "call"],
  templates: ({ recorder }) => [["recorder", `\${${recorder}}`]],
  needles: ({ at }) => joinPointNeedles(at),

  find: (file, rule) => {
    const { source } = file;
    const matches = findMatches(source, rule.at).filter((match) => takesTime(source, match));
    return matches.flatMap((match) => [
      timingSite(file, match, matches, rule),
      ...failureSites(source, match, matches, rule),
    ]);
  },

  instrument: (file, { data, region }, rule) =>
    data.kind === "failure"
      ? recordFailure(file, data, region, rule)
      : recordTiming(file, data, region, rule),

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) => insertedCalls(source, shape),
});

// What it looks for

function timingSite(
  file: FileContext,
  match: Match,
  all: readonly Match[],
  rule: RecordStage,
): Site<Found> {
  const { source } = file;
  const statement = ownStatement(match);
  const node = statement ?? match.node;
  const present =
    statement && isRecordedByHand(source, match, statement, rule) ? "hand" : undefined;
  const timings = new Set(all.map(ownStatement));
  // What has failed already needs no check to say so.
  const mayFail = statusOf(source, match, rule) !== quoted(rule.failure, source.style);
  const isChecked = statement !== null && !present && mayFail;
  const check = isChecked ? checkBehind(file, statement, timings) : null;
  const region = check
    ? { start: check.getStart(source.file), end: check.end }
    : { start: node.getStart(source.file), end: withTrailingComment(source, node) };
  return {
    anchor: match.anchor,
    region,
    data: { kind: "timing", match, statement, check },
    present,
  };
}

/**
 * An `if` behind a timing, with nothing but plain statements between, that ends a run as failed. Of
 * several timings it is about the last.
 */
function checkBehind(
  file: FileContext,
  timing: TS.Statement,
  timings: ReadonlySet<TS.Statement | null>,
): TS.IfStatement | null {
  const list = statementAround(timing)?.list;
  if (!list || !isStatementList(list.parent)) return null;
  const behind = list.statements.slice(list.statements.indexOf(timing) + 1);
  const next = behind.find((each) => !isPlainCall(each) || timings.has(each));
  if (!next || !ts.isIfStatement(next)) return null;
  const { expression: condition, thenStatement } = next;
  if (!isEffectFree(condition) || isReadTwice(file, condition)) return null;
  const body = enclosingFunction(timing)?.body;
  const exits = body && ts.isBlock(body) ? runExits(body, outcomeWords({})) : [];
  const last = ts.isBlock(thenStatement) ? thenStatement.statements.at(-1) : thenStatement;
  if (last && ts.isThrowStatement(last)) return next;
  const isFailing = exits.some(
    ({ statement, outcome, side }) =>
      side === "before" &&
      outcome === "error" &&
      [statement, statement.parent].includes(thenStatement),
  );
  return isFailing ? next : null;
}

/** A call that nothing waits for and that is given nothing by an assignment, such as a line of a log. */
function isPlainCall(statement: TS.Statement): boolean {
  if (!ts.isExpressionStatement(statement) || !ts.isCallExpression(statement.expression)) {
    return false;
  }
  const changes = (node: TS.Node) =>
    ts.isAwaitExpression(node) ||
    (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind));
  return findNode(statement, changes) === undefined;
}

/** The catch of a try that ends with the timing of one stage, whose failure alone it can be for. */
function failureSites(
  source: Source,
  match: Match,
  all: readonly Match[],
  rule: RecordStage,
): Site<Found>[] {
  const tried = tryAround(match.node);
  const clause = tried?.catchClause;
  const first = clause?.block.statements[0];
  if (!tried || !clause || !first) return [];
  const fn = enclosingFunction(tried);
  const isInside = ({ node }: Match, block: TS.Block) =>
    block.pos <= node.pos && node.end <= block.end && enclosingFunction(node) === fn;
  const isOther = all.some((each) => each !== match && isInside(each, tried.tryBlock));
  const hasOwn = all.some((each) => isInside(each, clause.block));
  if (isReason(stageName(source, match)) || isOther || hasOwn) return [];
  const around = statementAround(match.node);
  const { statements } = tried.tryBlock;
  const isLast =
    around?.list.parent === tried.tryBlock &&
    statements.slice(statements.indexOf(around.statement) + 1).every(isHarmless);
  if (!isLast) return [];
  const region = { start: first.getStart(source.file), end: first.end };
  const present = records(source, first, match, rule) ? "hand" : undefined;
  const data = { kind: "failure", match, clause, first } as const;
  return [{ anchor: match.anchor, region, data, present }];
}

/** Whether a statement is hardly what a catch is there for. */
function isHarmless(statement: TS.Statement): boolean {
  return isPlainCall(statement) || ts.isReturnStatement(statement);
}

/** Whether a node stands in a finally, in the same function. */
function isInFinally(node: TS.Node): boolean {
  for (let at = node; at.parent && !ts.isFunctionLike(at.parent); at = at.parent) {
    if (ts.isTryStatement(at.parent) && at.parent.finallyBlock === at) return true;
  }
  return false;
}

/** The innermost try whose block holds a node, in the same function. */
function tryAround(node: TS.Node): TS.TryStatement | null {
  for (let at = node; at.parent && !ts.isFunctionLike(at.parent); at = at.parent) {
    if (ts.isTryStatement(at.parent) && at.parent.tryBlock === at) return at.parent;
  }
  return null;
}

/** The statement that is nothing but the match. */
function ownStatement(match: Match): TS.ExpressionStatement | TS.VariableStatement | null {
  const statement = statementAround(match.node)?.statement;
  if (match.kind === "constant") {
    return statement && ts.isVariableStatement(statement) ? statement : null;
  }
  if (!statement || !ts.isExpressionStatement(statement)) return null;
  return unwrapped(statement.expression) === match.node ? statement : null;
}

/** Whether a recorder is told of the stage by one of the calls behind its timing. */
function isRecordedByHand(
  source: Source,
  match: Match,
  statement: TS.Statement,
  rule: RecordStage,
): boolean {
  const list = statementAround(statement)?.list.statements ?? [];
  for (const next of list.slice(list.indexOf(statement) + 1)) {
    if (!isPlainCall(next)) return false;
    if (records(source, next, match, rule)) return true;
  }
  return false;
}

/** Whether a statement tells a recorder of a stage: `recordStage("parse", ...)`. */
function records(
  source: Source,
  statement: TS.Statement,
  match: Match,
  { recorder }: RecordStage,
): boolean {
  if (!ts.isExpressionStatement(statement)) return false;
  const call = unwrapped(statement.expression);
  if (!ts.isCallExpression(call)) return false;
  const callee = call.expression.getText(source.file);
  const isRecorder = callee === recorder || callee.split(".").at(-1) === recorder.split(".").at(-1);
  const [given] = call.arguments;
  const name = stageName(source, match);
  return (
    isRecorder &&
    given !== undefined &&
    !isReason(name) &&
    fingerprint(given) === codeFingerprint(name)
  );
}

// What it inserts

function recordTiming(
  file: FileContext,
  { statement, match, check }: Extract<Found, { kind: "timing" }>,
  region: Range,
  rule: RecordStage,
): Instrumentation | Reason {
  if (!statement) return reason("not-a-statement");
  const { source } = file;
  const key = keyNode(match);
  if (key && isReadTwice(file, key)) return reason("accessor-path", textOf(source, key));
  const stage = stageOf(source, match);
  if (isReason(stage)) return stage;
  if (isInFinally(match.node)) return reason("in-finally");
  const status = statusOf(source, match, rule);
  const given = (said: string) => [stage.name, said, stage.duration];
  if (!check)
    return record(file, { statement, side: "behind", given: given(status) }, region, rule);
  const failure = quoted(rule.failure, source.style);
  const either = `${textOf(source, check.expression)} ? ${failure} : ${status}`;
  return record(file, { statement: check, side: "before", given: given(either) }, region, rule);
}

/** A timing that is taken in a catch is that of a failure. */
function statusOf({ style }: Source, { node }: Match, { status, failure }: RecordStage): string {
  return quoted(catchAround(node) ? failure : status, style);
}

function recordFailure(
  file: FileContext,
  { match, clause, first }: Extract<Found, { kind: "failure" }>,
  region: Range,
  rule: RecordStage,
): Instrumentation | Reason {
  const { source } = file;
  const name = stageName(source, match);
  if (isReason(name)) return name;
  const elapsed = elapsedIn(source, match);
  if (!elapsed) return reason("measured-inline");
  const place = { start: region.start, end: region.start };
  const hidden = [name, elapsed]
    .flatMap(namesIn)
    .find((each) => !isReadable(source, each, first, place));
  if (hidden !== undefined) return reason("not-in-scope", hidden);
  const caught = clause.variableDeclaration?.name;
  const isKnown = rule.dir !== undefined && caught !== undefined && ts.isIdentifier(caught);
  const given = [name, quoted(rule.failure, source.style), elapsed];
  const all = isKnown ? [...given, caught.text] : given;
  return record(file, { statement: first, side: "before", given: all }, region, rule);
}

/** Code for the time since the stage began, which reads a clock. */
function elapsedIn(source: Source, match: Match): string | null {
  const given = timeGiven(match);
  const value = given && unwrapped(constantValue(source, given));
  if (!value || !ts.isBinaryExpression(value) || !isEffectFree(value)) return null;
  return value.operatorToken.kind === ts.SyntaxKind.MinusToken ? textOf(source, value) : null;
}

interface Record {
  readonly statement: TS.Statement;
  readonly side: "before" | "behind";
  readonly given: readonly string[];
}

function record(
  file: FileContext,
  { statement, side, given }: Record,
  region: Range,
  rule: RecordStage,
): Instrumentation | Reason {
  const helper = recorderFor(file, statement, rule);
  if (isReason(helper)) return helper;
  return insertCall(file.source, { helper, given, statement, side, region });
}

function recorderFor(file: FileContext, at: TS.Node, rule: RecordStage): Helper | Reason {
  const { recorder, module, dir } = rule;
  if (dir !== undefined) {
    return pipelineHelper(file, "recordStage", dir);
  }
  const isOwnModule =
    module !== undefined && isFile(module) && file.pathOf(module) === file.source.path;
  if (module === undefined || isOwnModule) {
    const root = /^[\w$]+/.exec(recorder)?.[0] ?? recorder;
    const readable = isReadable(file.source, root, at, { start: at.end, end: at.end });
    return readable ? { callee: recorder, imports: [], modules: [] } : reason("not-in-scope", root);
  }
  const [root = recorder, ...path] = recorder.split(".");
  const binding = file.member(module, root);
  const callee = [binding.access(root), ...path].join(".");
  const imports = binding.need ? [binding.need] : [];
  if (!isFile(module)) return { callee, imports, modules: [] };
  const target = file.pathOf(module);
  if (file.read(target)) return { callee, imports, modules: [] };
  if (!rule.create || path.length > 0)
    return reason("no-such-module", `${target} (\`create: true\` would make it)`);
  return { callee, imports, modules: recorderModules(file, target, root) };
}

function isFile(module: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(module);
}

/** The module that records a stage where the user has none of their own. */
function recorderModules(file: FileContext, path: string, name: string): ModuleNeed[] {
  const spec = moduleSpec("record-stage", name);
  const named = (line: string) => line.replace(/\brecordStage\b/, name);
  return modulesOf(file, { ...spec, lines: (language) => spec.lines(language).map(named) }, path);
}
