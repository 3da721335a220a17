import { shareOf, sumOfCoverages, type Coverage } from "./figures.js";
import type { ConfigFigures, PackageFigures } from "./measure.js";
import type { ConfigName } from "./rules.js";

/** The report for people: a table for each config, the reasons to skip, and the broken laws. */
export function toTerminal(all: readonly PackageFigures[]): string {
  const parts = [
    configTable(all, "functions", "functions and methods", ({ bodies }) => bodies),
    configTable(all, "calls", "calls, on top of functions and methods", ({ calls }) => calls),
    ...all.map(examples),
    laws(all),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

type Row = readonly string[];

const HEAD = [
  "package",
  "files",
  "matched",
  "wrapped",
  "share",
  "generators",
  "vetoed",
  "awaited",
  "wrapped",
  "seconds",
  "diagnostics",
];

function configTable(
  all: readonly PackageFigures[],
  config: ConfigName,
  title: string,
  pick: (figures: ConfigFigures) => Coverage,
): string {
  const measured = all.flatMap((each) => {
    const figures = each.configs[config];
    return figures ? [{ each, figures }] : [];
  });
  if (measured.length === 0) return "";
  const sum = (count: (one: (typeof measured)[number]) => number) =>
    measured.reduce((result, one) => result + count(one), 0);
  const together = sumOfCoverages(measured.map(({ figures }) => pick(figures)));
  const rows = measured.map(({ each, figures }) =>
    rowOf(`${each.package} ${each.version}`, each.files, pick(figures), {
      awaited: figures.awaited,
      seconds: figures.seconds,
      diagnostics: [each.diagnosticsBefore, figures.diagnosticsAfter],
    }),
  );
  const last = rowOf(
    "all",
    sum(({ each }) => each.files),
    together,
    {
      awaited: {
        matched: sum(({ figures }) => figures.awaited.matched),
        wrapped: sum(({ figures }) => figures.awaited.wrapped),
      },
      seconds: sum(({ figures }) => figures.seconds),
      diagnostics: [
        sum(({ each }) => each.diagnosticsBefore),
        sum(({ figures }) => figures.diagnosticsAfter),
      ],
    },
  );
  const skips = measured.map(({ each, figures }) => skipLine(each.package, pick(figures)));
  return [title, ...align([HEAD, ...rows, last]), "", ...skips, skipLine("all", together)].join(
    "\n",
  );
}

interface Others {
  readonly awaited: { readonly matched: number; readonly wrapped: number };
  readonly seconds: number;
  readonly diagnostics: readonly [before: number, after: number];
}

function rowOf(name: string, files: number, coverage: Coverage, others: Others): Row {
  const { awaited, seconds, diagnostics } = others;
  const share = shareOf(coverage);
  return [
    name,
    String(files),
    String(coverage.matched),
    String(coverage.wrapped),
    share === null ? "-" : `${(share * 100).toFixed(1)}%`,
    String(coverage.generators),
    String(coverage.vetoed),
    String(awaited.matched),
    String(awaited.wrapped),
    seconds.toFixed(1),
    diagnostics.join(" > "),
  ];
}

/** Columns side by side: names to the left, numbers to the right. */
function align(rows: readonly Row[]): string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  "),
  );
}

function skipLine(name: string, { strategies, skips }: Coverage): string {
  return `${name}: wrapped ${counts(strategies)}; skipped ${counts(skips)}`;
}

function counts(numbers: Readonly<Record<string, number>>): string {
  const parts = Object.entries(numbers).map(([word, number]) => `${word} ${number}`);
  return parts.length > 0 ? parts.join(", ") : "none";
}

function examples(each: PackageFigures): string {
  const figures = each.configs.calls ?? each.configs.functions;
  if (!figures?.unclear) return "";
  const lines = figures.skips.flatMap(({ rule, code, count, examples }) => [
    `  ${rule} ${code} ${count}`,
    ...examples.map((example) => `    ${example.place}  ${example.code}`),
  ]);
  return [
    `${each.package}: functions that may return a thenable return ${counts(figures.unclear)}`,
    ...lines,
  ].join("\n");
}

function laws(all: readonly PackageFigures[]): string {
  const broken = all.flatMap((each) =>
    each.violations.map(
      ({ config, law, detail }) => `broken  ${each.package} (${config}): ${law}: ${detail}`,
    ),
  );
  return broken.length > 0 ? broken.join("\n") : "every law holds";
}
