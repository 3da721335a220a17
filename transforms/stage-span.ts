import {
  codeFingerprint,
  defineTransform,
  dirParam,
  doubtAboutName,
  enclosingFunction,
  findMatches,
  findNode,
  fingerprint,
  firstNode,
  isReadable,
  isReason,
  joinPointNeedles,
  namesIn,
  nodesOf,
  optionCode,
  packageOfCall,
  parseExpression,
  pipelineHelper,
  reason,
  regionOf,
  runInHelper,
  runsInHelper,
  stageName,
  stageWork,
  statementsRegion,
  takesTime,
  ts,
  unwrapped,
  walkOwn,
  wrappingFor,
  type FileContext,
  type Instrumentation,
  type Lessons,
  type Match,
  type Reason,
  type Region,
  type Rule,
  type Site,
  type Source,
  type Segment,
  type TS,
} from "../src/transform.js";

interface StageSpan extends Rule {
  /** Where the timing of a stage is taken. */
  readonly at: NonNullable<Rule["at"]>;
  /** The folder of the module that it calls. */
  readonly dir?: string | undefined;
}

/** Code of a stage, and code for the stage's name. */
interface Found {
  readonly name: string;
  readonly region: Region;
}

/** The operation of the spans, which the pipeline's module gives them. */
const OP = "pipeline.stage";

export const stageSpan = defineTransform<StageSpan, Found | null>({
  name: "stage-span",
  summary: "Runs a stage in a span, from its start mark to its timing",
  inserts: "`startStage(name, () => ...)` around what runs from a stage's start mark to its timing",
  details: [
    "The mark is the last statement before the timing that reads a clock (`Date.now()`, `performance.now()`, a helper that starts something) into what the timing is measured from. Where all of a stage is not one piece that can go into a callback, the statements in which it awaits several calls, or one again and again, do, and then the calls, but for those of `node:fs`.",
  ],
  params: { dir: dirParam },
  joinPoints: ["assign", "call"],
  templates: () => [],
  needles: ({ at }) => joinPointNeedles(at),

  find: (file, rule) => {
    const { source } = file;
    const matches = findMatches(source, rule.at).filter((match) => takesTime(source, match));
    const stages = matches.map((match) => stageAt(file, match, matches));
    const mains = mainSites(source, stages);
    return withoutTwins(stages.flatMap((each) => sitesOf(source, each, mains)));
  },

  instrument: (file, { data }, rule, lessons, { reserved }) => {
    if (!data) throw new Error("a stage without code is skipped");
    return runStage(file, data, rule, lessons, reserved);
  },

  landmark: ({ callee = "" }) => callee,

  recognise: ({ source }, shape) => runsInHelper(source, shape),
});

// What it looks for

type StageSite = Site<Found | null>;

/** A stage that ends where its timing is taken. */
interface Stage {
  readonly match: Match;
  readonly name: string;
  readonly segments: readonly Segment[];
  /** All of it that awaits, where that is one piece. */
  readonly whole: Region | null;
  /** Why there is none. */
  readonly why: Reason;
  readonly holdsStages: boolean;
}

function stageAt(file: FileContext, match: Match, all: readonly Match[]): Stage {
  const { source } = file;
  const name = stageName(source, match);
  const none = { match, name: "", segments: [], whole: null, holdsStages: false };
  if (isReason(name)) return { ...none, why: name };
  const doubt = doubtAboutName(file, match);
  if (doubt) return { ...none, why: doubt };
  const segments = stageWork(source, match);
  if (!segments) return { ...none, why: reason("no-start-mark", name) };
  if (segments.length === 0) return { ...none, why: reason("empty-region") };
  const statements = segments.flatMap((each) => each.statements);
  const holdsStages = all.some((each) => endsInside(source, each, statements, name));
  const why = reason(holdsStages ? "holds-stages" : "not-in-one-piece", name);
  return { match, name, segments, whole: wholeOf(source, segments), why, holdsStages };
}

/** The one segment, or the only one that awaits something. */
function wholeOf(source: Source, segments: readonly Segment[]): Region | null {
  const awaits = ({ statements }: Segment) =>
    statements.some((each) => callsAwaitedIn(source, each).length > 0);
  const [segment, ...others] = segments.length > 1 ? segments.filter(awaits) : segments;
  if (!segment || others.length > 0) return null;
  return statementsRegion(source, segment.list, segment.statements);
}

/** The sites of whole stages; one that ends early stands in for the same stage up to its last end. */
function mainSites(source: Source, stages: readonly Stage[]): ReadonlyMap<Stage, StageSite> {
  const mains = new Map<Stage, StageSite>();
  const size = ({ whole }: Stage) => (whole ? whole.end - whole.start : 0);
  for (const stage of [...stages].sort((a, b) => size(b) - size(a))) {
    const { match, name, whole, why } = stage;
    const outer = [...mains.keys()].find((each) => isPartOf(stage, each));
    const site = whole ? siteOf(match, { name, region: whole }) : skipped(source, match, why);
    mains.set(stage, outer ? { ...site, insteadOf: mains.get(outer) } : site);
  }
  return mains;
}

function isPartOf({ name, whole }: Stage, other: Stage): boolean {
  if (!whole || !other.whole || other.name !== name) return false;
  const { start, end } = other.whole;
  return start <= whole.start && whole.end <= end && whole.end - whole.start < end - start;
}

/**
 * All of a stage, and what stands in for that: each statement in which it awaits several calls, or
 * one in a loop, and for that the calls.
 */
