import { returnKinds } from "./return-kinds.js";
import { byFrequency, tally } from "./tally.js";
import type { Site } from "./tool.js";
import type { Texts } from "./tree.js";

/** Skips of one reason: how many, and what some of them look like. */
export interface Skips {
  readonly rule: string;
  readonly code: string;
  readonly count: number;
  readonly examples: readonly { readonly place: string; readonly code: string }[];
}

/** What was skipped, the most frequent reasons first, with examples from all over the package. */
export function examplesOf(texts: Texts, sites: readonly Site[], perReason: number): Skips[] {
  const keyOf = ({ rule, reason }: Site) => `${rule} ${reason?.code ?? ""}`;
  const skipped = sites.filter(({ state }) => state === "skipped");
  return byFrequency(tally(skipped.map(keyOf))).map(([key, count]) => {
    const [rule = "", code = ""] = key.split(" ");
    const chosen = spread(
      skipped.filter((site) => keyOf(site) === key),
      perReason,
    );
    return { rule, code, count, examples: chosen.map((site) => exampleOf(texts, site)) };
  });
}

/** So many of a list, at even distances. */
function spread<T>(all: readonly T[], wanted: number): T[] {
  const step = Math.max(1, all.length / Math.max(1, wanted));
  return all.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

const SHOWN = 140;

function exampleOf(texts: Texts, { file, line, anchor, rule }: Site) {
  const lines = texts.get(file)?.toString("utf8").split(/\r?\n/) ?? [];
  const first = rule === "calls" ? line : anchor;
  const code = lines
    .slice(first - 1, rule === "calls" ? first : Math.min(line, first + 3))
    .map((each) => each.trim())
    .join(" ")
    .slice(0, SHOWN);
  return { place: `${file}:${first}`, code };
}

/** What the functions that may return a thenable do return, as the compiler sees it. */
export function kindsOf(tree: string, sites: readonly Site[]): Record<string, number> {
  const unclear = sites.filter(
    ({ reason, rule }) => reason?.code === "may-return-thenable" && rule !== "calls",
  );
  return Object.fromEntries(byFrequency(tally([...returnKinds(tree, unclear).values()])));
}
