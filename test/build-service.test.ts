import { afterEach, expect, test } from "vitest";
import { apply, revert } from "../src/index.js";
import { removeFolders, retrospan, writeFiles } from "./support/cli.js";
import { expectConnectedBuilds } from "./support/builds.js";
import {
  compile,
  complaints,
  MAJORS,
  newService,
  runAlone,
  runOverWire,
  runTraced,
  sources,
  WIRES,
  useSdk,
} from "./support/service.js";

afterEach(removeFolders);

/** A service is run several times: once for each SDK, or each wire. */
const LONG = { timeout: 300_000 };

const APPLY = ["apply", "--preset", "manual-tracing"];

test("a build is one trace whatever the SDK, and comes back to the byte", LONG, async () => {
  const folder = newService("build-service");
  const original = sources(folder);
  await compile(folder);
  const before = await runTraced(folder);
  expect(before.document.exitCode).toBe(0);
  // The runner and what it causes are in no trace of a command.
  expect(before.document.processes).toContainEqual(
    expect.objectContaining({ name: "dist/runner/main.js", problem: "nothing was sent" }),
  );
  expect(before.document.traces.length).toBeGreaterThan(3);

  const applied = await retrospan(folder, [...APPLY, "--json"]);
  expect(JSON.parse(applied.stdout)).toMatchObject({ typecheck: { before: 0, after: 0 } });
  await compile(folder);
  for (const major of MAJORS) {
    useSdk(folder, major);
    expect({ major, complaints: await complaints(folder) }).toEqual({ major, complaints: "" });
    const after = await runTraced(folder);
    expect(after.printed).toBe(before.printed);
    expectConnectedBuilds(after.document, "dist/viewer/main.js", "with chunks");
  }

  expect((await runAlone(folder)).stdout).toBe(before.printed);
  expect(await retrospan(folder, ["revert"])).toMatchObject({ code: 0 });
  expect(sources(folder)).toEqual(original);
});

/** The preset, with a filter for the chunks of a stream, which are most of what is sent. */
const FILTERED = {
  presets: ["manual-tracing"],
  rules: [
    {
      id: "events-sent",
      use: "trace-send",
      phase: 2,
      at: { call: "$socket.send($text)", within: "sendEvent" },
      unsampled: { type: ["build-stream"] },
    },
  ],
};

test("streamed chunks can be left without spans, whatever the SDK", LONG, async () => {
  const folder = newService("build-service");
  writeFiles(folder, { "retrospan.config.json": JSON.stringify(FILTERED) });
  expect(await retrospan(folder, ["apply"])).toMatchObject({ code: 0 });
  await compile(folder);
  for (const major of MAJORS) {
    useSdk(folder, major);
    const { document } = await runTraced(folder);
    expectConnectedBuilds(document, "dist/viewer/main.js", "without chunks");
  }
});

test("whatever comes off the wire, the service does the same", LONG, async () => {
  const folder = newService("build-service");
  await compile(folder);
  const before = await runAlone(folder);
  await retrospan(folder, [...APPLY, "--no-typecheck"]);
  await compile(folder);
  for (const wire of WIRES) {
    const { run, channels } = await runOverWire(folder, wire);
    expect({ wire, ...run }).toEqual({ wire, ...before });
    expect(channels).toEqual(["websocket"]);
  }
});

const PRESET = { preset: ["manual-tracing"] };

test("the phases one after the other make the plan of all, and each goes back alone", async () => {
  const folder = newService("build-service");
  const original = sources(folder);
  const asked = { ...PRESET, cwd: folder };
  const planned = async (phase?: number) => {
    const { sites, typecheck } = await apply({ ...asked, phase });
    expect(typecheck?.after ?? 0).toBe(0);
    return sites.filter(({ state }) => state === "applied").map(({ id }) => id);
  };
  const phases = [1, 2, 3, 4, 5];
  const byPhase: string[] = [];
  for (const phase of phases) byPhase.push(...(await planned(phase)));
  expect(await planned()).toEqual([]);
  for (const phase of phases) {
    const { sites } = await revert({ ...asked, phase, allowDirty: true });
    expect(sites.filter(({ state }) => state === "left")).toEqual([]);
  }
  expect(sources(folder)).toEqual(original);
  expect((await planned()).sort()).toEqual(byPhase.sort());
});

test("a revert that keeps the fields leaves the types and nothing else", async () => {
  const folder = newService("build-service");
  const original = sources(folder);
  await apply({ ...PRESET, cwd: folder });
  await revert({ cwd: folder, keep: ["trace-field"], reason: "too many spans" });
  const kept = sources(folder);
  const changed = Object.keys({ ...original, ...kept }).filter(
    (path) => original[path] !== kept[path],
  );
  expect(changed).toEqual(["page/src/use-build-websocket.ts", "src/shared/messages.ts"]);
  await revert({ cwd: folder, allowDirty: true });
  expect(sources(folder)).toEqual(original);
});
