import { readFileSync, writeFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { DEFAULT_OPTIONS, type Options } from "../commands/options.js";
import type { Shard } from "../project/ledger-file.js";
import type { Outcome } from "../commands/outcome.js";
import { EXIT } from "./exit.js";
import { assertWritable, wantsColor } from "./output.js";
import { progressOn } from "./progress.js";
import { keepingStdout } from "./result-stream.js";
import { holdSignals } from "./signals.js";
import { addScan } from "./scan.js";
import { addTrace } from "./trace.js";

interface CommonFlags {
  config?: string;
  preset?: string[];
  rule?: string;
  transform?: string;
  phase?: number;
  site?: string[];
  except?: string[];
  shard?: Shard;
  concurrency?: number;
  json?: boolean;
  patch?: string;
  html?: string;
  sarif?: string;
  check?: boolean;
  typecheck?: boolean;
  allowDirty?: boolean;
  interactive?: boolean;
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

/** The command line: every command with its options. */
export function buildProgram(version: string): Command {
  const program = new Command("retrospan")
    .description("Retrofit Sentry tracing into TypeScript code, and take it out again to the byte")
    .version(version, "--version", "print the version")
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError(true)
    .helpCommand(true);
  const planning = (name: CommandName, description: string) =>
    withPlanFlags(withCommonFlags(addCommand(program, name, description)));
  planning("preview", "show what apply would change; write nothing");
  planning("apply", "write the planned instrumentation and the ledger")
    .option("--interactive", "ask about each site: y n a q")
    .option("--allow-dirty", "write files with uncommitted changes too");
  withCommonFlags(addCommand(program, "revert", "take the instrumentation out again"))
    .option("--allow-dirty", "write files with uncommitted changes too")
    .option("--keep <transform>", "leave what this transform did (repeatable)", collect)
    .option("--reason <text>", "keep this reason in the ledger's history", saidOnce(plainValue));
  withPlanFlags(
    withCommonFlags(
      addCommand(program, "status", "show what is instrumented, changed by hand or missing"),
    ),
  );
  addScan(program);
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

function withCommonFlags(command: Command): Command {
  return command
    .option("--rule <id>", "only this rule", saidOnce(plainValue))
    .option("--transform <name>", "only rules of this transform", saidOnce(plainValue))
    .option("--phase <n>", "only rules of this phase", saidOnce(wholeNumber))
    .option("--site <id>", "only this site (repeatable)", collect)
    .option("--except <id>", "all but this site (repeatable)", collect)
    .option("--shard <i/n>", "only the i-th of n parts of the files", saidOnce(shardOf))
    .option("--json", "print one JSON document and nothing else")
    .option("--patch <file>", "write the changes and the ledger as a patch", saidOnce(plainValue))
    .option("--html <file>", "write a page that shows all of it", saidOnce(plainValue))
    .option("--sarif <file>", "write sites and findings for code scanning", saidOnce(plainValue))
    .option(
      "--check",
      "write nothing; exit 1 when something would change or a rule of the config matched nothing",
    )
    .option("--color", "colours even where the output is no terminal")
    .option("--no-color", "no colours")
    .option("--quiet", "print problems only");
}

function withPlanFlags(command: Command): Command {
  return command
    .option("--config <file>", "use this config", saidOnce(plainValue))
    .option("--preset <name>", "use this preset (repeatable)", collect)
    .option("--no-typecheck", "leave the type check out")
    .option(
      "--concurrency <n>",
      "plan in so many threads where nothing is type-checked (default: where files are many, up to 4)",
      saidOnce(wholeNumber),
    );
}

/** Another option in the place of a value is one that was left out. */
function plainValue(given: string): string {
  if (!given.startsWith("-")) return given;
  throw new InvalidArgumentError("a value is expected, and it looks like another option");
}

function collect(given: string, all: readonly string[] = []): string[] {
  return [...all, plainValue(given)];
}

/** What is meant once must not be said twice: the first would be lost without a word. */
function saidOnce<T>(read: (given: string) => T): (given: string, before: T | undefined) => T {
  return (given, before) => {
    if (before === undefined) return read(given);
    throw new InvalidArgumentError("it can be given only once");
  };
}

function wholeNumber(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("a whole number from 1 is expected");
}

function shardOf(value: string): Shard {
  const [, number, count] = /^(\d+)\/(\d+)$/.exec(value) ?? [];
  const shard = { number: Number(number), count: Number(count) };
  if (shard.number >= 1 && shard.number <= shard.count) return shard;
  throw new InvalidArgumentError("I/N is expected, with I from 1 to N, such as 2/8");
}

async function run(name: CommandName, dir: string, flags: CommonFlags): Promise<number> {
  for (const name of REPORTS) {
    const file = flags[name];
    if (file) assertWritable(`--${name}`, file);
  }
  const command = await RUNS[name]();
  const choose = flags.interactive ? await interactiveChooser(flags) : undefined;
  const progress = flags.quiet || flags.json ? null : progressOn(process.stderr);
  const heard = { choose, onProgress: progress ?? undefined, uncut: holdSignals };
  const options = { ...toOptions(dir, flags), ...heard };
  const plan = () => command(options).finally(() => progress?.(null));
  // Questions are asked on stdout.
  const outcome = await (choose ? plan() : keepingStdout(plan));
  for (const name of REPORTS) {
    const file = flags[name];
    if (file) writeFileSync(file, await reportAs[name](outcome));
  }
  const found = flags.check && wouldChange(outcome) ? EXIT.found : EXIT.done;
  const code = outcome.exitCode === 0 ? found : outcome.exitCode;
  await print(outcome, flags, code !== EXIT.done);
  return code;
}

async function interactiveChooser(flags: CommonFlags): Promise<Options["choose"]> {
  const { chooser } = await import("./interactive.js");
  return chooser(wantsColor(flags));
}

/** Reports that go into files. */
const REPORTS = ["patch", "html", "sarif"] as const;

const reportAs: Record<(typeof REPORTS)[number], (outcome: Outcome) => Promise<string>> = {
  patch: async (outcome) => (await import("../report/patch.js")).toPatch(outcome),
  html: async (outcome) => {
    const { planToHtml } = await import("../report/plan-html.js");
    return planToHtml(outcome, applyCommand(process.argv.slice(3)));
  },
  sarif: async (outcome) => {
    const { toSarif } = await import("../report/sarif.js");
    return `${JSON.stringify(toSarif(outcome, ownVersion()), null, 2)}\n`;
  },
};

/** The command that applies what was asked for on this command line, without what is about reports. */
function applyCommand(given: readonly string[]): string {
  const words: string[] = [];
  for (let at = 0; at < given.length; at++) {
    const word = given[at] ?? "";
    if (/^--(json|check|quiet|color|no-color|interactive)$/.test(word)) continue;
    if (/^--(patch|html|sarif)=/.test(word)) continue;
    if (/^--(patch|html|sarif)$/.test(word)) at++;
    else words.push(/^[\w./:@=*-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`);
  }
  return ["npx retrospan apply", ...words].join(" ");
}

function wouldChange({ command, changes, sites, findings }: Outcome): boolean {
  const isOpen = command === "status" && sites.some(({ state }) => state === "planned");
  const isUnmatched = ({ code, level }: Outcome["findings"][number]) =>
    code === "unmatched-rule" && level !== "info";
  return changes.length > 0 || isOpen || findings.some(isUnmatched);
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
    site: flags.site ?? [],
    except: flags.except ?? [],
    keep: flags.keep ?? [],
    shard: flags.shard ?? null,
    concurrency: flags.concurrency ?? DEFAULT_OPTIONS.concurrency,
    typecheck: flags.typecheck !== false,
    allowDirty: flags.allowDirty === true,
    check: flags.check === true,
    reason: flags.reason,
  };
}

async function print(outcome: Outcome, flags: CommonFlags, isBad: boolean): Promise<void> {
  if (flags.json) {
    const { toDocument } = await import("../report/json.js");
    process.stdout.write(`${JSON.stringify(toDocument(outcome), null, 2)}\n`);
    return;
  }
  const { toTerminal } = await import("../report/terminal.js");
  const style = { color: wantsColor(flags), quiet: flags.quiet === true, isBad };
  for (const { text, isWarning } of toTerminal(outcome, style)) {
    (isWarning ? process.stderr : process.stdout).write(text);
  }
}

/** The version of the package that this is part of. */
export function ownVersion(): string {
  const manifest = new URL("../../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}
