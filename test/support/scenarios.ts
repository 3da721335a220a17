import { join } from "node:path";
import { isRecord, type EnvelopeItem } from "../../src/trace/envelope.js";
import { spansOf, type Span } from "../../src/trace/spans.js";
import { runScript, writeFiles, type Run } from "./cli.js";
import { receive } from "./envelopes.js";

/** An event as it was sent. */
export interface SentEvent {
  readonly message?: string;
  readonly level?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly contexts?: { readonly trace?: { readonly span_id?: string } };
  readonly exception?: { readonly values?: readonly { readonly value?: string }[] };
  readonly breadcrumbs?: readonly { readonly category?: string; readonly message?: string }[];
}

/** What one scenario sent. */
export interface Sent {
  readonly events: readonly SentEvent[];
  readonly spans: readonly Span[];
}

/** What a process printed, and what it sent by scenario. */
export interface ScenarioRun {
  readonly run: Run;
  readonly sent: ReadonlyMap<string, Sent>;
  /** All that was sent, as text. */
  readonly wire: string;
}

/** Ends what a scenario sent, where several run in one process. */
const END = "end of ";

/** Runs scenarios one after the other: the SDK is initialised before the program is loaded. */
const DRIVER = `
import { pathToFileURL } from "node:url";

const [, , entry, ...names] = process.argv;
const dsn = process.env.TEST_DSN;
const Sentry = dsn ? await import("@sentry/node") : null;
Sentry?.init({ dsn, tracesSampleRate: 1 });
for (const name of names) {
  process.argv[2] = name;
  console.log("== " + name);
  await import(pathToFileURL(entry).href + "?" + name);
  if (!Sentry || names.length === 1) continue;
  await Sentry.flush(2000);
  Sentry.captureMessage("${END}" + name);
  await Sentry.flush(2000);
}
process.once("beforeExit", () => Sentry?.flush(2000));
`;

/** Runs scenarios of a compiled program in one process, without an SDK that is initialised. */
export function runPlain(folder: string, entry: string, names: readonly string[]): Promise<Run> {
  return drive(folder, entry, names, {});
}

/** The same with the SDK initialised; what it sends is received on loopback. */
export async function runObserved(
  folder: string,
  entry: string,
  names: readonly string[],
): Promise<ScenarioRun> {
  const receiver = await receive();
  const run = await drive(folder, entry, names, { TEST_DSN: receiver.dsn });
  const { items, wire } = await receiver.close();
  return { run, sent: byScenario(items, names), wire };
}

function drive(
  folder: string,
  entry: string,
  names: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Run> {
  writeFiles(folder, { "dist/drive.mjs": DRIVER });
  const args = [join(folder, entry), ...names];
  return runScript(folder, join(folder, "dist/drive.mjs"), args, {
    env: { NODE_NO_WARNINGS: "1", ...env },
  });
}

function byScenario(items: readonly EnvelopeItem[], names: readonly string[]): Map<string, Sent> {
  const sent = new Map<string, Sent>();
  let [name = ""] = names;
  let events: SentEvent[] = [];
  let spans: Span[] = [];
  for (const item of items) {
    spans.push(...spansOf(item, "1"));
    if (item.type !== "event" || !isRecord(item.payload)) continue;
    const event = item.payload as SentEvent;
    if (!event.message?.startsWith(END)) {
      events.push(event);
      continue;
    }
    sent.set(event.message.slice(END.length), { events, spans });
    name = names[names.indexOf(name) + 1] ?? "";
    events = [];
    spans = [];
  }
  if (names.length === 1) sent.set(name, { events, spans });
  return sent;
}
