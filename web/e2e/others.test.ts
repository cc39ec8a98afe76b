// Clients that people already have, each through a kill, a restart and a drain.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, afterEach, beforeAll, beforeEach, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { Server } from "./support/server.js";
import { bundled, Site } from "./support/site.js";
import { losesAndDoublesNothing, quick } from "./support/survival.js";

let browser: Browser;
let site: Site;
let server: Server;

beforeAll(async () => {
  const require = createRequire(import.meta.url);
  const scripts = {
    "/htmx.js": readFileSync(require.resolve("htmx.org/dist/htmx.min.js"), "utf8"),
    "/sse.js": readFileSync(require.resolve("htmx-ext-sse/dist/sse.js"), "utf8"),
    "/others.js": await bundled("e2e/apps/others.ts"),
  };
  const body = `<script src="/htmx.js"></script><script src="/sse.js"></script><script type="module" src="/others.js"></script>`;
  [browser, site] = await Promise.all([startBrowser(), Site.start(scripts, body)]);
});
afterAll(async () => {
  await browser?.close();
  await site?.stop();
});
beforeEach(async () => {
  // htmx always sends credentials.
  server = await Server.start(...quick, "--http.cors_origins", site.url, "--http.cors_credentials", "true");
});
afterEach(() => server?.stop());

test.each(["@microsoft/fetch-event-source", "reconnecting-eventsource", "htmx"])("%s loses and doubles nothing over kills and a drain", async (name) => {
  const page: Page = await browser.newPage();
  await page.goto(`${site.url}/?client=${encodeURIComponent(name)}&server=${encodeURIComponent(server.url)}`);
  await losesAndDoublesNothing(server, () => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen));
  await page.close();
});
