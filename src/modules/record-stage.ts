import * as Sentry from "@sentry/node";

/** Records a finished stage on the active span and as a breadcrumb. Never throws. */
export function recordStage(name: string, status: string, durationMs: number): void {
  try {
    const span = Sentry.getActiveSpan();
    span?.setAttribute(`stage.${name}.status`, status);
    span?.setAttribute(`stage.${name}.duration_ms`, durationMs);
    Sentry.addBreadcrumb({
      category: "stage",
      message: name,
      level: status === "ok" ? "info" : "error",
      data: { status, durationMs },
    });
  } catch {
    // Recording must never change what it records.
  }
}
