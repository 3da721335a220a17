import type { Suggestion } from "./propose.js";

/**
 * A config that says the suggestions as rules, each with what it is for.
 * @param isInstalled whether the types of the config can be had from the tool's package
 */
export function configText(suggestions: readonly Suggestion[], isInstalled: boolean): string {
  const ordered = [...suggestions].sort(
    (a, b) => (a.rule.phase ?? 0) - (b.rule.phase ?? 0) || (a.rule.id < b.rule.id ? -1 : 1),
  );
  return [
    ...(isInstalled ? ['import { defineConfig } from "retrospan";', ""] : []),
    "// Made by `retrospan scan --write`: look at each rule with `retrospan preview --rule ID`.",
    isInstalled ? "export default defineConfig({" : "export default {",
    "  rules: [",
    ...ordered.flatMap(ruleLines),
    "  ],",
    isInstalled ? "});" : "};",
    "",
  ].join("\n");
}

function ruleLines({ rule, why, places }: Suggestion): string[] {
  const [first] = places;
  const also = places.length > 1 ? ` and ${places.length - 1} more` : "";
  const { id, use, phase, in: globs, ...others } = rule;
  const [glob, ...more] = [globs ?? []].flat();
  const ordered = { id, use, phase, in: more.length > 0 ? globs : glob, ...others };
  const code = valueText(ordered, "    ");
  return [
    `    // ${why.replace(/\s+/g, " ")} (${first?.file}:${first?.line}${also})`,
    `    ${code},`,
  ];
}

/** A value as code: short objects on one line, as a formatter would have them. */
function valueText(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    return `[${value.map((each) => valueText(each, indent)).join(", ")}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([key, each]) => `${nameText(key)}: ${valueText(each, `${indent}  `)}`,
  );
  const short = `{ ${entries.join(", ")} }`;
  if (indent.length > 4 && indent.length + short.length < 90 && !short.includes("\n")) return short;
  return `{\n${entries.map((entry) => `${indent}  ${entry},\n`).join("")}${indent}}`;
}

function nameText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}
