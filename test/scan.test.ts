/** What a scan proposes, on services whose places it was not told. */
import { afterEach, expect, test } from "vitest";
import { lookInto } from "../src/scan/propose.js";
import { loadCompiler } from "../src/syntax/compiler.js";
import { readFixtures, transformNames } from "./support/fixture.js";
import {
  newRepository,
  readFile,
  removeFolders,
  retrospan,
  userFiles,
  writeFiles,
} from "./support/cli.js";
import { newService } from "./support/service.js";

afterEach(removeFolders);

interface Site {
  readonly file: string;
  readonly line: number;
  readonly transform: string;
  readonly anchor: number;
  readonly span: { readonly name: string; readonly op: string } | null;
}

interface Document {
  readonly command: string;
  readonly sites: readonly Site[];
  readonly proposals: readonly {
    readonly rule: { readonly id: string; readonly use: string; readonly at?: { call?: string } };
  }[];
  readonly findings: readonly { readonly code: string; readonly message: string }[];
  readonly summary: { readonly planned: number; readonly skipped: number };
}

async function json(folder: string, args: readonly string[]): Promise<Document> {
  const { stdout } = await retrospan(folder, [...args, "--json"]);
  return JSON.parse(stdout) as Document;
}

const placeOf = ({ file, transform, anchor }: Site) => `${transform} ${file}:${anchor}`;

test("most of what the preset means is found without it", async () => {
  const folder = newService("build-service");
  const found = new Set((await json(folder, ["scan"])).sites.map(placeOf));
  const { sites } = await json(folder, ["preview", "--preset", "manual-tracing", "--no-typecheck"]);
  // A handler may be continued where it is called or where it listens: that is one hop.
  const meant = sites.filter(({ transform }) => transform !== "trace-receive").map(placeOf);
  const missing = meant.filter((place) => !found.has(place));
  expect(missing.length / meant.length).toBeLessThanOrEqual(0.25);
});

test("hops between processes and threads are found, over sockets and by objects", async () => {
  const { sites } = await json(newService("darkroom"), ["scan"]);
  const found = new Set(sites.map(({ transform, file }) => `${transform} ${file}`));
  const hops = [
    "trace-field src/protocol.ts",
    "trace-send src/gateway.ts",
    "trace-receive src/lab.ts",
    "trace-send src/lab.ts",
    "trace-receive src/developer.ts",
    "trace-send src/developer.ts",
    "trace-receive src/gateway.ts",
  ];
  expect(hops.filter((hop) => !found.has(hop))).toEqual([]);
  // A list of messages has no context of its own.
  expect(found).not.toContain("trace-receive src/watcher.ts");
});

test("jobs of queues are found where they are put in and where they are done", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "bullmq": "5", "bull": "4", "@sentry/node": "11" } }',
    "src/mails.ts": `import { Queue, Worker } from "bullmq";

const mails = new Queue("mails");

export async function welcome(to: string) {
  await mails.add("welcome", { to });
}

export const worker = new Worker("mails", async (job) => {
  await deliver(job.data.to);
});

async function deliver(to: string) {
  console.log(to);
}
`,
    "src/reports.ts": `import Bull from "bull";

export class Reports {
  constructor(private readonly reports: Bull.Queue) {
    this.reports.process(async ({ data }) => {
      console.log(data.title);
    });
  }

  async order(title: string) {
    await this.reports.add({ title }, { attempts: 3 });
  }
}
`,
    "src/write-report.ts": `import type { Job } from "bullmq";

export async function writeReport(job: Job<{ title: string }>) {
  console.log(await Promise.resolve(job.data.title));
}
`,
    "src/processors.ts": `import type { Job, Processor } from "bullmq";
import { writeReport } from "./write-report";

export const mailProcessor: Processor = async (job) => {
  console.log(await Promise.resolve(job.data.to));
};

export const reportProcessor: Processor = async (job: Job) => {
  await writeReport(job);
};
`,
    "src/orders.ts": `import { getQueue } from "./queues";

export async function order(id: number) {
  await getQueue("orders")?.add("order", { id });
}
`,
    "src/queues.ts":
      "export declare function getQueue(name: string): { add(name: string, data: object): Promise<void> } | null;\n",
    "src/later.ts": `import { Worker } from "bullmq";

const NAME = "orders";
export const later = new Worker(NAME, async (job) => console.log(job.data));
`,
    "src/set.ts": 'export const bulls = new Set(["bull"]);\nbulls.add("bullmq");\n',
  });
  const { sites, proposals } = await json(folder, ["scan"]);
  const found = sites.map(({ transform, file }) => `${transform} ${file}`);
  expect(found.sort()).toEqual([
    "trace-receive src/later.ts",
    "trace-receive src/mails.ts",
    "trace-receive src/processors.ts",
    "trace-receive src/processors.ts",
    "trace-receive src/reports.ts",
    "trace-send src/mails.ts",
    "trace-send src/orders.ts",
    "trace-send src/reports.ts",
  ]);
  expect(proposals).toHaveLength(7);
  const names = sites.map(({ span }) => span?.name);
  expect(names).toEqual(expect.arrayContaining(["mails", "orders"]));
});

test("functions that a worker elsewhere is given, the types of their jobs, and what is published", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "bullmq": "5", "ioredis": "5", "@sentry/node": "11" } }',
    "src/queues.ts": `import { Queue } from "bullmq";

export interface MailJob {
  to: string;
}

export type SyncOne = { type: "one"; id: string };
export type SyncAll = { type: "all"; since: Date };
export type SyncJob = SyncOne | SyncAll;

export type Tick = { type: "tick"; payload: undefined };

export const mails = new Queue<MailJob>("mails");
export const syncs = new Queue<SyncJob>("syncs");
export const clock = new Queue<Tick>("clock");
`,
    "src/mails.ts": `import type { Job } from "bullmq";
import type { MailJob } from "./queues";
import { deliver } from "./deliver";

export async function mailJob(job: Job<MailJob>) {
  await deliver(job.data.to);
  await finish(job);
}

export async function finish(job: Job<MailJob>) {
  await job.updateProgress(100);
}

export const onFailed = async (job: Job | undefined) => {
  await deliver(job?.failedReason ?? "");
};

async function inner(job: Job<MailJob>) {
  await deliver(job.data.to);
}

export const use = inner;
`,
    "src/deliver.ts": "export declare function deliver(to: string): Promise<void>;\n",
    "src/syncs.ts": `import type { Job } from "bullmq";
import type { SyncJob } from "./queues";
import { deliver } from "./deliver";

export class Syncs {
  async handle(job: Job<SyncJob>) {
    await deliver(job.data.type);
  }
}
`,
    "src/shards.ts": `import { queueOf } from "./shard";

export async function track(event: object, groupId: string) {
  await queueOf(groupId).add({ data: event, groupId });
}
`,
    "src/shard.ts":
      "export declare function queueOf(id: string): { add(job: { data: object; groupId: string }): Promise<void> };\n",
    "src/live.ts": `import { Redis } from "ioredis";

const pub = new Redis();
const sub = new Redis();

export async function tell(room: string, text: string) {
  await pub.publish(room, JSON.stringify({ type: "said", text }));
}

sub.on("message", (channel: string, text: string) => {
  const message = JSON.parse(text) as { text: string };
  console.log(channel, message.text);
});
`,
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ transform, file, line }) => `${transform} ${file}:${line}`).sort()).toEqual([
    "trace-field src/queues.ts:3",
    "trace-field src/queues.ts:7",
    "trace-field src/queues.ts:8",
    "trace-receive src/live.ts:12",
    "trace-receive src/mails.ts:6",
    "trace-receive src/syncs.ts:7",
    "trace-send src/live.ts:7",
    "trace-send src/shards.ts:4",
  ]);
});

test("what a process tells of itself is no message", async () => {
  const folder = newRepository({
    "package.json": "{}",
    "src/main.ts":
      'process.on("unhandledRejection", (error) => console.error(error));\nprocess.once("SIGTERM", (signal) => console.log(signal));\n',
  });
  expect((await json(folder, ["scan"])).proposals).toEqual([]);
});

test("types that look like messages are of something else where nothing is sent", async () => {
  const shapes = ["circle", "square", "line"].map(
    (kind) => `export interface ${kind.toUpperCase()} extends Shape { kind: "${kind}" }\n`,
  );
  const folder = newRepository({
    "package.json": "{}",
    "src/shapes.ts": `export interface Shape { kind: string }\n${shapes.join("")}`,
  });
  expect((await json(folder, ["scan"])).proposals).toEqual([]);
});

