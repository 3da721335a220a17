import { isParseFailure, parseSource } from "../../src/syntax/source.js";
import { ts, type TS } from "../../src/syntax/compiler.js";
import { applyEdits, type Edit } from "../../src/text/edit.js";
import { importsRenamed, importsSplit, localNames, renamed } from "../support/rename.js";
import { activeRules, revertInMemory, type MemoryTree } from "../support/memory-tree.js";
import { choicesFrom, type Choices } from "./choices.js";
import { runText } from "./bodies.js";
import { knowledgeFrom } from "./knowledge.js";
import { applyKnowing } from "./memory.js";
import { runProblems, type Verdict } from "./laws.js";
import type { Program } from "./program.js";

/** What reverting after an edit by hand showed. */
export interface EditVerdict {
  readonly count: number;
  readonly problems: readonly string[];
  /** Why something was left, by code. */
  readonly reasons: readonly string[];
}

/** One edit of the instrumented text. */
interface HandEdit {
  readonly name: string;
  readonly edited: string;
  /** The program without instrumentation that has the same edit, where that can be said. */
  readonly equivalent: string | null;
  /** Whether it makes a second span, which is the user's own. */
  readonly isCopy?: boolean;
}

type Editor = (program: Program, verdict: Verdict, choices: Choices) => HandEdit | null;

const NOTHING: EditVerdict = { count: 0, problems: [], reasons: [] };

/** Edits an instrumented program as a person might, reverts, and looks at what came of it. */
export async function judgeEdits(program: Program, verdict: Verdict): Promise<EditVerdict> {
  // What an edit changes, and what is left, may be the span that was written by hand.
  if (verdict.plan.changes.length === 0 || program.hasTwin) return NOTHING;
  const choices = choicesFrom(program.edits);
  const edit = editOf(program, verdict, choices);
  if (!edit || !parses(program, edit.edited)) return NOTHING;
  const memory: MemoryTree = {
    files: new Map([...verdict.memory.files, [program.path, edit.edited]]),
    ledger: verdict.memory.ledger,
  };
  const plan = revertInMemory(memory);
  const text = memory.files.get(program.path) ?? "";
  const reasons = [
    ...plan.sites.flatMap(({ state, reason }) =>
      state === "reverted" ? [] : [reason?.code ?? "?"],
    ),
    ...plan.findings.map(({ code }) => code),
  ];
  const problems: string[] = [];
  if (!parses(program, text)) problems.push("does not parse");
  if (reasons.includes("?")) problems.push("something is left without a reason");
  if (reasons.length === 0 && !edit.isCopy) problems.push(...leftovers(text));
  if (reasons.length === 0) problems.push(...sameCode(edit, text));
  if (reasons.length === 0) problems.push(...(await doubled(program, verdict, edit, text)));
  if (reasons.length === 0 && edit.equivalent !== null && problems.length === 0) {
    problems.push(...(await behaviour(program, edit.equivalent, text)));
  }
  return { count: 1, reasons, problems: problems.map((each) => `edit ${edit.name}: ${each}`) };
}

/** Some edit that fits what was instrumented. */
function editOf(program: Program, verdict: Verdict, choices: Choices): HandEdit | null {
  for (let attempt = 0; attempt < 4; attempt++) {
    const edit = choices.pick(EDITORS)(program, verdict, choices);
    if (edit) return edit;
  }
  return null;
}

function parses({ path }: Program, text: string): boolean {
  return !isParseFailure(parseSource(path, text));
}

function leftovers(text: string): string[] {
  const rest =
    /startSpan|startInactiveSpan|setStatus|captureException|addBreadcrumb|with(Filtered)?TraceContext|(continue|forward)(Trace|Span)From/.exec(
      text,
    );
  return rest ? [`nothing is reported as left, and "${rest[0]}" is`] : [];
}

function sameCode({ equivalent }: HandEdit, text: string): string[] {
  if (equivalent === null || bare(equivalent) === bare(text)) return [];
  return ["is not the program with the same edit"];
}

