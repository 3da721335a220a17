import * as Sentry from "@sentry/node";
import { scrub } from "./scrub.js";
import {
  currentWideEvent,
  WideEvent,
  withWideEvent,
  type AgentCall,
  type Outcome,
} from "./wide-event.js";

/**
 * Runs a pipeline in a span of its own, below which its stages and agents nest, and tells it in one
 * wide event, which starts with the attributes of the span. Gives back what the pipeline gives.
 * Never throws by itself.
 */
export function startPipelineTransaction<T>(
  options: Parameters<typeof Sentry.startSpan>[0],
  run: () => T,
): T {
  const event = new WideEvent(options.name, options.attributes);
  return once(
    (span?: Sentry.Span) => withWideEvent(event, () => observed(run, event, span)),
    // What one run says of its user is not to reach another.
    (work) => Sentry.withIsolationScope(() => Sentry.startSpan(options, work)),
  );
}

/** Runs a stage in a span below that of its run. Gives back what the stage gives. Never throws by itself. */
export function startStage<T>(name: string, stage: () => T): T {
  return once(stage, (work) => Sentry.startSpan({ name, op: "pipeline.stage" }, work));
}

/** The work is done once and gives what it gives, whatever the SDK does. */
function once<T>(
  work: (span?: Sentry.Span) => T,
  start: (work: (span?: Sentry.Span) => T) => T,
): T {
  let end: { readonly value: T } | { readonly error: unknown } | undefined;
  const run = (span?: Sentry.Span) => {
    try {
      const value = work(span);
      end = { value };
      return value;
    } catch (error) {
      end = { error };
      throw error;
    }
  };
  try {
    return start(run);
  } catch {
    if (!end) return run();
    if ("error" in end) throw end.error;
    return end.value;
  }
}

/** Tells the run's event that a stage is over, and how it went. */
export function recordStage(
  name: string,
  status: string,
  durationMs: number,
  error?: unknown,
): void {
  currentWideEvent()?.recordStage(name, status, durationMs, error);
}

/** Tells the run's event of a call of a model, and leaves a breadcrumb. */
export function recordAgentCall(call: AgentCall): void {
  try {
    currentWideEvent()?.recordAgentCall(call);
    const data = scrub(call) as Record<string, unknown>;
    Sentry.addBreadcrumb({ category: "agent", message: call.agentName, level: "info", data });
  } catch {
    // The call itself went well.
  }
}

/** Says how the run is about to end, where its result does not tell. */
export function setOutcome(outcome: Outcome, error?: unknown): void {
  currentWideEvent()?.end(outcome, error);
}

/** What an error makes of a run: to be stopped is none. */
export function outcomeOf(error: unknown): Outcome {
  const { name } = (error ?? {}) as { name?: unknown };
  return name === "AbortError" ? "cancelled" : "error";
}

/** Adds to the run's event what became known on the way. */
export function setRunField(key: string, value: unknown): void {
  currentWideEvent()?.set(key, value);
}

function observed<T>(run: () => T, event: WideEvent, span: Sentry.Span | undefined): T {
  let result: T;
  try {
    result = run();
  } catch (error) {
    finish(event, span, { outcome: outcomeOf(error), error });
    throw error;
  }
  if (!(result instanceof Promise)) {
    finish(event, span, event.ending ?? { outcome: "success" });
    return result;
  }
  return result.then(
    (value: unknown) => {
      finish(event, span, event.ending ?? { outcome: "success" });
      return value;
    },
    (error: unknown) => {
      finish(event, span, { outcome: outcomeOf(error), error });
      throw error;
    },
  ) as T;
}

interface Ending {
  readonly outcome: Outcome;
  readonly error?: unknown;
}

function finish(event: WideEvent, span: Sentry.Span | undefined, { outcome, error }: Ending): void {
  event.finish(outcome, error);
  try {
    if (outcome === "error") span?.setStatus({ code: 2, message: "internal_error" });
    if (outcome === "cancelled") span?.setStatus({ code: 2, message: "cancelled" });
    span?.setAttribute("run.outcome", outcome);
  } catch {
    // The run is over.
  }
}