test("kinds of work, each of its own, are found where a function does them", async () => {
  const folder = newRepository({
    "package.json": "{}",
    "src/jobs.ts": `type Job = { type: "thumbnails" | "captions" };

export const runJob = async (job: Job): Promise<void> => {
  switch (job.type) {
    case "thumbnails":
      await makeThumbnails();
      break;
    case "captions":
      return writeCaptions();
  }
};

// What only looks at a kind does no work.
export async function labelOf(job: Job): Promise<string> {
  switch (job.type) {
    case "thumbnails":
      return translated("Thumbnails");
    case "captions":
      return translated("Captions");
  }
}

declare function makeThumbnails(): Promise<void>;
declare function writeCaptions(): Promise<void>;
declare function translated(text: string): Promise<string>;
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => rule)).toEqual([
    expect.objectContaining({
      at: { switch: "job.type", within: "runJob" },
      span: { name: "runJob", op: "function", attributes: { "job.type": "${job.type}" } },
    }),
  ]);
});

test("what a route does with its event has a name of its own", async () => {
  const route = `export async function POST(request: Request) {
  const event = await request.json();
  switch (event.type) {
    case "a":
      await save(event);
  }
  return new Response();
}
declare function save(event: object): Promise<void>;
`;
  const folder = newRepository({
    "package.json": '{ "dependencies": { "next": "15" } }',
    "app/api/orders/route.ts": route,
    "app/api/parcels/[id]/route.ts": route,
    "app/api/labels/route.ts": `${route
      .replace("async function POST", "const POST = signedIn(async ")
      .replace("(request: Request) {", "(request: Request) => {")
      .replace("\n}\n", "\n});\n")}declare function signedIn<T>(handler: T): T;\n`,
    "app/api/stream/route.ts": `export async function POST() {
  return new Response(subscribe((event: { type: string }) => {
    switch (event.type) {
      case "a":
        return "A";
    }
    return "";
  }));
}
declare function subscribe(each: (event: { type: string }) => string): ReadableStream;
`,
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ span }) => span?.name).sort()).toEqual([
    "api.labels",
    "api.orders",
    "api.parcels.id",
  ]);
});

test("what a clock starts and what is written together is found", async () => {
  const folder = newRepository({
    "package.json": "{}",
    "src/nightly.ts": `import cron from "node-cron";
import { db } from "./db/client";

export const nightly = cron.schedule("0 3 * * *", async () => {
  await forget();
});

async function forget(): Promise<void> {
  await db.transaction(async (tx) => {
    for (const table of ["sessions", "tokens"]) await tx.delete(table);
  });
}
`,
    "src/db/client.ts": `interface Tx { delete(table: string): Promise<void> }
export declare const db: { transaction(work: (tx: Tx) => Promise<void>): Promise<void> };
`,
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ span }) => `${span?.op}: ${span?.name}`).sort()).toEqual([
    "db: forget transaction",
    "function: nightly",
  ]);
});

test("kinds of work that are told apart by `if`, and operations of several steps, are found", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11" } }',
    "src/jobs.ts": `import { build, deployApp, deployStack, forget, note } from "./steps";

interface Job { type: string; app: string; from: string }

export async function runJob(job: Job): Promise<void> {
  if (job.type === "deploy") {
    await note(job.app);
    await deployApp(job.app);
    console.log("deployed");
  } else if (job.type === "remove") {
    await forget(job.app);
    await note(job.app);
    console.log("removed");
  }
  // Only picks what to call.
  if (job.from === "git") await build(job.app);
  if (job.from === "file") await build(job.app);
}

// The same test twice: a rule would mean both.
export async function handleJob(job: Job): Promise<void> {
  if (job.type === "deploy") {
    await note(job.app);
    await deployStack(job.app);
    console.log("deployed");
  } else if (job.type === "remove") {
    await forget(job.app);
    await note(job.app);
    console.log("removed");
  }
  if (job.type === "deploy") await note("done");
}
`,
    "src/steps.ts": `export async function deployApp(app: string): Promise<string> {
  const image = await build(app);
  const started = await note(image);
  if (!started) {
    throw new Error("not started");
  }
  const address = await lookUp(app);
  await note(address);
  console.log(
    "deployed",
    app,
    "at",
    address,
    "from",
    image,
    "as",
    started,
  );
  console.log("done");
  return address;
}

export async function deployStack(app: string): Promise<void> {
  await note(app);
}

export declare function build(app: string): Promise<string>;
export declare function forget(app: string): Promise<void>;
export declare function note(text: string): Promise<string>;
declare function lookUp(app: string): Promise<string>;
`,
    "src/pages/api/hooks.ts": `interface Event { type: string; id: string }

export default async function handler(request: { body: Event }): Promise<void> {
  const event = request.body;
  switch (event.type) {
    case "paid":
      await settle(event.id);
      break;
    case "refunded":
      await settle(event.id);
      break;
  }
}
declare function settle(id: string): Promise<void>;
`,
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ file, span }) => `${file} ${span?.name}`).sort()).toEqual([
    // What no rule can tell apart is one operation.
    "src/jobs.ts handleJob",
    "src/jobs.ts runJob.deploy",
    "src/jobs.ts runJob.remove",
    "src/pages/api/hooks.ts api.hooks",
    "src/steps.ts deployApp",
  ]);
});

test("what a clock starts is found whoever keeps the clock", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11" } }',
    "src/sweep.ts": `import { CronJob } from "cron";
import { Cron } from "croner";
import { scheduleJob } from "node-schedule";
import { other } from "./other";

export const sweep = Cron("0 4 * * *", { protect: true }, async () => {
  await remove("sessions");
});
export const backup = scheduleJob("backup", "0 5 * * *", async () => {
  await remove("backups");
});
export const weekly = new CronJob(times.weekly, clearLogs);
async function clearLogs(): Promise<void> {
  await remove("logs");
}
other("0 6 * * *", async () => {
  await remove("nothing");
});
declare const times: { weekly: string };
declare function remove(what: string): Promise<void>;
`,
    "src/reminders.ts": `import { Cron, CronExpression } from "@nestjs/schedule";

export class Reminders {
  @Cron(CronExpression.EVERY_HOUR)
  async remind(): Promise<void> {
    await this.send();
  }
  async send(): Promise<void> {
    await fetch("https://mail.example.com");
  }
}
`,
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ span }) => span?.name).sort()).toEqual([
    "Reminders.remind",
    "backup",
    "sweep",
    "weekly",
  ]);
});

test("what an interval runs is found, what only looks or keeps alive is not", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11" } }',
    "src/sweeper.ts": `import { open, remove } from "./store";

export class Sweeper {
  start(): void {
    setInterval(() => {
      void this.sweep();
    }, 60_000);
    setInterval(() => this.pollStore().catch(console.error), 1_000);
    setInterval(() => console.log("alive"), 1_000);
  }

  private async sweep(): Promise<void> {
    for (const each of await open()) await remove(each);
  }

  private async pollStore(): Promise<void> {
    console.log(await open());
  }
}
`,
    "src/store.ts": `export const open = async () => ["a"];
export const remove = async (what: string) => console.log(what);
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => [rule.use, rule.at])).toEqual([
    ["wrap-span", { method: "Sweeper.sweep" }],
  ]);
});

test("a job is continued once, however it is handed on; what a service runs is found", async () => {
  const folder = newRepository({
    "package.json":
      '{ "dependencies": { "bullmq": "5", "@trigger.dev/sdk": "4", "@sentry/node": "11" } }',
    "src/worker.ts": `import { Worker } from "bullmq";
import { processors } from "./processors";

export const worker = new Worker("jobs", async (job) => {
  return processors[job.name].handle(job);
});
`,
    "src/processors.ts": `import type { Job } from "bullmq";

export abstract class Processor {
  async handle(job: Job): Promise<void> {
    await this.process(job);
  }
  abstract process(job: Job): Promise<void>;
}

export class Mailer extends Processor {
  async process(job: Job): Promise<void> {
    await send(job.data.to);
  }
}
export declare const processors: Record<string, Processor>;
declare function send(to: string): Promise<void>;
`,
    "src/sync.ts": `import { schedules } from "@trigger.dev/sdk";

export const sync = schedules.task({
  id: "sync",
  run: async () => {
    await fetch("https://bank.example.com");
  },
});
`,
    "src/other.ts": `import { logger } from "@trigger.dev/sdk";

export const other = make({ run: async () => logger.info("no task") });
declare function make(given: object): unknown;
`,
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ file, transform }) => `${transform} ${file}`).sort()).toEqual([
    "trace-receive src/worker.ts",
    "wrap-span src/sync.ts",
  ]);
});

test("functions that write several times are found, those that write in one transaction are not", async () => {
  const folder = newRepository({
    "package.json": "{}",
    "src/queries.ts": `import { db } from "./db/client";

export async function removeUser(id: string): Promise<void> {
  await db.update("sessions", id);
  await db.update("tokens", id);
  await db.update("users", id);
}
export async function renameUser(id: string): Promise<void> {
  await db.update("sessions", id);
  await db.update("users", id);
}
`,
    "src/db/client.ts": `export declare const db: { update(table: string, id: string): Promise<void> };
`,
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ span }) => `${span?.op}: ${span?.name}`)).toEqual(["db: removeUser"]);
});

test("an answer to a request, and what only looks like a message or a queue, gets no context", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "ws": "8", "bull": "4" } }',
    "src/answers.ts": `import { fork } from "node:child_process";
import { WebSocketServer } from "ws";

export const server = new WebSocketServer({ port: 0 });
interface Answer { send(body: unknown): void; type(name: string): Answer }

export function answer(res: Answer, rows: number[]): void {
  res.send(JSON.stringify({ rows }));
  res.type("json").send(JSON.stringify({ rows }));
}

const child = fork("child.js");
process.on("SIGUSR2", () => {
  child.send({ type: "reload" });
});
export const queued = (res: Answer) => res.send({ queued: true });
`,
    "src/videos.ts": `import Bull from "bull";

const videos = new Bull("videos");
export const cut = (video: { id: string }) => videos.add(video, { attempts: 3 });

class EventQueue {
  readonly waiting: object[] = [];
  add(name: string, data: object): void {
    this.waiting.push({ name, data });
  }
}
const eventQueue = new EventQueue();
export const note = (id: string) => eventQueue.add("signup", { id });
`,
    "src/cutter.ts": `import Bull from "bull";

const videos = new Bull("videos");
videos.process(async (job) => {
  await fetch(job.data.id);
});
`,
    "src/cache.ts": `import Database from "better-sqlite3";

const db = new Database(":memory:");
export async function store(rows: string[]) {
  return db.transaction(() => rows.length);
}
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.flatMap(({ rule }) => rule.at?.call ?? [])).toEqual([
    "child.send($message)",
    "videos.add($message, $$$)",
  ]);
});

test("messages that only keep a channel open bring nothing along", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "ws": "8" } }',
    "src/live.ts": `import { WebSocket, WebSocketServer } from "ws";

