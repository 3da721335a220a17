import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

test("what git could not merge is read as what both sides list", () => {
  const base = [site("load:a.ts:1", "a.ts")];
  const ours = [...base, site("load:a.ts:2", "a.ts", "ours")];
  const theirs = [
    ...base,
    site("load:a.ts:2", "a.ts", "theirs"),
    { ...site("load:a.ts:4", "a.ts", "import"), dependsOn: ["load:a.ts:2"] },
  ];
  for (const style of ["merge", "diff3"]) {
    const merged = mergedByGit(style, ours, base, theirs);
    expect(merged).toContain("<<<<<<<");
    expect(parseLedger(merged)).toEqual({
      ...emptyLedger(),
      sites: [
        ...ours,
        site("load:a.ts:3", "a.ts", "theirs"),
        { ...site("load:a.ts:4", "a.ts", "import"), dependsOn: ["load:a.ts:3"] },
      ],
    });
  }
});

function mergedByGit(style: string, ...versions: readonly (readonly LedgerSite[])[]): string {
  const folder = mkdtempSync(join(tmpdir(), "retrospan-ledger-"));
  const paths = versions.map((sites, index) => {
    const path = join(folder, `${index}.json`);
    writeFileSync(path, written(sitesByFile(sites)));
    return path;
  });
  const args = ["merge-file", "-p", ...(style === "diff3" ? ["--diff3"] : []), ...paths];
  const { stdout } = spawnSync("git", args, { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return stdout;
}
