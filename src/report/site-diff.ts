import type { FileChange, SiteReport } from "../plan/model.js";
import { diffHunks, formatHunks } from "../text/diff.js";
import type { Strategy } from "../transform.js";

/** What each strategy does, for somebody who decides about a site. */
const STRATEGY_MEANS: Readonly<Record<Strategy, string>> = {
  expression:
    "the expression runs in a callback of its span; what stands around it stays around it",
  statement: "these statements run in a callback of the span",
  body: "the whole body runs in a callback of the span, which gives back what it returns",
  inactive: "the span is held beside the code; spans that start inside are not its children",
  insert: "code is added; none of yours is moved",
  replace: "your code gives way to this; a revert brings it back",
  create: "a file is made; a revert deletes it",
  delete: "the file goes; a revert brings it back",
};

/** The same of code that gets no span. */
const WITHOUT_SPAN: Partial<Record<Strategy, string>> = {
  expression: "the expression goes through a helper; what stands around it stays around it",
  statement: "these statements run in a callback of a helper",
  body: "the whole body runs in a callback of a helper, which gives back what it returns",
};

/** What is done at a site, in words. */
export function meaningOf({ strategy, span }: SiteReport): string {
  if (strategy === null) return "";
  const means = (span ? undefined : WITHOUT_SPAN[strategy]) ?? STRATEGY_MEANS[strategy];
  return `${strategy}: ${means}`;
}

/** The part of a file's diff that a site is in. */
export function siteDiff({ line, endLine }: SiteReport, { before, after }: FileChange): string {
  const hunks = diffHunks(before ?? "", after ?? "");
  const near = hunks.filter(
    ({ oldStart, oldLines }) => oldStart <= endLine + 1 && line - 1 <= oldStart + oldLines,
  );
  return formatHunks(near.length > 0 ? near : hunks);
}
