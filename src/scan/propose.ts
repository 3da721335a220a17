import type { RuleConfig } from "../plan/define-config.js";
import type { Finding } from "../plan/model.js";
import { isParseFailure, parseSource, type ParseFailure } from "../syntax/source.js";
import { position } from "../text/lines.js";
import type { Proposal } from "./detector.js";
import { DETECTORS } from "./detectors.js";
import { callsOf, type Calls } from "./calls.js";
import { isUnfit } from "./unfit.js";
import { wantedOf } from "./wanted.js";
import { groupedBy } from "../text/grouped.js";

/** Literals, one of which a file must contain to be looked at. */
export const SCAN_NEEDLES: readonly string[] = [
  ...new Set(DETECTORS.flatMap(({ needles }) => needles)),
];

/** What one file suggests, and what it calls. */
export interface FoundInFile {
  readonly proposals: readonly Proposal[];
  /** Null where it was not read. */
  readonly calls: Calls | null;
  /** Told of a file that does not parse. */
  readonly problem: Finding | null;
}

const NOTHING: FoundInFile = { proposals: [], calls: null, problem: null };

/** Looks through one file. */
export function lookInto(path: string, text: string): FoundInFile {
  const asked = DETECTORS.filter(
    ({ needles, paths }) =>
      (paths?.test(path) ?? true) && needles.some((each) => text.includes(each)),
  );
  if (asked.length === 0 || isMadeByMachine(text)) return NOTHING;
  const source = parseSource(path, text);
  if (isParseFailure(source)) return { ...NOTHING, problem: unparsed(path, text, source) };
  const proposals = asked.flatMap(({ find }) => [...find(source)]);
  return {
    proposals: proposals.filter((each) => !isUnfit(source, each)),
    calls: callsOf(source),
    problem: null,
  };
}

function unparsed(path: string, text: string, { message, offset }: ParseFailure): Finding {
  const { line } = position(text, offset);
  const said = `not looked into because it does not parse: ${message}`;
  return { code: "parse-error", level: "warning", message: said, file: path, line };
}

/** What a file calls; null where it does not parse. */
export function callsAt(path: string, text: string): Calls | null {
  const source = parseSource(path, text);
  return isParseFailure(source) ? null : callsOf(source);
}

/** So many characters a line nobody writes: it was bundled or made small. */
const LONG_LINES = 250;

function isMadeByMachine(text: string): boolean {
  return text.length > LONG_LINES * text.split("\n").length;
}

/** One rule that several places suggest. */
export interface Suggestion {
  readonly rule: RuleConfig;
  readonly worth: Proposal["worth"];
  readonly why: string;
  readonly places: readonly { readonly file: string; readonly line: number }[];
}

/** Brings together what is the same rule at other places, what is worth most first; ids are unique. */
export function suggestionsFrom(proposals: readonly Proposal[]): Suggestion[] {
  const groups = groupedBy(wantedOf(proposals), (each) => {
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
    const told = new Set(group.map(({ file, line }) => `${file}:${line}`));
    const places = group
      .filter(({ file, line }) => told.delete(`${file}:${line}`))
      .map(({ file, line }) => ({ file, line }));
    return [{ rule, worth: first.worth, why: first.why, places }];
  });
  return suggestions.sort((a, b) => b.worth - a.worth || (a.rule.id < b.rule.id ? -1 : 1));
}