/** An apply after the edit must not put in what is there: a revert after it gives the same. */
async function doubled(
  program: Program,
  verdict: Verdict,
  { edited }: HandEdit,
  reverted: string,
): Promise<string[]> {
  const memory: MemoryTree = {
    files: new Map([...verdict.memory.files, [program.path, edited]]),
    ledger: verdict.memory.ledger,
  };
  const rules = await activeRules(program.rules);
  applyKnowing(memory, program.path, rules, knowledgeFrom(program.knowledge));
  const { sites } = revertInMemory(memory);
  if (sites.some(({ state }) => state !== "reverted")) return [];
  const isSame = memory.files.get(program.path) === reverted;
  return isSame ? [] : ["an apply after it puts in what does not go again"];
}

const bare = (text: string) => text.replace(/\s+/g, "").replace(/;/g, "");

async function behaviour(program: Program, expected: string, text: string): Promise<string[]> {
  const before = await runText(program, expected);
  if (before.failure || before.isTooLong) return [];
  return runProblems(before, await runText(program, text));
}

// Edits

/** Statements of a text that another one may be put in front of. */
function statementsIn({ path }: Program, text: string): TS.Statement[] {
  const parsed = parseSource(path, text);
  if (isParseFailure(parsed)) return [];
  const found: TS.Statement[] = [];
  const visit = (node: TS.Node): void => {
    if (ts.isBlock(node)) found.push(...node.statements.filter((each) => !isDirective(each)));
    node.forEachChild(visit);
  };
  visit(parsed.file);
  return found;
}

function isDirective(statement: TS.Statement): boolean {
  return ts.isExpressionStatement(statement) && ts.isStringLiteral(statement.expression);
}

/**
 * The same place in the instrumented text; inside a wrapper that begins there, in front of what is
 * replaced there. Null where it is gone.
 */
function moved(edits: readonly Edit[], offset: number): number | null {
  let shift = 0;
  for (const { start, end, text } of edits) {
    if (start < offset && offset < end) return null;
    const isInFront = start < offset || (start === offset && start === end);
    if (isInFront) shift += text.length - (end - start);
  }
  return offset + shift;
}

function insertion(name: string, code: (program: Program) => string): Editor {
  return (program, { plan, after }, choices) => {
    const statements = statementsIn(program, program.text);
    const target = statements[choices.below(statements.length)];
    const file = plan.files.find(({ path }) => path === program.path);
    if (!target || !file) return null;
    const offset = target.getStart();
    const place = moved(file.edits, offset);
    if (place === null) return null;
    const line = `${code(program)}${/\r\n/.test(program.text) ? "\r\n" : "\n"}`;
    const put = (text: string, at: number) =>
      applyEdits(text, [{ start: at, end: at, text: line }]);
    return { name, edited: put(after, place), equivalent: put(program.text, offset) };
  };
}

/** Anywhere, also between what belongs together of ours. */
const amongOurs: Editor = (program, { after }, choices) => {
  const statements = statementsIn(program, after);
  const target = statements[choices.below(statements.length)];
  if (!target) return null;
  const at = target.getStart();
  const edited = applyEdits(after, [{ start: at, end: at, text: 'log(T, "edit");\n' }]);
  return { name: "insert a statement among ours", edited, equivalent: null };
};

function onImports(name: string, rewrite: typeof importsRenamed): Editor {
  return ({ path, text }, { after, memory }) => {
    const names = memory.ledger.imports.flatMap(({ file, local }) => (file === path ? local : []));
    if (names.length === 0) return null;
    return { name, edited: rewrite(path, after, new Set(names)), equivalent: text };
  };
}

const importNames = onImports("rename our imports", importsRenamed);
const importParts = onImports("import the members one by one", importsSplit);

/** A message that is given a context where it is sent gets a name first. */
const messageName: Editor = (program, { after }) => {
  const edit = change(
    "name the message",
    program,
    after,
    /^([ \t]*)(.*JSON\.stringify\()(with(?:Filtered)?TraceContext\([^()]*\))\)/m,
    "$1const messageOnce = $3;\n$1$2messageOnce)",
  );
  return edit && { ...edit, equivalent: null };
};

