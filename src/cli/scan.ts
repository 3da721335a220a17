import type { Command } from "commander";
import { DEFAULT_OPTIONS } from "../commands/options.js";
import { wantsColor } from "./output.js";
import { holdSignals } from "./signals.js";

interface ScanFlags {
  write?: boolean;
  json?: boolean;
  color?: boolean;
  quiet?: boolean;
}

/** `retrospan scan`, which needs no config and can make one. */
export function addScan(program: Command): void {
  program
    .command("scan")
    .description("find what deserves a span, and hops that lose the trace")
    .exitOverride()
    .argument("[dir]", "a folder, a file or a glob that narrows the search", ".")
    .option("--write", "make a config of what was found")
    .option("--json", "print one JSON document and nothing else")
    .option("--color", "colours even where the output is no terminal")
    .option("--no-color", "no colours")
    .option("--quiet", "print findings and the summary only")
    .action(async (dir: string, flags: ScanFlags) => {
      const { scan } = await import("../commands/scan.js");
      const given = { cwd: process.cwd(), target: dir, uncut: holdSignals };
      const options = { ...DEFAULT_OPTIONS, ...given };
      const outcome = await scan(options, { write: flags.write === true });
      const { scanToDocument, scanToTerminal } = await import("../report/scan-report.js");
      const style = { color: wantsColor(flags), quiet: flags.quiet === true };
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(scanToDocument(outcome), null, 2)}\n`
          : scanToTerminal(outcome, style),
      );
    });
}
