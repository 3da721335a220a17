import { helperFor, type Helper, type HelperHost, type HelperSpec } from "./helper-module.js";
import { moduleLines } from "./module-source.js";
import type { Reason } from "./reason.js";

/** What the modules of observability export, by the module that has it. */
const MODULES = {
  scrub: ["scrub", "scrubEvent"],
  "wide-event": [
    "WideEvent",
    "withWideEvent",
    "currentWideEvent",
    "recordStage",
    "recordAgentCall",
  ],
  "sentry-pipeline": [
    "startPipelineTransaction",
    "startStage",
    "setOutcome",
    "setRunField",
    "setSentryUser",
  ],
} as const;

type ModuleName = keyof typeof MODULES;
export type ObservabilityExport = (typeof MODULES)[ModuleName][number];

/** What each of them is called where its exports are used. */
const NAMESPACES: Readonly<Record<ModuleName, string>> = {
  scrub: "scrubber",
  "wide-event": "wideEvent",
  "sentry-pipeline": "pipeline",
};

/** What each of them imports from beside it. */
const NEEDS: Readonly<Record<ModuleName, readonly ModuleName[]>> = {
  scrub: [],
  "wide-event": ["scrub"],
  "sentry-pipeline": ["wide-event"],
};

/**
 * How a file calls an export of the observability modules, which are made where there are none.
 * @param dir their folder, relative to the config's; by default where the package has its helpers
 */
export function observabilityHelper(
  file: HelperHost,
  name: ObservabilityExport,
  dir: string | undefined,
): Helper | Reason {
  const helperDir = () => (dir === undefined ? file.helperDir() : file.pathOf(dir));
  return helperFor({ ...file, helperDir }, specOf(moduleOf(name), name), undefined);
}

function moduleOf(name: ObservabilityExport): ModuleName {
  const names = Object.keys(MODULES) as ModuleName[];
  const found = names.find((each) => (MODULES[each] as readonly string[]).includes(name));
  if (!found) throw new Error(`no module exports ${name}`);
  return found;
}

function specOf(module: ModuleName, name: string): HelperSpec {
  return {
    name,
    file: module,
    namespace: NAMESPACES[module],
    lines: (language) => moduleLines(new URL(`../modules/${module}.ts`, import.meta.url), language),
    needs: NEEDS[module].map((each) => specOf(each, MODULES[each][0])),
  };
}
