import { defineConfig } from "retrospan";

/** Stage timings and the legacy tracing module of HawkPartners/hawktab-ai, at 2267eed. */
export default defineConfig({
  include: ["src/**"],
  rules: [
    {
      id: "stage-timings",
      use: "record-stage",
      in: "src/lib/pipeline/**",
      at: { assign: "stageTiming[*]" },
      recorder: "recordStage",
      module: "src/lib/observability/record-stage.ts",
      create: true,
    },
    {
      id: "legacy-tracing",
      use: "replace-legacy",
      in: "src/lib/tracing.ts",
      at: { function: "logAgentExecution" },
      module: "src/lib/tracing.ts",
      breadcrumb: {
        category: "agent",
        message: "${agentName}",
        data: { sessionId: "${sessionId}", durationMs: "${duration}" },
      },
    },
  ],
});
