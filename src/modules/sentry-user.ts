import * as Sentry from "@sentry/node";

/** Says who the user is, by an opaque id and nothing else, or that there is none. Never throws. */
export function setSentryUser(id: string | null | undefined): void {
  try {
    Sentry.setUser(id ? { id } : null);
  } catch {
    // Who it is does not matter to what the user asked for.
  }
}
