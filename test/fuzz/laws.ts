import { isEmpty } from "../../src/plan/ledger.js";
import type { ActiveRule, Placement, Plan, SiteReport } from "../../src/plan/model.js";
import { ts, type TS } from "../../src/syntax/compiler.js";
import { isStatementList } from "../../src/syntax/region.js";
import { isParseFailure, parseSource } from "../../src/syntax/source.js";
import { applyEdits, type Edit } from "../../src/text/edit.js";
import {
  activeRules,
  memoryTree,
  revertInMemory,
  type MemoryTree,
} from "../support/memory-tree.js";
import { applyKnowing, planInMemory } from "./memory.js";
import { isTaught, knowledgeFrom, lessonsFor, type Knowledge } from "./knowledge.js";
import { bodyOf, helpersIn, runText } from "./bodies.js";
import { execute, type Run } from "./execute.js";
import type { Program } from "./program.js";
import { createStub, STAGE, type Stub } from "./stub.js";

/** What became of one site. */
export interface SiteOutcome {
  readonly transform: string;
  readonly strategy: string | null;
  readonly reason: string | null;
}

/** A program instrumented: what came out, and which laws it broke. */
export interface Verdict {
  readonly problems: readonly string[];
  readonly sites: readonly SiteOutcome[];
  /** The instrumented program. */
  readonly after: string;
  /** The instrumented program ready to run, and the log it must show; null where it cannot run. */
  readonly run: { readonly body: string; readonly log: readonly string[] } | null;
  readonly memory: MemoryTree;
  readonly plan: Plan;
}

/** Applies the rules of a program in memory and holds the result against the laws. */
export async function judge(program: Program): Promise<Verdict> {
  const { path, text } = program;
  const rules = await activeRules(program.rules);
  const memory = memoryTree([[path, text], ...program.others]);
  const knowledge = knowledgeOf(program, memory, rules);
  const plan = applyKnowing(memory, path, rules, knowledge);
  const after = memory.files.get(path) ?? "";
  const sites = plan.sites.map(({ transform, strategy, reason }) => ({
    transform,
    strategy,
    reason: reason?.code ?? null,
  }));
  const problems = textProblems(program, rules, plan, memory, knowledge);
  const same = { sites, after, memory, plan };
  const isUnread = plan.findings.some(({ code }) => code === "parse-error");
  if (isUnread) return { ...same, problems: [], run: null };
  if (problems.length > 0) return { ...same, problems, run: null };
  const ran = await compareRuns(program, memory, plan);
  return { ...same, ...ran };
}

/** What a type check knows, and for some programs what it complains about. */
export function knowledgeOf(
  { path, knowledge: numbers }: Program,
  memory: MemoryTree,
  rules: readonly ActiveRule[],
): Knowledge {
  const known = knowledgeFrom(numbers);
  if (!isTaught(numbers)) return known;
  return { ...known, lessons: lessonsFor(planInMemory(memory, path, rules, known), numbers) };
}

/** The laws that need no run: it parses, it is stable, it comes back. */
function textProblems(
  program: Program,
  rules: readonly ActiveRule[],
  plan: Plan,
  applied: MemoryTree,
  knowledge: Knowledge,
): string[] {
  const { path, text, others } = program;
  const problems: string[] = [];
  const after = applied.files.get(path) ?? "";
  const memory = { files: new Map(applied.files), ledger: applied.ledger };
  const parsed = parseSource(path, after);
  if (isParseFailure(parsed)) problems.push(`does not parse: ${parsed.message}`);
  if (isRefusedBadly(program, rules, plan)) problems.push("is not reversible");
  // Complaints are by the ids of one plan; skipped sites may have others in the next.
  const isTold = knowledge.lessons.size > 0;
  if (!isTold && applyKnowing(memory, path, rules, knowledge).changes.length > 0)
    problems.push("a second apply changes something");
  const reverted = revertInMemory(memory);
  if (memory.files.get(path) !== text) problems.push("a revert does not give every byte back");
  if (others.some(([other, before]) => memory.files.get(other) !== before))
    problems.push("a revert does not give another file back");
  if (memory.files.size !== others.length + 1) problems.push("a revert leaves a module behind");
  const stays = reverted.sites.find(({ state }) => state !== "reverted");
  if (stays) problems.push(`a site is not reverted: ${stays.reason?.code}`);
  if (!isEmpty(memory.ledger)) {
    problems.push("a revert leaves entries in the ledger");
  }
  return problems;
}

/** One transform alone never stands in its own way; two that change the same code may. */
export function isRefusedBadly(
  { hasTwin }: Program,
  rules: readonly ActiveRule[],
  plan: Plan,
): boolean {
  if (hasTwin) return false;
  const isMixed = new Set(rules.map(({ rule }) => rule.use)).size > 1;
  const refused = plan.sites.filter(({ reason }) => reason?.code === "not-reversible");
  return refused.some(({ transform }) => !isMixed || transform === "wrap-span");
}

