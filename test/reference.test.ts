/** What the documentation says about rules and options is what the schemas say. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { referencePage, withGenerated } from "../scripts/reference.js";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

test("the reference is current", async () => {
  expect(read("docs/reference.md")).toBe(await referencePage());
});

test("the README's tables are current", async () => {
  const readme = read("README.md");
  expect(readme).toBe(await withGenerated(readme));
});

test("no part of the reference is without an explanation", async () => {
  const rows = (await referencePage()).match(/^\|.*\|$/gm) ?? [];
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter((row) => /\|\s*\|$/.test(row))).toEqual([]);
});
