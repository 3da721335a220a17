/** `docs/reasons.md` is about every code there is, and about none that is gone. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FINDINGS } from "../src/syntax/finding.js";
import { REASONS } from "../src/syntax/reason.js";

const PAGE = readFileSync(new URL("../docs/reasons.md", import.meta.url), "utf8");
const TEXTS: Readonly<Record<string, string>> = { ...FINDINGS, ...REASONS };

const sections = new Map(
  PAGE.split(/^### /m)
    .slice(1)
    .map((section) => {
      const [code = "", ...lines] = section.split(/^## /m)[0]?.split("\n") ?? [];
      return [code, lines.join("\n").trim()];
    }),
);

test("every code has its section, and there is no other", () => {
  expect([...sections.keys()].sort()).toEqual(Object.keys(TEXTS).sort());
});

test.each([...sections])("%s says what it means, shows it, and what to do", (code, section) => {
  const meaning = TEXTS[code] ?? "";
  expect(section.toLowerCase().startsWith(`${meaning.toLowerCase()}.`)).toBe(true);
  expect(section).toMatch(/\n```\w+\n[^]+?\n```\n/);
  expect(section).toMatch(/\n\*\*What to do:\*\* \S/);
});
