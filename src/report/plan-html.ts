import { readFileSync } from "node:fs";
import { htmlEscape } from "escape-goat";
import type { Outcome } from "../commands/outcome.js";
import type { FileChange, Finding, SiteReport } from "../plan/model.js";
import { counted } from "../text/count.js";
import { diffHunks } from "../text/diff.js";
import { summarise } from "./json.js";
import { spanTree } from "./span-tree.js";
import { groupedBy } from "../text/grouped.js";

/**
 * A page of its own that shows a plan: what would change, why something would not, and the command
 * that applies what a reader leaves ticked. It loads nothing.
 * @param command the command that applies all of it
 */
export function planToHtml(outcome: Outcome, command: string): string {
  const title = `retrospan ${outcome.command}`;
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title}</title><style>${STYLE}</style></head><body>`,
    `<header><h1>${title}</h1>${summaryOf(outcome)}</header>`,
    "<main>",
    planSection(outcome.sites, outcome.changes),
    treeSection(outcome.sites),
    leftSection(outcome.sites),
    findingSection(outcome.findings),
    changesSection(outcome.changes),
    "</main>",
    footer(outcome.sites, command),
    `<script>${SCRIPT()}</script></body></html>\n`,
  ].join("\n");
}

const SCRIPT = () =>
  readFileSync(new URL("../report/page/plan-page.js", import.meta.url), "utf8").replace(
    /<\/script/g,
    "<\\/script",
  );

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; --add: light-dark(#dafbe1, #12361f); --del: light-dark(#ffebe9, #4a1a1c); --line: light-dark(#d0d7de, #3d444d); --dim: light-dark(#57606a, #9da7b3); --warn: light-dark(#9a3412, #ffb77c) }
html { background: Canvas; color: CanvasText } body { margin: 0 auto; max-width: 90rem; padding: 0 1rem 7rem }
h1 { font-size: 1.4rem } h2 { border-bottom: 1px solid var(--line); font-size: 1.1rem; margin-top: 2rem } h3 { font-size: 1rem; margin-bottom: .3rem }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; list-style: none; padding: 0 }
.facts b { font-size: 1.2rem }
ul.sites { list-style: none; padding: 0 } ul.sites li { padding: .15rem 0 } ul.sites li.off { opacity: .55 }
label { cursor: pointer } code, td { font-family: ui-monospace, monospace; font-size: .85rem }
.dim { color: var(--dim) } .warn { color: var(--warn) }
details { border: 1px solid var(--line); border-radius: 6px; margin: .8rem 0 } summary { cursor: pointer; overflow-wrap: anywhere; padding: .4rem .8rem }
.diff { overflow-x: auto } table { border-collapse: collapse; min-width: 100% } td { padding: 0 .5rem; white-space: pre; vertical-align: top }
td.number { color: var(--dim); text-align: right; user-select: none; width: 1% }
tr.add, td.add { background: var(--add) } tr.del, td.del { background: var(--del) } tr.hunk td, td.hunk { color: var(--dim); padding-top: .4rem }
.split td.code { width: 49%; white-space: pre-wrap; overflow-wrap: anywhere }
.without-space { display: none } .no-space .without-space { display: block } .no-space .with-space { display: none }
figure { margin: 0; overflow-x: auto } svg text { fill: currentColor; font: 13px ui-monospace, monospace } svg path { fill: none; stroke: var(--dim) } svg circle { fill: var(--dim) }
footer { background: Canvas; border-top: 1px solid var(--line); bottom: 0; box-sizing: border-box; left: 0; max-height: 45vh; overflow: auto; padding: .6rem 1rem; position: fixed; right: 0 }
footer code { display: block; overflow-wrap: anywhere; padding: .3rem 0; white-space: pre-wrap }
.tools { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem } button { font: inherit }
`;

function summaryOf(outcome: Outcome): string {
  const { files, ...counts } = summarise(outcome);
  const facts = [["files", files] as const, ...Object.entries(counts)].filter(
    ([name, count]) => count > 0 || name === "planned",
  );
  const items = facts.map(([name, count]) => htmlEscape`<li><b>${count}</b> ${name}</li>`);
  const { typecheck } = outcome;
  const types = typecheck
    ? htmlEscape`<li><b>${typecheck.new.length}</b> new ${typecheck.new.length === 1 ? "diagnostic" : "diagnostics"} in ${counted(typecheck.programs, "program")}</li>`
    : "<li>not type-checked</li>";
  return `<ul class="facts">${items.join("")}${types}</ul>`;
}

