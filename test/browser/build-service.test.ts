/** The service with its page in a real browser, as the end of each build's trace. */
import { afterEach, expect, test } from "vitest";
import { expectConnectedBuilds } from "../support/builds.js";
import { removeFolders, retrospan } from "../support/cli.js";
import {
  bundlePage,
  compile,
  MAJORS,
  newService,
  runAlone,
  runTraced,
  sources,
  useSdk,
} from "../support/service.js";

afterEach(removeFolders);

/** The service is run once for each SDK. */
const LONG = { timeout: 300_000 };

const BROWSER = { VIEWER: "browser" };

test("a build is one trace from the command to the browser, whatever the SDK", LONG, async () => {
  const folder = newService("build-service");
  const original = sources(folder);
  await compile(folder);
  await bundlePage(folder);
  const before = await runTraced(folder, BROWSER);
  expect(before.document.exitCode).toBe(0);

  expect(await retrospan(folder, ["apply", "--preset", "manual-tracing"])).toMatchObject({
    code: 0,
  });
  await compile(folder);
  for (const major of MAJORS) {
    useSdk(folder, major);
    await bundlePage(folder);
    const after = await runTraced(folder, BROWSER);
    expect(after.printed).toBe(before.printed);
    expectConnectedBuilds(after.document, "browser", "with chunks");
  }

  expect((await runAlone(folder, BROWSER)).stdout).toBe(before.printed);
  expect(await retrospan(folder, ["revert"])).toMatchObject({ code: 0 });
  expect(sources(folder)).toEqual(original);
});
