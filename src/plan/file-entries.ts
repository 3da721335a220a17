import { commentsIn } from "../text/comments.js";
import type { Range } from "../text/edit.js";
import { isReason } from "../syntax/reason.js";
import type { Candidate, Instrumentation } from "../transform.js";
import { nestingKey, type Piece } from "./compose.js";
import type { FileInput } from "./drafts.js";
import type { LedgerSite, Lookalike } from "./ledger.js";
import { isGone, type Recognised } from "./recognise.js";
import type { Outcome } from "./site-report.js";

/** A site that is about to be instrumented. */
export type Planned = Outcome & { readonly result: Instrumentation };

export function isPlanned(outcome: Outcome): outcome is Planned {
  return outcome.result !== "present" && !isReason(outcome.result);
}

/** An entry whose instrumentation was taken out by hand is planned anew while its rule is active. */
function keptEntries(input: FileInput, own: readonly Recognised[]): LedgerSite[] {
  const active = new Set(input.rules.map(({ rule }) => rule.id));
  return own
    .filter((each) => !isGone(each) || !active.has(each.entry.rule))
    .map(({ entry }) => entry);
}

/** The entries of a file in the order of their places, outside in. */
export function orderedEntries(
  input: FileInput,
  own: readonly Recognised[],
  planned: readonly Planned[],
  pieces: readonly Piece[],
  all: readonly Outcome[],
  lookalikesOf: (entry: LedgerSite) => readonly Candidate[],
): LedgerSite[] {
  const kept = new Set(keptEntries(input, own));
  // What has no place of its own keeps the one behind those it came after.
  let range: Range = { start: 0, end: 0 };
  const known = own
    .filter(({ entry }) => kept.has(entry))
    .sort((a, b) => a.entry.order - b.entry.order)
    .map(({ entry, candidate }) => ({ entry, range: (range = candidate?.range ?? range) }));
  const added = planned.map((each, index) => ({
    entry: entryOf(input.path, each, idsOf(each, all)),
    range: placeOf(each, pieces[index]),
  }));
  const isNew = new Set(added.map(({ entry }) => entry));
  return [...known, ...added]
    .sort(
      (a, b) =>
        a.range.start - b.range.start ||
        b.range.end - a.range.end ||
        (keyOf(a.entry) < keyOf(b.entry) ? -1 : 1),
    )
    .map(({ entry }, order, sorted) => {
      const found = isNew.has(entry) ? lookalikesOf(entry) : [];
      const lookalikes = found.map((each) => lookalikeAmong(sorted, each));
      return { ...entry, order, ...(lookalikes.length > 0 ? { lookalikes } : {}) };
    });
}

function lookalikeAmong(
  sorted: readonly { readonly range: Range }[],
  { range, container, head, exact }: Candidate,
): Lookalike {
  const before = sorted.filter((each) => each.range.start <= range.start);
  return { container, head, exact, order: before.length - 0.5 };
}

/**
 * Where a site will be found again. What is inserted stands where it stands, however much of the code
 * it is about: the end of a statement that holds another site comes behind that site.
 */
function placeOf({ result }: Planned, piece: Piece | undefined): Range {
  if (!piece) return result.region;
  if (result.strategy !== "insert") return piece.region;
  // Braces around it are edits as well.
  const [inserted] = [...piece.edits].sort((a, b) => b.text.length - a.text.length);
  return inserted ?? piece.region;
}

function keyOf({ transform, strategy, id }: LedgerSite): string {
  return nestingKey(transform, strategy, id);
}

/** The ids of the sites that a site depends on. */
function idsOf({ draft }: Planned, all: readonly Outcome[]): readonly string[] {
  const needs = draft.site.dependsOn ?? [];
  if (needs.length === 0) return [];
  return all.flatMap((other) => (needs.includes(other.draft.site) ? [other.draft.id] : []));
}

function entryOf(
  path: string,
  { draft, result }: Planned,
  dependsOn: readonly string[],
): LedgerSite {
  const { rule, digest } = draft.active;
  if (result.strategy === "create" || result.strategy === "delete") {
    throw new Error(`${draft.id}: ${result.strategy} is not a strategy for a site in a file`);
  }
  const comments = commentsIn(result.edits.map(({ text }) => text));
  return {
    id: draft.id,
    rule: rule.id,
    transform: rule.use,
    ...(rule.phase === undefined ? {} : { phase: rule.phase }),
    file: path,
    strategy: result.strategy,
    span: result.span,
    digest,
    order: 0,
    ...(comments > 0 ? { comments } : {}),
    ...(dependsOn.length > 0 ? { dependsOn: [...dependsOn] } : {}),
    container: result.container,
    head: result.head,
    shape: result.shape,
  };
}
