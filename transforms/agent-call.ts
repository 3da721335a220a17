import {
  canComplete,
  defineTransform,
  directiveCount,
  dirParam,
  fillsFor,
  findMatches,
  findNode,
  flowOf,
  indentationAt,
  insertCall,
  insertedCalls,
  isReadable,
  isReason,
  joinPointNeedles,
  objectOnOneLine,
  objectOverLines,
  param,
  pipelineHelper,
  readSafely,
  readsAccessor,
  reason,
  renderTemplate,
  schema,
  ts,
  type Entries,
  type FileContext,
  type Instrumentation,
  type Match,
  type Range,
  type Reason,
  type Rule,
  type Site,
  type TS,
} from "../src/transform.js";

interface AgentCallRule extends Rule {
  /** The function that every call of a model is reported to. */
  readonly at: NonNullable<Rule["at"]>;
  /** What is recorded of a call, as code. */
  readonly call: Readonly<Partial<Record<Recorded, string>>>;
  /** The folder of the module that it calls. */
  readonly dir?: string | undefined;
}

/** What the wide event counts and the breadcrumb shows, in this order. */
const RECORDED = [
  "agentName",
  "model",
  "inputTokens",
  "outputTokens",
  "durationMs",
  "costUsd",
] as const;
type Recorded = (typeof RECORDED)[number];

const CODE = schema.pipe(schema.string(), schema.minLength(1));

export const agentCall = defineTransform<AgentCallRule, Match>({
  name: "agent-call",
  summary: "Tells the run's event of every call of a model, where a collector hears of it",
  inserts: "`recordAgentCall({ agentName, ... })` where a collector hears of every call of a model",
  params: {
    call: param(
      "what is recorded of a call, as code",
      schema.strictObject({
        agentName: CODE,
        model: schema.optional(CODE),
        inputTokens: schema.optional(CODE),
        outputTokens: schema.optional(CODE),
        durationMs: schema.optional(CODE),
        costUsd: schema.optional(CODE),
      }),
    ),
    dir: dirParam,
  },
  joinPoints: ["function", "method"],
  templates: ({ call }) =>
    RECORDED.flatMap((key) => {
      const template = call[key];
      return template === undefined ? [] : [[`call.${key}`, template] as const];
    }),
  needles: ({ at }) => joinPointNeedles(at),

  find: ({ source }, rule) =>
    findMatches(source, rule.at).map((match): Site<Match> => {
      const { anchor, node } = match;
      const body = bodyOf(match);
      const present = body && findNode(body, isRecording) ? "hand" : undefined;
      const region = { start: node.getStart(source.file), end: node.end };
      return { anchor, region, data: match, present };
    }),

  instrument: (file, { data, region }, rule) => recordCall(file, data, region, rule),

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) => insertedCalls(source, shape),
});

// What it looks for

function bodyOf(match: Match): TS.Block | null {
  const body = match.kind === "function" ? match.node.body : null;
  return body && ts.isBlock(body) ? body : null;
}

function isRecording(node: TS.Node): boolean {
  return ts.isCallExpression(node) && /(^|\.)recordAgentCall$/.test(node.expression.getText());
}

/**
 * Where a function has done its work: behind its last statement, or before it where that alone
 * returns, or before the first one where it may return earlier.
 */
function placeIn({
  statements: all,
}: TS.Block): { statement: TS.Statement; side: "before" | "behind" } | null {
  // What stands before a directive makes it a string like any other.
  const statements = all.slice(directiveCount(all));
  const [first] = statements;
  const last = statements.at(-1);
  if (!first || !last) return null;
  const [returned, ...others] = flowOf(statements).returns;
  if (returned === last && others.length === 0) return { statement: last, side: "before" };
  const goesThrough = !returned && canComplete(statements);
  return goesThrough ? { statement: last, side: "behind" } : { statement: first, side: "before" };
}

// What it inserts

function recordCall(
  file: FileContext,
  match: Match,
  region: Range,
  rule: AgentCallRule,
): Instrumentation | Reason {
  const { source } = file;
  const body = bodyOf(match);
  const place = body && placeIn(body);
  if (!place) return reason("empty-region");
  const { statement, side } = place;
  const at = side === "before" ? statement.getStart(source.file) : statement.end;
  const entries: [string, string][] = [];
  for (const key of RECORDED) {
    const template = rule.call[key];
    if (template === undefined) continue;
    const { code, names } = renderTemplate(template, fillsFor(source, match), source.style);
    const hidden = names.find(
      (name) => !isReadable(source, name, statement, { start: at, end: at }),
    );
    if (hidden !== undefined) return reason("not-in-scope", hidden);
    if (readsAccessor(source, code)) return reason("accessor-path", code);
    entries.push([key, readSafely(source, match, code)]);
  }
  return insertRecord(file, entries, { statement, side, region }, rule.dir);
}

interface Place {
  readonly statement: TS.Statement;
  readonly side: "before" | "behind";
  readonly region: Range;
}

function insertRecord(
  file: FileContext,
  entries: Entries,
  place: Place,
  dir: string | undefined,
): Instrumentation | Reason {
  const helper = pipelineHelper(file, "recordAgentCall", dir);
  if (isReason(helper)) return helper;
  const { style, text } = file.source;
  const short = objectOnOneLine(entries, style);
  const indent = indentationAt(text, place.statement.getStart(file.source.file));
  const fits = indent.length + helper.callee.length + short.length + "();".length <= style.width;
  const given = [fits ? short : objectOverLines(entries, style, indent)];
  return insertCall(file.source, { ...place, helper, given });
}
