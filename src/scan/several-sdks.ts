import type { Finding } from "../plan/model.js";
import type { Sdk } from "../project/sdk.js";

/** A package of a repository, with the SDK that it asks for itself. */
export interface Package {
  readonly name: string | null;
  readonly dependencies: readonly string[];
  readonly sdk: Sdk | null;
}

/** Versions of the SDK that meet in one process: those of a package and of what it depends on here. */
export function severalSdks(packages: readonly Package[]): Finding[] {
  const told = new Map<string, Finding>();
  for (const each of packages) {
    const sdks = closureOf(each, packages).flatMap(({ sdk }) => sdk ?? []);
    if (new Set(sdks.flatMap((sdk) => versionOf(sdk) ?? [])).size < 2) continue;
    const list = sdks.map(
      ({ dir, package: name, version }) => `${name} ${version ?? "?"} in ${dir}`,
    );
    const message = `several versions of the SDK: in one process, one of them records nothing: ${list.sort().join(", ")}`;
    told.set(message, { code: "several-sdks", level: "warning", message, file: null, line: null });
  }
  return [...told.values()];
}

function closureOf(start: Package, packages: readonly Package[]): readonly Package[] {
  const found = new Set([start]);
  // A set's own iteration goes on with what is added meanwhile.
  for (const { dependencies } of found) {
    for (const each of packages) {
      if (each.name !== null && dependencies.includes(each.name)) found.add(each);
    }
  }
  return [...found];
}

/** The version, or the major of a range; nobody knows that of what comes from a file. */
function versionOf({ version, source }: Sdk): string | undefined {
  const found = /\d+\.\d+\.\d+/.exec(version ?? "")?.[0];
  return source === "range" ? /^\d+/.exec(found ?? "")?.[0] : found;
}
