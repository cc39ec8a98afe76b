// The server's own pages.
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

test("pages keep a strict policy, and files with checksums in their names are kept for good", async () => {
  const page = await fetch(`${server.url}/`);
  const policy = page.headers.get("Content-Security-Policy")!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
  expect(page.headers.get("Referrer-Policy")).toBe("no-referrer");
  const text = await page.text();
  const script = text.match(/src="(\/assets\/[^"]+\.js)"/)![1]!;
  const file = await fetch(server.url + script);
  expect(file.headers.get("Cache-Control")).toContain("immutable");
  expect(file.headers.get("Content-Type")).toBe("text/javascript; charset=utf-8");
  const again = await fetch(`${server.url}/`, { headers: { "If-None-Match": page.headers.get("ETag")! } });
  expect(again.status).toBe(304);
  for (const path of ["/home", "/guides", "/guides/guide/publishing", "/reference", "/console", "/console/topics"])
    expect(await (await fetch(server.url + path)).text(), path).toBe(text);
  expect((await fetch(`${server.url}/assets/none.js`)).status).toBe(404);
});
