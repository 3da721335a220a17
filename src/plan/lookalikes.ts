import type { Source } from "../syntax/source.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { Candidate } from "../transform.js";
import { createFileContext } from "./context.js";
import type { LedgerSite } from "./ledger.js";
import { placeOf } from "./matching.js";
import { candidatesFor, type Recognised } from "./recognise.js";
import type { Tree } from "./tree.js";

/**
 * Answers which code of a file could be taken for a new entry's, though it is the user's: it is there
 * before the entry's own is.
 * @param own the entries that the file has already
 */
export function lookalikesIn(
  tree: Tree,
  source: Source,
  own: readonly Recognised[],
): (entry: LedgerSite) => readonly Candidate[] {
  const file = createFileContext(tree, source);
  // Any of its places may be what an entry means that has none.
  const taken = new Set(
    own
      .flatMap(({ entry, candidate }) => (candidate ? [candidate] : candidatesFor(file, entry)))
      .map(placeOf),
  );
  return (entry) => {
    const landmark = TRANSFORMS.get(entry.transform)?.landmark(entry.shape) ?? "";
    if (!source.text.includes(landmark)) return [];
    return candidatesFor(file, entry).filter(
      (each) => !taken.has(placeOf(each)) && (each.exact || each.similar),
    );
  };
}
