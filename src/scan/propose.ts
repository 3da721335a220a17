import type { RuleConfig } from "../plan/define-config.js";
import { isParseFailure, parseSource } from "../syntax/source.js";
import type { Proposal } from "./detector.js";
import { DETECTORS } from "./detectors.js";
import { groupedBy } from "../text/grouped.js";

/** Literals, one of which a file must contain to be looked at. */
export const SCAN_NEEDLES: readonly string[] = [
  ...new Set(DETECTORS.flatMap(({ needles }) => needles)),
];

/** What one file suggests. */
export function proposalsIn(path: string, text: string): Proposal[] {
  const asked = DETECTORS.filter(
    ({ needles, paths }) =>
      (paths?.test(path) ?? true) && needles.some((each) => text.includes(each)),
  );
  if (asked.length === 0) return [];
  const source = parseSource(path, text);
  if (isParseFailure(source)) return [];
  return asked.flatMap(({ find }) => [...find(source)]);
}

/** One rule that several places suggest. */
export interface Suggestion {
  readonly rule: RuleConfig;
  readonly worth: Proposal["worth"];
  readonly why: string;
  readonly places: readonly { readonly file: string; readonly line: number }[];
}

const HOPS: ReadonlySet<string> = new Set(["trace-send", "trace-receive", "trace-forward"]);

/** Whether nothing else tells what a proposal is about: no place there, and none that hands to it. */
function otherThan(proposals: readonly Proposal[]): (each: Proposal) => boolean {
  const placeOf = ({ file, line }: Proposal) => `${file}:${line}`;
  const first = new Set(proposals.filter(({ isSecond }) => !isSecond).map(placeOf));
  const handing = groupedBy(
    proposals.flatMap((by) => (by.covers ?? []).map((name) => ({ name, by }))),
    ({ name }) => name,
  );
  return (each) => {
    const { at } = each.rule;
    const names = [at?.function ?? "", `.${at?.method?.split(".").at(-1)}`];
    // What a named function hands on is continued there, and may still be an operation.
    const isFirst = (by: Proposal) =>
      by !== each && (by.rule.at?.listener !== undefined || by.rule.use === each.rule.use);
    const isHanded = names.some((name) => handing.get(name)?.some(({ by }) => isFirst(by)));
    return !isHanded && !first.has(placeOf(each));
  };
}

/** What weighs less than this is wanted only where there is little. */
const HEAVY = 5;
/** How many there are at least, and at most, of what only its weight speaks for. */
const [FEW, MANY] = [8, 60];

/** The least weight that is wanted of what only its weight speaks for. */
function leastWeight(proposals: readonly Proposal[]): number {
  const weights = proposals.flatMap(({ weight }) => weight ?? []).sort((a, b) => b - a);
  const [few = 0, many = 0] = [weights[FEW - 1], weights[MANY - 1]];
  return Math.max(Math.min(HEAVY, few), many);
}

/**
 * Whether a function has a span where it is called and one of its own: that of its calls stays in its
 * own file, since somebody chose them, and else that of the function.
 */
function doubledBy(proposals: readonly Proposal[]): (each: Proposal) => boolean {
  const spans = proposals.filter(({ rule }) => rule.use === "wrap-span");
  const called = new Set(spans.map((each) => `${each.file} ${calledName(each)}`));
  const named = spans.filter(({ weight, file, rule }) => {
    return weight === undefined || !called.has(`${file} ${rule.at?.function}`);
  });
  const names = new Set(named.flatMap(({ rule }) => rule.at?.function ?? []));
  return (each) => {
    if (each.rule.use !== "wrap-span") return false;
    const name = calledName(each);
    if (name !== null) return names.has(name);
    return each.weight !== undefined && called.has(`${each.file} ${each.rule.at?.function}`);
  };
}

/** The function that a rule is about by its calls: `save` of `save($$$)`. */
function calledName({ rule }: Proposal): string | null {
  return /^([\w$]+)\(\$\$\$\)$/.exec(rule.at?.call ?? "")?.[1] ?? null;
}

/** Brings together what is the same rule at other places, what is worth most first; ids are unique. */
export function suggestionsFrom(proposals: readonly Proposal[]): Suggestion[] {
  // Where no message is seen to leave or to arrive, a type that looks like one is of something else.
  const hasHops = proposals.some(({ rule }) => HOPS.has(rule.use));
  // An index has nothing to export where nothing is made.
  const makesModules = proposals.some(({ rule }) => rule.use === "run-lifecycle");
  const isOther = otherThan(proposals);
  const least = leastWeight(proposals);
  const isHeavyEnough = ({ weight }: Proposal) => weight === undefined || weight >= least;
  const isDouble = doubledBy(proposals.filter(isHeavyEnough));
  const isWanted = (each: Proposal) =>
    (hasHops || each.rule.use !== "trace-field") &&
    (makesModules || each.rule.use !== "observability-modules") &&
    isHeavyEnough(each) &&
    !isDouble(each) &&
    (!each.isSecond || isOther(each));
  const groups = groupedBy(proposals.filter(isWanted), (each) => {
    const { id: _id, in: _in, span, ...rest } = each.rule;
    // A function that two detectors mean is one rule; other places may look alike in several files.
    const { message = null } = rest as { readonly message?: unknown };
    const own = (rest.at?.function ?? rest.at?.method) ? null : span;
    return JSON.stringify([rest.use, rest.at, own, rest.at ? message : rest]);
  });
  const taken = new Map<string, number>();
  const suggestions = [...groups.values()].flatMap((group): Suggestion[] => {
    const [first] = group;
    if (!first) return [];
    const { id } = first.rule;
    const count = (taken.get(id) ?? 0) + 1;
    taken.set(id, count);
    const unique = count === 1 ? id : `${id}-${count}`;
    const { in: _in, ...common } = first.rule;
    // What is about whole files finds them itself.
    const files = [...new Set(group.map(({ file }) => file))].sort();
    const rule = { ...common, id: unique, ...(common.use === "clean-up" ? {} : { in: files }) };
    const places = group.map(({ file, line }) => ({ file, line }));
    return [{ rule, worth: first.worth, why: first.why, places }];
  });
  return suggestions.sort((a, b) => b.worth - a.worth || (a.rule.id < b.rule.id ? -1 : 1));
}
