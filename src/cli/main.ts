#!/usr/bin/env node
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { UserError } from "../plan/user-error.js";
import type { Options } from "../commands/options.js";
import type { Outcome } from "../commands/outcome.js";

const EXIT = { done: 0, found: 1, mistake: 2, bug: 3, interrupted: 130 } as const;

interface CommonFlags {
  config?: string;
  preset: string[];
  rule?: string;
  transform?: string;
  phase?: number;
  site: string[];
  except: string[];
  json?: boolean;
  patch?: string;
  check?: boolean;
  typecheck?: boolean;
  allowDirty?: boolean;
  color?: boolean;
  quiet?: boolean;
  keep?: string[];
  reason?: string;
}

type Run = (options: Options) => Promise<Outcome>;

const RUNS = {
  preview: async () => (await import("../commands/preview.js")).preview,
  apply: async () => (await import("../commands/apply.js")).apply,
  revert: async () => (await import("../commands/revert.js")).revert,
  status: async () => (await import("../commands/status.js")).status,
} satisfies Record<string, () => Promise<Run>>;

type CommandName = keyof typeof RUNS;

function buildProgram(): Command {
  const program = new Command("retrospan")
    .description("Retrofit Sentry tracing into TypeScript code, and take it out again to the byte")
    .version(version(), "--version", "print the version")
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError(true)
    .helpCommand(true);
  const planning = (name: CommandName, description: string) =>
    withPlanFlags(withCommonFlags(addCommand(program, name, description)));
  planning("preview", "show what apply would change; write nothing");
  planning("apply", "write the planned instrumentation and the ledger").option(
    "--allow-dirty",
    "write files with uncommitted changes too",
  );
  withCommonFlags(addCommand(program, "revert", "take the instrumentation out again"))
    .option("--allow-dirty", "write files with uncommitted changes too")
    .option("--keep <transform>", "leave what this transform did (repeatable)", collect, [])
    .option("--reason <text>", "keep this reason in the ledger's history");
  withPlanFlags(
    withCommonFlags(
      addCommand(program, "status", "show what is instrumented, changed by hand or missing"),
    ),
  );
  addTrace(program);
  return program;
}

function addCommand(program: Command, name: CommandName, description: string): Command {
  const command = program.command(name).description(description).exitOverride();
  command.argument("[dir]", "a folder, a file or a glob that narrows the work", ".");
  command.action(async (dir: string, flags: CommonFlags) => {
    process.exitCode = await run(name, dir, flags);
  });
  return command;
}

function addTrace(program: Command): void {
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

interface TraceFlags extends Pick<CommonFlags, "json" | "color" | "quiet"> {
  html?: string;
}

async function runTrace(command: string[], flags: TraceFlags): Promise<number> {
  if (flags.html) assertWritable("--html", flags.html);
  const { trace } = await import("../commands/trace.js");
  const { traceSummary, traceToTerminal } = await import("../report/trace-terminal.js");
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
  process.stdout.write(traceSummary(outcome, color));
  return exitCode;
}

/** Ctrl-C in a terminal reaches CMD by itself; what is sent to this process alone is passed on. */
function passSignalsOn(child: ChildProcess): void {
  process.removeAllListeners("SIGINT");
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  process.on("SIGTERM", () => child.kill("SIGTERM"));
}

function wantsColor({ color }: Pick<CommonFlags, "color">): boolean {
  return color ?? (process.stdout.isTTY === true && !process.env.NO_COLOR);
}

function withCommonFlags(command: Command): Command {
  return command
    .option("--rule <id>", "only this rule")
    .option("--transform <name>", "only rules of this transform")
    .option("--phase <n>", "only rules of this phase", wholeNumber)
    .option("--site <id>", "only this site (repeatable)", collect, [])
    .option("--except <id>", "all but this site (repeatable)", collect, [])
    .option("--json", "print one JSON document and nothing else")
    .option("--patch <file>", "write the changes as a patch")
    .option(
      "--check",
      "write nothing; exit 1 when something would change or a rule matched nothing",
    )
    .option("--color", "colours even where the output is no terminal")
    .option("--no-color", "no colours")
    .option("--quiet", "print problems only");
}

function withPlanFlags(command: Command): Command {
  return command
    .option("--config <file>", "use this config")
    .option("--preset <name>", "use this preset (repeatable)", collect, [])
    .option("--no-typecheck", "leave the type check out");
}

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}

function wholeNumber(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("a whole number from 1 is expected");
}

async function run(name: CommandName, dir: string, flags: CommonFlags): Promise<number> {
  if (flags.patch) assertWritable("--patch", flags.patch);
  const command = await RUNS[name]();
  const outcome = await command(toOptions(dir, flags));
  if (flags.patch) {
    const { toPatch } = await import("../report/patch.js");
    writeFileSync(flags.patch, toPatch(outcome.changes));
  }
  await print(outcome, flags);
  if (outcome.exitCode !== 0) return outcome.exitCode;
  return flags.check && wouldChange(outcome) ? EXIT.found : EXIT.done;
}

function wouldChange({ changes, findings }: Outcome): boolean {
  return changes.length > 0 || findings.some(({ code }) => code === "unmatched-rule");
}

/** Found out before anything else is written. */
function assertWritable(option: string, path: string): void {
  try {
    closeSync(openSync(path, "a"));
  } catch (error) {
    const { message } = error as Error;
    throw new UserError(`${option} ${path}`, message, "name a file that can be written");
  }
}

function toOptions(target: string, flags: CommonFlags): Options {
  return {
    cwd: process.cwd(),
    target,
    config: flags.config,
    preset: flags.preset ?? [],
    rule: flags.rule,
    transform: flags.transform,
    phase: flags.phase,
    site: flags.site,
    except: flags.except,
    keep: flags.keep ?? [],
    typecheck: flags.typecheck !== false,
    allowDirty: flags.allowDirty === true,
    check: flags.check === true,
    reason: flags.reason,
  };
}

async function print(outcome: Outcome, flags: CommonFlags): Promise<void> {
  if (flags.json) {
    const { toDocument } = await import("../report/json.js");
    process.stdout.write(`${JSON.stringify(toDocument(outcome), null, 2)}\n`);
    return;
  }
  const { toTerminal } = await import("../report/terminal.js");
  process.stdout.write(
    toTerminal(outcome, { color: wantsColor(flags), quiet: flags.quiet === true }),
  );
}

function version(): string {
  const manifest = new URL("../../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done;
    process.stderr.write(
      `${error.message.replace(/^error: /, "retrospan: ").replace(/\n/g, " ")}\n`,
    );
    return EXIT.mistake;
  }
  if (error instanceof UserError) {
    process.stderr.write(`retrospan: ${error.message}\n`);
    return EXIT.mistake;
  }
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT.bug;
}

process.on("SIGINT", () => process.exit(EXIT.interrupted));

const program = buildProgram();
if (process.argv.length <= 2) {
  program.outputHelp();
} else {
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}
