import type { Ledger, LedgerSite } from "../plan/ledger.js";
import type { Plan } from "../plan/model.js";
import type { Root } from "../project/root.js";
import { describeSdk, packageOf, type Sdk } from "../project/sdk.js";

/** The SDK of a package that holds sites. */
export interface UsedSdk {
  readonly found: Sdk;
  readonly isDeclared: boolean;
}

/** The SDKs of the packages in which a plan finds sites. */
export function sdksOfPlan(root: Root, { files, sites }: Plan): UsedSdk[] {
  const needing = files.filter(
    ({ imports, modules }) =>
      imports.some(({ module }) => isOfSdk(module)) || modules.some(({ text }) => isOfSdk(text)),
  );
  return usedSdks(root, new Set(needing.map(({ path }) => path)), sites);
}

/** The SDKs of the packages in which a ledger has some sites. */
export function sdksOfLedger(
  root: Root,
  { imports, sites }: Ledger,
  wants: (entry: LedgerSite) => boolean,
): Sdk[] {
  const needing = imports.filter(({ module }) => isOfSdk(module));
  const used = usedSdks(root, new Set(needing.map(({ file }) => file)), sites.filter(wants));
  return used.map(({ found }) => found);
}

/**
 * Each package once, by its first file.
 * @param needing files whose code does not load without the SDK: of others, only a package counts
 * that declares one
 */
function usedSdks(
  root: Root,
  needing: ReadonlySet<string>,
  sites: readonly { readonly file: string }[],
): UsedSdk[] {
  const byDir = new Map<string, UsedSdk>();
  for (const path of new Set([...needing, ...sites.map(({ file }) => file)])) {
    const { dir, sdk, isDeclared } = packageOf(root, path);
    if (byDir.has(dir) || !(isDeclared || needing.has(path))) continue;
    byDir.set(dir, { found: describeSdk(root, dir, sdk), isDeclared });
  }
  return [...byDir.values()];
}

function isOfSdk(text: string): boolean {
  return text.includes("@sentry/");
}
