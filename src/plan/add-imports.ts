import { importPlace, importStatement, type ImportNeed } from "../syntax/import-place.js";
import type { Source } from "../syntax/source.js";
import type { LedgerImport } from "./ledger.js";
import { findOwnImports, importRemovals } from "./own-imports.js";

/** The imports that a file's new sites need and that it has not got yet, in a stable order. */
export function missingImports(
  needs: readonly ImportNeed[],
  existing: readonly LedgerImport[],
  source: Source,
): ImportNeed[] {
  const present = findOwnImports(source, existing, []).flatMap(({ entry, local }) =>
    local === null ? [] : [keyOf({ ...entry, local })],
  );
  const wanted = new Map(needs.map((need) => [keyOf(need), need]));
  return [...wanted]
    .filter(([key]) => !present.includes(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, need]) => need);
}

function keyOf({ module, member, local }: ImportNeed): string {
  return `${member ?? "*"} ${local} ${module}`;
}

/** One edit that adds imports, and what the ledger keeps of them. */
export function addImports(
  source: Source,
  path: string,
  needs: readonly ImportNeed[],
  existing: readonly LedgerImport[],
  isModule: boolean,
) {
  const place = placeBeforeOwn(source, existing) ?? importPlace(source);
  const { eol } = source.style;
  const lines = needs.map((need, index) => {
    const [isFirst, isLast] = [index === 0, index === needs.length - 1];
    const ending = place.before === "" || !isLast ? eol : "";
    const text = `${isFirst ? place.before : ""}${importStatement(source, need, isModule)}${ending}${isLast ? place.after : ""}`;
    return {
      entry: { file: path, module: need.module, member: need.member, local: need.local, text },
      text,
    };
  });
  return {
    edit: { start: place.offset, end: place.offset, text: lines.map(({ text }) => text).join("") },
    entries: lines.map(({ entry }) => entry),
  };
}

/** Before an import that came with a blank line behind it, which must go with it. */
function placeBeforeOwn(source: Source, existing: readonly LedgerImport[]) {
  const own = findOwnImports(source, existing, [])
    .flatMap((each) => importRemovals(source, [each]))
    .find(({ start, end }) => /\n\r?\n$/.test(source.text.slice(start, end)));
  return own ? { offset: own.start, before: "", after: "" } : null;
}
