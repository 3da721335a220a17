import type { Happening, SpanEvent } from "./observe.js";

/** Lines that a program prints while it does what the span is meant to cover. */
const WORK = /^work\b/;

/** Work that goes on when every span has ended, although there was one for it. */
export function uncoveredWork(happenings: readonly Happening[]): string[] {
  const open = new Set<string>();
  let opened = false;
  const uncovered: string[] = [];
  for (const each of happenings) {
    if ("span" in each) {
      opened ||= each.span.kind === "start";
      track(open, each.span);
    } else if (opened && open.size === 0 && WORK.test(each.line)) uncovered.push(each.line);
  }
  return uncovered;
}

/** Spans that began while another was open, and are not inside it. */
export function unnestedSpans(happenings: readonly Happening[]): string[] {
  const open = new Set<string>();
  const unnested: string[] = [];
  for (const each of happenings) {
    if (!("span" in each)) continue;
    const { kind, name, parent } = each.span;
    if (kind === "start" && open.size > 0 && !open.has(parent ?? "")) unnested.push(name);
    track(open, each.span);
  }
  return unnested;
}

/** Spans that failed without meaning to, and those that should have. */
export function wrongMarks(happenings: readonly Happening[], meant: readonly string[]): string[] {
  const failed = happenings.flatMap((each) =>
    "span" in each && each.span.kind === "end" && each.span.failed ? [each.span.name] : [],
  );
  return [
    ...failed.filter((name) => !meant.includes(name)).map((name) => `${name} failed`),
    ...meant.filter((name) => !failed.includes(name)).map((name) => `${name} did not fail`),
  ];
}

function track(open: Set<string>, { kind, id }: SpanEvent): void {
  if (kind === "start") open.add(id);
  else open.delete(id);
}
