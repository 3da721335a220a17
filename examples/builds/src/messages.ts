/** What the broker asks of the runner. */
export interface BuildCommand {
  type: "start-build" | "cancel-build";
  project: string;
}

/** What the runner tells the broker. */
export interface BuildEvent {
  type: "built" | "failed";
  project: string;
  files: number;
}
