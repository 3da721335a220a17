import { expect, test } from "vitest";
import {
  emptyLedger,
  formatLedger,
  parseLedger,
  sitesByFile,
  type LedgerSite,
} from "../src/plan/ledger.js";

function site(id: string, file: string, name = "load"): LedgerSite {
  return {
    id,
    rule: "load",
    transform: "wrap-span",
    file,
    strategy: "body",
    span: { name, op: null },
    digest: "0123",
    order: 0,
    container: "load",
    head: "",
    shape: { name },
  };
}

const written = (sites: readonly { file: string; sites: () => readonly LedgerSite[] }[]) =>
  [...formatLedger({ ...emptyLedger(), sites })].join("");

test("a ledger written in pieces is read as it was, line separators of Unicode included", () => {
  const sites = [site("load:a.ts:1", "a.ts", "a\u2028b\u2029c\nd\r")];
  expect(parseLedger(written(sitesByFile(sites)))).toEqual({ ...emptyLedger(), sites });
});

test("it is the text that JSON has with two spaces", () => {
  for (const sites of [[], [site("load:a.ts:1", "a.ts")]]) {
    const text = written(sitesByFile(sites));
    expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
  }
});

test("sites stand in order, wherever those of one file come from", () => {
  const sites = ["load:a.ts:1", "load:a.ts:2", "load:a.ts:3"].map((id) => site(id, "a.ts"));
  const other = site("load:a.ts:1", "a");
  const parts = [
    { file: "a.ts", sites: () => [sites[2], sites[0]] as LedgerSite[] },
    { file: "a", sites: () => [other] },
    { file: "a.ts", sites: () => [sites[1]] as LedgerSite[] },
  ];
  expect(parseLedger(written(parts))).toEqual({ ...emptyLedger(), sites: [other, ...sites] });
});
