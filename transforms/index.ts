import type { AnyTransform } from "../src/transform.js";
import { wrapSpan } from "./wrap-span.js";

/** Every transform there is, by the name that a rule's `use` gives. */
export const TRANSFORMS: ReadonlyMap<string, AnyTransform> = new Map(
  [wrapSpan].map((transform) => [transform.name, transform]),
);
