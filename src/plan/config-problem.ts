import type * as v from "valibot";
import { nearest } from "../text/nearest.js";
import { UserError } from "./user-error.js";

/** Says what is wrong with a config: where, what was found, what is accepted, the nearest name. */
export function explain(
  schema: v.GenericSchema,
  issue: v.BaseIssue<unknown> | undefined,
  place: string,
  path: string,
): UserError {
  const at = (issue?.path ?? []).map(({ key }) =>
    typeof key === "number" ? `[${key}]` : `.${String(key)}`,
  );
  const full = `${path}${at.join("")}`.replace(/^\./, "");
  const where = full ? `${place}: ${full}` : place;
  if (issue?.type === "strict_object" && issue.expected === "never") {
    const known = knownKeys(schema, issue.path ?? []);
    const key = String(issue.path?.at(-1)?.key);
    const guess = nearest(key, known);
    const mend = guess ? `did you mean "${guess}"?` : `known: ${known.join(", ")}`;
    return new UserError(where, "unknown key", mend);
  }
  if (issue?.received === "undefined") return missing(schema, issue, where);
  if (issue?.type === "min_length") return new UserError(where, "is empty", "add something to it");
  // What a regular expression is for, its message says.
  const isSaid = issue?.type === "regex" || issue?.type === "check";
  const expected = (isSaid ? null : issue?.expected) ?? issue?.message ?? "another value";
  const accepted = expected.replace(
    /^Invalid format: Expected (.*) but received .*$/,
    "what matches $1",
  );
  const named = isSaid ? [] : textsIn(expected);
  const guess = typeof issue?.input === "string" ? nearest(issue.input, named) : null;
  const hint = guess ? `did you mean "${guess}"? ` : "";
  return new UserError(
    where,
    `found ${issue?.received ?? "an invalid value"}`,
    `${hint}accepted: ${accepted}`,
  );
}

/** The texts that a list of what is expected names. */
function textsIn(expected: string): string[] {
  return [...expected.matchAll(/"([^"]*)"/g)].map(([, text = ""]) => text);
}

/** What is missing may be there by a name that is none. */
function missing(schema: v.GenericSchema, issue: v.BaseIssue<unknown>, where: string): UserError {
  const path = issue.path ?? [];
  const key = String(path.at(-1)?.key);
  const holder = path.at(-1)?.input;
  const known = new Set(knownKeys(schema, path));
  const given = typeof holder === "object" && holder !== null ? Object.keys(holder) : [];
  const guess = nearest(
    key,
    given.filter((each) => !known.has(each)),
  );
  if (guess !== null) {
    const place = where.replace(/[\w$-]*$/, guess);
    return new UserError(place, "unknown key", `did you mean "${key}"?`);
  }
  const isKey = issue.expected === JSON.stringify(key);
  const expected = isKey ? "a value" : (issue.expected ?? "a value");
  return new UserError(where, "is missing", `expected ${expected}`);
}

/** The keys that the object holding an unknown key may have. */
function knownKeys(schema: v.GenericSchema, path: readonly { key?: unknown }[]): string[] {
  let at: unknown = schema;
  for (const { key } of path.slice(0, -1)) {
    const entries = entriesOf(at);
    at = entries ? entries[String(key)] : undefined;
  }
  return Object.keys(entriesOf(at) ?? {});
}

function entriesOf(schema: unknown): Record<string, unknown> | null {
  let at = schema as { entries?: Record<string, unknown>; wrapped?: unknown } | undefined;
  while (at?.wrapped) at = at.wrapped;
  return at?.entries ?? null;
}
