import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { parseEnvelope } from "./envelope.js";
import { spansOf, type Span } from "./spans.js";

/** What has come in, and where it comes in. */
export interface Receiver {
  /** The DSN to send to; the number at its end may be replaced by another. */
  readonly dsn: string;
  readonly spans: readonly Span[];
  /** Spans beyond the limit, which are counted and not kept. */
  readonly dropped: () => number;
  /** Milliseconds since a request came in or was answered; 0 while one is open. */
  readonly idle: () => number;
  readonly close: () => Promise<void>;
}

/** SDKs send envelopes of up to 20 MB. */
const BODY_LIMIT = 20 * 1024 * 1024;
const SPAN_LIMIT = 200_000;

/** Starts a receiver of envelopes on a free port of the loopback interface. */
export async function startReceiver(): Promise<Receiver> {
  const spans: Span[] = [];
  let dropped = 0;
  let open = 0;
  let lastAt = Date.now();
  const keep = (found: readonly Span[]) => {
    const kept = found.slice(0, SPAN_LIMIT - spans.length);
    for (const span of kept) spans.push(span);
    dropped += found.length - kept.length;
  };
  const server = createServer((request, response) => {
    open++;
    response.once("close", () => {
      open--;
      lastAt = Date.now();
    });
    void answer(request, response, keep);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    dsn: `http://retrospan@127.0.0.1:${port}/1`,
    spans,
    dropped: () => dropped,
    idle: () => (open > 0 ? 0 : Date.now() - lastAt),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Any page may send, as it may to Sentry itself. */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "*",
  "access-control-allow-methods": "POST",
};

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  keep: (found: readonly Span[]) => void,
): Promise<void> {
  const project = /^\/api\/(\d+)\/envelope\//.exec(request.url ?? "")?.[1];
  if (request.method !== "POST" || project === undefined) {
    request.resume();
    response.writeHead(request.method === "OPTIONS" ? 204 : 404, CORS).end();
    return;
  }
  try {
    const body = await readBody(request);
    keep(parseEnvelope(body).flatMap((item) => spansOf(item, project)));
    response.writeHead(200, { ...CORS, "content-type": "application/json" }).end("{}");
  } catch {
    // Too big, cut off or not what its encoding says: the SDK is told, and goes on.
    response.writeHead(400, CORS).end();
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new RangeError("the envelope is too big");
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (request.headers["content-encoding"] !== "gzip") return body;
  return gunzipSync(body, { maxOutputLength: BODY_LIMIT });
}
