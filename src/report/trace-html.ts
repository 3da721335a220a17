import { htmlEscape } from "escape-goat";
import type { TraceOutcome } from "../commands/trace.js";
import { rowsOf, type Row, type SpanNode, type Trace } from "../trace/tree.js";
import { counted } from "../text/count.js";
import { lengthOf, milliseconds, serviceOf, titleOf, type Processes } from "./trace-labels.js";

/** A page of its own with a waterfall for each trace; it loads nothing and runs nothing. */
export function traceToHtml({ traces, processes }: TraceOutcome): string {
  const problems = processes.flatMap(({ name, problem }) =>
    problem === null ? [] : [htmlEscape`<li><b>${name}</b>: ${problem}</li>`],
  );
  const spans = traces.reduce((sum, each) => sum + each.spans.length, 0);
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${counted(traces.length, "trace")}</title><style>${STYLE}</style></head><body>`,
    `<h1>${counted(traces.length, "trace")}, ${counted(spans, "span")}</h1>`,
    problems.length > 0 ? `<ul class="problems">${problems.join("")}</ul>` : "",
    ...traces.map((each) => section(each, processes)),
    "</body></html>\n",
  ].join("\n");
}

const STYLE = `
:root { color-scheme: light dark; font: 14px/1.5 system-ui, sans-serif }
body { margin: 2rem auto; max-width: 90rem; padding: 0 1rem }
h2 { font-size: 1rem; margin: 2rem 0 .5rem }
h2 small { font-weight: normal; opacity: .7 }
.row { content-visibility: auto; contain-intrinsic-height: 1.6rem; display: grid; gap: 1rem; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr) 5rem }
.row:hover { background: color-mix(in srgb, currentColor 8%, transparent) }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.name small { opacity: .7 }
.track { align-self: center; height: .8rem; position: relative }
.bar { border-radius: 2px; height: 100%; min-width: 2px; position: absolute }
.time { text-align: right; white-space: nowrap }
.failed, .orphan, .problems { color: light-dark(#a50e0e, #ff8a80) }
`;

function section(trace: Trace, processes: Processes): string {
  const facts = `${counted(trace.spans.length, "span")}, ${milliseconds(trace.end - trace.start)}`;
  const rows = (tops: readonly SpanNode[]) =>
    [...rowsOf(tops)].map((row) => line(trace, row, processes)).join("\n");
  const orphans = trace.orphans.map(
    (node) =>
      htmlEscape`<p class="orphan">The parent ${node.span.parentId ?? ""} was never received:</p>` +
      rows([node]),
  );
  const head = htmlEscape`<h2>${trace.id} <small>${facts}</small></h2>`;
  return `<section>${head}${rows(trace.roots)}${orphans.join("")}</section>`;
}

function line(trace: Trace, { node, depth }: Row, processes: Processes): string {
  const { span } = node;
  const whole = Math.max(1, trace.end - trace.start);
  const percent = (time: number) => `${((100 * time) / whole).toFixed(2)}%`;
  const service = serviceOf(span, processes);
  const place = [
    `left: ${percent(span.start - trace.start)}`,
    `width: ${percent(lengthOf(span))}`,
    `background: hsl(${hueOf(service)} 60% 50%)`,
  ].join("; ");
  const from = `+${milliseconds(span.start - trace.start)}`;
  return htmlEscape`<div class="row"><span class="name${span.failed ? " failed" : ""}" style="padding-left: ${depth}em">${titleOf(span)} <small>${service}</small></span><span class="track" title="${from}"><span class="bar" style="${place}"></span></span><span class="time">${milliseconds(lengthOf(span))}</span></div>`;
}

/** The same colour for the same service, on every page. */
function hueOf(service: string): number {
  return [...service].reduce((hue, letter) => (hue * 31 + letter.charCodeAt(0)) % 360, 0);
}
