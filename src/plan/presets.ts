import type { RuleConfig } from "./define-config.js";

/**
 * Manual spans where automatic tracing does not reach: a build, the hop through a broker, the
 * handler behind it, persistence and broadcasts. The phases are those of the usual migration: each
 * can be applied, looked at and reverted by itself.
 */
const MANUAL_TRACING: readonly RuleConfig[] = [
  {
    id: "runner-build",
    use: "wrap-span",
    phase: 1,
    at: { case: "start-build" },
    span: { name: "runner.build", op: "ai.build" },
  },
  { id: "base-command", use: "trace-field", phase: 2, at: { type: "BaseCommand" } },
  { id: "base-event", use: "trace-field", phase: 2, at: { type: "BaseEvent" } },
  {
    id: "events-sent",
    use: "trace-send",
    phase: 2,
    at: { call: "$socket.send($text)", within: "sendEvent" },
  },
  { id: "events-received", use: "trace-receive", phase: 2, at: { listener: "message", on: "ws" } },
  {
    id: "broker-forward",
    use: "trace-forward",
    phase: 2,
    at: { function: "forwardEvent" },
    span: { name: "broker.forwardEvent", op: "queue.process" },
  },
  {
    id: "broker-retry",
    use: "trace-forward",
    phase: 2,
    at: { call: "fetchWithRetry($url, { body: JSON.stringify($item.event), $$$ }, $$$)" },
    span: { name: "broker.retryEvent", op: "queue.process" },
  },
  {
    id: "commands-sent",
    use: "trace-send",
    phase: 2,
    at: { call: "$connection.socket.send($text)" },
  },
  {
    id: "commands-received",
    use: "trace-receive",
    phase: 2,
    at: { call: "handleCommand($command)" },
  },
  {
    id: "api-events",
    use: "wrap-span",
    phase: 3,
    in: "**/events/route.*",
    at: { route: "POST" },
    span: { name: "api.events.process", op: "db.update" },
  },
  {
    id: "persist-event",
    use: "wrap-span",
    phase: 4,
    at: { call: "persistEvent($$$)" },
    span: { name: "persistEvent", op: "db.write" },
  },
  {
    id: "finalize-session",
    use: "wrap-span",
    phase: 4,
    at: { call: "finalizeSession($$$)" },
    span: { name: "finalizeSession", op: "db.finalize" },
  },
  {
    id: "sampler",
    use: "init-hardening",
    phase: 5,
    sampler: {
      rates: [
        { name: "/health", rate: 0 },
        { name: "runner.build", rate: 1 },
      ],
    },
  },
  { id: "batched-updates", use: "trace-field", phase: 5, at: { type: "BatchedUpdate.updates" } },
  { id: "page-updates", use: "trace-field", phase: 5, at: { type: "WebSocketMessage.updates" } },
  {
    id: "updates-sent",
    use: "trace-send",
    phase: 5,
    at: { call: "$batch.updates.push($update)" },
  },
  {
    id: "updates-received",
    use: "trace-browser",
    phase: 5,
    at: { function: "processBatchUpdate" },
    span: { name: "page.updates", op: "ui.task" },
  },
];

/** Where the modules of runs lie. */
const OBSERVABILITY = "src/lib/observability";

const RUN = { op: "pipeline.run" };

/**
 * One event for each run of a pipeline, spans for the run and its stages, calls of models, users:
 * on the command line (`runPipeline`) and behind an upload (`runPipelineFromUpload`); then what
 * starts the SDK, and what is left of earlier attempts.
 */
const PIPELINE_OBSERVABILITY: readonly RuleConfig[] = [
  {
    id: "pipeline-run",
    use: "run-lifecycle",
    phase: 1,
    at: { function: "runPipeline" },
    span: { name: "pipeline.run", ...RUN },
    dir: OBSERVABILITY,
  },
  {
    id: "pipeline-upload",
    use: "run-lifecycle",
    phase: 1,
    at: { function: "runPipelineFromUpload" },
    span: { name: "pipeline.upload", ...RUN },
    dir: OBSERVABILITY,
  },
  {
    id: "stages",
    use: "stage-span",
    phase: 2,
    at: { assign: "stageTiming[*]" },
    dir: OBSERVABILITY,
  },
  {
    id: "stage-records",
    use: "record-stage",
    phase: 2,
    at: { assign: "stageTiming[*]" },
    dir: OBSERVABILITY,
  },
  {
    id: "agent-calls",
    use: "agent-call",
    phase: 3,
    at: { method: "AgentMetricsCollector.record" },
    call: {
      agentName: "${agentName}",
      model: "${model}",
      inputTokens: "${tokens.input}",
      outputTokens: "${tokens.output}",
      durationMs: "${durationMs}",
    },
    dir: OBSERVABILITY,
  },
  {
    id: "user",
    use: "user-context",
    phase: 4,
    at: { function: "getAuth" },
    user: "userId",
    dir: OBSERVABILITY,
  },
  {
    id: "init",
    use: "init-hardening",
    phase: 5,
    dsn: true,
    environment: true,
    productionRate: 0.2,
    pii: false,
    ignoreErrors: ["AbortError"],
    scrub: true,
    dir: OBSERVABILITY,
  },
  { id: "index", use: "observability-modules", phase: 6, dir: OBSERVABILITY },
  {
    id: "legacy-exports",
    use: "observability-modules",
    phase: 6,
    index: "src/lib/tracing",
    dir: OBSERVABILITY,
  },
  {
    id: "legacy-calls",
    use: "replace-legacy",
    phase: 6,
    in: "**/tracing.*",
    at: { function: "logAgentExecution" },
    module: "src/lib/tracing.ts",
    breadcrumb: { category: "agent", message: "${agentName}" },
  },
  { id: "clean-up", use: "clean-up", phase: 6 },
];

/** Named lists of rules, each of which a config can override by id. */
export const PRESETS: ReadonlyMap<string, readonly RuleConfig[]> = new Map([
  ["manual-tracing", MANUAL_TRACING],
  ["pipeline-observability", PIPELINE_OBSERVABILITY],
]);
