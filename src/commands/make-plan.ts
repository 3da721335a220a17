import { loadCompiler } from "../syntax/compiler.js";
import { digestOf } from "../plan/hash.js";
import { buildPlan, unmatchedRule } from "../plan/build-plan.js";
import { entryFindings } from "../plan/entries.js";
import type { Ledger } from "../plan/ledger.js";
import { relocate } from "../plan/relocate.js";
import type { ActiveRule, FilePlan, Finding, Plan } from "../plan/model.js";
import { fileFilter, filesMatching, searchCandidates } from "../project/files.js";
import { loadConfig, type LoadedConfig } from "../project/config-file.js";
import { installCommand } from "../project/install-command.js";
import { describeSdk, packageOf, type Sdk } from "../project/sdk.js";
import { createTree, readText } from "../project/tree.js";
import type { Root } from "../project/root.js";
import type { ConfigProblem } from "../verify/programs.js";
import { createTypeGate, type TypeReport } from "../verify/typecheck.js";
import { TRANSFORMS } from "../../transforms/index.js";
import type { Source } from "../syntax/source.js";
import type { Lessons, Rule } from "../transform.js";
import { counted } from "../text/count.js";
import { activeRules, askedFor, unreadableAmong } from "./asked.js";
import type { Options } from "./options.js";
import { startPlanning } from "./plan-untyped.js";
import { settle } from "./settle.js";
import { strictSchemas } from "./strict-schemas.js";
import { assertKnown, assertSites, type Workspace } from "./workspace.js";

/** A plan with what was found out while it was made. */
export interface MadePlan {
  readonly plan: Plan;
  /** The ledger that it starts from, with what was moved to other files since. */
  readonly ledger: Ledger;
  readonly sdk: readonly Sdk[];
  readonly findings: readonly Finding[];
  readonly typecheck: TypeReport | null;
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
      plan: {
        ...EMPTY,
        findings: isNarrowed ? [] : rules.map((rule) => expectedOf(config, unmatchedRule(rule))),
      },
      ledger,
      sdk: [],
      findings: nothingChosen(config, rules, options),
      typecheck: null,
    };
  }
  await loadCompiler();
  const { plan, typecheck } = untyped
    ? { plan: await untyped.finish(paths), typecheck: null }
    : planUntilTypesHold(workspace, config, rules, paths, options);
  const isPart =
    isNarrowed ||
    [options.rule, options.transform, options.phase].some((each) => each !== undefined);
  const findings = plan.findings
    .filter(
      ({ code }) =>
        !(isNarrowed && code === "unmatched-rule") && !(isPart && code.startsWith("hop-without-")),
    )
    .map((each) => expectedOf(config, each));
  const sdk = sdksOf(root, plan);
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
  };
}

/** A phase that no rule has would else pass for one in which there is nothing to do. */
function nothingChosen(
  { rules }: LoadedConfig,
  chosen: readonly ActiveRule[],
  { phase }: Options,
): Finding[] {
  if (phase === undefined || chosen.length > 0) return [];
  const known = [...new Set(rules.flatMap((rule) => rule.phase ?? []))].sort((a, b) => a - b);
  const list = known.length > 0 ? `; known: ${known.join(", ")}` : "";
  const message = `no rule that was asked for has the phase ${phase}${list}`;
  return [{ code: "unmatched-rule", level: "warning", message, file: null, line: null }];
}

/** A preset has rules for all kinds of trees: that some of them match nothing is as it should be. */
function expectedOf({ presetRules }: LoadedConfig, finding: Finding): Finding {
  if (finding.code !== "unmatched-rule") return finding;
  const isOfPreset = [...presetRules].some((id) => finding.message.includes(`"${id}"`));
  return isOfPreset ? { ...finding, level: "info" } : finding;
}

async function relocated({ root, ledger }: Workspace): Promise<Ledger> {
  if (ledger.sites.length === 0) return ledger;
  await loadCompiler();
  return relocate(createTree(root, ""), ledger);
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
  return activeRules(chosen, config.base);
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

interface FoundSdk {
  readonly found: Sdk;
  readonly isDeclared: boolean;
}

/** The SDKs of the packages whose files get an import of one, or of a module that has it. */
function sdksOf(root: Root, plan: Plan): FoundSdk[] {
  const byDir = new Map<string, FoundSdk>();
  for (const file of plan.files) {
    const isAsked =
      file.imports.some(({ module }) => module.startsWith("@sentry/")) ||
      file.modules.some(({ text }) => text.includes("@sentry/"));
    if (!isAsked) continue;
    const { dir, sdk, isDeclared } = packageOf(root, file.path);
    if (!byDir.has(dir)) byDir.set(dir, { found: describeSdk(root, dir, sdk), isDeclared });
  }
  return [...byDir.values()];
}

function missingSdks(root: Root, sdks: readonly FoundSdk[]): Finding[] {
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

function brokenConfig({ file, line, message }: ConfigProblem): Finding {
  return {
    code: "tsconfig-error",
    level: "warning",
    message: `the compiler goes on with what is left of it: ${message}`,
    file,
    line,
  };
}

/** Rules that the ledger knows and the config does not, under another name either. */
function goneRules({ sites }: Ledger, { rules }: LoadedConfig): Finding[] {
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

function incompleteTypes(typecheck: TypeReport | null): Finding[] {
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
