import type { Range } from "../text/edit.js";
import { ts } from "../syntax/compiler.js";
import { perFile } from "../syntax/per-file.js";
import type { Source } from "../syntax/source.js";
import { nodeAt, walk } from "../syntax/walk.js";
import type { Strategy } from "../transform.js";

/** The code that a site puts in, and the region that its callback or block takes in. */
export interface Standing {
  readonly region: Range;
  readonly strategy: Strategy;
  readonly inserted: readonly Inserted[];
}

interface Inserted {
  readonly at: number;
  readonly text: string;
}

/** What is declared in an expression, nobody outside could read before either. */
const HIDING: ReadonlySet<Strategy> = new Set<Strategy>(["statement", "body", "inactive"]);

/**
 * A name that one site reads and whose declaration lies in the region of another, which makes it
 * unreadable. The user's own code is not concerned: no such region is taken in in the first place.
 */
export function hiddenName(
  source: Source,
  { inserted }: Standing,
  { region, strategy }: Standing,
): string | undefined {
  if (!HIDING.has(strategy)) return undefined;
  const isOutside = ({ at }: Inserted) => at <= region.start || region.end <= at;
  for (const { at, text } of inserted.filter(isOutside)) {
    const found = namesIn(text).find((name) => isDeclaredIn(source, name, at, region));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Names that code may read; what stands in quotes, behind a dot or before a colon is none. */
function namesIn(code: string): string[] {
  const bare = code.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, "");
  return bare.match(/(?<![.\p{ID_Continue}$])[\p{ID_Start}_$][\p{ID_Continue}$]*(?!\s*:)/gu) ?? [];
}

function isDeclaredIn(source: Source, name: string, at: number, region: Range): boolean {
  const isInside = (offset: number) => region.start <= offset && offset < region.end;
  if (!declarationsOf(source.file).get(name)?.some(isInside)) return false;
  const declarations = source.scope.resolve(name, nodeAt(source.file, at));
  return declarations?.some((each) => isInside(each.getStart(source.file))) ?? false;
}

/** Where a file declares its names. */
const declarationsOf = perFile((file): ReadonlyMap<string, readonly number[]> => {
  const places = new Map<string, number[]>();
  walk(file, (node) => {
    if (!ts.isIdentifier(node) || !("name" in node.parent) || node.parent.name !== node) return;
    places.set(node.text, [...(places.get(node.text) ?? []), node.getStart(file)]);
  });
  return places;
});
