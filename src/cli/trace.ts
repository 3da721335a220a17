import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { assertWritable, wantsColor } from "./output.js";

interface TraceFlags {
  json?: boolean;
  html?: string;
  color?: boolean;
  quiet?: boolean;
}

/** `retrospan trace -- CMD`, the one command that has no plan. */
export function addTrace(program: Command): void {
  program
    .command("trace")
    .description("run a command with a local receiver as its DSN and draw the traces that it sends")
    .usage("[options] -- <command...>")
    .exitOverride()
    .argument("<command...>", "what to run, behind --")
    .option("--json", "print one JSON document; what the command prints goes to stderr")
    .option("--html <file>", "write a page with a waterfall of each trace")
    .option("--color", "colours even where the output is no terminal")
    .option("--no-color", "no colours")
    .option("--quiet", "print the summary only")
    .action(async (command: string[], flags: TraceFlags) => {
      process.exitCode = await runTrace(command, flags);
    });
}

async function runTrace(command: string[], flags: TraceFlags): Promise<number> {
  if (flags.html) assertWritable("--html", flags.html);
  const { trace } = await import("../commands/trace.js");
  const { traceSummary, traceToTerminal, traceWarnings } =
    await import("../report/trace-terminal.js");
  const color = wantsColor(flags);
  const shows = flags.json !== true && flags.quiet !== true;
  const shown = new Map<string, number>();
  const outcome = await trace({
    command,
    cwd: process.cwd(),
    env: process.env,
    isQuietStdout: flags.json === true,
    onChild: passSignalsOn,
    onTrace: (each, processes) => {
      shown.set(each.id, each.spans.length);
      if (shows) process.stdout.write(traceToTerminal(each, processes, color));
    },
  });
  const { traces, processes, exitCode } = outcome;
  if (flags.html) {
    const { traceToHtml } = await import("../report/trace-html.js");
    writeFileSync(flags.html, traceToHtml(outcome));
  }
  if (flags.json) {
    const { traceToDocument } = await import("../report/trace-json.js");
    process.stdout.write(`${JSON.stringify(traceToDocument(outcome), null, 2)}\n`);
    return exitCode;
  }
  const rest = shows ? traces.filter(({ id, spans }) => shown.get(id) !== spans.length) : [];
  for (const each of rest) process.stdout.write(traceToTerminal(each, processes, color));
  for (const line of traceWarnings(outcome, color)) process.stderr.write(line);
  process.stdout.write(traceSummary(outcome));
  return exitCode;
}

/** Who presses Ctrl-C so often means it. */
const LAST_SIGINT = 3;

/**
 * Ctrl-C in a terminal reaches CMD by itself; what is sent to this process alone is passed on. A CMD
 * that does not hear it is killed in the end.
 */
function passSignalsOn(child: ChildProcess): void {
  let count = 0;
  process.on("SIGINT", () => {
    count++;
    if (count >= LAST_SIGINT) child.kill("SIGKILL");
    else if (!process.stdin.isTTY) child.kill("SIGINT");
  });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
}
