import { digestOf } from "../plan/hash.js";
import type { Ledger } from "../plan/ledger.js";
import type { ActiveRule, Finding } from "../plan/model.js";
import type { LoadedConfig } from "../project/config-file.js";
import { installCommand } from "../project/install-command.js";
import type { Root } from "../project/root.js";
import { counted } from "../text/count.js";
import type { ConfigProblem } from "../verify/programs.js";
import type { TypeReport } from "../verify/typecheck.js";
import type { Options } from "./options.js";
import type { UsedSdk } from "./used-sdks.js";

/** A phase or a transform that no rule has would else pass for one in which there is nothing to do. */
export function nothingChosen(
  { rules }: LoadedConfig,
  chosen: readonly ActiveRule[],
  { phase, transform }: Options,
): Finding[] {
  if (chosen.length > 0 || rules.length === 0) return [];
  const phases = [...new Set(rules.flatMap((rule) => rule.phase ?? []))].sort((a, b) => a - b);
  const uses = [...new Set(rules.map(({ use }) => use))].sort();
  const wanted = [
    ...(phase === undefined ? [] : [`has the phase ${phase}${listed(phases)}`]),
    ...(transform === undefined ? [] : [`uses ${transform}${listed(uses)}`]),
  ];
  const message = `no rule that was asked for ${wanted.join(" and ")}`;
  return [{ code: "unmatched-rule", level: "warning", message, file: null, line: null }];
}

function listed(known: readonly (string | number)[]): string {
  return known.length > 0 ? ` (known: ${known.join(", ")})` : "";
}

/** Packages whose code would import what they do not declare. */
export function missingSdks(root: Root, sdks: readonly UsedSdk[]): Finding[] {
  return sdks
    .filter(({ isDeclared }) => !isDeclared)
    .map(({ found }) => ({
      code: "sdk-missing",
      level: "warning",
      message: `the package in ${found.dir} does not declare ${found.package}, without which the instrumented code does not load; install it: ${installCommand(root, found.dir, found.package)}`,
      file: found.dir === "." ? "package.json" : `${found.dir}/package.json`,
      line: null,
    }));
}

/** A tsconfig that the compiler cannot make use of as it is. */
export function brokenConfig({ file, line, message }: ConfigProblem): Finding {
  return {
    code: "tsconfig-error",
    level: "warning",
    message: `the compiler goes on with what is left of it: ${message}`,
    file,
    line,
  };
}

/** Rules that the ledger knows and the config does not, under another name either. */
export function goneRules({ sites }: Ledger, { rules }: LoadedConfig): Finding[] {
  const ids = new Set(rules.map(({ id }) => id));
  const digests = new Set(rules.map(digestOf));
  const gone = sites.filter(({ rule, digest }) => !ids.has(rule) && !digests.has(digest));
  return [...new Set(gone.map(({ rule }) => rule))].sort().map((rule) => ({
    code: "rule-gone",
    level: "info",
    message: `no rule is called "${rule}" any more, and what it made is still there; \`revert --rule ${rule}\` takes it out`,
    file: null,
    line: null,
  }));
}

/** Imports that the type check cannot follow. */
export function incompleteTypes(typecheck: TypeReport | null): Finding[] {
  if (!typecheck || typecheck.unresolved === 0) return [];
  return [
    {
      code: "types-incomplete",
      level: "warning",
      message: `${counted(typecheck.unresolved, "import")} cannot be resolved, so the type check sees less than it should`,
      file: null,
      line: null,
    },
  ];
}
