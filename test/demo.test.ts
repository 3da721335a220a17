import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const demo = fileURLToPath(new URL("../demo/run.mjs", import.meta.url));

// It rejects, with what was printed, when the demo ends with another code than 0.
test("the demo instruments a program, sees its spans, and takes all of it out again", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [demo], {
    timeout: 115_000,
  });

  expect(stderr).toBe("");
  expect(stdout).toMatch(/^preview +20 sites in 8 files, 0 skipped /m);
  expect(stdout).toMatch(/^apply +20 sites: 7 files changed, 1 created /m);
  expect(stdout).toMatch(/^again +a second apply changes nothing, 20 present /m);
  expect(stdout).toMatch(/^types +0 errors /m);
  expect(stdout).toMatch(/^run +without a DSN: the same output /m);
  expect(stdout).toMatch(/^trace +with a DSN: the same output and 17 spans /m);
  expect(stdout).toMatch(/^ +2 x runner\.build$/m);
  expect(stdout).toMatch(/^status +20 applied, none drifted or missing /m);
  expect(stdout).toMatch(/^revert +20 sites in 8 files /m);
  expect(stdout).toMatch(/^compare +13 files, \d+ bytes as they were; git finds nothing changed /m);
  expect(stdout).not.toContain("\u001b[");
}, 120_000);
