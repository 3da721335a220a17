import { encloses, type Range } from "../text/edit.js";
import type { Source } from "../syntax/source.js";
import { nodeAt } from "../syntax/walk.js";

/** A site that may go on with the trace of a message. */
export interface Continuing {
  readonly region: Range;
  /** The message, as the code calls it. */
  readonly message: string | undefined;
}

/** Whether a site goes on with the trace of a message inside one that has done so. */
export function isContinuedTwice(source: Source, inner: Continuing, outer: Continuing): boolean {
  const { message } = inner;
  if (message === undefined || outer.message !== message) return false;
  if (!encloses(outer.region, inner.region)) return false;
  const root = /^[\p{ID_Continue}$]+/u.exec(message)?.[0] ?? "";
  const declarationAt = ({ region }: Continuing) =>
    source.scope.resolve(root, nodeAt(source.file, region.start))?.[0];
  return declarationAt(inner) === declarationAt(outer);
}