const variables: Editor = ({ path, text }, { after }) => {
  const names = localNames(path, text);
  if (names.size === 0) return null;
  const [edited, equivalent] = [renamed(path, after, names), renamed(path, text, names)];
  return { name: "rename the variables", edited, equivalent };
};

const spanName: Editor = (program, { after }) =>
  change("rename the span", program, after, /name: (["'])/, "name: $1renamed ");

const attribute: Editor = (program, { after }) =>
  change("add an attribute", program, after, /(startSpan\(\{) /, "$1 forceTransaction: true, ");

const useOfSpan: Editor = (program, { after }) =>
  change(
    "use the span",
    program,
    after,
    /(startSpan\(\{[^{}]*\}, (?:async )?\()\) => \{/,
    "$1span) => { span.setAttribute(1, 2);",
  );

const otherUse: Editor = (_program, { after }) => ({
  name: "use Sentry elsewhere",
  edited: `${after}void Sentry;\n`,
  equivalent: null,
});

const reformatted: Editor = ({ text }, { after }) => ({
  name: "indent otherwise",
  edited: after.replace(/^(?:\t| {2,4})+(?=\S)/gm, (white) => white + white),
  equivalent: text.includes("`one") ? null : text,
});

const breadcrumb: Editor = (program, { after }) =>
  change("say something else", program, after, /(level: ["'])info/, "$1debug");

const status: Editor = (program, { after }) =>
  change("record otherwise", program, after, /(recordStage\([^,\n]*, ["'])ok/, "$1done");

const fieldType: Editor = (program, { after }) =>
  program.text.includes("_sentry")
    ? null
    : change("change the field", program, after, /(_sentry\?: )\{ trace\?: string; /, "$1{ ");

/** A comment in a call of ours stays with it, and what was replaced with it stays away. */
const commented: Editor = (program, { after }) =>
  change(
    "say why",
    program,
    after,
    /(addBreadcrumb|startSpan|with(?:Filtered)?TraceContext|continueTraceFrom|continueSpanFrom)\(/,
    "$1(/* why */ ",
  );

function change(
  name: string,
  { text }: Program,
  after: string,
  pattern: RegExp,
  replacement: string,
): HandEdit | null {
  const edited = after.replace(pattern, replacement);
  return edited === after ? null : { name, edited, equivalent: text };
}

const addedLog = insertion("insert a statement", () => 'log(T, "edit");');
const addedName = insertion("insert a declaration", () => 'const added = log(T, "edit");');
const addedClash = insertion("insert a clashing declaration", () => "var v1 = 1;");
const addedReturn = insertion("insert a return", () => "if (T.id === 5) return;");
const addedAwait = insertion("insert an await", () => "await 1;");

/** A copy of what holds a span: two of them look the same then. */
const copied: Editor = (program, { after, plan }) => {
  const [name] = plan.sites.flatMap(({ span }) => (span ? [span.name] : []));
  const statement = statementsIn(program, after).find((each) =>
    name ? each.getText().includes(`startSpan({ name: "${name}"`) : false,
  );
  if (!statement) return null;
  const edited = applyEdits(after, [
    { start: statement.end, end: statement.end, text: `\n${statement.getText()}` },
  ]);
  return { name: "copy a statement", edited, equivalent: null, isCopy: true };
};

/** Everything that holds a span is gone. */
const deleted: Editor = (program) => ({
  name: "delete the spans",
  edited: program.text,
  equivalent: null,
});

const EDITORS: readonly [Editor, ...Editor[]] = [
  addedLog,
  addedLog,
  addedLog,
  addedName,
  addedClash,
  addedReturn,
  addedAwait,
  spanName,
  variables,
  amongOurs,
  importNames,
  importParts,
  messageName,
  attribute,
  useOfSpan,
  otherUse,
  reformatted,
  copied,
  deleted,
  breadcrumb,
  commented,
  status,
  fieldType,
];
