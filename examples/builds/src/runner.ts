import "./instrument.js";
import { setTimeout } from "node:timers/promises";
import { WebSocket } from "ws";
import type { BuildCommand, BuildEvent } from "./messages.js";

const socket = new WebSocket(`ws://localhost:${process.argv[2]}`);

socket.on("message", async (data) => {
  const command = JSON.parse(data.toString()) as BuildCommand;
  switch (command.type) {
    case "start-build": {
      try {
        const files = await build(command.project);
        report({ type: "built", project: command.project, files });
      } catch (error) {
        console.error(error);
        report({ type: "failed", project: command.project, files: 0 });
      }
      break;
    }
    case "cancel-build":
      socket.close();
      break;
  }
});

async function build(project: string): Promise<number> {
  await setTimeout(50);
  return project.length;
}

function report(event: BuildEvent): void {
  socket.send(JSON.stringify(event));
}
