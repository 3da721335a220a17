import { ts, type TS } from "../syntax/compiler.js";

/** What a list holds: the element of `T[]`, `readonly T[]` or `Array<T>`. */
export function elementOf(type: TS.TypeNode): TS.TypeNode | undefined {
  if (ts.isTypeOperatorNode(type)) return elementOf(type.type);
  if (ts.isArrayTypeNode(type)) return type.elementType;
  const isArray =
    ts.isTypeReferenceNode(type) && /^(Readonly)?Array$/.test(type.typeName.getText());
  return isArray ? type.typeArguments?.[0] : undefined;
}
