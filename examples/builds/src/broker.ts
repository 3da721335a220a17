import "./instrument.js";
import { fork } from "node:child_process";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import type { BuildCommand, BuildEvent } from "./messages.js";

const server = new WebSocketServer({ port: 0 });

server.on("listening", () => {
  const { port } = server.address() as AddressInfo;
  fork("src/runner.ts", [String(port)]);
});

server.on("connection", (socket) => {
  socket.on("message", (data) => {
    const event = JSON.parse(data.toString()) as BuildEvent;
    console.log(`${event.project}: ${event.type}, ${event.files} files`);
    socket.close();
    server.close();
  });
  requestBuild(socket, "shop");
});

function requestBuild(socket: WebSocket, project: string): void {
  const command: BuildCommand = { type: "start-build", project };
  socket.send(JSON.stringify(command));
}
