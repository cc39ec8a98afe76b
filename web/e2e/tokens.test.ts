// Tokens in the browser, on pages of another origin than the server's.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { begin, came as cameTo, type Kept, opens, type PageOptions, startClientSite } from "./support/client_page.js";
import { Server, until } from "./support/server.js";
import type { Site } from "./support/site.js";
import { secret, tokenOf } from "./support/token.js";

declare const kept: Kept;

let browser: Browser;
let site: Site;
let server: Server;
let page: Page;

beforeAll(async () => {
  [browser, site] = await Promise.all([startBrowser(), startClientSite()]);
});
afterAll(async () => {
  await browser?.close();
  await site?.stop();
});
beforeEach(async () => {
  server = await Server.start("--stream.retry", "200ms", "--http.cors_origins", site.url, "--auth.secret", secret, "--auth.leeway", "0s", "--stream.expiry_warning", "2s");
});
afterEach(async () => {
  await page?.close();
  await server?.stop();
});

const ways: Record<string, PageOptions> = { own: {}, tab: { shared: true }, worker: { worker: "/worker.js" }, native: { native: true } };

/** A page whose client asks `fresh` for tokens, once it listens. */
async function listening(how: string, fresh: (why: string) => string, before?: (page: Page) => void): Promise<void> {
  page = await browser.newPage();
  before?.(page);
  await page.exposeFunction("freshToken", fresh);
  await page.goto(site.url);
  await begin(page, `${server.url}/events/subscribe/news`, { name: "alice", ...ways[how] });
  await opens(page);
}

const publisher = tokenOf("publisher", 3600, { roles: ["publisher", "admin"] });

async function publish(text: string): Promise<void> {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${publisher}` };
  const answer = await fetch(`${server.url}/events/publish/news`, { method: "POST", headers, body: JSON.stringify({ data: text }) });
  expect(answer.status).toBe(200);
}

const came = (...wanted: string[]): Promise<void> => cameTo(page, ...wanted);

async function users(): Promise<string[]> {
  const answer = await fetch(`${server.url}/events/clients`, { headers: { Authorization: `Bearer ${publisher}` } });
  return ((await answer.json()) as { clients: { user: string }[] }).clients.map(({ user }) => user);
}

test.each(["own", "tab", "worker"])("a token goes out in the header, and a fresh one when it is refused: %s", async (how) => {
  // The first has expired while nobody looked.
  let tokens = 0;
  await listening(how, () => tokenOf("alice", tokens++ === 0 ? -60 : 3600));
  expect(await users()).toEqual(["alice"]);
  expect(await page.evaluate(() => kept.asked)).toEqual(["connect", "refused"]);
  await publish("one");
  await came("one");
  await server.kill();
  await server.start();
  await publish("two");
  await came("one", "two");
  expect(await users()).toEqual(["alice"]);
});

test("a native EventSource gets a ticket for its token, and another after a restart", async () => {
  const urls: string[] = [];
  await listening("native", () => tokenOf("alice", 3600), (fresh) => fresh.on("request", (request) => urls.push(request.url())));
  expect(await users()).toEqual(["alice"]);
  await publish("one");
  await came("one");
  await server.kill();
  await server.start();
  await publish("two");
  await came("one", "two");
  expect(await users()).toEqual(["alice"]);
  const streams = urls.filter((url) => url.includes("/events/subscribe"));
  expect(streams.every((url) => new URL(url).searchParams.has("ticket") && !url.includes("token"))).toBe(true);
});

describe("the end of a token", () => {
  test.each(["own", "tab", "worker"])("is put off on the live stream: %s", async (how) => {
    let end = 0;
    await listening(how, (why) => {
      if (why === "expiring") return tokenOf("alice", 3600);
      end = Date.now() + 4000;
      return tokenOf("alice", 4);
    });
    await until("it is renewed", () => page.evaluate(() => kept.renewed === 1));
    await until("the first token has ended", () => Date.now() > end);
    await publish("after");
    await came("after");
    expect(await page.evaluate(() => [kept.asked, kept.opened, kept.closes])).toEqual([["connect", "expiring"], 1, []]);
  });

  test("that is not put off ends the stream, and a new one has a fresh token", async () => {
    let refused = 0;
    await listening("own", (why) => {
      if (why === "expiring" && ++refused > 0) return tokenOf("bob", 3600);
      return tokenOf("alice", refused > 0 ? 3600 : 3);
    });
    await publish("before");
    await until("it has come back", () => page.evaluate(() => kept.opened === 2));
    await publish("after");
    await came("before", "after");
    expect(await page.evaluate(() => kept.closes)).toEqual(["expired"]);
    expect(await users()).toEqual(["alice"]);
  });
});
