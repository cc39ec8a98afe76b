// Tokens in the browser, on pages of another origin than the server's.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import type { CarillonClient } from "carillon-client";
import { startBrowser } from "./support/browser.js";
import { Server, until } from "./support/server.js";
import { bundled, Site } from "./support/site.js";
import { secret, tokenOf } from "./support/token.js";

interface Kept {
  client: CarillonClient;
  data: string[];
  asked: string[];
  closes: string[];
  opened: number;
  renewed: number;
}
declare const kept: Kept;

const entry = `
  import { connect } from "../packages/client/src/index.ts";
  import { connectShared } from "../packages/client/src/sharing.ts";
  import { nativeTransport } from "../packages/client/src/native.ts";
  globalThis.start = (url, { how, ...options } = {}) => {
    const kept = { data: [], asked: [], closes: [], opened: 0, renewed: 0 };
    options.token = async ({ why }) => { kept.asked.push(why); return globalThis.freshToken(why); };
    if (how === "native") options.transport = nativeTransport();
    if (how === "worker") options.worker = () => new SharedWorker("/worker.js", { type: "module" });
    kept.client = (how === "tab" || how === "worker" ? connectShared : connect)(url, options);
    kept.client.onopen = () => ++kept.opened;
    kept.client.addEventListener("carillon.renewed", () => ++kept.renewed);
    kept.client.onmessage = (event) => kept.data.push(event.data);
    kept.client.addEventListener("carillon.close", (event) => kept.closes.push(JSON.parse(event.data).reason));
    globalThis.kept = kept;
  };
`;

let browser: Browser;
let site: Site;
let server: Server;
let page: Page;

beforeAll(async () => {
  const [tokens, worker] = await Promise.all([bundled({ source: entry }), bundled("packages/client/src/worker.ts")]);
  [browser, site] = await Promise.all([
    startBrowser(),
    Site.start({ "/tokens.js": tokens, "/worker.js": worker }, `<script type="module" src="/tokens.js"></script>`),
  ]);
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

/** A page whose client asks `fresh` for tokens, once it listens. */
async function listening(how: string, fresh: (why: string) => string, before?: (page: Page) => void): Promise<void> {
  page = await browser.newPage();
  before?.(page);
  await page.exposeFunction("freshToken", fresh);
  await page.goto(site.url);
  await page.waitForFunction(() => "start" in globalThis);
  await page.evaluate(([url, given]) => (globalThis as unknown as { start(url: string, options: object): void }).start(url, given), [
    `${server.url}/events/subscribe/news`,
    { how, name: "alice" },
  ] as const);
  await until("the stream is open", () => page.evaluate(() => kept.client.status === "open"));
}

const publisher = tokenOf("publisher", 3600, { roles: ["publisher", "admin"] });

async function publish(text: string): Promise<void> {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${publisher}` };
  const answer = await fetch(`${server.url}/events/publish/news`, { method: "POST", headers, body: JSON.stringify({ data: text }) });
  expect(answer.status).toBe(200);
}

const came = (...wanted: string[]): Promise<unknown> =>
  until(`events ${wanted.join()}`, () => page.evaluate((count) => kept.data.length >= count, wanted.length)).then(async () =>
    expect(await page.evaluate(() => kept.data)).toEqual(wanted),
  );

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
