import { createColors } from "picocolors";
import type { FileChange, Finding, SiteReport } from "../plan/model.js";
import type { Outcome } from "../commands/outcome.js";
import { counted } from "../text/count.js";
import { summarise } from "./json.js";
import { unifiedDiff } from "../text/diff.js";
import { groupedBy } from "../text/grouped.js";

/** How the terminal report is printed. */
export interface TerminalOptions {
  readonly color: boolean;
  /** Only what went wrong. */
  readonly quiet: boolean;
  /** Whether the command ends with a code that says so. */
  readonly isBad: boolean;
}

type Colors = ReturnType<typeof createColors>;

/** A piece of the report; warnings are no part of the result, and go to stderr. */
export interface ReportPart {
  readonly text: string;
  readonly isWarning: boolean;
}

/** The report for people: the diff, what was left alone and why, findings, a summary. */
export function toTerminal(
  outcome: Outcome,
  { color, quiet, isBad }: TerminalOptions,
): ReportPart[] {
  const colors = createColors(color);
  const warnings = outcome.findings.filter(({ level }) => level === "warning");
  const parts = quiet
    ? [
        leftAlone(
          outcome.sites.filter(({ state }) => state !== "skipped"),
          colors,
        ),
        warnings,
        problems(outcome, ["error"], colors),
        isBad ? summaryLine(outcome, colors) : "",
      ]
    : [
        showsDiff(outcome) ? diffOf(outcome.changes, color) : "",
        siteTable(tabled(outcome), colors),
        leftAlone(outcome.sites, colors),
        inactive(outcome.sites, colors),
        warnings,
        problems(outcome, ["info", "error"], colors),
        summaryLine(outcome, colors),
      ];
  return parts
    .map((part): ReportPart => {
      if (typeof part === "string") return { text: part, isWarning: false };
      return { text: linesOf(part, colors), isWarning: true };
    })
    .filter(({ text }) => text !== "")
    .map(({ text, isWarning }) => ({ text: `${text}\n`, isWarning }));
}

function linesOf(findings: readonly Finding[], colors: Colors): string {
  return findings.map((finding) => findingLine(finding, colors)).join("\n");
}

function showsDiff({ command }: Outcome): boolean {
  return command === "preview" || command === "apply";
}

/** So many lines of a module of ours are shown: the code that calls it is what has to be looked at. */
const SHOWN = 12;

function diffOf(changes: readonly FileChange[], color: boolean): string {
  const { dim } = createColors(color);
  return changes
    .map((change) => {
      const lines = paintDiff(unifiedDiff(change.path, change.before, change.after), color).split(
        "\n",
      );
      const rest = change.before === null ? lines.length - SHOWN : 0;
      if (rest < SHOWN) return lines.join("\n");
      const more = dim(`… ${rest} more lines; --patch FILE and --html FILE have all of it`);
      return [...lines.slice(0, SHOWN), more].join("\n");
    })
    .join("\n");
}

/** A diff with its lines in colours. */
export function paintDiff(patch: string, color: boolean): string {
  const colors = createColors(color);
  return patch
    .split("\n")
    .map((line) => {
      if (/^(diff|---|\+\+\+|new file|deleted file)/.test(line)) return colors.bold(line);
      if (line.startsWith("@@")) return colors.cyan(line);
      if (line.startsWith("+")) return colors.green(line);
      return line.startsWith("-") ? colors.red(line) : line;
    })
    .join("\n")
    .trimEnd();
}

function leftAlone(sites: readonly SiteReport[], colors: Colors): string {
  const left = sites.filter(
    ({ state }) => state === "skipped" || state === "left" || state === "missing",
  );
  const lines = left.map(
    ({ id, file, line, state, reason }) =>
      `${colors.yellow(state)} ${placeOf(file, line)} ${colors.dim(id)}\n  ${reason?.code ?? ""}: ${reason?.message ?? ""}`,
  );
  return lines.join("\n");
}

/** Spans that are not active while their code runs, which the diff does not say. */
function inactive(sites: readonly SiteReport[], colors: Colors): string {
  return sites
    .filter(({ state, strategy }) => state === "planned" && strategy === "inactive")
    .map(
      ({ id, file, line }) =>
        `${colors.cyan("inactive")} ${file}:${line} ${colors.dim(id)}\n  spans started inside will not be its children`,
    )
    .join("\n");
}

/** Sites that nothing else tells of; a diff does not say their ids. */
function tabled({ command, sites }: Outcome): readonly SiteReport[] {
  if (command === "status") return sites;
  return sites.filter(({ state }) => state === "planned" || state === "applied");
}

/** Sites by phase and rule, one line each. */
function siteTable(sites: readonly SiteReport[], colors: Colors): string {
  const groups = groupedBy(
    sites,
    ({ phase, rule }) => `${phase === null ? "" : `phase ${phase} · `}${rule}`,
  );
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, group]) => [
      colors.bold(key),
      ...group.map(
        ({ id, state, file, line }) =>
          `  ${mark(state, colors)} ${state.padEnd(8)} ${placeOf(file, line)} ${colors.dim(id)}`,
      ),
    ])
    .join("\n");
}

function mark(state: SiteReport["state"], colors: Colors): string {
  if (state === "applied" || state === "present") return colors.green("✓");
  return state === "planned" ? colors.cyan("+") : colors.yellow("!");
}

function problems(
  { findings, typecheck }: Outcome,
  levels: readonly Finding["level"][],
  colors: Colors,
): string {
  const lines = findings
    .filter(({ level }) => levels.includes(level))
    .map((finding) => findingLine(finding, colors));
  for (const { file, line, code, message } of typecheck?.new ?? []) {
    lines.push(
      `${colors.red("error")} ${file ?? ""}:${line ?? 0} new diagnostic TS${code}: ${message}`,
    );
  }
  return lines.join("\n");
}

/** What is about a whole file has no line. */
function placeOf(file: string, line: number | null): string {
  return line ? `${file}:${line}` : file;
}

/** A finding in a line. */
export function findingLine({ level, file, line, code, message }: Finding, colors: Colors): string {
  const paint = level === "error" ? colors.red : level === "warning" ? colors.yellow : colors.dim;
  const place = file ? ` ${placeOf(file, line)}` : "";
  return `${paint(level)}${place} ${colors.dim(code)} ${message}`;
}

function summaryLine(outcome: Outcome, colors: Colors): string {
  const { files, ...counts } = summarise(outcome);
  const shown = Object.entries(counts)
    .filter(([, number]) => number > 0)
    .map(([state, number]) => `${number} ${state}`);
  // Where nothing changes, no program is checked.
  const types = outcome.typecheck?.programs
    ? ` · types: ${counted(outcome.typecheck.programs, "program")}, ${counted(outcome.typecheck.before, "diagnostic")} before, ${outcome.typecheck.after} after`
    : "";
  if (shown.length === 0) return `${nothing(outcome)}${types}`;
  const verb = outcome.command === "status" ? "" : outcome.isWritten ? "changed" : "would change";
  const change = verb ? `${files} ${files === 1 ? "file" : "files"} ${verb} · ` : "";
  return colors.bold(`${change}${shown.join(", ")}`) + colors.dim(`${types} · ${outcome.ms} ms`);
}

function nothing({ command, isAnyRead, isDeclined }: Outcome): string {
  if (command === "status") return "nothing is instrumented";
  if (command === "revert") return "nothing to revert";
  if (isDeclined) return "nothing was wanted of what was planned";
  return isAnyRead ? "nothing matches" : "no file matches; nothing was parsed";
}
