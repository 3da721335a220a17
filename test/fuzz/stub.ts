import type { Sdk } from "./execute.js";

/** Stands in for the SDK: it does to a result what the SDK does, and keeps the names of the spans. */
export interface Stub extends Sdk {
  readonly spans: ReadonlyMap<string, number>;
  /** Spans that were started and never ended. */
  readonly open: () => number;
}

interface Options {
  readonly name: string;
  readonly op?: string;
}

/** What the spans of stages are counted by: their names are the program's. */
export const STAGE = "stage";

const hasThen = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value;

const span = { setStatus: () => span, setAttribute: () => span };

/** What there is nothing to ask about: a client, and always a span around. */
const REST = {
  addBreadcrumb: () => {},
  captureException: () => {},
  captureEvent: () => {},
  init: () => {},
  setUser: () => {},
  withIsolationScope: (callback: () => unknown) => callback(),
  getClient: () => ({}),
  getActiveSpan: () => span,
  getTraceData: () => ({ "sentry-trace": "trace", baggage: "baggage" }),
  continueTrace: (_context: unknown, callback: () => unknown) => callback(),
  startNewTrace: (callback: () => unknown) => callback(),
};

export function createStub(): Stub {
  const spans = new Map<string, number>();
  let open = 0;
  const count = (name: string) => spans.set(name, (spans.get(name) ?? 0) + 1);
  const startSpan = ({ name, op }: Options, callback: (given: typeof span) => unknown) => {
    count(op === "pipeline.stage" ? STAGE : name);
    const result = callback(span);
    if (!hasThen(result)) return result;
    return result.then(
      (value) => value,
      (error: unknown) => {
        throw error;
      },
    );
  };
  const startInactiveSpan = ({ name }: Options) => {
    count(name);
    open++;
    return { ...span, end: () => open-- };
  };
  return { ...REST, startSpan, startInactiveSpan, spans, open: () => open } as Stub;
}