/** Runs the program before and after against the stub. */
async function compareRuns(program: Program, { files }: MemoryTree, plan: Plan) {
  const spans = new Set(plan.sites.flatMap(({ id, span }) => (span ? [id] : [])));
  const placements = plan.files
    .flatMap((file) => file.placements)
    .filter(({ site }) => spans.has(site));
  const probed = applyEdits(program.text, probesAt(program, placements, plan));
  const before = await runText(program, probed);
  if (before.failure) return { problems: [`generated badly: ${before.failure}`], run: null };
  if (before.isTooLong) return { problems: [], run: null };
  const stub = createStub();
  const body = bodyOf(program, files.get(program.path) ?? "", helpersIn(program, files));
  const now = await execute(body, stub);
  const problems = [...runProblems(before, now), ...spanProblems(before, stub, plan)];
  return { problems, run: { body, log: before.log } };
}

/** What two runs tell apart; the first difference says enough. */
export function runProblems(before: Run, after: Run): string[] {
  if (after.failure) return [`does not compile: ${after.failure}`];
  return logProblems(before.log, after.log);
}

export function logProblems(before: readonly string[], after: readonly string[]): string[] {
  const length = Math.max(before.length, after.length);
  for (let index = 0; index < length; index++) {
    if (before[index] === after[index]) continue;
    return [`behaves differently: "${before[index]}" became "${after[index]}"`];
  }
  return [];
}

/** Each time the code of a site is reached, a span is opened, and no other time. */
function spanProblems(before: Run, stub: Stub, plan: Plan): string[] {
  const names = new Set(plan.sites.map(countedBy));
  const opened = new Map<string, number>();
  for (const [name, count] of stub.spans) {
    const rule = name.split(" ")[0] ?? name;
    opened.set(rule, (opened.get(rule) ?? 0) + count);
  }
  const rules = new Set([...names, ...opened.keys()]);
  const problems = [...rules].flatMap((rule) => {
    const [reached, spans] = [before.probes.get(rule) ?? 0, opened.get(rule) ?? 0];
    return reached === spans ? [] : [`${rule}: reached ${reached} times, opened ${spans} spans`];
  });
  return stub.open() === 0 ? problems : [...problems, `${stub.open()} spans were never ended`];
}

/** What the spans of a site are counted by. */
function countedBy({ transform, rule }: SiteReport): string {
  return transform === "stage-span" ? STAGE : rule;
}

/** Edits that count how often the region of each site is reached; closings inside out. */
function probesAt(program: Program, placements: readonly Placement[], plan: Plan): Edit[] {
  const rules = new Map(plan.sites.map((site) => [site.id, countedBy(site)]));
  const lone = loneStatements(program);
  const depthOf = ({ strategy }: Placement) => OUTSIDE_IN.findIndex((each) => each === strategy);
  const outsideIn = [...placements].sort(
    (a, b) =>
      a.region.start - b.region.start || b.region.end - a.region.end || depthOf(a) - depthOf(b),
  );
  const probes = outsideIn.map(({ site, strategy, region }): Probe => {
    const { start, end } = region;
    const call = `probe("${rules.get(site)}")`;
    const isExpression = strategy === "expression" || isConciseBody(program.text, start);
    // It begins with a name: a bracket would go on with a line that has no semicolon.
    if (isExpression) return { start, end, open: `${call}.value(`, close: ")" };
    if (lone.has(start)) return { start, end, open: `{${call}; `, close: "\n}" };
    // TypeScript takes a brace behind brackets for the body of an arrow function.
    return { start, end, open: `;${call}; `, close: "" };
  });
  const closings = probes.toReversed().map(({ end, close }) => insert(end, close));
  const openings = probes.map(({ start, open }) => insert(start, open));
  return [...closings, ...openings].sort((a, b) => a.start - b.start);
}

/** Where regions are equal. */
const OUTSIDE_IN = ["body", "inactive", "statement", "expression"];

interface Probe {
  readonly start: number;
  readonly end: number;
  readonly open: string;
  readonly close: string;
}

const insert = (at: number, text: string): Edit => ({ start: at, end: at, text });

/** Whether a body region is the expression of an arrow function. */
function isConciseBody(text: string, start: number): boolean {
  return /=>\s*\(?$/.test(text.slice(Math.max(0, start - 80), start));
}

/** Where statements begin that stand behind a condition, without braces. */
function loneStatements({ path, text }: Program): Set<number> {
  const found = new Set<number>();
  const parsed = parseSource(path, text);
  if (isParseFailure(parsed)) return found;
  const visit = (node: TS.Node): void => {
    if (ts.isStatement(node) && !ts.isBlock(node) && !isStatementList(node.parent)) {
      found.add(node.getStart());
    }
    node.forEachChild(visit);
  };
  visit(parsed.file);
  return found;
}
