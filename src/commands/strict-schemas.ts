import type { Finding, Plan } from "../plan/model.js";
import { strictSchemaFindings, type PlacedSchema } from "../plan/strict-schemas.js";
import type { LoadedConfig } from "../project/config-file.js";
import { fileFilter, findCandidates } from "../project/files.js";
import type { Root } from "../project/root.js";
import { readText } from "../project/tree.js";
import { isParseFailure, parseSource } from "../syntax/source.js";
import { STRICT_NEEDLES, strictSchemasIn } from "../syntax/strict-schemas.js";
import { position } from "../text/lines.js";

/** What would refuse the messages that a plan gives a context. */
export function strictSchemas(root: Root, config: LoadedConfig, { files }: Plan): Finding[] {
  const ends = files.flatMap(({ hops }) => hops);
  if (!ends.some(({ part, fields }) => part === "sender" && fields.length > 0)) return [];
  const paths = findCandidates(root, fileFilter(root, config), STRICT_NEEDLES);
  // A schema may be given the field by the same plan.
  const planned = new Map(files.map(({ path, after }) => [path, after]));
  const schemas = paths.flatMap((path) => {
    const text = readText(root, path) ?? "";
    const before = schemasOf(path, text);
    const after = schemasOf(path, planned.get(path) ?? text);
    // It adds fields and no schemas: each keeps its line in the file as it is.
    return after.map((schema, index) => ({ ...schema, line: before[index]?.line ?? schema.line }));
  });
  return strictSchemaFindings(ends, schemas);
}

function schemasOf(path: string, text: string): PlacedSchema[] {
  const source = parseSource(path, text);
  if (isParseFailure(source)) return [];
  return strictSchemasIn(source).map(({ node, ...schema }) => {
    const { line } = position(text, node.getStart(source.file));
    return { ...schema, file: path, line };
  });
}
