// The page at `/`.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { Server } from "./support/server.js";

const screenshots = fileURLToPath(new URL("../../build/screenshots", import.meta.url));
let browser: Browser;
let server: Server;

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  [browser, server] = await Promise.all([startBrowser(), Server.start()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test.each([
  ["light", 900],
  ["dark", 900],
  ["light", 380],
] as const)("listens and publishes, %s and %i wide", async (colorScheme, width) => {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 700 } });
  const problems: string[] = [];
  page.on("console", (line) => line.type() === "error" && problems.push(line.text()));
  page.on("pageerror", (why) => problems.push(String(why)));
  await page.goto(server.url);
  await page.getByText("listening to news").waitFor();
  await page.getByLabel("Data").fill('{"text":"<b>hello</b>"}');
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText('{"text":"<b>hello</b>"}').first().waitFor();
  await page.getByText("published as").waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  await page.screenshot({ path: `${screenshots}/start-${colorScheme}-${width}.png` });
  expect(problems).toEqual([]);
  await page.close();
});
