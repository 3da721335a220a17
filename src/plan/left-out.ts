import { position } from "../text/lines.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { FileContext } from "../transform.js";
import type { View } from "./base-view.js";
import type { Draft } from "./drafts.js";
import { ignoredBy } from "./instrument-sites.js";
import type { ActiveRule, Finding } from "./model.js";

/**
 * Ends of hops that a rule means but for its `within`, and that no other rule instruments: a retry
 * queue or another broadcast that was forgotten cuts the trace where nobody looks for it.
 * @param text the file as it is, for the lines of the findings
 */
export function leftOutEnds(
  context: FileContext,
  rules: readonly ActiveRule[],
  drafts: readonly Draft[],
  view: View,
  text: string,
): Finding[] {
  const isEnd = ({ rule }: ActiveRule) => TRANSFORMS.get(rule.use)?.isHop === true;
  const told = new Set(drafts.filter(({ active }) => isEnd(active)).map(({ site }) => site.anchor));
  const findings: Finding[] = [];
  for (const { rule } of rules.filter((each) => isEnd(each) && each.covers(context.source.path))) {
    const { within, ...at } = rule.at ?? {};
    if (within === undefined) continue;
    for (const site of TRANSFORMS.get(rule.use)?.find(context, { ...rule, at }) ?? []) {
      const { anchor, present } = site;
      if (present || told.has(anchor) || ignoredBy(context.source, site)) continue;
      told.add(anchor);
      const offset = view.reduced.toFull(anchor, () => true);
      findings.push({
        code: "left-out",
        level: "info",
        message: `"${rule.id}" leaves this out: it is not in ${within}`,
        file: context.source.path,
        line: position(text, offset).line,
      });
    }
  }
  return findings;
}
