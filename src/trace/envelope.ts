/** One item of an envelope, parsed; items that are no JSON are left out. */
export interface EnvelopeItem {
  readonly type: string;
  readonly payload: unknown;
}

const NEWLINE = 0x0a;

/**
 * Reads an envelope: a header, then items, each a header line and a payload, which ends where the
 * header's `length` (in bytes) says, else with its line.
 * Source: https://develop.sentry.dev/sdk/data-model/envelopes/
 */
export function parseEnvelope(body: Buffer): EnvelopeItem[] {
  const items: EnvelopeItem[] = [];
  let at = lineEnd(body, 0) + 1;
  while (at < body.length) {
    const end = lineEnd(body, at);
    const header = parseJson(body.subarray(at, end));
    const start = end + 1;
    const close = isRecord(header) ? payloadEnd(body, start, header.length) : lineEnd(body, start);
    if (isRecord(header) && typeof header.type === "string") {
      const payload = parseJson(body.subarray(start, close));
      if (payload !== undefined) items.push({ type: header.type, payload });
    }
    at = close + 1;
  }
  return items;
}

function payloadEnd(body: Buffer, start: number, length: unknown): number {
  const isLength = typeof length === "number" && Number.isInteger(length) && length >= 0;
  return isLength ? Math.min(start + length, body.length) : lineEnd(body, start);
}

function lineEnd(body: Buffer, from: number): number {
  const found = body.indexOf(NEWLINE, from);
  return found < 0 ? body.length : found;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Whether a value out of JSON is an object with members. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
