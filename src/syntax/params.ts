import * as v from "valibot";
import { REGION_KINDS } from "./region.js";

/** A parameter of a rule with what it means: the reference and the completion of editors show it. */
export function param<const S extends v.GenericSchema>(meaning: string, schema: S) {
  return v.pipe(schema, v.description(meaning));
}

// What several transforms take

/** An expression, and no text that may hold some. */
export const codeSchema = v.pipe(v.string(), v.regex(/^\$\{[^]+\}$/, "code such as ${...}"));

export const dirParam = param(
  "the folder of the modules that it calls, which are made; by default `src/lib` or `lib` of the package",
  v.optional(v.string()),
);

export const regionParam = param(
  "how much of the code around the match; `auto` takes the least that is safe, `rest` all that follows in its block",
  v.optional(v.picklist(REGION_KINDS), "auto"),
);

export const markFailureParam = param(
  "a catch that swallows an error marks the span as failed",
  v.optional(v.boolean(), true),
);

export const captureErrorsParam = param(
  "such a catch also captures the error, unless it does already or takes the error apart; a `catch {` gets a name for it",
  v.optional(v.boolean(), false),
);
