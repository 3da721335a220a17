/** What the traces of `fixtures/projects/build-service` must look like. */
import { expect } from "vitest";
import type { TraceDocument, TracedSpan } from "./service.js";

const BUILDS = 3;

/** Spans of one build, from the command to the page, where the streamed chunks leave none. */
const BUILD_LIMIT = 60;

/** What hangs from what; the SDK's own spans are told by their ops, since each major names them anew. */
const COMMAND = ["http.server", "http.client", "http.server"];
const BUILD = [...COMMAND, "runner.build"];
const EVENT = [...BUILD, "broker.forwardEvent", "http.client", "http.server", "api.events.process"];
const RETRIED = "broker.retryEvent";

/** An event that the API did not take at first goes there again from a queue. */
const RETRY = EVENT.map((name) => (name === "broker.forwardEvent" ? RETRIED : name));

type Trace = TraceDocument["traces"][number];

/**
 * Each build is one trace, without a span that lacks its parent or says what another says.
 * @param viewer what sends the spans of the page
 * @param chunks whether the streamed chunks of a build have spans as well
 */
export function expectConnectedBuilds(
  { traces }: TraceDocument,
  viewer: string,
  chunks: "with chunks" | "without chunks",
): void {
  expect(traces.flatMap(({ orphans }) => orphans)).toEqual([]);
  const builds = traces.filter(({ spans }) => spans.some(({ name }) => name === "runner.build"));
  expect(builds.length).toBe(BUILDS);
  const parts = ["api", "broker", "runner"].map((part) => `dist/${part}/main.js`);
  for (const build of builds) {
    const services = new Set(build.spans.map(({ service }) => service));
    expect([...services].sort()).toEqual([...parts, viewer].sort());
    expect(build.spans.filter(({ parent }) => parent === null).length).toBe(1);
    expect(pathsOf(build, "runner.build")).toEqual([BUILD]);
    const persisted = pathsOf(build, "persistEvent");
    if (chunks === "with chunks") expect(persisted).toEqual([[...EVENT, "persistEvent"]]);
    else {
      expect(persisted).toEqual([]);
      expect(build.spans.length).toBeLessThanOrEqual(BUILD_LIMIT);
    }
    const isRetried = build.spans.some(({ name }) => name === RETRIED);
    const last = isRetried ? RETRY : EVENT;
    expect(pathsOf(build, "finalizeSession")).toEqual([[...last, "finalizeSession"]]);
    expect(pathsOf(build, "page.updates")).toContainEqual([...EVENT, "page.updates"]);
    // What the page asks for belongs to the build that it was told of.
    const asked = [...last, "page.updates", "http.client", "http.server"];
    expect(lastPaths(build, viewer)).toContainEqual(asked);
    expect(duplicates(build)).toEqual([]);
  }
  const retried = builds.filter(({ spans }) => spans.some(({ name }) => name === RETRIED));
  expect(retried.length).toBe(1);
}

/** The ways to what a service asks others for. */
function lastPaths(trace: Trace, service: string): string[][] {
  return trace.spans
    .filter(({ parent, op }) => {
      const asking = trace.spans.find(({ id }) => id === parent);
      return op === "http.server" && asking?.service === service;
    })
    .map((span) => pathTo(span, trace));
}

/** Names of our own spans and ops of the SDK's, from the topmost down to a span. */
function pathTo(span: TracedSpan, trace: Trace): string[] {
  const parent = trace.spans.find(({ id }) => id === span.parent);
  const op = span.op ?? "";
  // SDK 9 knows no handlers of express 5.
  const isHandler = op.startsWith("handler") || op.startsWith("request_handler");
  const title = isHandler ? [] : [op.startsWith("http.") ? op : span.name];
  return [...(parent ? pathTo(parent, trace) : []), ...title];
}

/** The different ways to the spans of a name. */
function pathsOf(trace: Trace, name: string): string[][] {
  const found = trace.spans.filter((span) => span.name === name);
  const paths = new Map(
    found.map((span) => pathTo(span, trace)).map((path) => [path.join(), path]),
  );
  return [...paths.values()];
}

/** Spans that say the same as the one above them, and requests that were taken twice. */
function duplicates({ spans }: Trace): string[] {
  return spans.flatMap((span) => {
    const parent = spans.find(({ id }) => id === span.parent);
    const servers = spans.filter(({ op, parent: up }) => op === "http.server" && up === span.id);
    const isSame = parent?.name === span.name && parent.op === span.op;
    return isSame || servers.length > 1 ? [span.name] : [];
  });
}
