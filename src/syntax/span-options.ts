import * as schema from "valibot";
import type { Entries } from "../text/code.js";
import { ts, type TS } from "./compiler.js";
import { fingerprint } from "./fingerprint.js";
import type { Match } from "./join-point.js";
import { enclosingFunctionNames, purposeAround } from "./names.js";
import { param } from "./params.js";
import { isReadable, readingSafely } from "./readable.js";
import { reason, type Reason } from "./reason.js";
import type { Region } from "./region.js";
import { textOf, type Source } from "./source.js";
import { renderTemplate, type Fills, type Rendered } from "./template.js";

/** A span as a rule describes it; all its values are templates. */
export interface SpanParams {
  readonly name: string;
  readonly op?: string | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

const TEMPLATE = schema.pipe(
  schema.string(),
  schema.minLength(1),
  schema.regex(/\S/, "a text that is not blank"),
);

/** The parameter `span` of a rule. */
export const spanSchema = schema.strictObject({
  name: param("its name, a template", TEMPLATE),
  op: param("its operation, a template", schema.optional(TEMPLATE)),
  attributes: param(
    "its attributes, whose values are templates",
    schema.optional(
      schema.record(
        // Of a list the keys are numbers.
        schema.pipe(schema.string(), schema.regex(/\D/, "a name")),
        schema.string(),
      ),
    ),
  ),
});

/** The templates of a span with their paths in the rule. */
export function spanTemplates(
  span: SpanParams,
): readonly (readonly [path: string, template: string])[] {
  return [
    ["span.name", span.name],
    ...(span.op === undefined ? [] : [["span.op", span.op] as const]),
    ...Object.entries(span.attributes ?? {}).map(
      ([key, template]) => [`span.attributes[${JSON.stringify(key)}]`, template] as const,
    ),
  ];
}

/** The options of a span as code. */
export interface SpanOptions {
  readonly name: Rendered;
  readonly op: Rendered | null;
  readonly entries: Entries;
}

/**
 * Writes the options of the span that a region gets, or says which name they cannot read there.
 */
export function renderSpan(
  source: Source,
  region: Region,
  match: Match,
  span: SpanParams,
): SpanOptions | Reason {
  const fills = fillsFor(source, match);
  const render = (template: string) =>
    renderTemplate(readingSafely(source, match, template), fills, source.style);
  const name = render(span.name);
  const op = span.op === undefined ? null : render(span.op);
  const attributes = Object.entries(span.attributes ?? {}).map(
    ([key, template]) => [key, render(template)] as const,
  );
  const scopeNode = scopeOf(region);
  const used = [name, ...(op ? [op] : []), ...attributes.map(([, value]) => value)];
  for (const read of used.flatMap((rendered) => rendered.names)) {
    if (!isReadable(source, read, scopeNode, region)) return reason("not-in-scope", read);
  }
  const pairs = attributes.map(([key, value]) => [key, value.code] as const);
  const entries: Entries = [
    ["name", name.code],
    ...(op ? [["op", op.code] as const] : []),
    ...(pairs.length > 0 ? [["attributes", pairs] as const] : []),
  ];
  return { name, op, entries };
}

/** What the placeholders of a rule's templates stand for at a match. */
export function fillsFor(source: Source, match: Match): Fills {
  const text = (value: string) => ({ text: value, code: JSON.stringify(value) });
  const captured = Object.entries(match.captures).map(([name, node]) => {
    const code = textOf(source, node);
    return [name, { text: ts.isStringLiteralLike(node) ? node.text : code, code }] as const;
  });
  return {
    file: text(source.path),
    function: text(match.kind === "function" ? match.name : functionAround(match.node)),
    case: text(match.kind === "clause" ? match.value : ""),
    callee: text(match.kind === "call" ? textOf(source, match.node.expression) : ""),
    ...Object.fromEntries(captured),
  };
}

/** What a place is told by: the function around it, or what the callback around it is for. */
function functionAround(node: TS.Node): string {
  return enclosingFunctionNames(node)[0] ?? purposeAround(node) ?? "module";
}

/** The node whose scope the options are evaluated in: where the call stands. */
function scopeOf(region: Region): TS.Node {
  if (region.kind === "expression") return region.node;
  if (region.kind === "statements") return region.statements[0] ?? region.list.parent;
  const { body } = region.node;
  return ts.isBlock(body) ? (region.node.parameters[0] ?? body) : body;
}

/** The fingerprint of a member of a span's options; null if they have none of that name. */
export function optionCode(options: TS.ObjectLiteralExpression, key: string): string | null {
  for (const property of options.properties) {
    if (property.name?.getText() !== key) continue;
    return ts.isPropertyAssignment(property) ? fingerprint(property.initializer) : key;
  }
  return null;
}