/** Sites by phase and rule, each of which can be ticked off. */
function planSection(sites: readonly SiteReport[], changes: readonly FileChange[]): string {
  const shown = sites.filter(({ state }) => state !== "skipped" && state !== "left");
  if (shown.length === 0) return "<section><h2>Plan</h2><p>Nothing to do.</p></section>";
  const groups = groupedBy(shown, ({ phase, rule }) =>
    phase === null ? rule : `phase ${phase} · ${rule}`,
  );
  const places = new Map(changes.map(({ path }, index) => [path, index]));
  const itemOf = (site: SiteReport) => siteItem(site, places.get(site.file));
  const parts = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([key, group]) =>
        `${htmlEscape`<h3>${key}</h3>`}<ul class="sites">${group.map(itemOf).join("")}</ul>`,
    );
  return `<section><h2>Plan</h2>${parts.join("\n")}</section>`;
}

/** @param change the place of the file's diff among all, where it has one */
function siteItem(
  { id, file, line, state, strategy, span }: SiteReport,
  change: number | undefined,
): string {
  const place = line > 0 ? `${file}:${line}` : file;
  const what = [state, strategy, span ? `span ${span.name}` : null].filter(Boolean).join(", ");
  if (state !== "planned") {
    return htmlEscape`<li>${place} <span class="dim">${what}</span></li>`;
  }
  const link =
    change === undefined
      ? ""
      : htmlEscape` <a href="#change-${change}" aria-label="diff of ${place}">diff</a>`;
  return `${htmlEscape`<li><label><input type="checkbox" checked data-site="${id}"> ${place} <span class="dim">${what}</span></label>`}${link}</li>`;
}

function treeSection(sites: readonly SiteReport[]): string {
  const tree = spanTree(sites);
  if (tree === null) return "";
  return `<section><h2>Spans</h2><figure tabindex="0" role="region" aria-label="The spans of the plan">${tree}</figure></section>`;
}

function leftSection(sites: readonly SiteReport[]): string {
  const left = sites.filter(({ reason }) => reason !== null);
  if (left.length === 0) return "";
  const items = left.map(
    ({ file, line, state, rule, reason }) =>
      htmlEscape`<li>${file}:${line} <span class="dim">${rule}, ${state}</span><br><b>${reason?.code ?? ""}</b>: ${reason?.message ?? ""}</li>`,
  );
  return `<section><h2>Left alone</h2><ul>${items.join("")}</ul></section>`;
}

function findingSection(findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const items = findings.map(({ level, code, message, file, line }) => {
    const place = file === null ? "" : line === null ? file : `${file}:${line}`;
    return htmlEscape`<li><span class="${level === "info" ? "dim" : "warn"}">${level}</span> <b>${code}</b> ${message} <span class="dim">${place}</span></li>`;
  });
  return `<section><h2>Findings</h2><ul>${items.join("")}</ul></section>`;
}

function changesSection(changes: readonly FileChange[]): string {
  if (changes.length === 0) return "";
  const tools = `<div class="tools"><label><input type="checkbox" id="split"> side by side (s)</label><label><input type="checkbox" id="space"> without white space (w)</label></div>`;
  return `<section><h2>Changes</h2>${tools}${changes.map(changeItem).join("\n")}</section>`;
}

function changeItem({ path, before, after }: FileChange, index: number): string {
  const kind = before === null ? "created" : after === null ? "deleted" : "changed";
  const all = diffTable(before, after, false);
  const few = diffTable(before, after, true);
  return `${htmlEscape`<details open id="change-${index}"><summary>${path} <span class="dim">${kind}</span></summary>`}<div class="diff with-space" tabindex="0" role="region" aria-label="${htmlEscape(path)}">${all}</div><div class="diff without-space" tabindex="0" role="region" aria-label="${htmlEscape(`${path}, without white space`)}">${few}</div></details>`;
}

function diffTable(before: string | null, after: string | null, ignoreIndent: boolean): string {
  const hunks = diffHunks(before ?? "", after ?? "", ignoreIndent);
  const rows = hunks.map(({ oldStart, newStart, lines }) => {
    let [from, to] = [oldStart, newStart];
    const head = `<tr class="hunk"><td class="number"></td><td class="number"></td><td>@@ ${oldStart}, ${newStart} @@</td></tr>`;
    const body = lines.map((line) => {
      const sign = line[0] ?? " ";
      const [left, right] = [sign === "+" ? "" : from++, sign === "-" ? "" : to++];
      const kind = sign === "+" ? "add" : sign === "-" ? "del" : "same";
      return htmlEscape`<tr class="${kind}"><td class="number">${left}</td><td class="number">${right}</td><td>${line}</td></tr>`;
    });
    return head + body.join("");
  });
  return `<table class="unified">${rows.join("")}</table>`;
}

function footer(sites: readonly SiteReport[], command: string): string {
  const count = sites.filter(({ state }) => state === "planned").length;
  return htmlEscape`<footer><span id="chosen">${count} of ${count} sites</span> <button id="copy" type="button">copy (c)</button> <span id="copied" role="status"></span> <span class="dim">j, k: from site to site; space: tick off</span><code id="command" data-base="${command}">${command}</code></footer>`;
}
