import { loadCompiler } from "../syntax/compiler.js";
import { AUTO_INSTRUMENTED } from "../syntax/auto-instrumented.js";
import { resolveConfig } from "../plan/config.js";
import { entryFindings } from "../plan/entries.js";
import type { Finding, SiteReport } from "../plan/model.js";
import { UserError } from "../plan/user-error.js";
import { fileFilter, filesMatching, searchCandidates } from "../project/files.js";
import {
  describeSdk,
  nearestManifest,
  sdkPackageFor,
  type Manifest,
  type Sdk,
} from "../project/sdk.js";
import { findConfig, type Root } from "../project/root.js";
import { createTree, readText } from "../project/tree.js";
import { writeChanges } from "../project/write.js";
import { withCarriedTypes } from "../scan/carried-types.js";
import { configText } from "../scan/config-text.js";
import { withAborts } from "../scan/leftovers.js";
import { severalSdks, type Package } from "../scan/several-sdks.js";
import { silentInits } from "../scan/silent-inits.js";
import { withoutDoubles } from "../scan/callers.js";
import { withoutUnheard } from "../scan/wanted.js";
import {
  callsAt,
  lookInto,
  SCAN_NEEDLES,
  suggestionsFrom,
  type Suggestion,
} from "../scan/propose.js";
import { makePlan } from "./make-plan.js";
import type { Options } from "./options.js";
import { openWorkspace, uncut, type Workspace } from "./workspace.js";
import { groupedBy } from "../text/grouped.js";

/** What a scan has found. */
export interface ScanOutcome {
  readonly suggestions: readonly Suggestion[];
  /** What the suggestions would instrument. */
  readonly sites: readonly SiteReport[];
  readonly findings: readonly Finding[];
  readonly sdk: readonly Sdk[];
  /** The config that was written. */
  readonly written: string | null;
  readonly ms: number;
}

const CONFIG = "retrospan.config.ts";

/**
 * Finds what deserves a span, a context or a better start, as rules that would do something.
 * @throws {UserError} when a config is to be written and there is one
 */
export async function scan(
  options: Options,
  { write }: { readonly write: boolean },
): Promise<ScanOutcome> {
  const started = performance.now();
  const workspace = openWorkspace(options);
  const { root } = workspace;
  const existing = write ? findConfig(root) : null;
  if (existing)
    throw new UserError(existing, "there is a config", "remove it, or scan without --write");
  const { found, told } = await suggestionsIn(root);
  const { suggestions, sites, findings } = await thoseThatDoSomething(workspace, options, found);
  const packages = packagesIn(root);
  const isWritten = write && suggestions.length > 0;
  if (isWritten) {
    const isInstalled = describeSdk(root, ".", "retrospan").source === "installed";
    const after = configText(suggestions, isInstalled);
    const change = { path: CONFIG, before: readText(root, CONFIG), after };
    await uncut(options, (asked) => writeChanges(root, "scan", [change], asked));
  }
  return {
    suggestions,
    sites,
    findings: [
      ...findings,
      ...told,
      ...severalSdks(packages),
      ...(suggestions.length > 0 ? tracedAlready(root) : []),
    ],
    sdk: packages.flatMap((each) => each.sdk ?? []),
    written: isWritten ? CONFIG : null,
    ms: Math.round(performance.now() - started),
  };
}

/** What only developers run. */
const NO_PRODUCTION = [
  "**/{test,tests,testing,bench,benchmark,benchmarks,scripts}/**",
  "**/{e2e,e2e-*,e2e_*,*-e2e,*-eval,*-evals}/**",
  "**/{fixtures,__fixtures__,mocks,__mocks__,example,examples}/**",
  "**/{migration,migrations,playwright,cypress}/**",
  "tools/**",
  "**/vendor/**",
  "**/*.{backup,bench,e2e,mock,stories}.*",
  "**/*{harness,playground}*",
  "**/seed{,-*}.*",
];

