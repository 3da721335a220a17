import { ts, type TS } from "./compiler.js";
import { isSchema } from "./schemas.js";
import type { Source } from "./source.js";
import { propertyName } from "./names.js";
import { walk } from "./walk.js";

/** The places that read or give a field; those that only declare it are none. */
export function usesOfField(source: Source, field: string): readonly TS.Node[] {
  if (!source.text.includes(field)) return [];
  const found: TS.Node[] = [];
  walk(source.file, (node) => {
    if (nameUsedBy(source, node) === field) found.push(node);
  });
  return found;
}

function nameUsedBy(source: Source, node: TS.Node): string | null {
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isElementAccessExpression(node)) return textOfLiteral(node.argumentExpression);
  if (ts.isIndexedAccessTypeNode(node) && ts.isLiteralTypeNode(node.indexType)) {
    return textOfLiteral(node.indexType.literal);
  }
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const name = node.propertyName ?? node.name;
    return ts.isPropertyName(name) ? propertyName(name) : null;
  }
  if (ts.isShorthandPropertyAssignment(node)) return node.name.text;
  if (!ts.isPropertyAssignment(node) || isSchema(source, node.initializer)) return null;
  return propertyName(node.name);
}

function textOfLiteral(node: TS.Node): string | null {
  return ts.isStringLiteralLike(node) ? node.text : null;
}
