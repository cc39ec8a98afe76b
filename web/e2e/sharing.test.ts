// One connection for all tabs, in Chromium against the real server.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { begin, came, type Kept, openClient, opens, type PageOptions, startClientSite } from "./support/client_page.js";
import { Server, until } from "./support/server.js";
import type { Site } from "./support/site.js";

declare const kept: Kept;

let browser: Browser;
let context: BrowserContext;
let site: Site;
let server: Server;

beforeAll(async () => {
  const next = (client: string): Record<string, string> => {
    const changed = client.replace("protocol = 2", "protocol = 3");
    expect(changed).not.toBe(client);
    return { "/next.js": changed };
  };
  [browser, site] = await Promise.all([startBrowser(), startClientSite(next)]);
});
afterAll(async () => {
  await browser?.close();
  await site?.stop();
});
beforeEach(async () => {
  context = await browser.newContext();
  server = await Server.start("--stream.retry", "200ms", "--http.cors_origins", site.url);
});
afterEach(async () => {
  await context?.close();
  await server?.stop();
});

const url = (): string => `${server.url}/events/subscribe?topic=news`;
const tab = (options: PageOptions = {}): Promise<Page> => openClient(context, site, url(), { shared: true, ...options });
const subscribers = (): Promise<number> => server.metric("carillon_subscribers");

test("with native EventSources the seventh tab hangs", async () => {
  const pages: Page[] = [];
  for (let n = 0; n < 7; ++n) {
    const page = await context.newPage();
    await page.goto(site.url);
    await page.evaluate((url) => void Object.assign(globalThis, { source: new EventSource(url) }), `${server.url}/events/subscribe/news`);
    pages.push(page);
  }
  const states = async (): Promise<number[]> =>
    Promise.all(pages.map((page) => page.evaluate(() => (globalThis as unknown as { source: EventSource }).source.readyState)));
  await until("six are open", async () => (await states()).filter((state) => state === 1).length === 6);
  // One that goes lets the seventh in: it had waited for a connection, not for the server.
  expect((await states()).filter((state) => state === 0)).toHaveLength(1);
  expect(await subscribers()).toBe(6);
  const first = (await states()).indexOf(1);
  await pages.splice(first, 1)[0]!.close();
  await until("the seventh is open", async () => (await states()).every((state) => state === 1));
});

test.each([
  [7, "a SharedWorker", { worker: "/worker.js" }],
  [7, "one of the tabs", {}],
  [3, "one of the tabs, when the worker does not load", { worker: "/missing.js" }],
])("%i tabs share one connection, held by %s, and all stay live", async (tabs, _, options) => {
  const pages: Page[] = [];
  for (let n = 0; n < tabs; ++n) pages.push(await tab(options));
  expect(await subscribers()).toBe(1);
  for (let n = 0; n < 5; ++n) await server.publish("news", `${n}`);
  await came(pages, "0", "1", "2", "3", "4");
  // Another takes over, or the worker stays.
  await pages.shift()!.close();
  await server.kill();
  await server.start();
  await server.publish("news", "after");
  await came(pages, "0", "1", "2", "3", "4", "after");
  await until("one connection", async () => (await subscribers()) === 1);
});

describe.each([
  ["a SharedWorker", { worker: "/worker.js" }],
  ["one of the tabs", {}],
])("held by %s", (_, options) => {
  test("tabs are closed one after the other, the first first, and nothing is lost or doubled", async () => {
    const pages = [await tab(options), await tab(options), await tab(options), await tab(options)];
    const wanted: string[] = [];
    let n = 0;
    let closing = false;
    const publishing = (async () => {
      while (!closing) {
        wanted.push(`${n}`);
        await server.publish("news", `${n++}`);
      }
    })();
    while (pages.length > 1) {
      await until("more events", ((from) => () => n > from + 20)(n));
      await pages.shift()!.close();
    }
    await until("more events", ((from) => () => n > from + 20)(n));
    closing = true;
    await publishing;
    await came(pages, ...wanted);
    // The server notices a tab's end a little after the tab.
    await until("one connection", async () => (await subscribers()) === 1);
  });

  test("the last tab that ends ends the connection", async () => {
    const pages = [await tab(options), await tab(options)];
    await pages[0]!.evaluate(() => kept.client.close());
    await server.publish("news", "one");
    await came(pages.slice(1), "one");
    await pages[1]!.evaluate(() => kept.client.close());
    await until("nobody listens", async () => (await subscribers()) === 0);
  });
});

test("when the browser ends the SharedWorker, a tab takes over, and nothing is lost or doubled", async () => {
  const pages = [await tab({ worker: "/worker.js" }), await tab({ worker: "/worker.js" })];
  await server.publish("news", "1");
  await came(pages, "1");
  const session = await browser.newBrowserCDPSession();
  const { targetInfos } = await session.send("Target.getTargets");
  const workers = targetInfos.filter(({ type, url: from }) => type === "shared_worker" && from.startsWith(site.url));
  expect(workers).toHaveLength(1);
  await session.send("Target.closeTarget", { targetId: workers[0]!.targetId });
  for (const n of ["2", "3"]) await server.publish("news", n);
  await came(pages, "1", "2", "3");
  await until("one connection", async () => (await subscribers()) === 1);
});

