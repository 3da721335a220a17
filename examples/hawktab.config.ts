import { defineConfig } from "retrospan";

const dir = "src/lib/observability";
const op = "pipeline.run";

/** The observability plan on HawkPartners/hawktab-ai, at 2267eed. */
export default defineConfig({
  include: ["src/**"],
  rules: [
    {
      id: "runs",
      use: "run-lifecycle",
      at: { function: "runPipeline" },
      span: { name: "pipeline.run", op },
      fields: { pipelineId: "${pipelineId}", dataset: "${datasetNameGuess}" },
      cancelled: "${opts.abortSignal?.aborted}",
      dir,
    },
    {
      id: "uploads",
      use: "run-lifecycle",
      at: { function: "runPipelineFromUpload" },
      span: { name: "pipeline.upload", op },
      dir,
    },
    { id: "stages", use: "stage-span", at: { assign: "stageTiming[*]" }, dir },
    { id: "timings", use: "record-stage", at: { assign: "stageTiming[*]" }, dir },
    {
      id: "agents",
      use: "agent-call",
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
    { id: "users", use: "user-context", at: { function: "getAuth" }, user: "userId", dir },
    {
      id: "legacy-tracing",
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
  ],
});