export class Live {
  readonly server = new WebSocketServer({ port: 0 });

  start(): void {
    this.server.on("connection", (socket: WebSocket) => {
      socket.on("message", (data) => this.hear(socket, JSON.parse(String(data))));
      this.send(socket, { type: "connected" });
    });
  }

  private hear(socket: WebSocket, message: { type: string }): void {
    switch (message.type) {
      case "heartbeat":
        this.send(socket, { type: "heartbeat-ack" });
        break;
      case "subscribe":
        console.log("listens");
    }
  }

  flush(socket: WebSocket, updates: object[]): void {
    const message = { type: "batch", updates };
    this.send(socket, message);
  }

  private send(socket: WebSocket, message: object): void {
    socket.send(JSON.stringify(message));
  }
}
`,
  });
  expect((await json(folder, ["scan"])).proposals).toEqual([]);
});

test("handlers of commands that are classes are one rule", async () => {
  const handler = (name: string) => `export class ${name}EventHandler implements EventHandler {
  async handle(event: { id: string }): Promise<void> {
    console.log(await Promise.resolve(event.id));
  }
}
interface EventHandler { handle(event: object): Promise<void> }
`;
  const folder = newRepository({
    "package.json": "{}",
    "src/deleted.ts": handler("Deleted"),
    "src/renamed.ts": handler("Renamed"),
  });
  const { sites, proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => rule)).toEqual([
    expect.objectContaining({ at: { method: "*Handler.handle" } }),
  ]);
  expect(sites.map(({ span }) => span?.name).sort()).toEqual([
    "DeletedEventHandler.handle",
    "RenamedEventHandler.handle",
  ]);
});

test("the steps of an Inngest function get spans, the function around them does not", async () => {
  const folder = newRepository({
    "package.json": "{}",
    "src/checkout.ts": `import { inngest } from "./inngest/client";

export const checkout = inngest.createFunction(
  { id: "checkout" },
  { event: "shop/ordered" },
  async ({ event, step }) => {
    const charge = await step.run("charge", async () => {
      return await fetch("/charge", { method: "POST", body: JSON.stringify(event.data) });
    });
    await step.sleep("settle", "1h");
    await step.run("ship", async () => {
      await fetch("/ship");
    });
    return charge;
  },
);
`,
    "src/other.ts": `export const all = async (step: { run(name: string, work: () => Promise<void>): void }) => {
  step.run("no step of Inngest", async () => {});
};
`,
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ span, line }) => [span?.name, line])).toEqual([
    ["charge", 8],
    ["ship", 12],
  ]);
});

test("tasks of one file are told by their names", async () => {
  const task = (name: string) => `export const ${name} = task({
  id: "${name}-daily",
  retry: { maxAttempts: 3 },
  run: async (payload: { id: string }) => {
    const found = await fetch(payload.id);
    await fetch("/store", { body: await found.text() });
  },
});
`;
  const folder = newRepository({
    "package.json": "{}",
    "src/tasks.ts":
      `import { task } from "@trigger.dev/sdk";\n\n${task("export")}${task("mail")}`.replace(
        "const export ",
        "const exported ",
      ),
    "src/one.ts": `export const one = {
  name: "one",
  handler: async (id: string) => {
    await fetch(id);
    await fetch("/store");
  },
};
`,
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ file, span }) => [file, span?.name]).sort()).toEqual([
    ["src/one.ts", "src/one.ts"],
    ["src/tasks.ts", "export-daily"],
    ["src/tasks.ts", "mail-daily"],
  ]);
});

test("times in the fields of one object, clocks and messages with optional calls are found", async () => {
  const folder = newRepository({
    "package.json": "{}",
    "src/build.ts": `export async function build(): Promise<object> {
  const times = { read: 0, parse: 0, write: 0 };
  let begin = Date.now();
  await fetch("/read");
  times.read = Date.now() - begin;
  begin = Date.now();
  await fetch("/parse");
  times.parse = Date.now() - begin;
  begin = Date.now();
  await fetch("/write");
  times.write = Date.now() - begin;
  return times;
}
`,
    "src/clock.ts": `async function sweep(): Promise<void> {
  await fetch("/sweep");
}
setInterval(sweep, 1000);
`,
    "src/child.ts": `export function tell(count: number): void {
  process.send?.({ type: "done", count });
}
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => [rule.use, rule.at]).sort()).toEqual([
    ["record-stage", { assign: "times[*]" }],
    ["run-lifecycle", { function: "build" }],
    ["stage-span", { assign: "times[*]" }],
    ["trace-send", { call: "process.send($message)", within: "tell" }],
    ["wrap-span", { function: "sweep" }],
  ]);
});

test("jobs in files of their own, in tables and by steps are found where they begin", async () => {
  const job = (lines: number) => `export const run = async (io: { log(text: string): void }) => {
${"  io.log(await Promise.resolve(``));\n".repeat(lines)}};
`;
  const folder = newRepository({
    "package.json": "{}",
    "src/jobs/mail.ts": job(20),
    "src/jobs/report.ts": job(20),
    "src/jobs/short.ts": job(2),
    "src/other.ts": job(20),
    "src/all.ts": `interface Job { name: string; data: unknown }
const table: Record<string, { handler(data: unknown): Promise<void> }> = {};

export async function doJob(job: Job): Promise<void> {
  const definition = table[job.name];
  if (!definition) throw new Error(job.name);
  await definition.handler(job.data);
}

export const io = {
  runTask: async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const result = await work();
    return result;
  },
  cached: async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const result = await work();
    return result;
  },
};
`,
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ file, span }) => `${file}: ${span?.name}`).sort()).toEqual([
    "src/all.ts: doJob",
    "src/all.ts: runTask",
    "src/jobs/mail.ts: src/jobs/mail.ts",
    "src/jobs/report.ts: src/jobs/report.ts",
    // No job by its place, but it does as much.
    "src/other.ts: src/other.ts",
  ]);
});