async function suggestionsIn(
  root: Root,
): Promise<{ readonly found: Suggestion[]; readonly told: Finding[] }> {
  const around = {
    base: "",
    include: null,
    exclude: NO_PRODUCTION,
    rules: [],
    presetRules: new Set<string>(),
  };
  const filter = fileFilter(root, around);
  const found = await searchCandidates(root, filter, SCAN_NEEDLES, () => void loadCompiler());
  await loadCompiler();
  const paths = withoutLibraries(root, found);
  const files = paths.map((path) => [path, readText(root, path) ?? ""] as const);
  const looked = new Map(files.map(([path, text]) => [path, lookInto(path, text)] as const));
  const proposed = [...looked.values()].flatMap(({ proposals }) => proposals);
  const calls = new Map([...looked].flatMap(([path, { calls }]) => (calls ? [[path, calls]] : [])));
  const tree = createTree(root, "");
  const filesWith = (name: string) => tree.filesWith(name).filter(filter);
  const read = (path: string) => callsAt(path, readText(root, path) ?? "");
  const own = withoutDoubles(proposed, { calls, filesWith, callsOf: read });
  const heard = withoutUnheard(withAborts(own, files));
  return {
    found: suggestionsFrom(withCarriedTypes(heard, tree)),
    told: [
      ...[...looked.values()].flatMap(({ problem }) => problem ?? []),
      ...files.flatMap(([path, text]) => silentInits(path, text)),
    ],
  };
}

/** Without packages for others beside programs that have an SDK: it would be a dependency of theirs. */
function withoutLibraries(root: Root, paths: readonly string[]): readonly string[] {
  const hasSdk = ({ dependencies }: Manifest) =>
    Object.keys(dependencies).some((name) => name.startsWith("@sentry/"));
  const manifests = new Map(paths.map((path) => [path, nearestManifest(root, path)]));
  if (![...manifests.values()].some((each) => each && hasSdk(each))) return paths;
  return paths.filter((path) => {
    const manifest = manifests.get(path);
    return !manifest?.isPublished || hasSdk(manifest);
  });
}

/** A rule that would change nothing is no suggestion. */
async function thoseThatDoSomething(
  workspace: Workspace,
  options: Options,
  all: readonly Suggestion[],
): Promise<Pick<ScanOutcome, "suggestions" | "sites" | "findings">> {
  if (all.length === 0) return { suggestions: [], sites: [], findings: [] };
  const rules = all.map(({ rule }) => rule);
  const config = { ...(await resolveConfig({ rules }, "scan", [])), base: "" };
  const { plan } = await makePlan(workspace, { ...options, typecheck: false }, config);
  const planned = groupedBy(
    plan.sites.filter(({ state }) => state === "planned"),
    ({ rule }) => rule,
  );
  const suggestions = all.filter(({ rule }) => planned.has(rule.id));
  return {
    suggestions,
    sites: suggestions.flatMap(({ rule }) => planned.get(rule.id) ?? []),
    findings: [
      ...plan.findings.filter(({ code }) => code === "init-before-environment"),
      ...entryFindings(createTree(workspace.root, ""), plan.files),
    ],
  };
}

/** The packages of the repository, each with the SDK that it asks for itself. */
function packagesIn(root: Root): Package[] {
  return filesMatching(root, ["**/package.json"], "").flatMap((path) => {
    const manifest = nearestManifest(root, path);
    if (!manifest) return [];
    const { dir, name, dependencies } = manifest;
    const sdk = sdkPackageFor(root, path);
    const isOwn = dependencies[sdk] !== undefined;
    return [
      {
        name,
        dependencies: Object.keys(dependencies),
        sdk: isOwn ? describeSdk(root, dir, sdk) : null,
      },
    ];
  });
}

/** What needs no span, because the SDK has one for it. */
function tracedAlready(root: Root): Finding[] {
  const manifests = filesMatching(root, ["**/package.json"], "").map(
    (path) => readText(root, path) ?? "",
  );
  const known = AUTO_INSTRUMENTED.flatMap(({ packages, integration }) => {
    const used = packages.find((name) => manifests.some((text) => text.includes(`"${name}":`)));
    return used === undefined ? [] : [`${used} (${integration})`];
  });
  const all = [...new Set(["fetch and http", ...known])];
  const message = `traced by the SDK itself, where it starts first: ${all.join(", ")}`;
  return [{ code: "traced-already", level: "info", message, file: null, line: null }];
}
