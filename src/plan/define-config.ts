import type { JoinPoint } from "../transform.js";

/** A config as the user writes it. */
export interface Config {
  include?: string[];
  exclude?: string[];
  presets?: string[];
  rules?: RuleConfig[];
}

/** A rule as the user writes it: what every rule has, and its transform's own parameters. */
export interface RuleConfig {
  id: string;
  use: string;
  phase?: number;
  in?: string | string[];
  at?: JoinPoint;
  [parameter: string]: unknown;
}

/** Gives a config its types; returns it as it is. */
export function defineConfig(config: Config): Config {
  return config;
}
