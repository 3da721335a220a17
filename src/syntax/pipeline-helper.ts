import {
  helperFor,
  moduleFor,
  type Helper,
  type HelperHost,
  type HelperSpec,
} from "./helper-module.js";
import { moduleSpec } from "./module-source.js";
import type { Reason } from "./reason.js";

/** What code in and around a run calls. */
export type PipelineExport =
  | "startPipelineTransaction"
  | "startStage"
  | "recordStage"
  | "recordAgentCall"
  | "setOutcome"
  | "outcomeOf"
  | "setRunField";

const SCRUB = moduleSpec("scrub", "scrub");
const USER = moduleSpec("sentry-user", "setSentryUser");
const WIDE_EVENT: HelperSpec = {
  ...moduleSpec("wide-event", "WideEvent"),
  isServer: true,
  needs: [SCRUB],
};

const PIPELINE: HelperSpec = {
  ...moduleSpec("sentry-pipeline", "startPipelineTransaction"),
  namespace: "pipeline",
  isServer: true,
  needs: [SCRUB, WIDE_EVENT],
};

/** One of the modules, and what others may want to have of it. */
export interface PipelineModule {
  readonly spec: HelperSpec;
  readonly names: readonly string[];
}

/** The modules that runs of a pipeline are told with. */
export const PIPELINE_MODULES: readonly PipelineModule[] = [
  { spec: WIDE_EVENT, names: ["WideEvent", "currentWideEvent"] },
  {
    spec: PIPELINE,
    names: [
      "startPipelineTransaction",
      "startStage",
      "recordStage",
      "recordAgentCall",
      "setOutcome",
      "setRunField",
    ],
  },
  { spec: USER, names: ["setSentryUser"] },
  { spec: SCRUB, names: ["scrub", "scrubEvent", "scrubAfter"] },
];

/** Where one of the modules is, and what has to be made for it. */
export function pipelineModule(
  file: HelperHost,
  { spec }: PipelineModule,
  dir: string,
): ReturnType<typeof moduleFor> {
  return moduleFor(placedIn(file, dir), spec, undefined);
}

/**
 * How a file calls an export of the pipeline's module, which is made where there is none.
 * @param dir its folder, relative to the config's; by default where the package has its helpers
 */
export function pipelineHelper(
  file: HelperHost,
  name: PipelineExport,
  dir: string | undefined,
): Helper | Reason {
  return helperFor(placedIn(file, dir), { ...PIPELINE, name }, undefined);
}

/** How a file calls `setSentryUser`, whose module loads wherever the SDK does. */
export function userHelper(file: HelperHost, dir: string | undefined): Helper | Reason {
  return helperFor(placedIn(file, dir), USER, undefined);
}

/** How a file calls an export of the scrubber's module. */
export function scrubHelper(
  file: HelperHost,
  name: "scrubEvent" | "scrubAfter",
  dir: string | undefined,
): Helper | Reason {
  return helperFor(placedIn(file, dir), { ...SCRUB, name, namespace: "scrubber" }, undefined);
}

function placedIn(file: HelperHost, dir: string | undefined): HelperHost {
  return { ...file, helperDir: () => (dir === undefined ? file.helperDir() : file.pathOf(dir)) };
}
