import { AsyncLocalStorage } from "node:async_hooks";
import * as Sentry from "@sentry/node";
import { scrub } from "./scrub.js";

/** How a run ended. Cancelled is not an error. */
export type Outcome = "success" | "partial" | "cancelled" | "error";

/** What one call of a model took. */
export interface AgentCall {
  agentName: string;
  model?: string | undefined;
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  durationMs?: number | undefined;
  costUsd?: number | undefined;
}

interface StageRecord {
  name: string;
  status: string;
  durationMs: number;
  error?: string | undefined;
}

const MAX_RECORDS = 200;
const MAX_LINE = 60_000;

/**
 * One event that tells a whole run: what it was about, its stages, its calls of models, how it ended
 * and what it cost. Nothing in here throws.
 */
export class WideEvent {
  readonly #name: string;
  readonly #id = Math.random().toString(36).slice(2, 10);
  readonly #started = performance.now();
  readonly #fields: Record<string, unknown> = {};
  readonly #stages: StageRecord[] = [];
  readonly #agentCalls: AgentCall[] = [];
  readonly #totals = {
    stageCount: 0,
    agentCallCount: 0,
    totalInputTokens: 0,
    totalOutputTokens: 0,
    totalCostUsd: 0,
  };
  #ending: { outcome: Outcome; error?: unknown } | undefined;
  #isFinished = false;

  constructor(name: string, fields: Record<string, unknown> = {}) {
    this.#name = name;
    Object.assign(this.#fields, fields);
  }

  /** Adds what is worth knowing about the run. */
  set(key: string, value: unknown): void {
    this.#fields[key] = value;
  }

  /** Adds a stage that is over. */
  recordStage(name: string, status: string, durationMs: number, error?: unknown): void {
    if (this.#isFinished) return;
    this.#totals.stageCount += 1;
    if (this.#stages.length >= MAX_RECORDS) return;
    const failure = error === undefined ? {} : { error: textOf(error) };
    this.#stages.push({ name, status, durationMs, ...failure });
  }

  /** Adds a call of a model. */
  recordAgentCall(call: AgentCall): void {
    if (this.#isFinished) return;
    this.#totals.agentCallCount += 1;
    this.#totals.totalInputTokens += numberOr0(call.inputTokens);
    this.#totals.totalOutputTokens += numberOr0(call.outputTokens);
    this.#totals.totalCostUsd += numberOr0(call.costUsd);
    if (this.#agentCalls.length < MAX_RECORDS) this.#agentCalls.push({ ...call });
  }

  /** Says how the run is about to end, which its result does not tell. */
  end(outcome: Outcome, error?: unknown): void {
    this.#ending = { outcome, error };
  }

  /** How the run is about to end, as far as somebody said. */
  get ending(): { readonly outcome: Outcome; readonly error?: unknown } | undefined {
    return this.#ending;
  }

  /** Sends the event and prints it as one line on stderr, where an SDK runs; a second call does nothing. */
  finish(outcome: Outcome, error?: unknown): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    try {
      if (!Sentry.getClient()) return;
      const told = this.#told(outcome, error);
      if (outcome === "error" && error instanceof Error) Sentry.captureException(error);
      Sentry.captureEvent({
        // The SDK drops an event that says what the last one said.
        message: `${this.#name}: ${outcome} (${this.#id})`,
        fingerprint: [this.#name, outcome],
        level: outcome === "error" ? "error" : "info",
        tags: { "run.name": this.#name, "run.outcome": outcome },
        extra: told,
      });
      process.stderr.write(`${JSON.stringify(told)}\n`);
    } catch {
      // A run is not to fail because of what is told about it.
    }
  }

  #told(outcome: Outcome, error: unknown): Record<string, unknown> {
    // What the run says of itself does not stand in for what is known here.
    const told = {
      ...this.#fields,
      event: this.#name,
      id: this.#id,
      outcome,
      durationMs: Math.round(performance.now() - this.#started),
      ...this.#totals,
      ...(error === undefined ? {} : { error: textOf(error) }),
    };
    const all = scrub({ ...told, stages: this.#stages, agentCalls: this.#agentCalls });
    const few = scrub({ ...told, isShortened: true });
    return (JSON.stringify(all).length <= MAX_LINE ? all : few) as Record<string, unknown>;
  }
}

const running = new AsyncLocalStorage<WideEvent>();

/** Runs work that an event tells about; two runs at once have an event each. */
export function withWideEvent<T>(event: WideEvent, work: () => T): T {
  return running.run(event, work);
}

/** The event of the run that this code belongs to, if it belongs to one. */
export function currentWideEvent(): WideEvent | undefined {
  return running.getStore();
}

function numberOr0(value: number | undefined): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "unknown";
  }
}
