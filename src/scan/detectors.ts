import { commandChains } from "./chains.js";
import { commandSwitches } from "./commands.js";
import type { Detector } from "./detector.js";
import { handlerClasses } from "./handlers.js";
import { handlerTables } from "./handler-tables.js";
import { jobEntries, jobObjects, jobTables, stepRunners } from "./job-entries.js";
import { examples, inits, legacyTracing } from "./leftovers.js";
import { batches, batchReaders } from "./batches.js";
import { gateways, objectReceivers, objectSenders } from "./object-messages.js";
import { batchTypes, messageTypes } from "./message-types.js";
import { forwards } from "./forwards.js";
import { messageReceivers, messageSenders } from "./messages.js";
import { jobFunctions } from "./job-functions.js";
import { jobTypes } from "./job-types.js";
import { envelopes, takers } from "./brokers.js";
import { publishers, subscribers } from "./pub-sub.js";
import { jobHandlers } from "./job-handlers.js";
import { jobSenders } from "./job-senders.js";
import { childProcesses } from "./child-processes.js";
import { collectors } from "./collectors.js";
import { crons } from "./crons.js";
import { transactions, writes } from "./database.js";
import { markedMethods } from "./marked-methods.js";
import { measuredCalls } from "./measured-calls.js";
import { measuredFunctions, measuredStages } from "./measured.js";
import { operations } from "./operations.js";
import { routes } from "./routes.js";
import { indexes, runs, stages } from "./runs.js";
import { mails, untracedWork } from "./untraced-work.js";
import { users } from "./users.js";
import { workflowSteps } from "./workflow-steps.js";

/** Every kind of place that is looked for. */
export const DETECTORS: readonly Detector[] = [
  commandSwitches,
  commandChains,
  handlerClasses,
  handlerTables,
  messageSenders,
  messageReceivers,
  objectSenders,
  objectReceivers,
  gateways,
  jobSenders,
  jobHandlers,
  jobFunctions,
  publishers,
  subscribers,
  takers,
  envelopes,
  jobEntries,
  jobObjects,
  jobTables,
  messageTypes,
  jobTypes,
  forwards,
  batches,
  batchTypes,
  batchReaders,
  routes,
  crons,
  markedMethods,
  writes,
  transactions,
  stages,
  stepRunners,
  workflowSteps,
  runs,
  childProcesses,
  operations,
  untracedWork,
  mails,
  measuredStages,
  measuredFunctions,
  measuredCalls,
  indexes,
  collectors,
  users,
  inits,
  legacyTracing,
  examples,
];
