/** What a scan proposes, on services whose places it was not told. */
import { afterEach, expect, test } from "vitest";
import { newRepository, readFile, removeFolders, retrospan, userFiles } from "./support/cli.js";
import { newService } from "./support/service.js";

afterEach(removeFolders);

interface Site {
  readonly file: string;
  readonly transform: string;
  readonly anchor: number;
}

interface Document {
  readonly command: string;
  readonly sites: readonly Site[];
  readonly proposals: readonly { readonly rule: { readonly id: string; readonly use: string } }[];
  readonly findings: readonly { readonly code: string }[];
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
    "src/processors.ts": `import type { Processor } from "bullmq";

export const mailProcessor: Processor = async (job) => {
  console.log(await Promise.resolve(job.data.to));
};

export const reportProcessor: Processor = async (job) => {
  console.log(await Promise.resolve(job.data.title));
};
`,
    "src/orders.ts": `import { getQueue } from "./queues";

export async function order(id: number) {
  await getQueue("orders")?.add("order", { id });
}
`,
    "src/queues.ts":
      "export declare function getQueue(name: string): { add(name: string, data: object): Promise<void> } | null;\n",
    "src/set.ts": 'export const bulls = new Set(["bull"]);\nbulls.add("bullmq");\n',
  });
  const { sites, proposals } = await json(folder, ["scan"]);
  const found = sites.map(({ transform, file }) => `${transform} ${file}`);
  expect(found.sort()).toEqual([
    "trace-receive src/mails.ts",
    "trace-receive src/processors.ts",
    "trace-receive src/processors.ts",
    "trace-receive src/reports.ts",
    "trace-send src/mails.ts",
    "trace-send src/orders.ts",
    "trace-send src/reports.ts",
  ]);
  expect(proposals).toHaveLength(6);
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
