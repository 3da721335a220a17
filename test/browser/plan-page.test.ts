/** The page that `--html` writes, as a browser shows it and a reader uses it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "../support/browser.js";
import { newFolder, removeFolders, retrospan } from "../support/cli.js";
import { newService } from "../support/service.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser: Browser;
let address: string;

beforeAll(async () => {
  browser = await openBrowser();
  const folder = newService("build-service");
  const file = join(newFolder(), "plan.html");
  const { code } = await retrospan(folder, [
    "preview",
    ...["--preset", "manual-tracing", "--no-typecheck", "--quiet", "--html", file],
  ]);
  expect(code).toBe(0);
  address = pathToFileURL(file).href;
});

afterAll(async () => {
  await browser.close();
  removeFolders();
});

async function open(options: Parameters<Browser["newPage"]>[0] = {}): Promise<Page> {
  const page = await browser.newPage(options);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== address) problems.push(`it asks for ${request.url()}`);
  });
  await page.goto(address);
  expect(problems).toEqual([]);
  return page;
}

const command = (page: Page) => page.locator("#command").textContent();

describe.each([
  { name: "a desk", viewport: { width: 1280, height: 900 } },
  { name: "a phone", viewport: { width: 375, height: 700 } },
])("on $name", ({ viewport }) => {
  test.each(["light", "dark"] as const)("in %s, everybody can read it", async (colorScheme) => {
    const page = await open({ viewport, colorScheme });
    await page.evaluate(AXE);
    const violations = await page.evaluate<string[]>(
      "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`))",
    );
    expect(violations).toEqual([]);
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(viewport.width);
    await page.close();
  });
});

test("what is ticked off is left out of the command", async () => {
  const page = await open();
  expect(await command(page)).toBe("npx retrospan apply --preset manual-tracing --no-typecheck");
  const box = page.locator('input[data-site^="runner-build:"]');
  const id = await box.getAttribute("data-site");
  await box.uncheck();
  expect(await command(page)).toBe(
    `npx retrospan apply --preset manual-tracing --no-typecheck --except ${id}`,
  );
  await box.check();
  expect(await command(page)).not.toContain("--except");
  await page.close();
});

test("each site leads to the changes of its file", async () => {
  const page = await open();
  const item = page.locator("li", { has: page.locator('input[data-site^="runner-build:"]') });
  const file = (await item.locator("label").innerText()).replace(/:\d+ .*$/s, "").trim();
  await item.getByText("diff").click();
  const shown = page.locator(`details:target`);
  expect(await shown.locator("summary").innerText()).toContain(file);
  expect(await command(page)).not.toContain("--except");
  await page.close();
});

test("it can be read by keys alone", async () => {
  const page = await open();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Space");
  const second = await page.locator("input[data-site]").nth(1).getAttribute("data-site");
  expect(await command(page)).toContain(`--except ${second}`);
  const table = page.locator(".with-space table").first();
  expect(await table.getAttribute("class")).toBe("unified");
  await page.keyboard.press("s");
  await expect.poll(() => page.locator("table.split:visible").count()).toBeGreaterThan(0);
  expect(await page.locator("table.unified:visible").count()).toBe(0);
  await page.keyboard.press("w");
  expect(await page.locator(".with-space:visible").count()).toBe(0);
  await page.close();
});

test("without white space, what was only indented is no change", async () => {
  const page = await open();
  const lines = async (kind: string) => page.locator(`.${kind} .unified tr.del`).count();
  expect(await lines("without-space")).toBeLessThan(await lines("with-space"));
  expect(await page.locator("svg[role=img]").getAttribute("aria-label")).toContain("runner.build");
  await page.close();
});
