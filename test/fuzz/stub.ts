import type { Sdk } from "./execute.js";

/** Stands in for the SDK: it does to a result what the SDK does, and keeps the names of the spans. */
export interface Stub extends Sdk {
  readonly spans: ReadonlyMap<string, number>;
  /** Spans that were started and never ended. */
  readonly open: () => number;
}

interface Options {
  readonly name: string;
}

const hasThen = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value;

const span = { setStatus: () => span, setAttribute: () => span };

export function createStub(): Stub {
  const spans = new Map<string, number>();
  let open = 0;
  const count = (name: string) => spans.set(name, (spans.get(name) ?? 0) + 1);
  const startSpan = ({ name }: Options, callback: (given: typeof span) => unknown) => {
    count(name);
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
  const addBreadcrumb = () => {};
  return { startSpan, startInactiveSpan, addBreadcrumb, spans, open: () => open } as Stub;
}
