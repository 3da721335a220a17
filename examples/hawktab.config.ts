import { defineConfig } from "retrospan";

const dir = "src/lib/observability";

/** The observability plan on HawkPartners/hawktab-ai, at 2267eed: what the preset cannot know. */
export default defineConfig({
  include: ["src/**", "sentry.*.config.ts"],
  presets: ["pipeline-observability"],
  rules: [
    {
      id: "pipeline-run",
      use: "run-lifecycle",
      phase: 1,
      at: { function: "runPipeline" },
      span: { name: "pipeline.run", op: "pipeline.run" },
      fields: { pipelineId: "${pipelineId}", dataset: "${datasetNameGuess}" },
      cancelled: "${opts.abortSignal?.aborted}",
      dir,
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
        costUsd: "${costBreakdown.totalCost}",
      },
      dir,
    },
    {
      id: "legacy-calls",
      phase: 6,
      use: "replace-legacy",
      in: "src/lib/tracing.ts",
      at: { function: "logAgentExecution" },
      module: "src/lib/tracing.ts",
      breadcrumb: {
        category: "agent",
        message: "${agentName}",
        data: {
          sessionId: "${sessionId}",
          durationMs: "${duration}",
          hasInput: "${input !== undefined}",
          hasOutput: "${output !== undefined}",
        },
      },
    },
    {
      id: "clean-up",
      use: "clean-up",
      phase: 6,
      env: ["SENTRY_DSN", "NEXT_PUBLIC_SENTRY_DSN"],
    },
  ],
});
