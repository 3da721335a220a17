/** The guides, followed word for word from the packed package. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newFolder, removeFolders } from "./support/cli.js";
import { follow, stepsOf, type Reader } from "./support/guide.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const GUIDES = ["guide-manual-tracing", "guide-pipeline-observability"];
const TIMEOUT = 600_000;

let tarball: string;

beforeAll(() => {
  const folder = newFolder();
  const pack = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
  const name = execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" }).trim();
  tarball = join(folder, name);
});

afterAll(removeFolders);

test.each(GUIDES)(
  "%s holds",
  async (name) => {
    const guide = readFileSync(join(ROOT, "docs", `${name}.md`), "utf8");
    // The package is not the registry's but the one that was just packed.
    const steps = stepsOf(guide.replace(/^(npm install .*)\bretrospan$/gm, `$1${tarball}`));
    expect(steps.length).toBeGreaterThan(5);
    const reader: Reader = { folder: newFolder(), env: environment() };
    for (const step of steps) {
      const problem = await follow(reader, step);
      // All of it: an assertion would cut it short.
      if (problem !== null) throw new Error(problem);
    }
  },
  TIMEOUT,
);

/** What a person's shell has, with a name for commits. */
function environment(): NodeJS.ProcessEnv {
  const person = { NAME: "A Reader", EMAIL: "reader@localhost" };
  const git = Object.entries(person).flatMap(([key, value]) =>
    ["AUTHOR", "COMMITTER"].map((role) => [`GIT_${role}_${key}`, value] as const),
  );
  const npm = { npm_config_audit: "false", npm_config_fund: "false" };
  const { NODE_OPTIONS: _options, VITEST: _vitest, NODE_ENV: _node, ...env } = process.env;
  return { ...env, ...Object.fromEntries(git), ...npm, NO_COLOR: "1" };
}
