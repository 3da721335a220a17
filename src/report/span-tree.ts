import { htmlEscape } from "escape-goat";
import type { SiteReport } from "../plan/model.js";

interface Node {
  readonly site: SiteReport;
  readonly children: Node[];
}

const ROW = 24;
const STEP = 22;
const LETTER = 8;

/**
 * The spans that a plan would open, as a picture: one lies below another whose code it stands in.
 * What calls what is not known here; a run may nest them deeper.
 */
export function spanTree(sites: readonly SiteReport[]): string | null {
  const spans = sites.filter(({ span, state }) => span !== null && state !== "skipped");
  if (spans.length === 0) return null;
  const rows = [...rowsOf(treeOf(spans), 0)];
  const width = Math.max(
    ...rows.map(({ label, depth }) => (depth + 1) * STEP + label.length * LETTER),
  );
  const parts = rows.map(({ label, depth, parent }, row) => {
    const [x, y] = [depth * STEP + 10, row * ROW + 14];
    const line =
      parent === null ? "" : `<path d="M${x - STEP} ${parent * ROW + 18}V${y}H${x - 4}"/>`;
    return `${line}<circle cx="${x}" cy="${y}" r="4"/>${htmlEscape`<text x="${x + 12}" y="${y + 4}">${label}</text>`}`;
  });
  const text = htmlEscape(`The spans of the plan: ${rows.map(({ label }) => label).join("; ")}`);
  return `<svg role="img" aria-label="${text}" width="${width}" height="${rows.length * ROW}">${parts.join("")}</svg>`;
}

/** By their places: sites come in the order of their files, outside in. */
function treeOf(spans: readonly SiteReport[]): Node[] {
  const roots: Node[] = [];
  const open: Node[] = [];
  const ordered = [...spans].sort(
    (a, b) => compare(a.file, b.file) || a.line - b.line || b.endLine - a.endLine,
  );
  for (const site of ordered) {
    while (open.length > 0 && !holds(open.at(-1)?.site, site)) open.pop();
    const node = { site, children: [] };
    (open.at(-1)?.children ?? roots).push(node);
    open.push(node);
  }
  return roots;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function holds(outer: SiteReport | undefined, inner: SiteReport): boolean {
  return outer?.file === inner.file && outer.line <= inner.line && inner.endLine <= outer.endLine;
}

interface Row {
  readonly label: string;
  readonly depth: number;
  /** The row of the span above it. */
  readonly parent: number | null;
}

function rowsOf(tops: readonly Node[], depth: number): Row[] {
  const rows: Row[] = [];
  const add = (node: Node, level: number, parent: number | null) => {
    const { span, file, line } = node.site;
    const label = `${span?.op ? `${span.op} ` : ""}${span?.name ?? ""}  ${file}:${line}`;
    const row = rows.push({ label, depth: level, parent }) - 1;
    for (const child of node.children) add(child, level + 1, row);
  };
  for (const top of tops) add(top, depth, null);
  return rows;
}
