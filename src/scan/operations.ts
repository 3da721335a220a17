import { ts, type TS } from "../syntax/compiler.js";
import { functionName } from "../syntax/names.js";
import { findNode, hasModifier, isAsync, unwrapped, walkOwn } from "../syntax/walk.js";
import type { Source } from "../syntax/source.js";
import { idOf, isOfPages, meansOnly, proposal, type Detector, type Proposal } from "./detector.js";
import { calledAs, mostlyCalled } from "./mostly-called.js";
import { isOpen, namedFunctions, type Named } from "./named-functions.js";
import { isLongRun } from "./runs.js";
import { hasOwnSpan } from "./own-span.js";
import { callsItself, doesMany, isTraced, weightOf } from "./weight.js";

/** What goes on for a while, and may fail on the way. */
const VERB =
  /^((deploy|redeploy|rebuild|build|restore|back[uU]p|roll[bB]ack|provision|migrate|sync|reconcile|import|export|re[iI]ndex|crawl|ingest|transcode|publish|upgrade|clean[uU]p|archive|generate|render|convert|transcribe|summarize|extract|detect|seal|sign(?!I|U|O)|finalize|duplicate|replace|transfer|perform|scrape|download|upload|deliver|dispatch|launch|trigger|flush|drain|purge|sweep|prune|compact|aggregate|evaluate|translate|classify|embed|analy[sz]e|orchestrate)(?=[A-Z]|$)|(run|execute|process)(?=[A-Z]))/;

/** What is done about other work: it writes it down, tells people, waits for it, or starts everything. */
const BESIDE =
  /^(log|track|notify|wait|poll|retry|sleep|main|bootstrap|boot|start(?!\w)|shutdown|stop|close|setup|use|init|test|seed)(?=[A-Z]|$)|^(get|create|open|make)\w*Stream$|(Email|Notification|Alert|Logger|Controller)s?$|[sS]hutdown|^on(Application|Module)[A-Z]|^afterInit$/;

/** What is kept for old data or old callers, and what only looks whether all is well. */
const OUTDATED = /[hH]ealth|^(legacy|deprecated)/;

/** What is read or looked at, which takes more to be an operation. */
const LOOKS =
  /^(get|find|list|fetch|load|read|check|validate|is|has|can|resolve|filter|parse|format|query|search|compute|make)(?=[A-Z]|$)/;

/** What changes one thing in a store, most often. */
const CHANGES =
  /^(create|update|delete|remove|upsert|add|set|save|insert|register|resolve|submit|toggle|mark)(?=[A-Z]|$)/;

/** Where that lies which nobody waits for, so that only a trace tells of it. */
const BACKGROUND =
  /(^|\/)(crons?|jobs?|workers?|tasks?|queues?|workflows?|pipelines?|agents?|runners?|brokers?|processors?|consumers?)(\/|\.\w+$)/i;

/** What people start by hand, and look at while it runs; what changes a database does so once. */
const COMMAND_LINE =
  /(^|\/)(cli|scripts?|bin|migrations?)\/|(^|\/)(migrate|build|release)\.[cm]?[jt]s$/;

/** What a framework calls with a request, which has a span. */
const OF_REQUESTS = /(^|\/)(route|page|layout|sitemap|middleware|proxy|actions?)\.[cm]?[jt]sx?$/;

/** Parts that a run is told by. */
const PART = /(Phase|Stage|Step|Tick|Batch|Pipeline|Workflow|Agent|Job|Turn|Build)/;

/** How long a function must be, and how much it must wait for or do, where its name tells the rest. */
const HEAVY = { waits: 3, lines: 20, weight: 2.3 };
/** The one method by which a class of such a name does its work, and what is enough for it. */
const RUN_OF =
  /(Pipeline|Workflow|Orchestrator|Agent|Runner|Executor)\.(run|execute|process|start)$/;
const LIGHT = 1.5;
/** The least weight of a function whose name tells nothing. */
const LEAST = 3;

/** Functions that others call to have something heavy done. */
export const operations: Detector = {
  finds: "functions that deploy, build, restore, import or sync something, and others that do much",
  needles: ["async "],
  paths: /^(?!.*\.client\.).*\.[cm]?[jt]s$/,
  find: (source): Proposal[] => {
    if (COMMAND_LINE.test(source.path) || isOfPages(source)) return [];
    const candidates = namedFunctions(source, () => true).filter((each) =>
      isOperation(source, each),
    );
    const named = candidates.filter((each) => isTold(source, each));
    const others = candidates.filter((each) => !named.includes(each));
    const told = outermost(named);
    return [
      ...told.flatMap((each) => toldOperation(source, each, told)),
      ...others.flatMap((each) => heavyOperation(source, each)),
    ];
  },
};

/** Without what others do nothing but wait for. */
function outermost(all: readonly Named[]): Named[] {
  const inner = new Set(all.flatMap(({ node }) => mostlyCalled(node)));
  return all.filter(({ at }) => !inner.has(at.function ?? `.${at.method?.split(".").at(-1)}`));
}

function isOperation(source: Source, each: Named): boolean {
  const { node } = each;
  if (!isAsync(node) || isLongRun(source, each)) return false;
  if (callsItself(node, functionName(node) ?? "") || hasOwnSpan(node)) return false;
  if (onlySends(each)) return false;
  return !isIterator(node) && !standsInFor(node);
}

