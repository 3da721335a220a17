import {
  codeFingerprint,
  containerOf,
  defineTransform,
  findMatches,
  fingerprint,
  headOf,
  insertBehind,
  insertedCandidate,
  isReadable,
  isReason,
  joinPointNeedles,
  languageOf,
  moduleText,
  quoted,
  reason,
  schema,
  statementAround,
  stageOf,
  statementCalls,
  ts,
  unwrapped,
  withTrailingComment,
  type FileContext,
  type ImportNeed,
  type Language,
  type Match,
  type ModuleNeed,
  type Reason,
  type Rule,
  type Site,
  type Source,
  type Style,
  type TS,
} from "../src/transform.js";

interface RecordStage extends Rule {
  readonly at: NonNullable<Rule["at"]>;
  /** What is called: a name or path in scope, or an export of `module`. */
  readonly recorder: string;
  readonly module?: string | undefined;
  readonly create: boolean;
  readonly status: string;
}

interface Found {
  readonly match: Match;
  readonly statement: TS.ExpressionStatement | null;
}

export const recordStage = defineTransform<RecordStage, Found>({
  name: "record-stage",
  summary: "Records a stage's name, status and duration where its timing is taken",
  params: {
    recorder: schema.optional(schema.pipe(schema.string(), schema.minLength(1)), "recordStage"),
    module: schema.optional(schema.string()),
    create: schema.optional(schema.boolean(), false),
    status: schema.optional(schema.string(), "ok"),
  },
  joinPoints: ["assign", "call"],
  templates: ({ recorder }) => [["recorder", `\${${recorder}}`]],
  needles: ({ at }) => joinPointNeedles(at),

  find: ({ source }, rule) =>
    findMatches(source, rule.at).map((match): Site<Found> => {
      const statement = ownStatement(match);
      const node = statement ?? match.node;
      return {
        anchor: match.anchor,
        region: { start: node.getStart(source.file), end: withTrailingComment(source, node) },
        data: { match, statement },
        present: statement && isRecordedByHand(source, match, statement, rule) ? "hand" : undefined,
      };
    }),

  instrument: (file, site, rule) => {
    const { statement, match } = site.data;
    if (!statement) return reason("not-a-statement");
    const stage = stageOf(file.source, match);
    if (isReason(stage)) return stage;
    const recorder = recorderFor(file, statement, rule);
    if (isReason(recorder)) return recorder;
    const status = quoted(rule.status, file.source.style);
    const call = `${recorder.code}(${stage.name}, ${status}, ${stage.duration})`;
    const insertion = insertBehind(file.source, statement, call);
    return {
      strategy: "insert",
      region: site.region,
      edits: insertion.edits,
      reindent: null,
      imports: recorder.imports,
      modules: recorder.modules,
      span: null,
      shape: {
        recorder: recorder.code,
        name: codeFingerprint(stage.name),
        key: codeFingerprint(call),
        ...insertion.shape,
      },
      container: containerOf(statement),
      head: headOf(fingerprint(statement)),
    };
  },

  landmark: ({ recorder = "" }) => recorder,

  recognise: ({ source }, shape) =>
    statementCalls(source, codeFingerprint(shape.recorder ?? "")).map(([statement, call]) => {
      const [name] = call.arguments;
      const isSame = name !== undefined && fingerprint(name) === shape.name;
      return insertedCandidate(source, statement, call, shape, isSame);
    }),
});

// What it looks for

/** The statement that is nothing but the match. */
function ownStatement(match: Match): TS.ExpressionStatement | null {
  const statement = statementAround(match.node)?.statement;
  if (!statement || !ts.isExpressionStatement(statement)) return null;
  return unwrapped(statement.expression) === match.node ? statement : null;
}

function isRecordedByHand(
  source: Source,
  match: Match,
  statement: TS.ExpressionStatement,
  rule: RecordStage,
): boolean {
  const list = statementAround(statement)?.list.statements ?? [];
  const next = list[list.indexOf(statement) + 1];
  if (!next || !ts.isExpressionStatement(next)) return false;
  const call = unwrapped(next.expression);
  const stage = stageOf(source, match);
  if (!ts.isCallExpression(call) || call.expression.getText() !== rule.recorder) return false;
  const [name] = call.arguments;
  return (
    name !== undefined && !isReason(stage) && fingerprint(name) === codeFingerprint(stage.name)
  );
}

interface Recorder {
  readonly code: string;
  readonly imports: readonly ImportNeed[];
  readonly modules: readonly ModuleNeed[];
}

function recorderFor(file: FileContext, at: TS.Node, rule: RecordStage): Recorder | Reason {
  const { recorder, module } = rule;
  const isOwnModule =
    module !== undefined && isFile(module) && file.pathOf(module) === file.source.path;
  if (module === undefined || isOwnModule) {
    const root = /^[\w$]+/.exec(recorder)?.[0] ?? recorder;
    const readable = isReadable(file.source, root, at, { start: at.end, end: at.end });
    return readable ? { code: recorder, imports: [], modules: [] } : reason("not-in-scope", root);
  }
  const [root = recorder, ...path] = recorder.split(".");
  const binding = file.member(module, root);
  const code = [binding.access(root), ...path].join(".");
  const imports = binding.need ? [binding.need] : [];
  if (!isFile(module)) return { code, imports, modules: [] };
  const target = file.pathOf(module);
  if (file.read(target)) return { code, imports, modules: [] };
  if (!rule.create || path.length > 0) return reason("no-such-module", target);
  return { code, imports, modules: [recorderModule(file, target, root)] };
}

function isFile(module: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(module);
}

// What it inserts

/** The module that records a stage where the user has none of their own. */
function recorderModule(file: FileContext, path: string, name: string): ModuleNeed {
  const language = languageOf(file, path, name);
  return { path, text: (style) => recorderText(name, language, style) };
}

function recorderText(name: string, language: Language, style: Style): string {
  const { imports, exportWord, exportLines } = language;
  const type = (text: string) => language.type(`: ${text}`);
  const parameters = [
    `name${type("string")}`,
    `status${type("string")}`,
    `durationMs${type("number")}`,
  ];
  const start = `${exportWord}function ${name}(`;
  const end = `)${type("void")} {`;
  const short = `${start}${parameters.join(", ")}${end}`;
  const long = [start, ...parameters.map((parameter) => `\t${parameter},`), end];
  const lines = [
    imports,
    "",
    "/** Records a finished stage on the active span and as a breadcrumb. Never throws. */",
    ...(short.length <= style.width ? [short] : long),
    "\ttry {",
    "\t\tconst span = Sentry.getActiveSpan();",
    "\t\tspan?.setAttribute(`stage.${name}.status`, status);",
    "\t\tspan?.setAttribute(`stage.${name}.duration_ms`, durationMs);",
    "\t\tSentry.addBreadcrumb({",
    '\t\t\tcategory: "stage",',
    "\t\t\tmessage: name,",
    '\t\t\tlevel: status === "ok" ? "info" : "error",',
    "\t\t\tdata: { status, durationMs },",
    "\t\t});",
    "\t} catch {",
    "\t\t// Recording must never change what it records.",
    "\t}",
    "}",
    ...exportLines,
    "",
  ];
  return moduleText(lines, style);
}
