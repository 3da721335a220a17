import { commandSwitches } from "./commands.js";
import type { Detector } from "./detector.js";
import { examples, inits, legacyTracing } from "./leftovers.js";
import {
  batches,
  batchReaders,
  batchTypes,
  forwards,
  messageReceivers,
  messageSenders,
  messageTypes,
} from "./messages.js";
import { collectors, routes, runs, stages, users, writes } from "./work.js";

/** Every kind of place that is looked for. */
export const DETECTORS: readonly Detector[] = [
  commandSwitches,
  messageSenders,
  messageReceivers,
  messageTypes,
  forwards,
  batches,
  batchTypes,
  batchReaders,
  routes,
  writes,
  stages,
  runs,
  collectors,
  users,
  inits,
  legacyTracing,
  examples,
];
