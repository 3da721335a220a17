import { runMain, withPrograms, type Program } from "./run.js";

/** What a span did, told by the real SDK while the program ran. */
export interface SpanEvent {
  readonly kind: "start" | "end";
  readonly name: string;
  readonly id: string;
  readonly parent: string | null;
  readonly failed: boolean;
}

/** One thing that happened, in order: a line the program printed, or something a span did. */
export type Happening = { readonly line: string } | { readonly span: SpanEvent };

const SEPARATOR = "=== ";
const SPAN = "@span ";

/** The first lines of what ends a process: an error that nobody handles. */
const DEATH = "the process dies: ";

/**
 * Runs programs one behind the other with the real, initialised SDK and lists what happened. A
 * program is over when its process would be: at the first error that nobody handles.
 */
export async function observe(
  programs: ReadonlyMap<string, Program>,
): Promise<ReadonlyMap<string, readonly Happening[]>> {
  const main = mainModule([...programs.keys()]);
  const stdout = await withPrograms(programs, "@sentry/node", main, runMain);
  const parts = stdout.split(SEPARATOR).slice(1);
  return new Map(
    parts.map((part) => {
      const [name = "", ...lines] = part.trimEnd().split("\n");
      return [name, untilDeath(lines).map(happening)];
    }),
  );
}

function untilDeath(lines: readonly string[]): readonly string[] {
  const death = lines.findIndex((line) => line.startsWith(DEATH));
  return death < 0 ? lines : lines.slice(0, death + 1);
}

function happening(line: string): Happening {
  if (!line.startsWith(SPAN)) return { line };
  return { span: JSON.parse(line.slice(SPAN.length)) as SpanEvent };
}

/** What is left when the spans are taken out. */
export function linesOf(happenings: readonly Happening[]): string[] {
  return happenings.flatMap((each) => ("line" in each ? [each.line] : []));
}

/** Node would end the process at an unhandled rejection; here the other programs go on. */
function mainModule(names: readonly string[]): string {
  const runs = names.map(
    (name) =>
      `console.log("${SEPARATOR}${name}"); await import("./${name}/drive.js").catch(die); await settled();`,
  );
  return `
import * as Sentry from "@sentry/node";
Sentry.init({ dsn: "http://public@127.0.0.1:9/1", tracesSampleRate: 1, defaultIntegrations: false });
globalThis.autoInstrument = (name, work) => Sentry.startSpan({ name }, work);
const die = (error) => console.log("${DEATH}" + (error?.message ?? error));
process.on("unhandledRejection", die);
process.on("uncaughtException", die);
const settled = () => new Promise((resolve) => setTimeout(resolve, 25));
const say = (kind) => (span) => {
  const { name, description, span_id: id, parent_span_id: parent = null, status } = Sentry.spanToJSON(span);
  console.log("${SPAN}" + JSON.stringify({ kind, name: name ?? description, id, parent, failed: status === "error" }));
};
Sentry.getClient().on("spanStart", say("start"));
Sentry.getClient().on("spanEnd", say("end"));
${runs.join("\n")}
process.exit(0);
`;
}
