/** The page that `trace --html` writes, as a browser shows it. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "../support/browser.js";
import { newFolder, removeFolders, retrospan } from "../support/cli.js";
import { compile, newService } from "../support/service.js";

let browser: Browser;
let address: string;

beforeAll(async () => {
  browser = await openBrowser();
  const folder = newService("build-service");
  await retrospan(folder, ["apply", "--preset", "manual-tracing", "--no-typecheck"]);
  await compile(folder);
  const page = join(newFolder(), "traces.html");
  await retrospan(folder, ["trace", "--html", page, "--", process.execPath, "dist/main.js"]);
  address = pathToFileURL(page).href;
});

afterAll(async () => {
  await browser.close();
  removeFolders();
});

describe.each([
  { name: "a desk", viewport: { width: 1280, height: 900 } },
  { name: "a phone", viewport: { width: 375, height: 700 } },
])("on $name", ({ viewport }) => {
  test.each(["light", "dark"] as const)(
    "in %s, each span is a bar in its place",
    async (scheme) => {
      const page = await browser.newPage({ viewport, colorScheme: scheme });
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      const problems: string[] = [];
      page.on("console", (message) => problems.push(message.text()));
      page.on("pageerror", (error) => problems.push(String(error)));
      await page.goto(address);

      expect(problems).toEqual([]);
      expect(asked).toEqual([address]);
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      expect(width).toBeLessThanOrEqual(viewport.width);
      const build = page.locator("section", { hasText: "runner.build" }).first();
      const place = async (name: string) => {
        const row = build.locator(".row", { hasText: name }).first();
        await row.scrollIntoViewIfNeeded();
        const box = await row.locator(".bar").boundingBox();
        if (!box) throw new Error(`${name} has no bar`);
        return { left: box.x, right: box.x + box.width };
      };
      const command = await place("http.server");
      const whole = await place("runner.build");
      const updates = await place("page.updates");
      expect(whole.right).toBeGreaterThan(whole.left);
      expect(whole.left).toBeGreaterThan(command.left);
      expect(updates.left).toBeGreaterThan(whole.left);
      await page.close();
    },
  );
});
