// Clients that people already have, each through a kill, a restart and a drain.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { Server, until } from "./support/server.js";
import { bundled, Site } from "./support/site.js";

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
  server = await Server.start(
    ...["--stream.retry", "200ms", "--drain.window", "100ms", "--drain.expected_downtime", "200ms"],
    // htmx always sends credentials.
    ...["--http.cors_origins", site.url, "--http.cors_credentials", "true"],
  );
});
afterEach(() => server?.stop());

test.each(["@microsoft/fetch-event-source", "reconnecting-eventsource", "htmx"])("%s loses and doubles nothing over kills and a drain", async (name) => {
  const page: Page = await browser.newPage();
  await page.goto(`${site.url}/?client=${encodeURIComponent(name)}&server=${encodeURIComponent(server.url)}`);
  const listens = (): Promise<unknown> => until("it listens", async () => (await server.metric("carillon_subscribers")) === 1, 30_000);
  const wanted: string[] = [];
  const publish = async (text: string): Promise<void> => {
    wanted.push(text);
    await server.publish("news", text);
  };
  const came = async (): Promise<void> => {
    const seen = (): Promise<string[]> => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
    await until(`${wanted.length} events`, async () => (await seen()).length >= wanted.length, 30_000).catch(() => {});
    expect(await seen()).toEqual(wanted);
  };
  await listens();
  await publish("before");
  await came();
  for (const away of [server.kill, server.drain, server.kill]) {
    await away();
    await server.start();
    await publish(`meanwhile ${wanted.length}`);
    await listens();
    await publish(`after ${wanted.length}`);
    await came();
  }
  await page.close();
});
