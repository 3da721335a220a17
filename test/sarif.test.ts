import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { afterEach, expect, test } from "vitest";
import { newRepository, readFile, removeFolders, retrospan } from "./support/cli.js";

afterEach(removeFolders);

const SCHEMA = createRequire(import.meta.url).resolve(
  "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json",
);
/** It says nothing that a later draft of JSON Schema would not say the same way. */
const {
  $schema: _,
  id: __,
  ...schema
} = JSON.parse(readFileSync(SCHEMA, "utf8")) as {
  $schema: string;
  id: string;
};

const RULES = [
  { id: "work", use: "wrap-span", at: { function: "work" }, span: { name: "work" } },
  { id: "none", use: "wrap-span", at: { function: "nowhere" }, span: { name: "none" } },
];

interface Log {
  readonly runs: readonly {
    readonly results: readonly {
      readonly ruleId: string;
      readonly level: string;
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region?: { readonly startLine: number };
        };
      }[];
    }[];
  }[];
}

test("a plan is a valid log, with what is left alone and why", async () => {
  const folder = newRepository({
    "retrospan.config.json": JSON.stringify({ rules: RULES }),
    "src/a file.ts": "export async function work() {\n  await Promise.resolve();\n}\n",
    "src/b.ts": "\nexport function* work() {\n  yield 1;\n}\n",
  });
  const { code } = await retrospan(folder, ["preview", "--sarif", "out.sarif", "--no-typecheck"]);
  expect(code).toBe(0);
  const log = JSON.parse(readFile(folder, "out.sarif")) as Log;
  const ajv = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false });
  expect(ajv.validate(schema, log) ? [] : ajv.errors).toEqual([]);
  const results = log.runs[0]?.results.map(({ ruleId, level, locations }) => {
    const place = locations[0]?.physicalLocation;
    return [ruleId, level, place?.artifactLocation.uri, place?.region?.startLine];
  });
  expect(results).toContainEqual(["wrap-span", "note", "src/a%20file.ts", 2]);
  expect(results).toContainEqual(["generator", "note", "src/b.ts", 3]);
  expect(results).toContainEqual(["unmatched-rule", "warning", undefined, undefined]);
});
