/** What the traces of `fixtures/projects/build-service` must look like. */
import { expect } from "vitest";
import type { TraceDocument } from "./service.js";
import { duplicates, pathsOf, pathTo, type Trace } from "./traces.js";

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
