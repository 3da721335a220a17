import { loadCompiler } from "../syntax/compiler.js";
import { buildPlan, unmatchedRule } from "../plan/build-plan.js";
import { entryFindings } from "../plan/entries.js";
import type { Ledger } from "../plan/ledger.js";
import { relocate } from "../plan/relocate.js";
import type { ActiveRule, FilePlan, Finding, Plan } from "../plan/model.js";
import { fileFilter, filesMatching, searchCandidates } from "../project/files.js";
import { loadConfig, type LoadedConfig } from "../project/config-file.js";
import type { Sdk } from "../project/sdk.js";
import { createTree, readText } from "../project/tree.js";
import type { Root } from "../project/root.js";
import { createTypeGate, type TypeReport } from "../verify/typecheck.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { Source } from "../syntax/source.js";
import type { Lessons, Rule } from "../transform.js";
import { activeRules, askedFor, unreadableAmong } from "./asked.js";
import type { Options } from "./options.js";
import {
  brokenConfig,
  goneRules,
  incompleteTypes,
  missingSdks,
  nothingChosen,
} from "./plan-findings.js";
import { startPlanning } from "./plan-untyped.js";
import { settle } from "./settle.js";
import { strictSchemas } from "./strict-schemas.js";
import { sdksOfPlan } from "./used-sdks.js";
import { assertKnown, assertSites, type Workspace } from "./workspace.js";

/** A plan with what was found out while it was made. */
export interface MadePlan {
  readonly plan: Plan;
  /** The ledger that it starts from, with what was moved to other files since. */
  readonly ledger: Ledger;
  readonly sdk: readonly Sdk[];
  readonly findings: readonly Finding[];
  readonly typecheck: TypeReport | null;
  /** Whether any file was a candidate. */
  readonly isAnyRead: boolean;
}

const EMPTY: Plan = { sites: [], findings: [], changes: [], files: [], modules: [], whole: [] };

/**
 * Loads the config and makes the plan for the part of the tree that was asked for.
 * @param given a config that stands in no file
 */
export async function makePlan(
  opened: Workspace,
  options: Options,
  given?: LoadedConfig,
): Promise<MadePlan> {
  const { root } = opened;
  const config = given ?? (await loadConfig(root, options.cwd, options.config, options.preset));
  const rules = chooseRules(config, options);
  const workspace = { ...opened, ledger: await relocated(opened) };
  const { ledger } = workspace;
  const untyped = options.typecheck ? null : startPlanning(workspace, config, rules, options);
  const paths = await candidatePaths(workspace, config, rules, (found) => {
    void loadCompiler();
    untyped?.begin(found);
  });
  // In a part of the tree, a rule that matches nothing may match elsewhere.
  const isNarrowed = !root.isWhole || options.site.length + options.except.length > 0;
  const isAboutFiles = rules.some(({ rule }) => TRANSFORMS.get(rule.use)?.files !== undefined);
  if (paths.length === 0 && !isAboutFiles) {
    return {
      plan: { ...EMPTY, findings: isNarrowed ? [] : rules.map(unmatchedRule) },
      ledger,
      sdk: [],
      findings: nothingChosen(config, rules, options),
      typecheck: null,
      isAnyRead: false,
    };
  }
  await loadCompiler();
  const { plan, typecheck } = untyped
    ? { plan: await untyped.finish(paths), typecheck: null }
    : planUntilTypesHold(workspace, config, rules, paths, options);
  const isPart =
    isNarrowed ||
    [options.rule, options.transform, options.phase].some((each) => each !== undefined);
  const findings = plan.findings.filter(
    ({ code }) =>
      !(isNarrowed && code === "unmatched-rule") && !(isPart && code.startsWith("hop-without-")),
  );
  const sdk = sdksOfPlan(root, plan);
  return {
    plan: { ...plan, findings },
    ledger,
    sdk: sdk.map(({ found }) => found),
    findings: [
      ...nothingChosen(config, rules, options),
      ...missingSdks(root, sdk),
      ...(isPart ? [] : goneRules(ledger, config)),
      ...incompleteTypes(typecheck),
      ...(typecheck?.brokenConfigs ?? []).map(brokenConfig),
      // It reads much; who leaves the type check out is in a hurry.
      ...(typecheck ? entryFindings(createTree(root, config.base), plan.files) : []),
      ...(typecheck ? strictSchemas(root, config, plan) : []),
    ],
    typecheck,
    isAnyRead: true,
  };
}

