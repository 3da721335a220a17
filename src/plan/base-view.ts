import { encloses, type Edit, type Range } from "../text/edit.js";
import { indentationAt } from "../text/lines.js";
import { reduceText, type Reduced } from "../text/reduce.js";
import { isParseFailure, parseSource, type Source } from "../syntax/source.js";
import type { AttachedEdit, Instrumentation } from "../transform.js";
import { nestingKey, type Piece } from "./compose.js";
import type { LedgerImport } from "./ledger.js";
import { findOwnImports, importRemovals } from "./own-imports.js";
import { isRemovable, type Recognised } from "./recognise.js";
import { combineRemovals, removalEdits } from "./removals.js";

/** The text without our instrumentation, in which sites are sought. */
export interface View {
  readonly base: Source;
  readonly reduced: Reduced;
  /** Whose each removed piece is. */
  readonly owners: ReadonlyMap<Edit, Owner>;
}

interface Owner {
  readonly key: string;
  /** The site's region in the base text. */
  readonly region: Range;
  /** Whether the piece says something about the code at its place, and is no part of a wrapper. */
  readonly isAssertion: boolean;
  /** Whether it stands before whatever begins at its place. */
  readonly isFirst: boolean;
  /** Whether it stands beside the user's statements, and takes none of their code. */
  readonly isBeside: boolean;
}

const HOISTED = /^type [\p{ID_Continue}$]+ = typeof /u;
const ASSERTION = /^(\(|!| as [\p{ID_Continue}$]+\)?)$/u;

/** Takes everything of ours out of a file, in memory. */
export function withoutOurs(
  source: Source,
  own: readonly Recognised[],
  imports: readonly LedgerImport[],
): View {
  const removable = own.filter(isRemovable);
  const siteEdits = removalEdits(
    source,
    removable.map(({ removal }) => removal),
    [],
  );
  const unused = findOwnImports(source, imports, siteEdits).filter(({ uses }) => uses.length === 0);
  const edits = combineRemovals([...siteEdits, ...importRemovals(source, unused)]);
  if (edits.length === 0)
    return { base: source, reduced: reduceText(source.text, []), owners: new Map() };
  const reduced = reduceText(source.text, edits);
  const base = parseSource(source.path, reduced.text);
  // Edits by hand can leave a place that our work cannot leave; then it is seen as the user's.
  if (isParseFailure(base))
    return { base: source, reduced: reduceText(source.text, []), owners: new Map() };
  const owners = new Map<Edit, Owner>();
  for (const { entry, candidate, removal } of removable) {
    const region = reduced.toReduced(candidate.range);
    const key = nestingKey(entry.transform, entry.strategy, entry.id);
    for (const edit of removal.edits) {
      const code = source.text.slice(edit.start, edit.end);
      const [isAssertion, isFirst] = [ASSERTION.test(code), HOISTED.test(code)];
      const isBeside = entry.strategy === "insert" && region.start === region.end;
      owners.set(edit, { key, region, isAssertion, isFirst, isBeside });
    }
  }
  return { base, reduced, owners };
}

/** Moves a site's edits from the base text into the text as it is, past what stands there. */
export function placeInFull(
  source: Source,
  view: View,
  key: string,
  result: Instrumentation,
): Piece {
  const { base, reduced, owners } = view;
  const { region } = result;
  const at = (
    offset: number,
    attach: AttachedEdit["attach"],
    { isInnermost = false, isFirst = false, own = region } = {},
  ) =>
    reduced.toFull(offset, (edit) => {
      const owner = owners.get(edit);
      if (!owner) return attach === "right";
      if (owner.isFirst) return attach === "right";
      if (isFirst) return owner.region.end === offset;
      // What is asserted of a path stays with it, whatever begins or ends there as well.
      if (owner.isAssertion) return attach === "left" && !isInnermost;
      // A statement is never part of an expression, though both may end at one place.
      if (owner.isBeside && result.strategy === "expression") return attach === "right";
      return standsBefore(owner, { key, region: own }, attach, offset);
    });
  const inFull = ({ start, end }: Range) => ({ start: at(start, "right"), end: at(end, "left") });
  const around = addedIndentation(base, source, region.start, at(region.start, "right"));
  const isNew = (edit: AttachedEdit) => !edit.isShared || !isThere(source, view, edit);
  const edits = result.edits.filter(isNew).map((edit) => {
    const isInnermost = edit.extent !== undefined && edit.extent.start === edit.extent.end;
    // What is replaced may be less than the region, and lie in what the region does not.
    const own = edit.end > edit.start ? edit : region;
    const isFirst = edit.isFirst === true;
    const start = at(edit.start, edit.attach, { isInnermost, isFirst, own });
    // Deep inside, a site in between may have moved the line further.
    const isInside = region.start < edit.start && edit.start < region.end;
    const line = reduced.toFull(edit.start, () => false);
    const extra = isInside ? addedIndentation(base, source, edit.start, line) : around;
    return {
      start,
      end: edit.end > edit.start ? at(edit.end, "left", { own }) : start,
      ...(edit.isFirst ? { isFirst } : {}),
      ...(edit.isShared ? { isShared: true } : {}),
      ...(edit.extent ? { extent: inFull(edit.extent) } : {}),
      text: extra === "" ? edit.text : edit.text.replace(/\n(?=[^\r\n]|$)/g, `\n${extra}`),
      attach: edit.attach,
    };
  });
  const full = inFull(region);
  const { reindent } = result;
  return { key, region: full, edits, reindent: reindent ? { ...reindent, range: full } : null };
}

/** Whether an existing site has put the same there already, of what is needed only once. */
function isThere(
  source: Source,
  { reduced, owners }: View,
  { start, text }: AttachedEdit,
): boolean {
  const bare = (code: string) => code.replace(/\s+/g, "");
  return [...owners.keys()].some((edit) => {
    const removed = source.text.slice(edit.start, edit.end);
    return reduced.toReduced(edit).start === start && bare(removed) === bare(text);
  });
}

/** Whether a piece of an existing site lies before a new site's edit at the same place. */
function standsBefore(
  owner: Owner,
  site: { key: string; region: Range },
  attach: AttachedEdit["attach"],
  offset: number,
): boolean {
  const same = owner.region.start === site.region.start && owner.region.end === site.region.end;
  const isOutside = same ? owner.key < site.key : encloses(owner.region, site.region);
  if (attach === "right") return owner.region.end === offset || isOutside;
  return owner.region.end === offset && !isOutside;
}

/** The indentation that existing instrumentation has put before a line. */
function addedIndentation(base: Source, full: Source, inBase: number, inFull: number): string {
  if (base === full) return "";
  const [before, now] = [indentationAt(base.text, inBase), indentationAt(full.text, inFull)];
  return now.endsWith(before) ? now.slice(0, now.length - before.length) : "";
}
