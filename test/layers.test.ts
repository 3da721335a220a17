import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative } from "node:path";
import { expect, test } from "vitest";

const ROOT = new URL("..", import.meta.url).pathname;

/** From the top down: a file may import from its own layer and from those below it. */
const LAYERS = [
  "src/cli",
  "src/index.ts",
  "src/report",
  "src/commands",
  "src/trace",
  "src/scan",
  "src/verify",
  "src/project",
  "src/plan",
  "transforms",
  "src/transform.ts",
  "src/syntax",
  "src/text",
];

/** What is written into the user's tree belongs to no layer. */
const WRITTEN = "src/modules/";

const all = ["src", "transforms"].flatMap((dir) => sourceFiles(join(ROOT, dir)));
const files = all.filter((path) => !path.startsWith(WRITTEN));

function sourceFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function layerOf(path: string): number {
  const layer = LAYERS.findIndex((each) => path === each || path.startsWith(`${each}/`));
  if (layer < 0) throw new Error(`${path} belongs to no layer`);
  return layer;
}

function importsOf(path: string): { specifier: string; isTypeOnly: boolean }[] {
  const text = readFileSync(join(ROOT, path), "utf8");
  return [
    ...text.matchAll(/(?:import|export)\s+(type\s)?[^;]*?from\s+"([^"$]+)"|import\("([^"]+)"\)/g),
  ].map((match) => ({ specifier: match[2] ?? match[3] ?? "", isTypeOnly: match[1] !== undefined }));
}

function target(path: string, specifier: string): string | null {
  if (!specifier.startsWith(".")) return null;
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, ".ts");
}

test.each(files)("%s imports only from its own layer and below", (path) => {
  const own = layerOf(path);
  const upward = importsOf(path)
    .map(({ specifier }) => target(path, specifier))
    .filter((each) => each !== null && layerOf(each) < own);
  expect(upward).toEqual([]);
});

test.each(files.filter((path) => path.startsWith("transforms/") && !path.endsWith("index.ts")))(
  "%s knows only the vocabulary",
  (path) => {
    expect(importsOf(path).map(({ specifier }) => specifier)).toEqual(["../src/transform.js"]);
  },
);

test.each(files.filter((path) => !path.startsWith("src/cli/")))(
  "%s leaves the process alone",
  (path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    expect(text).not.toMatch(
      /\bconsole\.|\bprocess\.(?:stdout|stderr|exit|argv|on)\b|from "commander"/,
    );
  },
);

test.each(files)("%s parses no more than it must", (path) => {
  const loads = importsOf(path).filter(
    ({ specifier, isTypeOnly }) => /ts-morph|^typescript$/.test(specifier) && !isTypeOnly,
  );
  expect(loads).toEqual([]);
});

test.each(all.filter((path) => path.startsWith(WRITTEN)))("%s needs nothing of ours", (path) => {
  const targets = importsOf(path).flatMap(({ specifier }) => target(path, specifier) ?? []);
  expect(targets.filter((each) => !each.startsWith(WRITTEN))).toEqual([]);
});

test.each(all.filter((path) => path.startsWith(WRITTEN)))(
  "%s means the same in single quotes",
  (path) => {
    const code = readFileSync(join(ROOT, path), "utf8").replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
    // Its strings are put into the quotes of their new place, wherever they stand.
    expect(code).not.toContain("'");
    expect(code.replace(/"[^"\n]*"/g, "")).not.toContain('"');
  },
);
