import type { RuleConfig } from "./config.js";

/** Named lists of rules, each of which a config can override by id. */
export const PRESETS: ReadonlyMap<string, readonly RuleConfig[]> = new Map();