test("a start of the SDK that records no spans is told, one with a rate or with unknown options is not", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11" } }',
    "src/off.ts":
      'import * as Sentry from "@sentry/node";\nSentry.init({ dsn: "", tracesSampleRate: 0 });\n',
    "src/on.ts":
      'import * as Sentry from "@sentry/node";\nSentry.init({ tracesSampleRate: 0.5 });\n',
    "src/open.ts":
      'import * as Sentry from "@sentry/node";\nimport { options } from "./options";\nSentry.init({ ...options });\n',
    "src/options.ts": "export const options = {};\n",
  });
  const { findings } = await json(folder, ["scan"]);
  const told = findings.filter(({ code }) => code === "no-spans");
  expect(told).toEqual([expect.objectContaining({ file: "src/off.ts", line: 2 })]);
  // One that says none may be given one; what is off is so on purpose.
  writeFiles(folder, {
    "src/none.ts": 'import * as Sentry from "@sentry/node";\nSentry.init({ environment: "x" });\n',
    "src/base.ts": `import * as Sentry from "@sentry/node";
const environment = "x";
const base = { environment, tracesSampleRate: 0.1 };
Sentry.init(base);
Sentry.init({ dsn: "", environment, tracesSampleRate: 0.1 });
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  const rates = proposals.map(({ rule }) => (rule as { readonly rate?: number }).rate);
  expect(rates.filter((rate) => rate !== undefined)).toEqual([1]);
});

test("a program whose work deserves a trace and that starts no SDK is told", async () => {
  const scripts = { start: "node dist/mails.js", cli: "tsx src/cli.ts" };
  const folder = newRepository({
    "package.json": JSON.stringify({ scripts, dependencies: { bullmq: "5" } }),
    "src/mails.ts": `import { Worker } from "bullmq";

export const worker = new Worker("mails", async (job) => console.log(job.data));
`,
    "src/cli.ts": "console.log(process.argv);\n",
  });
  const { findings } = await json(folder, ["scan"]);
  const told = findings.filter(({ code }) => code === "no-init");
  expect(told).toEqual([expect.objectContaining({ file: "src/mails.ts" })]);
});

test("aborted work is no error where work is aborted, and of a page nobody knows", async () => {
  const init =
    'import * as Sentry from "@sentry/node";\nSentry.init({ dsn: "https://a@b.c/1" });\n';
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11" } }',
    "apps/api/start.ts": init,
    "apps/api/cancel.ts": "export const running = new AbortController();\n",
    "apps/web/start.ts": init,
    "apps/web/button.tsx": "export const pressed = new AbortController();\n",
  });
  const { proposals } = await json(folder, ["scan"]);
  const ignoring = proposals.filter(({ rule }) => "ignoreErrors" in rule);
  expect(ignoring.map(({ rule }) => rule)).toEqual([
    expect.objectContaining({ in: ["apps/api/start.ts"], ignoreErrors: ["AbortError"] }),
  ]);
});

test("versions of the SDK that meet in one process are told, those of different programs are not", async () => {
  const manifest = (name: string, sdk: string, ...uses: readonly string[]) =>
    JSON.stringify({
      name,
      dependencies: {
        "@sentry/node": sdk,
        ...Object.fromEntries(uses.map((each) => [each, "workspace:*"])),
      },
    });
  const folder = newRepository({
    "package.json": "{}",
    "apps/api/package.json": manifest("api", "10.1.0", "jobs"),
    "apps/web/package.json": manifest("web", "9.1.0"),
    "packages/jobs/package.json": manifest("jobs", "11.1.0"),
    "src/index.ts": "export {};\n",
  });
  const { findings } = await json(folder, ["scan"]);
  const told = findings.filter(({ code }) => code === "several-sdks");
  expect(told.map(({ message }) => message)).toEqual([
    expect.stringMatching(/10\.1\.0 in apps\/api, @sentry\/node 11\.1\.0 in packages\/jobs$/),
  ]);
});

test("what only developers run deserves nothing", async () => {
  const sweeper = `import cron from "node-cron";
cron.schedule("0 3 * * *", async () => {
  await fetch("https://example.com/sweep");
});
`;
  const folder = newRepository({
    "package.json": '{ "dependencies": { "node-cron": "4" } }',
    "src/mails.ts": sweeper,
    "test/mails.ts": sweeper,
    "bench/mails.ts": sweeper,
    "packages/e2e_tests/mails.ts": sweeper,
    "packages/mails-eval/src/mails.ts": sweeper,
    "tools/mails/mails.ts": sweeper,
    "src/vendored.js": `${sweeper}const numbers = [${"1234567890,".repeat(400)}];\n`,
    "src/mails.bench.ts": sweeper,
    "src/seed-mails.ts": sweeper,
    ".yarn/releases/yarn.cjs": sweeper,
    ".pnp.cjs": sweeper,
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ file }) => file)).toEqual(["src/mails.ts"]);
});

test("a run is told with its ids and its signal, a call with its tokens and its cost", async () => {
  const folder = newService("pipeline");
  const { proposals } = await json(folder, ["scan"]);
  const ruleOf = (use: string) => proposals.find(({ rule }) => rule.use === use)?.rule;
  expect({ run: ruleOf("run-lifecycle"), call: ruleOf("agent-call") }).toMatchInlineSnapshot(`
    {
      "call": {
        "at": {
          "method": "AgentMetricsCollector.record",
        },
        "call": {
          "agentName": "\${agentName}",
          "durationMs": "\${durationMs}",
          "inputTokens": "\${tokens.inputTokens}",
          "model": "\${model}",
          "outputTokens": "\${tokens.outputTokens}",
        },
        "dir": "src/lib/observability",
        "id": "agent-metrics-collector-record",
        "in": [
          "src/lib/observability/agent-metrics.ts",
        ],
        "phase": 3,
        "use": "agent-call",
      },
      "run": {
        "at": {
          "function": "completeRun",
        },
        "cancelled": "\${signal?.aborted}",
        "dir": "src/lib/observability",
        "fields": {
          "runId": "\${runId}",
        },
        "id": "complete-run",
        "in": [
          "src/lib/api/orchestrator.ts",
        ],
        "phase": 1,
        "span": {
          "name": "orchestrator.completeRun",
          "op": "function",
        },
        "use": "run-lifecycle",
      },
    }
  `);
});

test("a pipeline's runs, stages, calls, users and starts are found", async () => {
  const { proposals, findings } = await json(newService("pipeline"), ["scan"]);
  const uses = new Set(proposals.map(({ rule }) => rule.use));
  const expected = ["run-lifecycle", "stage-span", "record-stage", "agent-call", "user-context"];
  expect([...expected, "init-hardening", "clean-up"].filter((use) => !uses.has(use))).toEqual([]);
  expect(findings.map(({ code }) => code)).toContain("traced-already");
});

test("the config that it writes previews as it says, and is not written twice", async () => {
  const folder = newService("build-service");
  const { sites } = await json(folder, ["scan"]);
  expect(await retrospan(folder, ["scan", "--write"])).toMatchObject({ code: 0 });
  expect(readFile(folder, "retrospan.config.ts")).toContain("    // ");
  // Nobody's types break over a package that is not there.
  expect(readFile(folder, "retrospan.config.ts")).not.toContain("import");
  const preview = await json(folder, ["preview", "--no-typecheck"]);
  expect(preview.summary).toMatchObject({ planned: sites.length });
  expect(preview.findings.map(({ code }) => code)).not.toContain("unmatched-rule");
  const again = await retrospan(folder, ["scan", "--write"]);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain("there is a config");
});

test("where there is nothing to do, it says so and writes nothing", async () => {
  const folder = newRepository({
    "package.json": "{}",
    "src/sum.ts": "export const sum = (a: number, b: number): number => a + b;\n",
    "src/switch.ts":
      'export function name(kind: { type: string }): string {\n  switch (kind.type) {\n    case "a":\n      return "A";\n    default:\n      return "";\n  }\n}\n',
  });
  const before = userFiles(folder);
  const { code, stdout } = await retrospan(folder, ["scan", "--write"]);
  expect(code).toBe(0);
  expect(stdout).toContain("nothing to do");
  expect(userFiles(folder)).toEqual(before);
});

test("stages that constants time, and functions that measure themselves, are found", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11" } }',
    "src/import.ts": `import { fetchAll, note, store } from "./store";

export async function importAll(id: string): Promise<void> {
  const fetchStart = Date.now();
  const rows = await fetchAll(id);
  const fetchDuration = Date.now() - fetchStart;
  const storeStart = Date.now();
  await store(rows);
  const storeDuration = Date.now() - storeStart;
  note({ fetchDuration, storeDuration });
}
`,
    "src/render.ts": `import { fetchAll, note, store } from "./store";

export async function renderPage(id: string): Promise<void> {
  const start = performance.now();
  const rows = await fetchAll(id);
  await store(rows);
  note({ id, durationMs: performance.now() - start });
}

// Told only of what was slow, or has failed.
export async function readPage(id: string): Promise<void> {
  const start = Date.now();
  try {
    await store(await fetchAll(id));
    const elapsed = Date.now() - start;
    if (elapsed > 1000) note({ id, elapsed });
  } catch (error) {
    note({ id, error, ms: Date.now() - start });
  }
}

export async function waitForPage(id: string): Promise<void> {
  const start = Date.now();
  while (Date.now() - start < 1000) await store(await fetchAll(id));
  note({ id, ms: Date.now() - start });
}

export async function measured<T>(work: () => Promise<T>): Promise<T> {
  const start = Date.now();
  await store([]);
  const result = await work();
  note({ durationMs: Date.now() - start });
  return result;
}

export async function profile(id: string, isProfiled: boolean): Promise<void> {
  const start = isProfiled ? Date.now() : 0;
  await fetchAll(id);
  const loadMs = isProfiled ? Date.now() - start : 0;
  note({ loadMs });
}
`,
    "src/store.ts": `export async function fetchAll(id: string): Promise<string[]> {
  return Promise.resolve([id]);
}
export async function store(rows: readonly string[]): Promise<void> {
  await Promise.resolve(rows);
}
export function note(what: object): void {
  console.log(what);
}
`,
  });
  const { proposals, sites } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => [rule.use, rule.at])).toEqual([
    ["stage-span", { assign: "*Duration" }],
    ["wrap-span", { function: "renderPage" }],
  ]);
  expect(sites.map(({ span }) => span?.name).sort()).toEqual(["fetch", "renderPage", "store"]);
});

test("a queue of one's own is found where it gets its jobs, where they are done, and what they are", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11", "zod": "4" } }',
    "src/queues.ts": `import { z } from "zod";
import { connect, type Options } from "./client";

export const zResize = z.object({ image: z.string(), width: z.number() });
export type Resize = z.infer<typeof zResize>;

export const ResizeQueue = createOwnQueue<Resize>("resize");

function createOwnQueue<T>(name: string) {
  return {
    async enqueue(payload: T, options?: Options) {
      return (await connect(name).openQueue()).enqueue(payload, options);
    },
  };
}
`,
    "src/client.ts": `export interface Options { delay?: number }
export interface OwnJob<T> { id: string; data: T }
export function connect(name: string) {
  const openQueue = async () => ({ enqueue: async (payload: unknown, options?: Options) => [name, payload, options] });
  return { openQueue, run: (work: (job: OwnJob<unknown>) => Promise<void>) => work };
}
`,
    "src/worker.ts": `import { connect, type OwnJob } from "./client";
import { zResize, type Resize } from "./queues";

connect("resize").run(runResize as (job: OwnJob<unknown>) => Promise<void>);
export const runner = { run: runResize, onEnd: logResize };

async function runResize(job: OwnJob<Resize>): Promise<void> {
  const request = zResize.safeParse(job.data);
  if (!request.success) return;
  await resize(request.data.image, job);
}

async function resize(image: string, job: OwnJob<Resize>): Promise<void> {
  console.log(await Promise.resolve(image), job.id);
}

async function logResize(job: OwnJob<Resize>): Promise<void> {
  console.log(await Promise.resolve(job.id));
}
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => [rule.use, rule.at])).toEqual([
    ["trace-send", { call: "$queue.enqueue($message, $$$)", within: "enqueue" }],
    ["trace-receive", { function: "runResize" }],
    ["trace-field", { type: "Resize" }],
  ]);
});

