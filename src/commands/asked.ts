import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FilePlannerInput } from "../plan/build-plan.js";
import { digestOf } from "../plan/hash.js";
import type { Ledger } from "../plan/ledger.js";
import type { ActiveRule, Finding } from "../plan/model.js";
import { firstSource, pathMatcher } from "../project/files.js";
import type { Root } from "../project/root.js";
import { nearestManifest } from "../project/sdk.js";
import { readText } from "../project/tree.js";
import { detectStyle, type Style } from "../text/style.js";
import type { Rule } from "../transform.js";
import { wantsSite, type Options } from "./options.js";

/**
 * Rules with what planning asks of them.
 * @param presetRules the ids of those that a preset brings
 */
export function activeRules(
  rules: readonly Rule[],
  base: string,
  presetRules: ReadonlySet<string> = new Set(),
): ActiveRule[] {
  return rules.map((rule) => ({
    rule,
    digest: digestOf(rule),
    isOfPreset: presetRules.has(rule.id),
    covers: rule.in === undefined ? () => true : pathMatcher([rule.in].flat(), base),
  }));
}

/** Which sites the options ask for, and how what is made for them is written. */
export interface Asked extends Pick<FilePlannerInput, "wants" | "rejects" | "moduleStyle"> {
  /** Grows with the sites that were found. */
  readonly seen: ReadonlySet<string>;
}

export function askedFor(root: Root, ledger: Ledger, options: Options): Asked {
  const wanted = wantsSite(options);
  const refused = new Set(options.except);
  const seen = new Set(ledger.sites.map(({ id }) => id));
  return {
    seen,
    wants: (id) => {
      seen.add(id);
      return wanted(id);
    },
    rejects: (id) => refused.has(id),
    moduleStyle: options.shard ? (path) => styleAround(root, path) : undefined,
  };
}

/** Shards that make the same module must make it alike. */
function styleAround(root: Root, path: string): Style | null {
  const first = firstSource(root, nearestManifest(root, path)?.dir ?? ".");
  const text = first === null ? null : readText(root, first);
  return text === null ? null : detectStyle(text);
}

/** Findings for the files that are there and could not be read. */
export function unreadableAmong(
  root: Root,
  paths: readonly string[],
  read: readonly { readonly path: string }[],
): Finding[] {
  const known = new Set(read.map(({ path }) => path));
  return paths.filter((path) => !known.has(path) && existsSync(join(root.path, path))).map(notUtf8);
}

function notUtf8(path: string): Finding {
  return {
    code: "not-utf8",
    level: "warning",
    message: "left alone because it is not UTF-8 text",
    file: path,
    line: null,
  };
}
