import type { Outcome } from "../commands/outcome.js";
import type { Finding, SiteReport } from "../plan/model.js";
import { FINDINGS } from "../syntax/finding.js";
import { REASONS } from "../syntax/reason.js";

const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

/** The base that all paths are relative to; whoever shows the results knows where it lies. */
const ROOT = "ROOT";

type Level = "note" | "warning" | "error";

interface Result {
  readonly ruleId: string;
  readonly level: Level;
  readonly message: { readonly text: string };
  readonly locations: readonly object[];
  readonly partialFingerprints?: Readonly<Record<string, string>>;
}

/**
 * A run in SARIF 2.1.0, as code scanning shows it: sites as notes, what was left alone with its
 * reason, findings, and diagnostics that would be new.
 */
export function toSarif(outcome: Outcome, version: string): object {
  const results = [
    ...outcome.sites.map(siteResult),
    ...outcome.findings.map(findingResult),
    ...newDiagnostics(outcome),
  ];
  return {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "retrospan", version, rules: rulesOf(results) } },
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: { [ROOT]: { description: { text: "The top of the repository." } } },
        results,
      },
    ],
  };
}

function rulesOf(results: readonly Result[]): object[] {
  const ids = [...new Set(results.map(({ ruleId }) => ruleId))].sort();
  const texts: Readonly<Record<string, string>> = { ...FINDINGS, ...REASONS };
  return ids.map((id) => ({ id, shortDescription: { text: texts[id] ?? id.replace(/-/g, " ") } }));
}

function siteResult(site: SiteReport): Result {
  const { id, transform, file, line, column, endLine, state, reason } = site;
  const region = { startLine: line, startColumn: column, endLine };
  return {
    ruleId: reason?.code ?? transform,
    level: state === "left" || state === "drifted" || state === "missing" ? "warning" : "note",
    message: { text: reason ? `${state}: ${reason.message}` : `${state} by rule ${site.rule}` },
    locations: [locationOf(file, line > 0 ? region : null)],
    partialFingerprints: { "retrospan/site": id },
  };
}

function findingResult({ code, level, message, file, line }: Finding): Result {
  return {
    ruleId: code,
    level: level === "info" ? "note" : level,
    message: { text: message },
    locations: file === null ? [] : [locationOf(file, line ? { startLine: line } : null)],
  };
}

function newDiagnostics({ typecheck }: Outcome): Result[] {
  return (typecheck?.new ?? []).map(({ file, line, code, message }) => ({
    ruleId: "new-diagnostic",
    level: "error",
    message: { text: `TS${code}: ${message}` },
    locations: file === null ? [] : [locationOf(file, line ? { startLine: line } : null)],
  }));
}

function locationOf(path: string, region: object | null): object {
  const uri = path.split("/").map(encodeURIComponent).join("/");
  const artifactLocation = { uri, uriBaseId: ROOT };
  return { physicalLocation: { artifactLocation, ...(region ? { region } : {}) } };
}