test("a message that is handed on right where it is parsed is continued where it is handled", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11", "ws": "8" } }',
    "src/runner.ts": `import WebSocket from "ws";
import { commandSchema, type Command } from "./commands";

export function listen(socket: WebSocket): void {
  socket.on("message", (raw) => {
    void handle(socket, commandSchema.parse(JSON.parse(raw.toString())));
  });
}

async function handle(socket: WebSocket, command: Command): Promise<void> {
  console.log(await Promise.resolve(command.id), socket.readyState);
}
`,
    "src/commands.ts": `export interface Command { id: string }
export const commandSchema = { parse: (data: unknown) => data as Command };
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => rule)).toMatchObject([
    { use: "trace-receive", at: { function: "handle" }, message: "${command}" },
  ]);
});

test("whatever code it is, every detector gets through it", async () => {
  await loadCompiler();
  const fixtures = transformNames().flatMap(readFixtures);
  const looked = fixtures.map(({ file, input }) => lookInto(file, input).proposals);
  // A mark of the module's own, and a function with the name of a job outside any object.
  const text = `const started = Date.now();
export async function run(id: string) {
  await load(id);
  await save(id);
  console.log("up for", Date.now() - started);
}
export const jobs = { async run(id: string) {} };
`;
  expect(lookInto("src/jobs.ts", text).proposals).toEqual([]);
  expect(looked.flat().length).toBeGreaterThan(50);
});

test("what does much is found whatever it is called; what never ends, answers or only tells is not", async () => {
  const steps = (count: number) =>
    Array.from({ length: count }, (_, at) => `    await step(${at});`).join("\n");
  const heavy = (head: string) => `${head} {
  try {
    console.log("begun");
${steps(12)}
    for (const each of [1, 2]) await step(each);
  } finally {
    console.log("done");
  }
}
`;
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11" } }',
    "src/desk.ts": [
      'import { step } from "./step";\n',
      heavy("export async function underwrite(id: string)"),
      heavy("async function weighClaims(id: string)"),
      heavy("export async function underwriteController(req: { id: string }, res: unknown)"),
      heavy("export async function sendClaimEmail(to: string)"),
      "export async function serve() {\n  while (true) {\n",
      steps(12),
      "\n  }\n}\n",
      "export const all = [weighClaims];\n",
    ].join("\n"),
    "src/step.ts": "export const step = async (at: number) => console.log(at);\n",
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ span }) => span?.name).sort()).toEqual(["underwrite", "weighClaims"]);
});

test("a job is found by its type wherever it stands, and by what its queue is told", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "bullmq": "5", "@sentry/node": "11" } }',
    "src/worker.ts": `import type { Job } from "bullmq";
import { note } from "./note.js";

const takeParcel = async (token: string, job: Job & { id: string }) => {
  await weigh(job);
  await note(token);
};

const processParcel = async (token: string, job: Job & { id: string }) => {
  await weigh(job);
  await note(token);
};

export async function weigh(job: Job): Promise<void> {
  await note(job.data.to);
}

export const all = [takeParcel, processParcel];
`,
    "src/desk.ts": `import { parcels } from "./parcels.js";
import type { Parcel } from "./types.js";

export async function post(parcel: Parcel, options: object): Promise<void> {
  await parcels.getQueue().add(parcel.id, parcel, { ...options, jobId: parcel.id });
}
`,
    "src/bulk.ts": `import { parcelQueue } from "./parcels.js";

export async function postAll(ids: string[]): Promise<void> {
  await parcelQueue.addBulk(ids.map((id) => ({ name: "post", data: { id } })));
}
`,
    "src/parcels.ts": `import { Queue } from "bullmq";
const queue = new Queue("parcels");
export const parcels = { getQueue: () => queue };
`,
    "src/types.ts": "export interface Parcel {\n  id: string;\n  to: string;\n}\n",
    "src/note.ts": "export const note = async (text: string) => console.log(text);\n",
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => [rule.use, rule.at]).sort()).toEqual([
    ["trace-field", { type: "Parcel" }],
    ["trace-receive", { function: "processParcel" }],
    ["trace-send", { call: "parcelQueue.addBulk($message, $$$)" }],
    ["trace-send", { call: "parcels.getQueue().add($name, $message, $$$)" }],
  ]);
});

test("what an interval waits for among other things, and calls that are timed one by one, are found", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11" } }',
    "src/main.ts": `import { report, settleAccounts } from "./accounts.js";

let closing = false;
export function close() {
  closing = true;
}

setInterval(async () => {
  if (closing) return;
  await settleAccounts();
}, 60_000);

export async function applyAll(steps: readonly ((text: string) => Promise<string>)[], text: string) {
  const times: [number, number][] = [];
  for (const [at, step] of steps.entries()) {
    const started = Date.now();
    text = await step(text);
    times.push([at, Date.now() - started]);
  }
  report(times);
  return text;
}

export async function askOnce(ask: () => Promise<string>) {
  const started = Date.now();
  const answer = await ask();
  const more = await ask();
  report([[0, Date.now() - started]]);
  return answer + more;
}
`,
    "src/accounts.ts": `export const settleAccounts = async () => console.log("settled");
export const report = (times: readonly unknown[]) => console.log(times);
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => [rule.use, rule.at])).toEqual([
    ["wrap-span", { call: "step($$$)", within: "applyAll" }],
    ["wrap-span", { call: "settleAccounts($$$)" }],
  ]);
});

test("messages behind functions that encode and decode them are found, and a broker has spans to go on from", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "ws": "8", "nats": "2", "@sentry/node": "11" } }',
    "src/broker.ts": `import { WebSocketServer, type WebSocket } from "ws";
import { decodeFrame, encodeFrame, type Frame } from "./frames.js";

const server = new WebSocketServer({ port: 1 });
const all = new Set<WebSocket>();

function pass(to: WebSocket, frame: Frame): void {
  to.send(encodeFrame(frame));
}

server.on("connection", (socket) => {
  socket.on("message", (data) => {
    const frame = decodeFrame(data.toString());
    for (const each of all) if (frame) pass(each, frame);
  });
  socket.send(encodeFrame({ kind: "hello" }));
});
`,
    "src/desk.ts": `import WebSocket from "ws";
import { decodeFrame, type Frame } from "./frames.js";

class Desk {
  constructor(private readonly socket: WebSocket) {
    socket.on("message", (data) => this.take(data.toString()));
  }

  private take(raw: string): void {
    const frame = decodeFrame(raw);
    if (frame?.kind !== "order") return;
    console.log(frame);
  }
}
export const desk = (socket: WebSocket) => new Desk(socket);
`,
    "src/frames.ts": `export interface Frame { kind: string; order?: string }
export const encodeFrame = (frame: Frame) => JSON.stringify(frame);
export const decodeFrame = (text: string) => JSON.parse(text) as Frame | null;
`,
    "src/bus.ts": `import { JSONCodec, type Msg, type NatsConnection } from "nats";

export class Bus {
  private readonly codec = JSONCodec<object>();
  constructor(private readonly nats: NatsConnection) {}

  publish(subject: string, order: object): void {
    this.nats.publish(subject, this.codec.encode(order), { reply: "" });
  }

  async deliver(msg: Msg, take: (order: object) => Promise<void>): Promise<void> {
    const order = this.codec.decode(msg.data);
    await take(order);
  }
}
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  const said = proposals.map(({ rule: { use, at, ...rest } }) => {
    const { region, span } = rest as { region?: string; span?: { name: string } };
    const call = at?.call ?? JSON.stringify(at);
    return [use, call, ...(region ? [region] : []), ...(span ? [span.name] : [])].join(" ");
  });
  expect(said.sort()).toEqual([
    'trace-field {"type":"Frame"}',
    "trace-receive decodeFrame($$$) rest",
    "trace-receive decodeFrame($$$) rest broker.message",
    "trace-receive this.codec.decode($$$) rest Bus.deliver",
    "trace-send this.nats.publish($channel, this.codec.encode($message), $$$)",
    "trace-send to.send(encodeFrame($message))",
  ]);
});

test("what a table has for kinds of work, programs that run and what a clock starts through others are found", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "node-cron": "4", "@sentry/node": "11" } }',
    "src/commands.ts": `import { note } from "./note.js";

async function openShop(id: string): Promise<void> {
  await note(id);
}
async function closeShop(id: string): Promise<void> {
  await note(id);
}
function countShops(): number {
  return 2;
}
export const commandHandlers = { "open-shop": openShop, closeShop };
export const counters = { countShops };
`,
    "src/exec.ts": `import { spawn } from "node:child_process";

export function runTool(name: string): Promise<number> {
  return new Promise((resolve) => {
    spawn(name).on("close", (code) => resolve(code ?? 1));
  });
}
export function start(name: string) {
  return spawn(name);
}
`,
    "src/video.ts": `import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { execa } from "execa";
import { note } from "./note.js";

const run = promisify(execFile);

export async function measureVideo(path: string): Promise<string> {
  const { stdout } = await run("ffprobe", [path]);
  return stdout;
}
export async function fetchVideo(url: string): Promise<void> {
  await note(url);
  await execa("/usr/bin/yt-dlp", [url]);
}
export async function isVideo(path: string): Promise<boolean> {
  return (await run("ffprobe", [path])).stdout !== "";
}
`,
    "src/clock.ts": `import cron from "node-cron";
import { note } from "./note.js";

