import { defineConfig } from "retrospan";

/** Builds, events, persistence and message types of codyde/sentryvibe, before 2bd67483. */
export default defineConfig({
  include: ["apps/**", "packages/**"],
  rules: [
    {
      id: "runner-build",
      use: "wrap-span",
      phase: 1,
      in: "apps/runner/src/**",
      at: { case: "start-build", on: "command.type" },
      region: "try",
      span: {
        name: "runner.build",
        op: "ai.build",
        attributes: {
          "build.project_id": "${command.projectId}",
          "build.operation": "${command.payload?.operationType}",
          "build.agent": "${command.payload?.agent}",
          "build.template": "${command.payload?.template?.name}",
        },
      },
    },
    {
      id: "broker-forward",
      use: "wrap-span",
      phase: 2,
      in: "apps/broker/src/**",
      at: { function: "forwardEvent" },
      span: {
        name: "broker.forwardEvent",
        op: "queue.process",
        attributes: { "event.type": "${event.type}", "event.project_id": "${event.projectId}" },
      },
    },
    {
      id: "base-command",
      use: "trace-field",
      phase: 2,
      in: "**/shared/runner/messages.ts",
      at: { type: "BaseCommand" },
    },
    {
      id: "base-event",
      use: "trace-field",
      phase: 2,
      in: "**/shared/runner/messages.ts",
      at: { type: "BaseEvent" },
    },
    {
      id: "api-process-event",
      use: "wrap-span",
      phase: 3,
      in: "apps/sentryvibe/src/app/api/runner/events/route.ts",
      at: { switch: "event.type", within: "POST" },
      span: {
        name: "api.runner.events.process",
        op: "db.update",
        attributes: { "event.type": "${event.type}", "event.project_id": "${event.projectId}" },
      },
    },
    {
      id: "persist-event",
      use: "wrap-span",
      phase: 4,
      in: "packages/agent-core/src/lib/runner/**",
      at: { call: "persistEvent(context, $event)", within: "registerBuild" },
      span: {
        name: "persistent-processor.persistEvent",
        op: "db.write",
        attributes: {
          "event.type": "${ {{event}}.type }",
          "event.project_id": "${context.projectId}",
        },
      },
    },
    {
      id: "finalize-session",
      use: "wrap-span",
      phase: 4,
      in: "packages/agent-core/src/lib/runner/**",
      at: { call: "finalizeSession(context, $status, $$$)", within: "registerBuild" },
      span: {
        name: "persistent-processor.finalizeSession.{{status}}",
        op: "db.finalize",
        attributes: { "event.project_id": "${context.projectId}", "session.status": "{{status}}" },
      },
    },
    {
      id: "batched-updates-server",
      use: "trace-field",
      phase: 5,
      in: "packages/agent-core/src/lib/websocket/**",
      at: { type: "BatchedUpdate.updates" },
    },
    {
      id: "batched-updates-browser",
      use: "trace-field",
      phase: 5,
      in: "apps/sentryvibe/src/hooks/**",
      at: { type: "WebSocketMessage.updates" },
    },
  ],
});
