import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { parseEnvelope, type EnvelopeItem } from "../../src/trace/envelope.js";

/** What has come in by the end. */
export interface Received {
  readonly items: readonly EnvelopeItem[];
  /** All that was sent, as text. */
  readonly wire: string;
}

export interface EnvelopeReceiver {
  readonly dsn: string;
  readonly close: () => Promise<Received>;
}

/** Takes envelopes on loopback until it is closed. */
export async function receive(): Promise<EnvelopeReceiver> {
  const items: EnvelopeItem[] = [];
  let wire = "";
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const sent = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      wire += body.toString("utf8");
      items.push(...parseEnvelope(body));
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    return { items, wire };
  };
  return { dsn: `http://key@127.0.0.1:${port}/1`, close };
}
