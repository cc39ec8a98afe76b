// carillon-client in Chromium, on pages of another origin than the server's.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { begin, came, dataOf, type Kept, openClient, opens, type PageOptions, startClientSite } from "./support/client_page.js";
import { Server, until } from "./support/server.js";
import type { Site } from "./support/site.js";

declare const kept: Kept;
let browser: Browser;
let context: BrowserContext;
let site: Site;
let server: Server;

beforeAll(async () => {
  [browser, site] = await Promise.all([startBrowser(), startClientSite()]);
});
afterAll(async () => {
  await browser?.close();
  await site?.stop();
});
beforeEach(async () => {
  context = await browser.newContext();
  server = await Server.start("--stream.retry", "200ms", "--http.cors_origins", site.url, "--drain.window", "100ms", "--drain.expected_downtime", "200ms");
});
afterEach(async () => {
  await context?.close();
  await server?.stop();
});

const url = (): string => `${server.url}/events/subscribe?topic=news`;
const opened = (options?: PageOptions): Promise<Page> => openClient(context, site, url(), options);
const status = (page: Page): Promise<string> => page.evaluate(() => kept.client.status);

test("misses nothing and gets nothing twice over a kill of the server", async () => {
  const page = await opened();
  const wanted: string[] = [];
  for (let round = 0; round < 3; ++round) {
    for (let n = 0; n < 20; ++n) {
      wanted.push(`${round}.${n}`);
      await server.publish("news", wanted.at(-1));
    }
    await server.kill();
    await server.start();
  }
  await server.publish("news", "last");
  await came(page, ...wanted, "last");
  expect(await page.evaluate(() => kept.gaps)).toEqual([]);
});

test("survives a drain, and comes back when it was told to", async () => {
  const page = await opened();
  await server.publish("news", "before");
  await came(page, "before");
  await server.drain();
  await until("it waits", async () => (await status(page)) !== "open");
  await server.start();
  await server.publish("news", "after");
  await came(page, "before", "after");
});

test("offline and back: what came meanwhile is there at once", async () => {
  const page = await opened({ maxDelay: 600_000, retry: 600_000 });
  await server.publish("news", "before");
  await came(page, "before");
  await context.setOffline(true);
  await server.publish("news", "meanwhile");
  await context.setOffline(false);
  await server.publish("news", "after");
  await came(page, "before", "meanwhile", "after");
});

test("topics are added and removed on the live stream, and stay so after a restart", async () => {
  const page = await opened();
  await page.evaluate(() => kept.client.addTopic("chat/7"));
  await page.evaluate(() => kept.client.removeTopic("news"));
  await until("the topics are others", async () => (await server.topics()).join(" ") === "chat/7");
  await server.publish("news", "not heard");
  await server.publish("chat/7", "one");
  await came(page, "one");
  await server.kill();
  await server.start();
  await until("it is back, and the topic is gone still", async () => (await server.topics()).join(" ") === "chat/7");
  await server.publish("news", "not heard either");
  await server.publish("chat/7", "two");
  await came(page, "one", "two");
});

test("a page that is left and come back to goes on where it was", async () => {
  const page = await opened();
  await server.publish("news", "before");
  await came(page, "before");
  await page.goto("about:blank");
  await until("nobody listens", async () => (await server.metric("carillon_subscribers")) === 0);
  await server.publish("news", "meanwhile");
  await page.goBack();
  // Either the page was kept whole, or it was loaded again: then it begins anew, with nothing of before.
  if (!(await page.evaluate(() => "kept" in globalThis))) (await begin(page, url()), await opens(page));
  else await came(page, "before", "meanwhile");
  await server.publish("news", "after");
  await until("it hears again", async () => (await dataOf(page)).at(-1) === "after");
});

test("a page that was frozen goes on where it was", async () => {
  const page = await opened();
  await server.publish("news", "before");
  await came(page, "before");
  const session = await context.newCDPSession(page);
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  await server.publish("news", "meanwhile");
  await session.send("Page.setWebLifecycleState", { state: "active" });
  await server.publish("news", "after");
  await came(page, "before", "meanwhile", "after");
});

test("a connection that is dead but not closed is noticed by its silence", async () => {
  await server.stop();
  server = await Server.start("--stream.heartbeat_interval", "1s", "--http.cors_origins", site.url);
  const page = await opened({ silence: 2000, connectTimeout: 500 });
  await server.publish("news", "before");
  await came(page, "before");
  await sleep(2500);
  expect(await page.evaluate(() => kept.opened)).toBe(1);
  server.freeze();
  await until("it gives the connection up", async () => (await status(page)) !== "open");
  expect(["silence", "timeout"]).toContain(await page.evaluate(() => kept.client.failure?.kind));
  server.thaw();
  await page.evaluate(() => kept.client.reconnect());
  await server.publish("news", "after");
  await came(page, "before", "after");
});

test("a reload keeps the cursor when asked", async () => {
  const page = await opened({ persist: "cursor" });
  await server.publish("news", "before");
  await came(page, "before");
  await page.goto("about:blank");
  await server.publish("news", "meanwhile");
  await page.goto(site.url);
  await begin(page, url(), { persist: "cursor" });
  await came(page, "meanwhile");
});

test("10,000 events at speed, in order, without growing memory", async () => {
  const page = await opened();
  const session = await context.newCDPSession(page);
  const heap = async (): Promise<number> => {
    await session.send("HeapProfiler.collectGarbage");
    return page.evaluate(() => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize);
  };
  await page.evaluate(() => {
    const seen = { count: 0, disorder: 0, longest: 0 };
    Object.assign(globalThis, { seen });
    let last = performance.now();
    const frame = (): void => {
      seen.longest = Math.max(seen.longest, performance.now() - last);
      last = performance.now();
      requestAnimationFrame(frame);
    };
    kept.client.onmessage = null;
    kept.client.on<{ n: number }>("message", ({ data }) => {
      if (data.n !== seen.count % 10_000) ++seen.disorder;
      ++seen.count;
    });
    requestAnimationFrame(frame);
  });
  const burst = async (): Promise<void> => {
    for (let from = 0; from < 10_000; from += 1000) {
      const lines = Array.from({ length: 1000 }, (_, n) => JSON.stringify({ topic: "news", data: { n: from + n, text: "x".repeat(100) } }));
      const answer = await fetch(`${server.url}/events/publish`, { method: "POST", headers: { "Content-Type": "application/x-ndjson" }, body: lines.join("\n") });
      expect(answer.ok).toBe(true);
      await answer.text();
    }
  };
  const seen = (): Promise<{ count: number; disorder: number; longest: number }> =>
    page.evaluate(() => (globalThis as unknown as { seen: { count: number; disorder: number; longest: number } }).seen);
  await burst();
  await until("the first 10,000", async () => (await seen()).count >= 10_000, 30_000);
  const before = await heap();
  await burst();
  await until("the second 10,000", async () => (await seen()).count >= 20_000, 30_000);
  const grown = (await heap()) - before;
  const { count, disorder, longest } = await seen();
  expect([count, disorder]).toEqual([20_000, 0]);
  expect(grown).toBeLessThan(2 << 20);
  // A frame in 16 ms is not to be had on a machine that is busy with other tests; a page that hangs is noticed.
  expect(longest).toBeLessThan(1000);
});

test("a native EventSource as its transport misses nothing either", async () => {
  const page = await opened({ native: true });
  await server.publish("news", "before");
  await came(page, "before");
  await server.kill();
  await server.start();
  await server.publish("news", "after");
  await came(page, "before", "after");
});