/** What a decorator puts in place of a method: who calls it means that. */
function standsInFor({ parent }: Named["node"]): boolean {
  const isAssigned = ts.isBinaryExpression(parent) && ts.isPropertyAccessExpression(parent.left);
  return isAssigned && /descriptor\.value$/.test(parent.left.getText());
}

/** Whether a function of any type waits for what it is given to call: who calls it does the work. */
function isIterator({ typeParameters, parameters, body }: Named["node"]): boolean {
  const given = parameters.map(({ name }) => name.getText());
  const isWaiting = (node: TS.Node) =>
    ts.isAwaitExpression(node) &&
    ts.isCallExpression(node.expression) &&
    given.includes(node.expression.expression.getText());
  return typeParameters !== undefined && findNode(body, isWaiting) !== undefined;
}

/** Whether the name of an open function says that it goes on for a while, and its code agrees. */
function isTold(source: Source, each: Named): boolean {
  const { node } = each;
  if (!isOpen(node) || OUTDATED.test(functionName(node) ?? "")) return false;
  if (isTransaction(node) || isFactory(node)) return false;
  if (RUN_OF.test(each.name) && weightOf(node) >= LIGHT) return true;
  if (!VERB.test(functionName(node) ?? "")) return false;
  const lines = node.getText(source.file).split("\n").length;
  const isHeavy = waitsIn(each) >= HEAVY.waits || weightOf(node) >= HEAVY.weight;
  return lines >= HEAVY.lines && isHeavy;
}

function toldOperation(source: Source, each: Named, told: readonly Named[]): Proposal[] {
  const verb = VERB.exec(functionName(each.node) ?? "")?.[0] ?? each.name;
  const alike = told.filter((other) => other.at.function?.startsWith(verb));
  const family = { function: `${verb}*` };
  const isFamily =
    each.at.function !== undefined && alike.length > 1 && meansOnly(source, family, alike);
  if (!isFamily) return operation(source, each, WHY, idOf(each.name), each.at, [each]);
  return operation(source, each, WHY, idOf(verb), family, alike);
}

const WHY = "an operation of several steps, which nothing tells as one";

function heavyOperation(source: Source, each: Named): Proposal[] {
  const { node, name, at } = each;
  const own = functionName(node) ?? "";
  if (BESIDE.test(own) || OUTDATED.test(own) || isTransaction(node)) return [];
  if (OF_REQUESTS.test(source.path)) return [];
  const isUnseen = BACKGROUND.test(source.path);
  const weight =
    weightOf(node) +
    (isOpen(node) ? 0.5 : -0.5) +
    (isUnseen ? 1 : 0) -
    // A few steps one after the other are what a request does.
    (isUnseen || doesMany(node) ? 0 : 1) +
    (PART.test(own) ? 0.5 : 0) -
    (LOOKS.test(own) ? 1 : 0) -
    (CHANGES.test(own) ? 1.5 : 0);
  if (weight < LEAST) return [];
  const why = "it does much, and nothing tells it as one";
  return operation(source, each, why, idOf(name), at, [each]).map((found) => ({
    ...found,
    weight,
    isUntold: true,
  }));
}

/** Whether a function makes an object of a class, whatever that takes: `static async build()`. */
function isFactory(node: Named["node"]): boolean {
  return functionName(node) === "build" && hasModifier(node, ts.SyntaxKind.StaticKeyword);
}

/** Whether most of a function is a transaction, which has a span of its own. */
function isTransaction({ body }: Named["node"]): boolean {
  const isMost = (given: TS.Expression) => given.getWidth() * 2 > body.getWidth();
  const isOne = (node: TS.Node) =>
    ts.isCallExpression(node) &&
    /(^|\.|[a-z])[tT]ransaction$/.test(node.expression.getText()) &&
    node.arguments.some(isMost);
  return findNode(body, isOne) !== undefined;
}

function operation(
  source: Source,
  { node }: Named,
  why: string,
  id: string,
  at: Named["at"],
  meant: readonly Named[],
): Proposal[] {
  if (!meansOnly(source, at, meant)) return [];
  const span = { name: "{{function}}", op: "function" };
  const found = proposal(source, node, 2, why, { id, use: "wrap-span", phase: 1, at, span });
  return [
    {
      ...found,
      isSecond: true,
      weight: weightOf(node),
      mostly: meant.length === 1 ? mostlyCalled(node) : [],
    },
  ];
}

/** How often a function itself waits for more than what has a span. */
function waitsIn({ node }: Named): number {
  return waitedIn(node).filter((each) => !isTraced(each)).length;
}

/** Whether a function only hands on what is to be done: each hand-over has a span. */
function onlySends({ node }: Named): boolean {
  const waited = waitedIn(node);
  const isSend = (code: TS.Expression) =>
    ts.isCallExpression(code) && calledAs(code.expression).some((name) => SENDS.test(name));
  return waited.length > 0 && waited.every(isSend);
}

const SENDS = /^\.?((trigger|enqueue|publish|schedule)([A-Z]\w*)?|add|addBulk)$/;

/** What a function itself waits for. */
function waitedIn(fn: Named["node"]): TS.Expression[] {
  const found: TS.Expression[] = [];
  walkOwn(fn.body, (inner) => {
    if (ts.isAwaitExpression(inner)) found.push(unwrapped(inner.expression));
  });
  return found;
}
