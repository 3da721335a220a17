import { isRecord, type EnvelopeItem } from "./envelope.js";

/** A span as it was received. */
export interface Span {
  readonly traceId: string;
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly op: string | null;
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly end: number;
  readonly failed: boolean;
  /** The number in the DSN that it was sent to: the process's, where it took the DSN it was given. */
  readonly project: string;
  /** What it was sent with, such as `sentry.javascript.node`. */
  readonly sdk: string | null;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The spans of an item: transactions with their spans (SDK 8 to 10), streamed spans (SDK 11), spans
 * sent alone (web vitals). Other items have none, and what is not as it must be is left out.
 */
export function spansOf({ type, payload }: EnvelopeItem, project: string): Span[] {
  if (!isRecord(payload)) return [];
  if (type === "transaction") return ofTransaction(payload, project);
  if (type !== "span") return [];
  const { items } = payload;
  return (Array.isArray(items) ? items : [payload]).flatMap((each) => streamed(each, project));
}

function ofTransaction(event: Fields, project: string): Span[] {
  const { contexts, spans, transaction, sdk } = event;
  const trace = isRecord(contexts) ? contexts.trace : undefined;
  if (!isRecord(trace)) return [];
  const { start_timestamp, timestamp } = event;
  const root = { ...trace, start_timestamp, timestamp, description: transaction };
  const sdkName = isRecord(sdk) ? text(sdk.name) : null;
  const all: unknown[] = Array.isArray(spans) ? [root, ...(spans as unknown[])] : [root];
  return all.flatMap((each) => (isRecord(each) ? spanFrom(each, each, project, sdkName) : []));
}

function streamed(item: unknown, project: string): Span[] {
  if (!isRecord(item)) return [];
  const attributes = isRecord(item.attributes) ? item.attributes : {};
  const valueOf = (key: string) => {
    const attribute = attributes[key];
    return isRecord(attribute) ? attribute.value : undefined;
  };
  const { name, end_timestamp } = item;
  const fields = {
    ...item,
    ...(name === undefined ? {} : { description: name }),
    ...(end_timestamp === undefined ? {} : { timestamp: end_timestamp }),
  };
  const said = { op: valueOf("sentry.op") ?? item.op, status: item.status };
  return spanFrom(fields, said, project, text(valueOf("sentry.sdk.name")));
}

function spanFrom(fields: Fields, said: Fields, project: string, sdk: string | null): Span[] {
  const { trace_id, span_id, parent_span_id, description, start_timestamp, timestamp } = fields;
  const [traceId, id] = [text(trace_id), text(span_id)];
  if (traceId === null || id === null) return [];
  if (typeof start_timestamp !== "number" || typeof timestamp !== "number") return [];
  const op = text(said.op);
  return [
    {
      traceId,
      id,
      parentId: text(parent_span_id),
      name: text(description) ?? op ?? id,
      op,
      start: start_timestamp * 1000,
      end: Math.max(start_timestamp, timestamp) * 1000,
      failed: said.status !== undefined && said.status !== "ok",
      project,
      sdk,
    },
  ];
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