test("a tab that was away catches up on its own connection, then shares again", async () => {
  const options = { persist: "cursor" };
  const away = await tab(options);
  const other = await tab();
  await server.publish("news", "1");
  await came([away, other], "1");
  await away.goto("about:blank");
  for (const n of ["2", "3", "4"]) await server.publish("news", n);
  await came([other], "1", "2", "3", "4");
  await away.goto(site.url);
  await begin(away, url(), { shared: true, ...options });
  await opens(away);
  await came([away], "2", "3", "4");
  // Nothing more comes: the connections that a browser has for one host are few.
  await until("one connection again", async () => (await subscribers()) === 1);
  await server.publish("news", "5");
  await came([away], "2", "3", "4", "5");
  await came([other], "1", "2", "3", "4", "5");
});

test("a tab that was away while nothing happened to it shares at once", async () => {
  const options = { persist: "cursor" };
  const away = await tab(options);
  const other = await tab();
  await server.publish("news", "1");
  await came([away, other], "1");
  await away.goto("about:blank");
  // The stream of the tab that is left stands elsewhere than the cursor, with nothing between them.
  await server.publish("others", "x");
  await other.evaluate(() => kept.client.close());
  await begin(other, url(), { shared: true });
  await opens(other);
  await away.goto(site.url);
  await begin(away, url(), { shared: true, ...options });
  await opens(away);
  await sleep(500);
  await until("one connection again", async () => (await subscribers()) === 1);
  await server.publish("news", "2");
  await came([away, other], "2");
});

test.each([
  // Without keys the machine itself may show a token that anybody can make.
  ["a user's, changed while it is open", { name: "tester", token: Buffer.from("tester:tester:tester@example.com:user").toString("base64") }],
  ["nobody's, opened anew", {}],
  ["nobody's, opened anew by a SharedWorker", { worker: "/worker.js" }],
])("topics of all tabs are heard, by all: a stream that is %s", async (_, options) => {
  const pages = [await tab(options), await tab(options)];
  const isHeard = (...wanted: string[]): Promise<unknown> =>
    until(`${wanted.join()} is heard`, async () => (await server.topics()).map((topics) => topics.join()).join(" ") === ["news", ...wanted].sort().join());
  await pages[1]!.evaluate(() => kept.client.addTopic("chat"));
  await isHeard("chat");
  await pages[0]!.evaluate(() => kept.client.addTopic("room"));
  await isHeard("chat", "room");
  await server.publish("chat", "hello");
  await came(pages, "hello");
  await server.kill();
  await server.start();
  // What comes before the tabs have asked again is not lost.
  await server.publish("room", "again");
  await isHeard("chat", "room");
  await came(pages, "hello", "again");
  expect(await subscribers()).toBe(1);
  // Whoever leads next asks for what the tabs that are left want.
  await pages.shift()!.close();
  await until("chat is heard on one stream", async () => (await server.topics()).length === 1 && (await server.topics())[0]!.includes("chat"));
  await server.publish("chat", "last");
  await came(pages, "hello", "again", "last");
});

test("two versions of the client in two tabs keep apart, and both are live", async () => {
  const now = [await tab(), await tab()];
  const next = await context.newPage();
  await next.goto(site.url);
  await next.addScriptTag({ url: "/next.js", type: "module" });
  await begin(next, url(), { shared: true });
  await opens(next);
  expect(await subscribers()).toBe(2);
  await server.publish("news", "one");
  await came([...now, next], "one");
  await now[0]!.close();
  await server.publish("news", "two");
  await came([now[1]!, next], "one", "two");
});

test("a tab that is frozen leaves the connection to another, and catches up when it wakes", async () => {
  const frozen = await tab();
  const other = await tab();
  await server.publish("news", "one");
  await came([frozen, other], "one");
  const session = await context.newCDPSession(frozen);
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  await server.publish("news", "two");
  await came([other], "one", "two");
  await session.send("Page.setWebLifecycleState", { state: "active" });
  await came([frozen], "one", "two");
  await server.publish("news", "three");
  await came([frozen, other], "one", "two", "three");
});

test.each([
  ["a SharedWorker", { worker: "/worker.js" }],
  ["one of the tabs", { shared: true }],
])("where storage is forbidden, and with it what %s needs, a page has a connection of its own", async (_, options) => {
  await server.stop();
  server = await Server.start("--stream.retry", "200ms", "--http.cors_origins", "*");
  const page = await context.newPage();
  await page.goto(site.url);
  await page.setContent('<iframe sandbox="allow-scripts"></iframe>');
  const frame = page.frames()[1]!;
  await frame.addScriptTag({ type: "module", content: await (await fetch(`${site.url}/client.js`)).text() });
  await begin(frame, url(), { persist: "cursor", ...options });
  await opens(frame);
  await server.publish("news", "one");
  await came(frame, "one");
  await frame.evaluate(() => kept.client.addTopic("chat"));
  await server.kill();
  await server.start();
  await server.publish("news", "two");
  await server.publish("chat", "three");
  await came(frame, "one", "two", "three");
  await frame.evaluate(() => kept.client.close());
  await until("nobody listens", async () => (await subscribers()) === 0);
});

test("tabs of another name share nothing", async () => {
  await tab({ name: "alice" });
  await tab({ name: "bob" });
  expect(await subscribers()).toBe(2);
});

test("what is refused for good is refused in all tabs", async () => {
  const pages = [await tab(), await tab()];
  await server.stop();
  server = await Server.start("--http.cors_origins", site.url);
  const other = await context.newPage();
  await other.goto(site.url);
  await begin(other, `${server.url}/events/nothing`, { shared: true });
  await until("it has given up", () => other.evaluate(() => kept.client.status === "closed"));
  expect(await other.evaluate(() => kept.client.failure?.status)).toBe(404);
  expect(await pages[0]!.evaluate(() => kept.client.status)).not.toBe("closed");
});
