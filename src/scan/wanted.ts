import { nameMatches } from "../syntax/names.js";
import { groupedBy } from "../text/grouped.js";
import { JOB_NAME, type Proposal } from "./detector.js";

const HOPS: ReadonlySet<string> = new Set(["trace-send", "trace-receive", "trace-forward"]);

/** What of all that was found is worth proposing: each place once, and nothing that needs another. */
export function wantedOf(proposals: readonly Proposal[]): Proposal[] {
  // Where no message is seen to leave or to arrive, a type that looks like one is of something else.
  const hasHops = proposals.some(({ rule }) => HOPS.has(rule.use));
  // An index has nothing to export where nothing is made.
  const makesModules = proposals.some(({ rule }) => rule.use === "run-lifecycle");
  const isOther = otherThan(proposals);
  const all = proposals.filter(
    (each) =>
      (hasHops || each.rule.use !== "trace-field") &&
      (makesModules || each.rule.use !== "observability-modules") &&
      (!each.isSecond || isOther(each)),
  );
  // What others tell of already is not weighed against the rest.
  const least = leastWeight(all);
  const wanted = all.filter(({ isUntold, weight = 0 }) => !isUntold || weight >= least);
  const isDouble = doubledBy(wanted);
  const isTold = toldWhereArrives(wanted);
  return foremost(onceEach(wanted.filter((each) => !isDouble(each) && !isTold(each))));
}

/**
 * Without the messages to whom nobody in the tree listens: who does may not be ours, and what it gets
 * is what it was promised.
 */
export function withoutUnheard(proposals: readonly Proposal[]): Proposal[] {
  const heard = new Set(
    proposals.flatMap(({ channel, rule }) => (rule.use === "trace-send" ? [] : (channel ?? []))),
  );
  return proposals.filter(
    ({ channel, rule }) => !channel || heard.has(channel) || rule.use !== "trace-send",
  );
}

/**
 * Whether the span that a job or a message has where it arrives tells as much: a place is nearly all of
 * its function, or only calls something for what that span says already.
 */
function toldWhereArrives(proposals: readonly Proposal[]): (each: Proposal) => boolean {
  const arriving = proposals.filter(({ rule }) => rule.use === "trace-receive" && rule.span);
  const known = new Set(arriving.map(ownName));
  const names = new Set(arriving.map(({ file, rule }) => `${file} ${jobNameOf(rule)}`));
  return ({ file, most, calls, rule: { at } }) =>
    (most !== undefined && known.has(`${file} ${most}`)) ||
    (at?.case !== undefined && calls !== undefined && names.has(`${file} \${${at.on}}`));
}

/** Of several that only stand in for others, one for each place. */
function onceEach(proposals: readonly Proposal[]): Proposal[] {
  const known = new Map<string, string>();
  return proposals.filter(({ isSecond, file, line, rule }) => {
    if (!isSecond) return true;
    const at = JSON.stringify(rule.at);
    const first = known.get(`${rule.use} ${file}:${line}`) ?? at;
    known.set(`${rule.use} ${file}:${line}`, first);
    return first === at;
  });
}

/** Whether nothing else tells what a proposal is about: no place there, and none that hands to it. */
function otherThan(proposals: readonly Proposal[]): (each: Proposal) => boolean {
  // A run may also be what a message begins.
  const placeOf = ({ file, line, rule }: Proposal) => `${HOPS.has(rule.use)} ${file}:${line}`;
  const handled = proposals.filter(({ rule }) => rule.use !== "wrap-span");
  const most = new Set(handled.flatMap(({ mostly = [] }) => mostly));
  const first = new Set(proposals.filter(({ isSecond }) => !isSecond).map(placeOf));
  const handing = groupedBy(
    proposals.flatMap((by) => (by.covers ?? []).map((name) => ({ name, by }))),
    ({ name }) => name,
  );
  return (each) => {
    const { at } = each.rule;
    const names = [at?.function ?? "", memberOf(at?.method ?? calledMember(at?.call))].filter(
      (name) => !each.covers?.includes(name),
    );
    // What a named function hands on is continued there, and may still be an operation; not where
    // the span of the function says what job it is.
    const isFirst = (by: Proposal) =>
      by !== each &&
      (by.rule.at?.listener !== undefined || by.rule.use === each.rule.use || saysJob(by));
    const isHanded = names.some((name) => handing.get(name)?.some(({ by }) => isFirst(by)));
    const isSpan = each.rule.use === "wrap-span" || each.rule.use === "run-lifecycle";
    const isMost = isSpan && names.some((name) => most.has(name));
    return !isHanded && !isMost && !first.has(placeOf(each));
  };
}