function sitesOf(source: Source, stage: Stage, mains: ReadonlyMap<Stage, StageSite>): StageSite[] {
  const main = mains.get(stage);
  if (!main) return [];
  const { match, name, segments, holdsStages } = stage;
  if (holdsStages || main.present) return [main];
  const standIn = (region: Region, insteadOf: StageSite): StageSite => {
    return { ...siteOf(match, { name, region }), insteadOf };
  };
  const others = segments.flatMap(({ list, statements }) =>
    statements.flatMap((statement) => {
      const calls = callsAwaitedIn(source, statement).filter((each) => !isFileWork(source, each));
      const isSeveral = calls.length > 1 || calls.some((each) => isRepeated(each, statement));
      const region = isSeveral ? statementsRegion(source, list, [statement]) : null;
      const piece = region && standIn(region, main);
      const each = calls.map((call) => standIn(call, piece ?? main));
      return piece ? [piece, ...each] : each;
    }),
  );
  return [main, ...others];
}

function siteOf({ anchor }: Match, data: Found): StageSite {
  const present = nodesOf(data.region).some((node) => findNode(node, isStage(data.name)));
  return { anchor, region: data.region, data, present: present ? "hand" : undefined };
}

function skipped({ file }: Source, { anchor, node }: Match, skip: Reason): StageSite {
  return { anchor, region: { start: node.getStart(file), end: node.end }, data: null, skip };
}

/** Whether a node runs a stage of a certain name in a span already. */
function isStage(name: string): (node: TS.Node) => boolean {
  const code = codeFingerprint(name);
  return (node) => {
    if (!ts.isCallExpression(node)) return false;
    if (!/(^|\.)start(Stage|Span\w*|InactiveSpan)$/.test(node.expression.getText())) return false;
    const [first] = node.arguments;
    const given = first && ts.isObjectLiteralExpression(first) ? optionCode(first, "name") : null;
    return first !== undefined && (given ?? fingerprint(first)) === code;
  };
}

/** Whether the timing of another stage is taken among statements, by the same function. */
function endsInside(
  source: Source,
  match: Match,
  statements: readonly TS.Statement[],
  name: string,
): boolean {
  const { node } = match;
  const fn = enclosingFunction(node);
  const isInside = statements.some(
    (each) => each.pos <= node.pos && node.end <= each.end && enclosingFunction(each) === fn,
  );
  return isInside && stageName(source, match) !== name;
}

/** The calls that a statement of the stage's own awaits; what a failure leads to is not its work. */
function callsAwaitedIn(source: Source, statement: TS.Statement): Region[] {
  const found: Region[] = [];
  walkOwn(statement, (node) => {
    if (ts.isCatchClause(node)) return false;
    if (!ts.isAwaitExpression(node)) return true;
    const call = unwrapped(node.expression);
    const isWork =
      ts.isCallExpression(call) && call.expression.kind !== ts.SyntaxKind.ImportKeyword;
    if (isWork) found.push(regionOf(source, node.expression));
    return false;
  });
  return found;
}

/** Whether a call of a statement is made in each turn of a loop there. */
function isRepeated({ start }: Region, statement: TS.Statement): boolean {
  const isAround = (node: TS.Node) =>
    ts.isIterationStatement(node, false) &&
    node.statement.pos <= start &&
    start < node.statement.end;
  return findNode(statement, isAround) !== undefined;
}

/** What a stage does to folders and files beside its work is no stage. */
function isFileWork(source: Source, region: Region): boolean {
  const call = region.kind === "expression" ? unwrapped(region.node) : null;
  if (!call || !ts.isCallExpression(call)) return false;
  return /^(fs|fs-extra|graceful-fs)$/.test(packageOfCall(source, call) ?? "");
}

/** A stage that ends in two places has what comes before both of them once. */
function withoutTwins(sites: readonly StageSite[]): StageSite[] {
  const seen = new Set<string>();
  return sites.filter(({ data, region }) => {
    if (!data) return true;
    const key = `${data.name} ${region.start} ${region.end}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

// What it inserts

function runStage(
  file: FileContext,
  { name, region }: Found,
  rule: StageSpan,
  lessons: Lessons,
  reserved: ReadonlySet<string>,
): Instrumentation | Reason {
  const { source, types } = file;
  const hidden = unreadableIn(source, name, region);
  if (hidden !== undefined) return reason("not-in-scope", hidden);
  const wrapping = wrappingFor(source, region, types);
  if (isReason(wrapping)) return wrapping;
  if (lessons.vetoed.has(wrapping.strategy)) return reason("type-check");
  const helper = pipelineHelper(file, "startStage", rule.dir);
  if (isReason(helper)) return helper;
  const catches = { marks: false, capture: null };
  const run = { region, wrapping, helper, given: [name], span: null, catches };
  const result = runInHelper(file, run, { lessons, reserved });
  if (isReason(result)) return result;
  const shape = { ...result.shape, exclusive: `stage ${codeFingerprint(name)}` };
  return { ...result, shape, span: { name: shownName(name), op: OP } };
}

/** What a literal says; code as it would stand in a template. */
function shownName(name: string): string {
  const constant = constantOf(name);
  if (constant !== null) return constant;
  return name.startsWith("`") ? name : `\`\${${name}}\``;
}

/** What a literal says. */
function constantOf(code: string): string | null {
  const literal = parseExpression(code);
  return literal && ts.isStringLiteralLike(literal) ? literal.text : null;
}

/** A name in the code for the stage's name that cannot be read where the stage begins. */
function unreadableIn(source: Source, name: string, region: Region): string | undefined {
  const place = { start: region.start, end: region.start };
  return namesIn(name).find((each) => !isReadable(source, each, firstNode(region), place));
}
