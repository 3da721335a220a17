/** Hardened inits, started with real SDKs whose envelopes are received on loopback. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { receive, type Received } from "./support/envelopes.js";
import { diagnosticsOf } from "./support/diagnostics.js";
import { activeRules, applyInMemory, memoryTree } from "./support/memory-tree.js";
import { withPrograms } from "./support/run.js";

/** What must not be sent, and what must. */
const SECRETS = [
  "ann@example.com",
  "hunter2",
  "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl",
  "0123456789abcdef@o1.ingest",
  "sk-live-1",
  "192.0.2.7",
];

const START = `
import * as Sentry from "@sentry/node";

export function start(): void {
  Sentry.init({
    dsn: "https://0123456789abcdef@o1.ingest.example.com/1",
    tracesSampleRate: 1,
    beforeSend(event) {
      return event.message === "unwanted" ? null : event;
    },
  });
}
`;

const RULE = {
  id: "init",
  use: "init-hardening",
  dsn: true,
  environment: true,
  productionRate: 0,
  pii: false,
  ignoreErrors: ["AbortError"],
  scrub: true,
};

// The secrets stand in no line of the program, which the SDK sends along.
const MAIN = `
import * as Sentry from "@sentry/node";
import { start } from "./program/start.js";
const [mail, password, jwt, , key, address] = JSON.parse(process.env.SECRETS);
start();
const { environment, dsn } = Sentry.getClient().getOptions();
Sentry.setUser({ id: "u-1", email: mail, ip_address: address, username: mail });
Sentry.setTag("who", mail);
Sentry.addBreadcrumb({ message: "mail to " + mail, data: { apiKey: key, totalInputTokens: 1234 } });
Sentry.setExtra("settings", { password, list: [{ token: key }], maxTokens: 4096 });
Sentry.captureException(new Error("login of " + mail + " with password=" + password + " failed"));
Sentry.captureException(new DOMException("stopped", "AbortError"));
Sentry.captureMessage("unwanted");
Sentry.captureMessage("the DSN is https://" + JSON.parse(process.env.SECRETS)[3] + ".example.com/1");
let isRecording;
Sentry.startSpan({ name: "send", attributes: { "auth.token": key, note: "Bearer " + jwt, "gen_ai.usage.input_tokens": 77 } }, (span) => {
  isRecording = span.isRecording();
  Sentry.startSpan({ name: "inner", attributes: { url: "https://example.com/?token=" + key } }, () => undefined);
});
await Sentry.flush(5000);
console.log(JSON.stringify({ environment, dsn: dsn !== undefined, isRecording }));
process.exit(0);
`;

const SDKS = [
  ["sentry-node-9", "^9.0.0"],
  ["sentry-node-10", "^10.0.0"],
  ["@sentry/node", "^11.0.0"],
] as const;

interface Asked {
  readonly environment?: string;
  readonly dsn: boolean;
  readonly isRecording: boolean;
}

test.each(SDKS)("what is private stays, %s", async (sdk, version) => {
  const manifest = JSON.stringify({ dependencies: { "@sentry/node": version } });
  const memory = memoryTree([
    ["package.json", manifest],
    ["start.ts", START],
  ]);
  const plan = applyInMemory(memory, await activeRules([RULE]));
  expect(plan.sites.filter(({ state }) => state !== "planned")).toEqual([]);
  const { "start.ts": _, ...modules } = Object.fromEntries(memory.files);
  expect(Object.keys(modules).sort()).toEqual(["lib/scrub.ts", "package.json"]);
  memory.files.delete("package.json");
  const ask = async (mode: string): Promise<{ told: Asked } & Received> => {
    const receiver = await receive();
    const told = await withPrograms(
      new Map([["program", memory.files]]),
      sdk,
      MAIN,
      async (cwd) => {
        const env = {
          ...process.env,
          NODE_ENV: mode,
          NODE_OPTIONS: "",
          NODE_NO_WARNINGS: "1",
          SENTRY_DSN: receiver.dsn,
          SECRETS: JSON.stringify(SECRETS),
        };
        const options = { cwd, env, timeout: 60_000 };
        const { stdout } = await promisify(execFile)(process.execPath, ["main.js"], options);
        return JSON.parse(stdout) as Asked;
      },
    );
    return { told, ...(await receiver.close()) };
  };
  const development = await ask("development");
  expect(development.told).toEqual({ environment: "development", dsn: true, isRecording: true });
  const { wire, items } = development;
  expect(SECRETS.filter((secret) => wire.includes(secret))).toEqual([]);
  expect(["u-1", "1234", "4096", "77", "inner"].filter((kept) => !wire.includes(kept))).toEqual([]);
  expect(wire.includes('"unwanted"')).toBe(false);
  expect(items.filter(({ type }) => type === "event").length).toBe(2);
  const production = await ask("production");
  expect(production.told).toEqual({ environment: "production", dsn: true, isRecording: false });
});

test("without a DSN in the environment nothing is sent, and what is hard-coded is told", async () => {
  const memory = memoryTree([["start.ts", START]]);
  const plan = applyInMemory(memory, await activeRules([{ ...RULE, scrub: undefined }]));
  const [finding] = plan.findings.filter(({ code }) => code === "hard-coded-dsn");
  expect(finding).toMatchObject({ file: "start.ts", line: 6 });
  expect(finding?.message).toContain("https://0123456789abcdef@o1.ingest.example.com/1");
  expect(memory.files.get("start.ts")).not.toContain("ingest.example.com");
});

test("an environment that is read behind the init is told", async () => {
  const text =
    'import * as Sentry from "@sentry/node";\nimport dotenv from "dotenv";\n\nSentry.init({ dsn: process.env.SENTRY_DSN });\ndotenv.config();\n';
  const plan = applyInMemory(memoryTree([["main.ts", text]]), await activeRules([RULE]));
  expect(plan.findings).toContainEqual(
    expect.objectContaining({ code: "init-before-environment", file: "main.ts", line: 5 }),
  );
});

test("hooks that are there keep their types", async () => {
  const dir = new URL("../fixtures/init-hardening/hooks-that-are-there-are-kept/", import.meta.url);
  const input = readFileSync(new URL("input.ts", dir), "utf8");
  const memory = memoryTree([
    ["package.json", '{ "dependencies": { "@sentry/node": "^11.0.0" } }'],
    ["input.ts", input],
  ]);
  applyInMemory(memory, await activeRules([RULE]));
  memory.files.delete("package.json");
  const said = diagnosticsOf(new Map([["after", memory.files]]));
  expect(said.get("after")).toEqual([]);
});
