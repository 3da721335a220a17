import type { AnyTransform } from "../src/transform.js";
import { agentCall } from "./agent-call.js";
import { cleanUp } from "./clean-up.js";
import { initHardening } from "./init-hardening.js";
import { observabilityModules } from "./observability-modules.js";
import { recordStage } from "./record-stage.js";
import { replaceLegacy } from "./replace-legacy.js";
import { runLifecycle } from "./run-lifecycle.js";
import { stageSpan } from "./stage-span.js";
import { traceBrowser } from "./trace-browser.js";
import { traceField } from "./trace-field.js";
import { traceForward } from "./trace-forward.js";
import { traceReceive } from "./trace-receive.js";
import { traceSend } from "./trace-send.js";
import { userContext } from "./user-context.js";
import { wrapSpan } from "./wrap-span.js";

/** Every transform there is, by the name that a rule's `use` gives. */
export const TRANSFORMS: ReadonlyMap<string, AnyTransform> = new Map(
  [
    wrapSpan,
    traceField,
    traceSend,
    traceReceive,
    traceForward,
    traceBrowser,
    recordStage,
    runLifecycle,
    stageSpan,
    agentCall,
    userContext,
    replaceLegacy,
    initHardening,
    observabilityModules,
    cleanUp,
  ].map((transform) => [transform.name, transform]),
);
