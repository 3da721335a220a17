import type { RuleConfig } from "../../src/plan/define-config.js";
import { indented, typed, type Writer } from "./writer.js";

/**
 * A function that nobody calls, in which a span of a rule was written by hand around one of two
 * calls that are alike. Were the other one wrapped as well, nobody could tell which of them is ours:
 * it has to be refused.
 * @returns no lines where none of the rules is about such a call
 */
export function twinLines(writer: Writer, rules: readonly RuleConfig[]): string[] {
  const call = rules.flatMap(callOf)[0];
  if (writer.facts.sdk === null || !call) return [];
  const { end } = writer;
  const any = typed(writer, "any");
  return [
    "",
    `async function twice(t${any}, n${any}) {`,
    ...indented([
      `await Sentry.startSpan(${call.options}, () => ${call.callee}(t, n))${end}`,
      `await ${call.callee}(t, n)${end}`,
    ]),
    "}",
  ];
}

interface Span {
  readonly name: string;
  readonly op?: string;
  readonly attributes?: object;
}

/** The call that a rule of plain spans is about, and what its spans say. */
function callOf(rule: RuleConfig): { readonly callee: string; readonly options: string }[] {
  if (rule.use !== "wrap-span" || rule.region !== undefined || rule.at?.within) return [];
  const callee = /^(f\d+)\(/.exec(rule.at?.call ?? "")?.[1];
  const { name, op, attributes } = rule.span as Span;
  if (callee === undefined || attributes || /[{$]/.test(name)) return [];
  const entries = [`name: "${name}"`, ...(op === undefined ? [] : [`op: "${op}"`])];
  return [{ callee, options: `{ ${entries.join(", ")} }` }];
}