async function relocated({ root, ledger }: Workspace): Promise<Ledger> {
  if (ledger.sites.length === 0) return ledger;
  await loadCompiler();
  return relocate(createTree(root, ""), ledger).ledger;
}

function chooseRules(config: LoadedConfig, options: Options): ActiveRule[] {
  assertKnown(
    "--rule",
    options.rule,
    config.rules.map(({ id }) => id),
  );
  assertKnown("--transform", options.transform, TRANSFORMS.keys());
  const chosen = config.rules.filter(
    (rule) =>
      (options.rule === undefined || rule.id === options.rule) &&
      (options.transform === undefined || rule.use === options.transform) &&
      (options.phase === undefined || rule.phase === options.phase),
  );
  return activeRules(chosen, config.base, config.presetRules);
}

/**
 * Files with a needle of some rule, and files that hold our instrumentation already.
 * @param onFound told some of them while others are still sought
 */
async function candidatePaths(
  { root, ledger }: Workspace,
  config: LoadedConfig,
  rules: readonly ActiveRule[],
  onFound: (paths: readonly string[]) => void,
): Promise<string[]> {
  const filter = fileFilter(root, config);
  const found = rules.flatMap(({ rule }) => namedPaths(root, config, rule) ?? []);
  const sought = rules.filter(({ rule }) => TRANSFORMS.get(rule.use)?.paths === undefined);
  const needles = sought.map(({ rule }) => TRANSFORMS.get(rule.use)?.needles(rule) ?? []);
  const all = needles.every((each) => each.length > 0) ? [...new Set(needles.flat())] : null;
  const own = new Set(ledger.sites.map(({ file }) => file).filter(filter));
  const isMeant = (path: string) => own.has(path) || rules.some(({ covers }) => covers(path));
  const candidates =
    sought.length === 0
      ? []
      : await searchCandidates(root, filter, all, (some) => {
          const meant = some.filter(isMeant);
          if (meant.length > 0) onFound(meant);
        });
  return [...new Set([...candidates, ...found.filter(filter), ...own])].filter(isMeant).sort();
}

/** The files that a rule names itself; null where it means whatever files have its needles. */
function namedPaths(root: Root, config: LoadedConfig, rule: Rule): string[] | null {
  const paths = TRANSFORMS.get(rule.use)?.paths?.(rule);
  if (!paths) return null;
  return paths.length === 0 ? [] : filesMatching(root, paths, config.base);
}

/** Makes the plan, checks its types, and makes it again without what broke them. */
function planUntilTypesHold(
  { root, ledger }: Workspace,
  config: LoadedConfig,
  rules: readonly ActiveRule[],
  paths: readonly string[],
  options: Options,
): { plan: Plan; typecheck: TypeReport } {
  const tree = createTree(root, config.base);
  const lessons = new Map<string, Lessons>();
  const files = paths.flatMap((path) => {
    const text = readText(root, path);
    return text === null ? [] : [{ path, text }];
  });
  const unreadable = unreadableAmong(root, paths, files);
  const { onProgress } = options;
  const gate = createTypeGate(root, paths, (step) => onProgress?.(step));
  const { seen, ...asked } = askedFor(root, ledger, options);
  const make = (known: ReadonlyMap<string, FilePlan>) => {
    const typesOf = (source: Source) => {
      onProgress?.(`planning: ${source.path}`);
      return gate.typesOf(source);
    };
    const plan = buildPlan({ tree, rules, ledger, files, ...asked, lessons, typesOf, known });
    return { ...plan, findings: [...plan.findings, ...unreadable] };
  };
  const first = make(new Map());
  // A part of the tree does not show all sites.
  if (root.isWhole) assertSites(options, seen);
  const settled = settle({ first, lessons, tree, gate, make });
  onProgress?.(null);
  return settled;
}
