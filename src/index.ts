import { withDefaults, type Options } from "./commands/options.js";
import type { Outcome } from "./commands/outcome.js";

export { defineConfig, type Config, type RuleConfig } from "./plan/define-config.js";
export type { Options } from "./commands/options.js";
export type { Outcome } from "./commands/outcome.js";
export type { FileChange, Finding, SiteReport, SiteState } from "./plan/model.js";
export type { Reason, ReasonCode } from "./syntax/reason.js";
export { UserError } from "./plan/user-error.js";

/**
 * Plans the instrumentation of a tree and writes nothing.
 * @param options what to plan; the defaults are those of the command line
 * @throws {UserError} for a mistake in the options or the config
 */
export async function preview(options: Partial<Options> = {}): Promise<Outcome> {
  const command = await import("./commands/preview.js");
  return command.preview(withDefaults(options));
}

/**
 * Writes the plan and the ledger, or nothing.
 * @throws {UserError} for a mistake in the options or the config, and for a file with uncommitted changes
 */
export async function apply(options: Partial<Options> = {}): Promise<Outcome> {
  const command = await import("./commands/apply.js");
  return command.apply(withDefaults(options));
}

/**
 * Takes out what the ledger and the code's shape both say is ours.
 * @throws {UserError} also for a damaged ledger or a file with uncommitted changes
 */
export async function revert(options: Partial<Options> = {}): Promise<Outcome> {
  const command = await import("./commands/revert.js");
  return command.revert(withDefaults(options));
}
