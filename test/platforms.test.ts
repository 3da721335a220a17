/** What differs on Windows and macOS: separators, drives, case, and checkouts with CRLF. */
import { rmSync } from "node:fs";
import { join } from "node:path/posix";
import { afterAll, describe, expect, test, vi } from "vitest";
import {
  commit,
  git,
  newRepository,
  readFile,
  removeFolders,
  retrospan,
  snapshot,
} from "./support/cli.js";

afterAll(removeFolders);

describe("paths of Windows", async () => {
  vi.doMock("node:path", async (original) => {
    const { win32 } = await original<typeof import("node:path")>();
    return { ...win32, default: win32 };
  });
  vi.resetModules();
  const { isInside, slashed } = await import("../src/project/root.js");
  const { isSourcePath, pathMatcher } = await import("../src/project/files.js");
  const { processesOf } = await import("../src/trace/processes.js");
  vi.doUnmock("node:path");

  test("are said with slashes", () => {
    expect(slashed("apps\\runner\\src\\index.ts")).toBe("apps/runner/src/index.ts");
    expect(isSourcePath(slashed("node_modules\\a\\index.ts"))).toBe(false);
    expect(pathMatcher(["src/**"], "apps/runner")(slashed("apps\\runner\\src\\a.ts"))).toBe(true);
  });

  test.each([
    ["C:\\repo\\src\\a.ts", true],
    ["c:\\REPO\\src\\a.ts", true],
    ["C:\\repo", true],
    ["C:\\repository\\a.ts", false],
    ["C:\\", false],
    ["D:\\repo\\a.ts", false],
    ["\\\\server\\share\\a.ts", false],
  ])("%s lies inside C:\\repo: %s", (path, expected) => {
    expect(isInside("C:\\repo", path)).toBe(expected);
  });

  test("name the processes of a trace", () => {
    const registration = (argv: string[], pid: number) => ({
      argv,
      pid,
      ppid: 1,
      cwd: "C:\\repo",
      sdk: null,
    });
    const node = "C:\\Program Files\\nodejs\\node.exe";
    const npm = "C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npm-cli.js";
    const all = [registration([node, npm], 2), registration([node, "C:\\repo\\src\\main.js"], 3)];
    const named = processesOf(all, [], "http://key@127.0.0.1:1/1", "C:\\repo");
    expect(named.map(({ name }) => name)).toEqual(["src\\main.js"]);
  });
});

describe("a checkout with CRLF", () => {
  const work = "export async function work(): Promise<void> {\n  await Promise.resolve();\n}\n";
  const rules = [
    { id: "work", use: "wrap-span", at: { function: "work" }, span: { name: "work" } },
  ];

  test("is instrumented and comes back to the byte, and git sees no change", async () => {
    const folder = newRepository({
      "src/work.ts": work,
      "retrospan.config.json": JSON.stringify({ rules }),
    });
    git(folder, "config", "core.autocrlf", "true");
    rmSync(join(folder, "src/work.ts"));
    git(folder, "checkout", "--", "src/work.ts");
    expect(readFile(folder, "src/work.ts")).toBe(work.replace(/\n/g, "\r\n"));
    const before = snapshot(folder);

    expect(await retrospan(folder, ["apply"])).toMatchObject({ code: 0 });
    const instrumented = readFile(folder, "src/work.ts");
    expect(instrumented).toContain("Sentry.startSpan(");
    expect(instrumented.replace(/\r\n/g, "")).not.toContain("\n");
    git(folder, "add", "--all");
    commit(folder);

    // As somebody else gets it, who checks it out; the ledger's lines end with CRLF then as well.
    for (const path of ["src/work.ts", ".retrospan/ledger.json"]) {
      rmSync(join(folder, path));
      git(folder, "checkout", "--", path);
      expect(readFile(folder, path)).toContain("\r\n");
    }
    expect(await retrospan(folder, ["revert"])).toMatchObject({ code: 0 });
    expect(snapshot(folder)).toEqual(before);
    expect(git(folder, "diff", "--stat", "HEAD~1")).toBe("");
  });
});
