// carillon-client in Debian's Firefox, which Playwright drives over WebDriver BiDi.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Browser, BrowserContext } from "playwright-core";
import { startFirefox } from "./support/browser.js";
import { came, type Kept, openClient, opens, begin, startClientSite } from "./support/client_page.js";
import { Server, until } from "./support/server.js";
import type { Site } from "./support/site.js";
import { secret, tokenOf } from "./support/token.js";

declare const kept: Kept;
let browser: Browser;
let context: BrowserContext;
let site: Site;
let server: Server;

beforeAll(async () => {
  [browser, site] = await Promise.all([startFirefox(), startClientSite()]);
  server = await Server.start("--stream.retry", "200ms", "--http.cors_origins", site.url, "--drain.window", "100ms", "--drain.expected_downtime", "200ms");
}, 180_000); // its first start on a machine makes a profile
afterAll(async () => {
  await browser?.close();
  await site?.stop();
  await server?.stop();
});
beforeEach(async () => {
  context = await browser.newContext();
});
afterEach(() => context?.close());

const news = (): string => `${server.url}/events/subscribe?topic=news`;
const subscribers = (): Promise<number> => server.metric("carillon_subscribers");

test.each([
  ["fetch", {}],
  ["a native EventSource", { native: true }],
])("misses nothing and gets nothing twice over kills and a drain: %s", async (_, options) => {
  const page = await openClient(context, site, news(), options);
  const wanted: string[] = [];
  for (const away of [server.kill, server.drain, server.kill]) {
    for (let n = 0; n < 5; ++n) await server.publish("news", (wanted.push(`${wanted.length}`), wanted.at(-1)));
    await away();
    await server.start();
  }
  await server.publish("news", "last");
  await came(page, ...wanted, "last");
  expect(await page.evaluate(() => kept.gaps)).toEqual([]);
});

test.each([
  ["a SharedWorker", { worker: "/worker.js" }],
  ["one of the tabs", { shared: true }],
])("seven tabs share one connection, which outlives the tab that was the first: %s", async (_, options) => {
  const pages = [];
  for (let n = 0; n < 7; ++n) pages.push(await openClient(context, site, news(), options));
  expect(await subscribers()).toBe(1);
  await server.publish("news", "one");
  await came(pages, "one");
  await pages.shift()!.close();
  await server.publish("news", "two");
  await server.kill();
  await server.start();
  await server.publish("news", "three");
  await came(pages, "one", "two", "three");
  await until("one connection", async () => (await subscribers()) === 1);
});

test("a reload keeps the cursor when asked", async () => {
  const options = { persist: "cursor" };
  const page = await openClient(context, site, news(), options);
  await server.publish("news", "before");
  await came(page, "before");
  await page.goto("about:blank");
  await server.publish("news", "meanwhile");
  await page.goto(site.url);
  await begin(page, news(), options);
  await came(page, "meanwhile");
});

test("a token is renewed on the live stream, and a fresh one asked for when it is refused", async () => {
  const guarded = await Server.start("--http.cors_origins", site.url, "--auth.secret", secret, "--auth.leeway", "0s", "--stream.expiry_warning", "8s");
  const page = await context.newPage();
  // The second one lasts until its stream stands, also on a busy machine, and is warned of soon.
  const tokens = [-60, 10, 3600];
  await page.exposeFunction("freshToken", () => tokenOf("alice", tokens.shift()!));
  await page.goto(site.url);
  await begin(page, `${guarded.url}/events/subscribe/news`);
  await opens(page);
  await until("it is renewed", () => page.evaluate(() => kept.renewed === 1));
  expect(await page.evaluate(() => [kept.asked, kept.opened, kept.closes])).toEqual([["connect", "refused", "expiring"], 1, []]);
  await guarded.stop();
});