async function sweepShops(): Promise<void> {
  await note("swept");
}
const safely = (run: () => Promise<void>) => () => void run().catch(console.error);
cron.schedule("0 * * * *", safely(sweepShops));
`,
    "src/note.ts": "export const note = async (text: string) => console.log(text);\n",
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => rule.id).sort()).toEqual([
    "close-shop",
    "exec-run-tool",
    "open-shop",
    "sweep-shops",
    "video-fetch-video-yt-dlp",
    "video-measure-video",
  ]);
});

test("what would be noise is left out: answers to strangers, jobs put back, spans of the same extent, libraries", async () => {
  const steps = Array.from({ length: 14 }, (_, at) => `  await note("${at}");`).join("\n");
  const folder = newRepository({
    "package.json": '{ "dependencies": { "bullmq": "5", "ws": "8", "@sentry/node": "11" } }',
    "src/live.ts": `import { WebSocketServer, type WebSocket } from "ws";

interface Quote { price: number }
export function tell(socket: WebSocket, quote: Quote): void {
  socket.send(JSON.stringify(quote));
}
export const server = new WebSocketServer({ port: 1 });
`,
    "src/jobs.ts": `import { Queue, type Job } from "bullmq";
import { note } from "./note.js";

const mails = new Queue("mails");

export async function putBack(job: { name: string; data: object }): Promise<void> {
  await mails.add(job.name, { ...job.data, isRetry: true });
}
export async function processMail(job: Job): Promise<void> {
${steps}
}
`,
    "src/steps.ts": `import { note } from "./note.js";

export async function retryOrder(id: string): Promise<void> {
${steps}
  if (id) await retryOrder(id);
}
export async function pollOrder(id: string): Promise<void> {
  const look = async () => {
    await note(id);
  };
${steps}
  setTimeout(look, 10);
}
`,
    "src/note.ts": "export const note = async (text: string) => console.log(text);\n",
    "packages/client/package.json": '{ "name": "client", "version": "1.0.0", "files": ["dist"] }',
    "packages/client/src/index.ts": `const note = async (text: string) => console.log(text);
export async function deployAll(id: string): Promise<void> {
${steps}
  console.log(id);
}
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => [rule.use, rule.at])).toEqual([
    ["trace-receive", { function: "processMail" }],
  ]);
});

test("names that a rule cannot say, loops without an end and pages get no rule, and hops do not hide commands", async () => {
  const steps = Array.from({ length: 14 }, (_, at) => `  await note("${at}");`).join("\n");
  const long = Array.from({ length: 80 }, (_, at) => `    await note("${at}");`).join("\n");
  const folder = newRepository({
    "package.json": '{ "dependencies": { "bullmq": "5", "@sentry/react": "11" } }',
    "src/timed.ts": `import { note } from "./note.js";

export async function tell(ids: string[]) {
  for (const each of ids) {
    const start = Date.now();
    await load(each);
    console.log("took", Date.now() - start);
  }
}
async function load(id: string) {
  await note(id);
}
`,
    "src/jobs.ts": `import { Worker } from "bullmq";
import { note } from "./note.js";

export const mails = new Worker("{{tenant}}-mails", async (job) => {
  await note(job.data.to);
});
export const sites = new Worker("sites", async (job) => {
  switch (job.name) {
    case "build-site":
      await note("build");
      await note(job.data.id);
      break;
    case "import-users":
      await note("import");
      await note(job.data.id);
      break;
  }
});
`,
    "src/jobs/poller.ts": `import { note } from "../note.js";

export async function run(): Promise<void> {
${steps}
  for (;;) {
    await note("again");
  }
}
`,
    "src/Import.tsx": `import { note } from "./note.js";

export function Import() {
  const runImport = async (importId: string) => {
    try {
${long}
    } catch (error) {
      console.log(importId, error);
    }
  };
  return <button onClick={() => void runImport("1")} />;
}
`,
    "src/note.ts": "export const note = async (text: string) => console.log(text);\n",
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => JSON.stringify(rule.at)).sort()).toEqual([
    '{"call":"load($$$)","within":"tell"}',
    '{"case":"build-site","on":"job.name"}',
    '{"case":"import-users","on":"job.name"}',
    '{"listener":"sites","on":"Worker"}',
  ]);
});

test("a number, a text or a list is no message, and a job that comes again keeps no trace", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "bullmq": "5", "socket.io": "4", "@sentry/node": "11" } }',
    "src/live.ts": `import { Server } from "socket.io";

const io = new Server();
export function count(n: number, names: string[], at: Date): void {
  io.emit("count", n);
  io.emit("names", names);
  io.emit("at", at);
  io.emit("now", Date.now());
}
export function order(what: { id: string }): void {
  io.emit("order", what);
}
`,
    "src/desk.ts": `import { io } from "socket.io-client";

io("http://localhost").on("order", (order: { id: string }) => console.log(order.id));
`,
    "src/nightly.ts": `import { Queue } from "bullmq";

const queue = new Queue("nightly");
export const plan = () => queue.add("nightly", {}, { repeat: { pattern: "0 3 * * *" } });
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.flatMap(({ rule }) => rule.at?.call ?? [])).toEqual([
    'io.emit("order", $message)',
  ]);
});

test("handlers that are named, bound, kept in fields or wrapped are found where they are", async () => {
  const folder = newRepository({
    "package.json":
      '{ "dependencies": { "bullmq": "5", "socket.io": "4", "ws": "8", "@sentry/node": "11" } }',
    "src/desk.ts": `import WebSocket from "ws";

export class Desk {
  constructor(private readonly socket: WebSocket) {
    this.socket.on("message", this.onMessage.bind(this));
    this.socket.on("close", this.onClose);
    setInterval(this.sweep, 1000);
  }
  private onMessage(raw: Buffer): void {
    let order: { id: string };
    try {
      order = JSON.parse(raw.toString());
    } catch {
      return;
    }
    console.log(order.id);
  }
  private onClose = (): void => console.log("closed");
  private sweep = async (): Promise<void> => {
    await fetch("http://localhost");
  };
}
`,
    "src/live.ts": `import { Server } from "socket.io";

const io = new Server();
const take = (order: { id: string }): void => console.log(order.id);
io.on("connection", (socket) => {
  socket.on("order", take);
});
`,
    "src/queues.ts": `import Bull from "bull";

export const mailQueue = () => new Bull("mails");
`,
    "src/worker.ts": `import { mailQueue } from "./queues.js";
import { tasks } from "./tasks.js";
import { traced } from "./traced.js";

mailQueue().process(
  5,
  traced({ name: "mails" })(async function (job) {
    const { name, props } = job.data;
    const task = new tasks[name]();
    await task.perform(props);
  }),
);
export const put = (mail: { to: string }) => mailQueue().add({ name: "A", props: mail });
`,
    ...Object.fromEntries(
      ["A", "B", "C", "D"].map((name) => [
        `src/tasks/${name}.ts`,
        `export class ${name} {
  async perform(props: { to: string }): Promise<void> {
    ${"await fetch(props.to);\n    ".repeat(20)}
  }
}
`,
      ]),
    ),
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule: { use, at } }) => `${use} ${JSON.stringify(at)}`).sort()).toEqual([
    'trace-receive {"function":"take"}',
    'trace-receive {"listener":"process","on":"mailQueue()"}',
    'trace-receive {"method":"Desk.onMessage"}',
    'trace-send {"call":"mailQueue().add($message, $$$)"}',
    'wrap-span {"function":"sweep"}',
  ]);
});

test("what no instrumentation knows is found: mails, and functions that wait for images or PDFs", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "sharp": "0", "@sentry/node": "11" } }',
    "src/images.ts": `import sharp from "sharp";

export async function shrink(image: Buffer): Promise<Buffer> {
  const loaded = sharp(image);
  const { width } = await loaded.metadata();
  console.log(width);
  return await loaded.resize(200).toBuffer();
}
export const isWide = async (image: Buffer) => ((await sharp(image).metadata()).width ?? 0) > 9;
`,
    "src/mails.ts": `import { transport } from "./transport.js";

export async function welcome(to: string): Promise<void> {
  await transport.sendMail({ to, subject: "Welcome" });
}
export const later = (to: string) => void transport.sendMail({ to });
`,
    "src/pages.ts": `import { toCanvas } from "./pdf.js";

export const draw = async (page: string) => await toCanvas(page);
`,
  });
  const { proposals, sites } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule: { at } }) => JSON.stringify(at)).sort()).toEqual([
    '{"call":"$transport.sendMail($$$)"}',
    '{"function":"shrink"}',
  ]);
  expect(sites.map(({ file }) => file).sort()).toEqual(["src/images.ts", "src/mails.ts"]);
});

test("what a gateway of Nest gets is found, with what it calls the message", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@nestjs/websockets": "11", "@sentry/nestjs": "10" } }',
    "src/orders.gateway.ts": `import { MessageBody, SubscribeMessage, WebSocketGateway } from "@nestjs/websockets";
import type { Socket } from "socket.io";

@WebSocketGateway()
export class Orders {
  @SubscribeMessage("order")
  async take(client: Socket, order: { id: string }): Promise<void> {
    console.log(client.id, order.id);
  }

  @SubscribeMessage("cancel")
  async cancel(@MessageBody() order: { id: string }): Promise<void> {
    console.log(order.id);
  }

  @SubscribeMessage("join")
  join(client: Socket): void {
    console.log(client.id);
  }
}
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  const said = proposals.map(({ rule }) => [
    rule.at,
    (rule as { readonly message?: string }).message,
  ]);
  expect(said).toEqual([
    [{ method: "Orders.cancel" }, "${order}"],
    [{ method: "Orders.take" }, "${order}"],
  ]);
});

