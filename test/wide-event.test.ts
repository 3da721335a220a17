/** What the modules of a run send, with the real SDK; nothing leaves the process. */
import * as Sentry from "@sentry/node";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import {
  outcomeOf,
  recordAgentCall,
  recordStage,
  setOutcome,
  setRunField,
  startPipelineTransaction,
} from "../src/modules/sentry-pipeline.js";

interface Told {
  readonly level: string | undefined;
  readonly message: string | undefined;
  readonly exception: string | undefined;
  readonly extra: Readonly<Record<string, unknown>>;
}

const told: Told[] = [];
const printed = vi.spyOn(process.stderr, "write").mockReturnValue(true);

beforeAll(() => {
  Sentry.init({
    dsn: "http://public@127.0.0.1:9/1",
    tracesSampleRate: 1,
    defaultIntegrations: [Sentry.dedupeIntegration()],
    beforeSend: ({ level, message, exception, extra }) => {
      const first = exception?.values?.[0]?.value;
      told.push({ level, message, exception: first, extra: extra ?? {} });
      return null;
    },
  });
});
beforeEach(() => {
  told.length = 0;
  printed.mockClear();
});
afterAll(async () => {
  await Sentry.close(100);
  printed.mockRestore();
});

const run = <T>(work: () => T) =>
  startPipelineTransaction({ name: "run", attributes: { dataset: "a" } }, work);

const events = () => told.filter(({ exception }) => exception === undefined);

test("a run is one event, with its stages, fields and the way it ended", async () => {
  const result = await run(async () => {
    await Promise.resolve();
    setRunField("rows", 3);
    recordStage("read", "ok", 5);
    recordStage("write", "error", 6, new Error("full"));
    return "done";
  });
  expect(result).toBe("done");
  expect(told).toMatchObject([
    { level: "info", message: expect.stringMatching(/^run: success \(\w+\)$/) as string },
  ]);
  expect(told[0]?.extra).toMatchObject({
    event: "run",
    outcome: "success",
    dataset: "a",
    rows: 3,
    stageCount: 2,
    stages: [
      { name: "read", status: "ok", durationMs: 5 },
      { name: "write", status: "error", durationMs: 6, error: "Error: full" },
    ],
  });
  expect(printed.mock.calls.length).toBe(1);
});

test("what is thrown is let out, and captured once beside the event", async () => {
  const error = new Error("torn");
  const failing = run(async () => {
    await Promise.resolve();
    throw error;
  });
  await expect(failing).rejects.toBe(error);
  expect(() =>
    run(() => {
      throw error;
    }),
  ).toThrow(error);
  expect(events().map(({ level, extra }) => [level, extra["outcome"]])).toEqual([
    ["error", "error"],
    ["error", "error"],
  ]);
  expect(told.filter(({ exception }) => exception === "torn").length).toBe(1);
});

test("a cancelled run is no error, and a run can say how it ends", () => {
  const abort = new DOMException("stop", "AbortError");
  expect(() =>
    run(() => {
      throw abort;
    }),
  ).toThrow(abort);
  run(() => setOutcome("partial"));
  run(() => setOutcome(outcomeOf(abort), abort));
  run(() => setOutcome("error", abort));
  const ends = [
    ["info", "cancelled"],
    ["info", "partial"],
    ["info", "cancelled"],
    ["error", "error"],
  ];
  expect(events().map(({ level, extra }) => [level, extra["outcome"]])).toEqual(ends);
});

test("two runs at once have an event each, and what comes late is nobody's", async () => {
  const late: Promise<void>[] = [];
  const one = async (name: string, wait: number) =>
    run(async () => {
      await new Promise((resolve) => setTimeout(resolve, wait));
      recordStage(name, "ok", wait);
      setRunField("name", name);
      late.push(
        Promise.resolve()
          .then(() => new Promise((r) => setTimeout(r, 5)))
          .then(() => recordStage("late", "ok", 0)),
      );
    });
  await Promise.all([one("slow", 10), one("fast", 1)]);
  await Promise.all(late);
  const names = told.map(({ extra }) => [extra["name"], extra["stageCount"]]);
  expect(names).toEqual([
    ["fast", 1],
    ["slow", 1],
  ]);
});

test("no secret and no address is sent, numbers of tokens are", () => {
  run(() => {
    recordAgentCall({ agentName: "labels of a.b@example.com", inputTokens: 12, costUsd: NaN });
    setRunField("user", { email: "a.b@example.com", accessToken: "s3cr3t", id: "u1" });
    setRunField("source", "https://key@o1.ingest.example.com/1 of a.b@example.com");
    setRunField("outcome", "nonsense");
  });
  const text = JSON.stringify(told);
  expect(text).not.toMatch(/a\.b@|s3cr3t|key@|nonsense/);
  expect(told[0]?.extra).toMatchObject({
    agentCallCount: 1,
    totalInputTokens: 12,
    totalCostUsd: 0,
    user: { id: "u1" },
    outcome: "success",
  });
});