function saysJob({ rule }: Proposal): boolean {
  return jobNameOf(rule) !== undefined;
}

/** What the span of a job says that tells which job it is. */
function jobNameOf({ span }: Proposal["rule"]): string | undefined {
  const { attributes } = (span ?? {}) as { readonly attributes?: Record<string, string> };
  return attributes?.[JOB_NAME];
}

/** `$transport.sendMail` of `$transport.sendMail($$$)`. */
function calledMember(call: string | undefined): string | undefined {
  return /^(\$[\w$]+\.[\w$]+)\(/.exec(call ?? "")?.[1];
}

/** `.perform` of `ImportTask.perform`. */
export function memberOf(method: string | undefined): string {
  return method === undefined ? "" : `.${method.split(".").at(-1)}`;
}

/** So many operations are looked through at a first glance; what a name tells counts more. */
const [GLANCE, TOLD] = [60, 3];

/** Without the lightest of the operations, where there are more than anybody looks through. */
function foremost(proposals: readonly Proposal[]): Proposal[] {
  const rankOf = ({ weight, isUntold }: Proposal) =>
    weight === undefined ? null : weight + (isUntold ? 0 : TOLD);
  const ranks = proposals.flatMap((each) => rankOf(each) ?? []).sort((a, b) => b - a);
  const least = ranks[GLANCE - 1] ?? 0;
  return proposals.filter((each) => (rankOf(each) ?? Infinity) >= least);
}

/** What weighs less than this is wanted only where there is little. */
const HEAVY = 5;
/** How many there are at least, and at most, of what only its weight speaks for. */
const [FEW, MANY] = [8, 20];

/** The least weight that is wanted of what only its weight speaks for. */
function leastWeight(proposals: readonly Proposal[]): number {
  const untold = proposals.filter(({ isUntold }) => isUntold);
  const weights = untold.flatMap(({ weight }) => weight ?? []).sort((a, b) => b - a);
  const [few = 0, many = 0] = [weights[FEW - 1], weights[MANY - 1]];
  return Math.max(Math.min(HEAVY, few), many);
}

/**
 * Whether a span would stand beside another one of the same extent: of a function that has a run or a
 * hop with a span, or where it is called and its own. What was chosen by its calls stays so in its own
 * file, else the function keeps it.
 */
function doubledBy(proposals: readonly Proposal[]): (each: Proposal) => boolean {
  const spans = proposals.filter(({ rule }) => rule.use === "wrap-span");
  const runs = proposals.filter(({ rule }) => rule.use !== "wrap-span" && rule.span);
  const known = new Set(runs.map(ownName));
  const called = new Set<string | null>(spans.map((each) => `${each.file} ${calledName(each)}`));
  const named = spans.filter((each) => !each.isUntold || !called.has(ownName(each)));
  const names = new Set([...named, ...runs].flatMap(({ rule }) => rule.at?.function ?? []));
  const families = proposals.filter(({ rule }) => rule.span && rule.at?.function?.includes("*"));
  const most = groupedBy(
    spans.flatMap((by) => (by.mostly ?? []).map((name) => ({ name, by }))),
    ({ name }) => name,
  );
  const isMostOf = (each: Proposal) =>
    most
      .get(each.rule.at?.function ?? memberOf(each.rule.at?.method))
      ?.some(({ by }) => by !== each);
  const isOfFamily = ({ file, rule }: Proposal) =>
    families.some(
      (family) =>
        family.file === file &&
        family.rule.at?.function !== rule.at?.function &&
        nameMatches(family.rule.at?.function ?? "", rule.at?.function ?? ""),
    );
  return (each) => {
    if (each.rule.use !== "wrap-span") return false;
    const name = calledName(each) ?? each.calls;
    if (name) return names.has(name);
    const own = ownName(each);
    if (own === null) return false;
    if (each.isSecond && (isOfFamily(each) || isMostOf(each))) return true;
    return known.has(own) || (each.isUntold === true && called.has(own));
  };
}

/** The function or method that a rule is about, in its file. */
function ownName({ file, rule: { at } }: Proposal): string | null {
  const name = at?.function ?? at?.method;
  return name === undefined ? null : `${file} ${name}`;
}

/** The function that a rule is about by its calls: `save` of `save($$$)`. */
function calledName({ rule }: Proposal): string | null {
  return /^([\w$]+)\(\$\$\$\)$/.exec(rule.at?.call ?? "")?.[1] ?? null;
}
