import { defineConfig } from "retrospan";

/**
 * Traces the site builder from a command to its events: the build and its stages, what is stored,
 * forwarded and broadcast, and the trace context that its messages need to carry all that on.
 */
export default defineConfig({
  include: ["src/**"],
  rules: [
    // Phase 1: the build itself.
    {
      id: "runner-build",
      use: "wrap-span",
      phase: 1,
      in: "src/runner.ts",
      at: { case: "start-build", on: "command.type" },
      region: "try",
      span: {
        name: "runner.build",
        op: "ai.build",
        attributes: {
          "build.id": "${buildId}",
          "build.project_id": "${command.projectId}",
          "build.command": "{{case}}",
        },
      },
    },
    {
      id: "run-pipeline",
      use: "wrap-span",
      phase: 1,
      in: "src/pipeline.ts",
      at: { function: "runPipeline" },
      span: {
        name: "pipeline.run",
        op: "function",
        attributes: {
          "build.id": "${buildId}",
          "build.template": "${payload.template}",
          "build.pages": "${payload.pages.length}",
        },
      },
    },

    // Phase 2: how long its stages take, and what the old tracing module used to log.
    {
      id: "stage-timings",
      use: "record-stage",
      phase: 2,
      in: "src/pipeline.ts",
      at: { assign: "stageTiming[*]" },
      module: "src/lib/record-stage.ts",
      create: true,
    },
    {
      id: "stage-timings-map",
      use: "record-stage",
      phase: 2,
      in: "src/pipeline.ts",
      at: { call: "timings.set($stage, $ms)", within: "runPipeline" },
      module: "src/lib/record-stage.ts",
      create: true,
    },
    {
      id: "legacy-calls",
      use: "replace-legacy",
      phase: 2,
      in: "src/**",
      module: "src/lib/tracing.ts",
      at: { call: "logAgentExecution($session, $agent, $input, $output, $ms)" },
      when: 'process.env.TRACING_ENABLED !== "false"',
      breadcrumb: {
        category: "agent",
        message: "{{agent}}",
        data: { sessionId: "${ {{session}} }", durationMs: "${ {{ms}} }" },
      },
    },
    {
      id: "legacy-module",
      use: "replace-legacy",
      phase: 2,
      in: "src/lib/tracing.ts",
      module: "src/lib/tracing.ts",
      at: { function: "logAgentExecution" },
      breadcrumb: {
        category: "agent",
        message: "${agentName}",
        data: { sessionId: "${sessionId}", durationMs: "${duration}" },
      },
    },

    // Phase 3: what becomes of its events.
    {
      id: "forward-event",
      use: "wrap-span",
      phase: 3,
      in: "src/forward.ts",
      at: { function: "forwardEvent" },
      span: {
        name: "forward.event",
        op: "queue.publish",
        attributes: { "event.type": "${event.type}", "event.project_id": "${event.projectId}" },
      },
    },
    {
      id: "persist-event",
      use: "wrap-span",
      phase: 3,
      in: "src/processor.ts",
      at: { call: "persistEvent($context, $event)" },
      span: {
        name: "processor.persistEvent",
        op: "db.query",
        attributes: {
          "event.type": "${ {{event}}.type }",
          "session.id": "${ {{context}}.sessionId }",
        },
      },
    },
    {
      id: "finalize-session",
      use: "wrap-span",
      phase: 3,
      in: "src/processor.ts",
      at: { call: "finalizeSession($context, $status, $$$)" },
      span: {
        name: "processor.finalizeSession.{{status}}",
        op: "db.query",
        attributes: { "session.id": "${ {{context}}.sessionId }", "session.status": "{{status}}" },
      },
    },
    {
      id: "broadcast",
      use: "wrap-span",
      phase: 3,
      in: "src/broadcast.ts",
      at: { method: "BroadcastServer.broadcastStateUpdate" },
      span: {
        name: "{{function}}",
        op: "websocket",
        attributes: { "broadcast.project_id": "${projectId}", "broadcast.type": "${type}" },
      },
    },

    // Phase 4: messages that can carry the trace.
    {
      id: "command-type",
      use: "trace-field",
      phase: 4,
      in: "src/messages.ts",
      at: { type: "BaseCommand" },
    },
    {
      id: "event-type",
      use: "trace-field",
      phase: 4,
      in: "src/messages.ts",
      at: { type: "BaseEvent" },
    },
    {
      id: "batched-update-type",
      use: "trace-field",
      phase: 4,
      in: "src/messages.ts",
      at: { type: "BatchedUpdate.updates" },
    },
  ],
});
