/** What the documentation says about rules and options is what the schemas say. */
import { toJsonSchema } from "@valibot/to-json-schema";
import { Ajv } from "ajv";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { referencePage, withGenerated } from "../scripts/reference.js";
import { configSchema } from "../src/plan/config-schema.js";

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

test.each([
  [{ function: "load" }, true],
  [{ function: "load", within: "Store.*" }, true],
  [{ listener: "message", on: "socket" }, true],
  [{}, false],
  [{ within: "load" }, false],
  [{ function: "load", call: "load()" }, false],
  [{ function: "load", on: "socket" }, false],
  [{ type: "Load" }, false],
])("the JSON Schema takes %j as a join point: %s", (at, isTaken) => {
  const ajv = new Ajv({ strict: false });
  const rule = { id: "load", use: "wrap-span", at, span: { name: "load" } };
  const schema: object = toJsonSchema(configSchema(), { errorMode: "ignore" });
  expect(ajv.validate(schema, { rules: [rule] })).toBe(isTaken);
});