test("nothing is proposed around what ends the process, answers a request or looks at its health", async () => {
  const work = "    await fetch(url);\n".repeat(25);
  const folder = newRepository({
    "package.json": '{ "dependencies": { "koa": "3", "@sentry/node": "11" } }',
    "src/work.ts": `import type { Context } from "koa";

export class Work {
  async shutDown(url: string): Promise<void> {
${work}    process.exit(0);
  }
  async exportAll(url: string): Promise<void> {
${work}  }
  async doHealthCheck(url: string): Promise<void> {
${work}  }
}
export async function exportOne(ctx: Context, url: string): Promise<void> {
${work}    ctx.body = url;
}
export class WorkController {
  async exportSome(url: string): Promise<void> {
${work}  }
}
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule: { at } }) => at)).toEqual([{ method: "Work.exportAll" }]);
});

test("what a processor hands its jobs to has no span beside that of the job, which says its name", async () => {
  const folder = newRepository({
    "package.json":
      '{ "dependencies": { "@nestjs/bullmq": "11", "bullmq": "5", "@sentry/nestjs": "10" } }',
    "src/mails.processor.ts": `import { Processor, WorkerHost } from "@nestjs/bullmq";
import type { Job } from "bullmq";
import type { Mails } from "./mails.js";

@Processor("mails")
export class MailsProcessor extends WorkerHost {
  constructor(private readonly mails: Mails) {
    super();
  }
  async process(job: Job<{ url: string }>): Promise<void> {
    if (job.name === "welcome") await this.mails.processWelcome(job.data.url);
  }
}
`,
    "src/mails.ts": `export class Mails {
  async processWelcome(url: string): Promise<void> {
${"    await fetch(url);\n".repeat(25)}  }
}
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(
    proposals.map(({ rule }) => [
      rule.at,
      (rule as { span?: { attributes?: object } }).span?.attributes,
    ]),
  ).toEqual([[{ method: "MailsProcessor.process" }, { "job.name": "${job.name}" }]]);
});

test("what a factory gives back for a queue is found, what only passes a job on is not", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "bullmq": "5", "@sentry/node": "11" } }',
    "src/scans.ts": `import type { Job, Processor } from "bullmq";

export const scanProcessor = (isFast: boolean): Processor => {
  return async (job: Job<{ url: string }>) => {
    await fetch(job.data.url, { method: isFast ? "HEAD" : "GET" });
  };
};

export class Sweeps {
  static create(): Processor {
    const sweep = async (job: Job<{ before: string }>) => {
      await fetch(job.data.before);
    };
    return sweep;
  }
}

export function measured(processor: Processor): Processor {
  return async (job: Job) => {
    const result = await processor(job);
    return result;
  };
}
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => rule.at)).toEqual([
    { function: "scanProcessor()" },
    { function: "sweep" },
  ]);
});

test("what is handed to a cloud's broker and what comes from it is found, and channels that are subscribed to", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11" } }',
    "src/orders.ts": `import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
const sqs = new SQSClient({});
export async function place(order: { id: string }): Promise<void> {
  await sqs.send(new SendMessageCommand({ QueueUrl: "q", MessageBody: JSON.stringify(order) }));
}
export async function poll(): Promise<void> {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: "q" }));
  for (const message of Messages) {
    const order = JSON.parse(message.Body ?? "") as { id: string };
    await fetch(order.id);
  }
}
`,
    "src/builds.ts": `import { PubSub } from "@google-cloud/pubsub";
const topic = new PubSub().topic("builds");
export const announce = (build: { id: string }) => topic.publishMessage({ json: build });
export function listen(): void {
  const subscription = new PubSub().subscription("builds");
  subscription.on("message", async (message) => {
    const build = JSON.parse(message.data.toString()) as { id: string };
    await fetch(build.id);
  });
}
`,
    "src/news.ts": `import { createClient } from "redis";
const subscriber = createClient();
export async function listen(): Promise<void> {
  await subscriber.subscribe("news", async (text) => {
    const news = JSON.parse(text) as { id: string };
    await fetch(news.id);
  });
}
`,
    "src/thread.ts": `import { parentPort } from "node:worker_threads";
parentPort!.on("message", async (task: { id: string }) => {
  await fetch(task.id);
});
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => [rule.use, rule.at])).toEqual([
    ["trace-send", { call: "topic.publishMessage({ json: $message })", within: "announce" }],
    ["trace-receive", { listener: "message", on: "subscription" }],
    ["trace-receive", { listener: "news", on: "subscriber" }],
    [
      "trace-send",
      { call: "sqs.send(new SendMessageCommand({ MessageBody: $text, $$$ }))", within: "place" },
    ],
    ["trace-receive", { call: "JSON.parse($$$)", within: "poll" }],
    ["trace-receive", { listener: "message", on: "parentPort" }],
  ]);
});

test("what the handler of a request does nothing but call has the extent of the request", async () => {
  const work = `  for (const each of ids) {
    await fetch(each);
    console.log(each);
  }
  await fetch("done");
  await fetch("told");
`.repeat(4);
  const folder = newRepository({
    "package.json": '{ "dependencies": { "hono": "4", "@sentry/node": "11" } }',
    "src/work.ts": `export async function syncAll(ids: string[]): Promise<void> {
${work}}

export async function importAll(ids: string[]): Promise<void> {
${work}}
`,
    "src/routes.ts": `import { Hono } from "hono";
import { importAll, syncAll } from "./work.js";

const app = new Hono();
app.post("/sync", async (c) => {
  const { ids } = await c.req.json();
  await syncAll(ids);
  return c.json({ ok: true });
});
app.post("/import", async (c) => {
  await importAll(await c.req.json());
  return c.json({ ok: true });
});
`,
    "src/later.ts": `import { importAll } from "./work.js";
export const later = (ids: string[]) => setTimeout(() => void importAll(ids), 10);
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => rule.at)).toEqual([{ function: "importAll" }]);
});

test("what is given to a router by its name, or runs in a span where it is called, has no span of its own", async () => {
  const work = `  for (const each of ids) {
    await fetch(each);
    console.log(each);
  }
  await note("done");
  await note("told");
  await note("kept");
`.repeat(4);
  const names = [
    "handleSync",
    "restoreAll",
    "executeAll",
    "exportAll",
    "importAll",
    "Shop.syncAll",
  ];
  const functions = names.map((name) => {
    const [owner, method] = name.split(".");
    const body = `(ids: string[]): Promise<void> {\n${work}}\n`;
    return method
      ? `export class ${owner} {\nstatic async ${method}${body}}\n`
      : `export async function ${owner}${body}`;
  });
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@trpc/server": "11", "@sentry/node": "11" } }',
    "src/work.ts": `import { note } from "./note.js";\n${functions.join("\n")}`,
    "src/note.ts": "export const note = async (text: string) => console.log(text);\n",
    "src/routes.ts": `import { procedure } from "./trpc.js";
import { handleSync, restoreAll, Shop } from "./work.js";
import { limited } from "./limits.js";

export const routes = {
  sync: procedure.input(String).mutation(handleSync),
  restore: procedure.mutation(async ({ input }) => {
    return await limited(10, () => restoreAll(input));
  }),
  shop: procedure.mutation(async ({ input }) => {
    await Shop.syncAll(input);
  }),
};
`,
    "src/tools.ts": `import { registerTool, withTimeout } from "./mcp.js";
import { exportAll } from "./work.js";

registerTool("export", { title: "Export" }, async (ids: string[]) => {
  try {
    return await withTimeout(exportAll(ids), 1000);
  } finally {
    await ids.pop();
  }
});
`,
    "src/shop.controller.ts": `import { Body, Controller, Post } from "@nestjs/common";
import { prorateAll } from "./work.js";

@Controller("/shop")
export class ShopController {
  @Post("/prorate")
  prorate(@Body() body: { ids: string[]; prorateAll: boolean }) {
    if (body.prorateAll) return prorateAll(body.ids);
    return null;
  }
}
`,
    "src/controllers.ts": `import type { Request, Response } from "express";
import { sealAll } from "./work.js";

export async function sealController(req: Request, res: Response) {
  await sealAll(req.body);
  res.json({ ok: true });
}
`,
    "src/batch.ts": `import { executeAll, importAll } from "./work.js";
import { withSpan } from "./tracing.js";

export async function nightly(ids: string[]): Promise<void> {
  await withSpan("execute", async () => {
    await executeAll(ids);
  });
  await importAll(ids);
}
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => rule.at)).toEqual([{ function: "importAll" }]);
});

test("a switch that is the end of a job has no span beside that of the job", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "bullmq": "5", "@sentry/node": "11" } }',
    "src/worker.ts": `import type { Job } from "bullmq";
import { note } from "./note.js";

type Order = { type: "pack" | "send"; id: string };

export async function processOrder(job: Job<Order>): Promise<void> {
  const order = job.data;
  if (!order.id) return;
  switch (order.type) {
    case "pack":
      await note("packed");
      break;
    case "send":
      await note("sent");
      break;
  }
}

export async function processBill(job: Job<Order>): Promise<void> {
  const { id } = job.data;
  if (job.name === "bill") {
    await note(
      id,
      "billed",
      "today",
    );
  } else if (job.name === "remind") {
    await note(
      id,
      "reminded",
      "today",
    );
  }
}

// What moves a job is no work of its own.
export async function processLabel(token: string, job: Job<Order>): Promise<void> {
  try {
    await printLabel(job.data.id);
    await job.moveToCompleted({}, token, false);
  } catch (error) {
    await job.moveToFailed(error as Error, token, false);
  }
}
async function printLabel(id: string): Promise<void> {
  ${"await note(id);\n  ".repeat(24)}
}

export async function processReturn(job: Job<Order>): Promise<void> {
  const order = job.data;
  switch (order.type) {
    case "pack":
      await note("unpacked");
      break;
    case "send":
      await note("taken");
      break;
  }
  await note("done");
}
`,
    "src/note.ts": "export const note = async (text: string) => console.log(text);\n",
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => [rule.use, rule.at])).toEqual([
    ["trace-receive", { function: "processBill" }],
    ["trace-receive", { function: "processLabel" }],
    ["trace-receive", { function: "processOrder" }],
    ["trace-receive", { function: "processReturn" }],
    ["trace-field", { type: "Order" }],
    ["wrap-span", { switch: "order.type", within: "processReturn" }],
  ]);
});

