import { applyEdits, encloses } from "../text/edit.js";
import type { Reason } from "../syntax/reason.js";
import { isParseFailure, parseSource, type Source } from "../syntax/source.js";
import type { LedgerSite } from "./ledger.js";
import { isRemovable, type Recognised, type Removable } from "./recognise.js";
import { removalEdits } from "./removals.js";

/**
 * Looks at sites inside each other once more, from the inside out: what comes free where the inner
 * ones go (a name, a `return`) may be in the way of those around them.
 * @param find finds some entries in a text
 * @returns the same, those that have to stay with the reason
 */
export function insideOut(
  source: Source,
  recognised: readonly Recognised[],
  find: (source: Source, entries: readonly LedgerSite[]) => readonly Recognised[],
): Recognised[] {
  const layers = layersOf(recognised.filter(isRemovable));
  const left = new Map<LedgerSite, Reason>();
  const gone: Removable[] = [];
  for (const [index, layer] of layers.entries()) {
    gone.push(...layer.filter(({ entry }) => !left.has(entry)));
    if (index === layers.length - 1) break;
    const text = applyEdits(
      source.text,
      removalEdits(
        source,
        gone.map(({ removal }) => removal),
        [],
      ),
    );
    const next = parseSource(source.path, text);
    if (isParseFailure(next)) break;
    const going = new Set(gone.map(({ entry }) => entry));
    const others = recognised.map(({ entry }) => entry).filter((entry) => !going.has(entry));
    for (const each of find(next, others)) {
      if (!isRemovable(each) && isSaid(each.left)) left.set(each.entry, each.left);
    }
  }
  return recognised.map((each) => {
    const why = left.get(each.entry);
    return why && isRemovable(each)
      ? { entry: each.entry, candidate: each.candidate, left: why }
      : each;
  });
}

/** Whether a reason is about the code: that something is not found where others went says nothing. */
function isSaid({ code }: Reason): boolean {
  return code !== "missing" && code !== "ambiguous-match";
}

/** Sites by how many lie inside each other within them: first those that hold no others. */
function layersOf(all: readonly Removable[]): Removable[][] {
  const layers: Removable[][] = [];
  const open: { readonly site: Removable; height: number }[] = [];
  const close = () => {
    const closed = open.pop();
    if (!closed) return;
    (layers[closed.height] ??= []).push(closed.site);
    const around = open.at(-1);
    if (around) around.height = Math.max(around.height, closed.height + 1);
  };
  for (const site of [...all].sort(fromOutside)) {
    while (open.length > 0 && !holds(open.at(-1)?.site, site)) close();
    open.push({ site, height: 0 });
  }
  while (open.length > 0) close();
  return layers;
}

function fromOutside(a: Removable, b: Removable): number {
  const [first, second] = [a.candidate.range, b.candidate.range];
  return first.start - second.start || second.end - first.end;
}

function holds(outer: Removable | undefined, inner: Removable): boolean {
  return outer !== undefined && encloses(outer.candidate.range, inner.candidate.range);
}
