import { createColors } from "picocolors";
import type { ScanOutcome } from "../commands/scan.js";
import { counted } from "../text/count.js";
import { findingLine } from "./terminal.js";

/** What a scan has found, for people: what is worth most first. */
export function scanToTerminal(
  { suggestions, sites, findings, written, ms }: ScanOutcome,
  { color, quiet }: { readonly color: boolean; readonly quiet: boolean },
): string {
  const colors = createColors(color);
  const rows = suggestions.map(({ rule, worth, why, places }) => {
    const [first] = places;
    const more = places.length > 1 ? ` and ${places.length - 1} more` : "";
    const stars = "*".repeat(worth).padEnd(3);
    return `${colors.yellow(stars)} ${colors.bold(rule.id)} ${colors.dim(rule.use)}\n    ${why}\n    ${first?.file}:${first?.line}${more}`;
  });
  const summary =
    suggestions.length === 0
      ? "nothing to do: no place deserves a rule"
      : `${counted(suggestions.length, "rule")} for ${counted(sites.length, "site")}`;
  const next = written
    ? `${written} says them: look with \`retrospan preview\``
    : "make a config of them with --write";
  const parts = [
    ...(quiet ? [] : rows),
    ...findings.map((finding) => findingLine(finding, colors)),
    `${colors.bold(summary)}${suggestions.length > 0 ? ` · ${next}` : ""} ${colors.dim(`· ${ms} ms`)}`,
  ];
  return `${parts.join("\n")}\n`;
}

/** The document that `--json` prints. */
export function scanToDocument({ suggestions, sites, findings, sdk, ms, written }: ScanOutcome) {
  return {
    version: 1,
    command: "scan",
    sdk,
    sites,
    files: [],
    findings,
    typecheck: null,
    proposals: suggestions,
    written,
    summary: { files: 0, planned: sites.length, present: 0, skipped: 0 },
    ms,
  };
}