test("a function that is handed on with one thing more to know does the jobs that it is given", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11" } }',
    "src/worker.ts": `import { createRunner, note, type DequeuedJob } from "./queue.js";

createRunner({ run: (job) => runCrawl(job, 3), onError: (job) => tellOf(job.id) });

async function runCrawl(job: DequeuedJob<{ url: string }>, retries: number): Promise<void> {
  await note(job.data.url, retries);
}
async function tellOf(id: string): Promise<void> {
  await note(id, 0);
}
`,
    "src/queue.ts": `export interface DequeuedJob<T> { id: string; data: T }
export declare function createRunner(functions: object): void;
export declare function note(text: string, count: number): Promise<void>;
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => [rule.use, rule.at])).toEqual([
    ["trace-receive", { function: "runCrawl" }],
  ]);
});

test("what listens later, tries again or is a request alone makes no operation", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11" } }',
    "src/pages.ts": `import { note } from "./note.js";

export async function guardRedirects(page: Page): Promise<void> {
  await page.enable();
  page.on("request", async (request) => {
    ${'await note("asked");\n    '.repeat(40)}
  });
}

export async function deliverWebhook(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  const again = await fetch(url);
  ${"times.push(1);\n  ".repeat(20)}
  return again.ok ? text : "";
}

export class Crawler {
  static async build(): Promise<Crawler> {
    ${'await note("ready");\n    '.repeat(3)}
    ${"times.push(1);\n    ".repeat(20)}
    return new Crawler();
  }
}

const times: number[] = [];
interface Page { enable(): Promise<void>; on(event: string, listener: (data: object) => void): void }
`,
    "src/note.ts": "export const note = async (text: string) => console.log(text);\n",
  });
  expect((await json(folder, ["scan"])).proposals.map(({ rule }) => rule.at)).toEqual([]);
});

test("what another function does nothing but wait for, what has a span and what only hands on get none", async () => {
  const lines = "  times.push(1);\n".repeat(90);
  const folder = newRepository({
    "package.json": '{ "dependencies": { "ai": "5", "@sentry/node": "11" } }',
    "src/exports.ts": `import { generateText } from "ai";
import { note, tasks, withSpan } from "./note.js";

const times: number[] = [];

// Outside of it nothing is waited for.
export async function exportAll(ids: string[]): Promise<void> {
  for (const id of ids) await exportRows(id, times);
${lines}}
export async function importAll(ids: string[]): Promise<void> {
  ${'console.log("importing", ids);\n  '.repeat(5)}await importRows(ids, times);
${lines}}
export async function importRows(ids: string[], rows: number[]): Promise<void> {
  for (const id of ids) await note(id, rows);
  await note("done", rows);
  await note("told", rows);
${lines}}
export async function exportRows(id: string, rows: number[]): Promise<void> {
  await note(id, rows);
  await note("done", rows);
  await note("told", rows);
${lines}}

// The calls of a model have spans of their own.
export async function translateTitles(prompt: string): Promise<string> {
  const first = await generateText({ prompt });
  const second = await generateText({ prompt: first.text });
  const { text } = await generateText({ prompt: second.text });
  ${"times.push(1);\n  ".repeat(20)}
  return text;
}

export async function triggerExports(ids: string[]): Promise<void> {
  await tasks.trigger("export", ids);
  await tasks.trigger("import", ids);
  await tasks.enqueueAll(ids);
  ${"times.push(1);\n  ".repeat(20)}
}

export async function tell(url: string): Promise<string> {
  const start = Date.now();
  const response = await fetch(url);
  const text = await response.text();
  console.log({ ms: Date.now() - start });
  return text;
}

export async function runImportPipeline(ids: string[]): Promise<void> {
  return await withSpan("import", async () => {
    try {
      for (const id of ids) await note(id, times);
    } finally {
      console.log("over");
    }
${lines}  });
}
`,
    "src/note.ts": `export const note = async (text: string, rows: number[]) => console.log(text, rows);
export declare const tasks: {
  trigger(id: string, data: string[]): Promise<void>;
  enqueueAll(data: string[]): Promise<void>;
};
export declare function withSpan(name: string, work: () => Promise<void>): Promise<void>;
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => rule.at)).toEqual([
    { function: "export*" },
    { function: "importAll" },
  ]);
});

test("functions of a list that is gone through with a clock have the span that they are called in", async () => {
  const work = "  await note(page);\n".repeat(24);
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/node": "11" } }',
    "src/steps.ts": `import { note } from "./note.js";

export async function deriveLinks(page: string): Promise<void> {
${work}}
export async function deriveTitles(page: string): Promise<void> {
${work}}
export async function deriveIndex(page: string): Promise<void> {
${work}}

const steps = [deriveLinks, deriveTitles];

export async function runSteps(page: string): Promise<[string, number][]> {
  const times: [string, number][] = [];
  for (const step of steps) {
    const start = Date.now();
    await step(page);
    times.push([step.name, Date.now() - start]);
  }
  return times;
}
`,
    "src/note.ts": "export const note = async (text: string) => console.log(text);\n",
  });
  const { proposals } = await json(folder, ["scan"]);
  expect(proposals.map(({ rule }) => rule.at)).toEqual([
    { function: "deriveIndex" },
    { function: "runSteps" },
    { call: "step($$$)", within: "runSteps" },
  ]);
});

test("what decorators give to a worker or a broker is found, in whatever package", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "@sentry/nestjs": "10" } }',
    // As npm init makes it, which is no sign of a library.
    "apps/worker/package.json": '{ "name": "worker", "version": "1.0.0", "keywords": [] }',
    "apps/worker/src/post.activity.ts": `import { Activity, ActivityMethod } from "nestjs-temporal-core";
import { RabbitSubscribe } from "@golevelup/nestjs-rabbitmq";
import { Logged } from "./logged";
import { note } from "./note";

const ActivityLike = Logged;

@Activity()
export class PostActivity {
  @ActivityMethod()
  async publish(id: string): Promise<void> {
    await note(id);
    await note("published");
    await note("told");
  }

  @ActivityMethod()
  async getPost(id: string): Promise<string> {
    await note(id);
    await note("read");
    await note("given");
    return id;
  }

  @RabbitSubscribe({ queue: "posts" })
  async onPost(id: string): Promise<void> {
    await note(id);
    await note("heard");
    await note("kept");
  }

  @ActivityLike()
  async logged(id: string): Promise<void> {
    await note(id);
    await note("logged");
    await note("kept");
  }
}
`,
    "apps/worker/src/note.ts": "export const note = async (text: string) => console.log(text);\n",
    "apps/worker/src/logged.ts": "export const Logged = (): MethodDecorator => () => undefined;\n",
  });
  const { sites } = await json(folder, ["scan"]);
  expect(sites.map(({ span }) => `${span?.op} ${span?.name}`).sort()).toEqual([
    "function PostActivity.publish",
    "queue.process PostActivity.onPost",
  ]);
});

test("a file that does not parse is told, and the others are looked into", async () => {
  const folder = newRepository({
    "package.json": '{ "dependencies": { "node-cron": "4", "@sentry/node": "11" } }',
    "src/broken.ts": "export const broken = async () => {\n  await (;\n};\n",
    "src/sweep.ts": `import cron from "node-cron";
cron.schedule("0 3 * * *", async () => {
  await fetch("https://example.com/sweep");
});
`,
  });
  const { sites, findings } = await json(folder, ["scan"]);
  expect(sites.map(({ file }) => file)).toEqual(["src/sweep.ts"]);
  expect(findings.filter(({ code }) => code === "parse-error")).toMatchObject([
    { file: "src/broken.ts", line: 2 },
  ]);
});

test("a span of many kinds is called after its class, or after its file where it has no name", async () => {
  const kinds = `switch (event.type) {
      case "paid": await fetch("paid"); break;
      case "sent": await fetch("sent"); break;
    }`;
  const folder = newRepository({
    "package.json": '{ "dependencies": { "hono": "4", "@sentry/node": "11" } }',
    "src/webhooks/stripe/index.ts": `import { Hono } from "hono";
const app = new Hono();
app.post("/", async (c) => {
  const event = await c.req.json();
  ${kinds}
  return c.json({});
});
`,
    "src/mails.ts": `export class Mails {
  async process(event: { type: string }): Promise<void> {
    ${kinds}
  }
}
`,
  });
  const { proposals } = await json(folder, ["scan"]);
  const names = proposals.map(({ rule }) => (rule as { span?: { name?: string } }).span?.name);
  expect(names).toEqual(["stripe", "Mails.process"]);
});
