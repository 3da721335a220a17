import { beforeAll, expect, test } from "vitest";
import { loadCompiler } from "../src/syntax/compiler.js";
import { isParseFailure, parseSource } from "../src/syntax/source.js";

beforeAll(loadCompiler);

test("code of which the compiler makes overlapping statements counts as not parsed", () => {
  const text = "export const a = await [...[2, 1], 0].length;\nexport function f() {}\n";
  expect(parseSource("a.ts", text)).toMatchObject({ offset: text.indexOf("length") });
  expect(isParseFailure(parseSource("b.ts", text.replace("...[2, 1]", "2")))).toBe(false);
});
