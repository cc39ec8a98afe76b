// A native EventSource in Chromium.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { Listener, startBrowser } from "./support/browser.js";
import { CuttingProxy } from "./support/proxy.js";
import { Server, until } from "./support/server.js";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  server = await Server.start("--stream.retry", "200ms", "--drain.window", "200ms", "--drain.expected_downtime", "300ms");
});
afterEach(() => server?.stop());

test("receives messages and named events with their ids", async () => {
  const page = await Listener.open(browser, server.url, "/news", ["tick"]);
  expect(await page.verdicts(1)).toEqual(["fresh"]);
  const first = await server.publish("news", { n: 1 });
  const second = await server.publish("news", "two", { event: "tick" });
  expect(await page.events("message", 1)).toEqual([{ type: "message", data: '{"n":1}', id: first }]);
  expect(await page.events("tick", 1)).toEqual([{ type: "tick", data: "two", id: second }]);
  await page.close();
});

test("gets what its wildcards match, each event once", async () => {
  const page = await Listener.open(browser, server.url, "?topic=chat/*&topic=news/**");
  await page.verdicts(1);
  await server.publish("chat/room/1", "deeper");
  await server.publish("chat/room", "room");
  await server.publish("news", "root");
  await server.publish("news/a/b", "deep");
  await server.publish("other", "other");
  await server.publish("chat/end", "end");
  expect(await page.data(4)).toEqual(["room", "root", "deep", "end"]);
  await page.close();
});

test("misses nothing over a kill of the server", async () => {
  const page = await Listener.open(browser, server.url, "/news");
  await page.verdicts(1);
  await server.publish("news", "before");
  await page.data(1);
  await server.kill();
  await server.start();
  await server.publish("news", "after");
  expect(await page.data(2)).toEqual(["before", "after"]);
  expect(await page.verdicts(2)).toEqual(["fresh", "resumed"]);
  await page.close();
});

test("survives a drain and misses nothing that came meanwhile", async () => {
  const page = await Listener.open(browser, server.url, "/news");
  await page.verdicts(1);
  await server.publish("news", "before");
  await page.data(1);
  await server.drain();
  expect(JSON.parse((await page.events("carillon.close", 1))[0]!.data).reason).toBe("drain");
  expect(await page.state()).not.toBe(2);
  await server.start();
  await server.publish("news", "after");
  expect(await page.data(2)).toEqual(["before", "after"]);
  await page.close();
});

test("misses nothing when it drops at any moment", async () => {
  const proxy = await CuttingProxy.to(server.port);
  const page = await Listener.open(browser, proxy.url, "/news");
  await page.verdicts(1);

  // Before the first event: only the opening event has given a cursor.
  proxy.cutAfter.push("never");
  proxy.cut();
  proxy.cutAfter.length = 0;
  await server.publish("news", "one");
  expect(await page.data(1)).toEqual(["one"]);

  // Between the opening event and the first replayed one.
  proxy.cutAfter.push("carillon.open", "\n\n");
  proxy.cut();
  await server.publish("news", "two");
  await server.publish("news", "three");
  expect(await page.data(3)).toEqual(["one", "two", "three"]);

  // In the middle of an event.
  proxy.cutAfter.push("data: fo");
  await server.publish("news", "four");
  expect(await page.data(4)).toEqual(["one", "two", "three", "four"]);
  await page.close();
  await proxy.stop();
});

test("waits where the house is full, and comes in when there is room", async () => {
  await server.stop();
  server = await Server.start("--stream.max_clients", "1", "--stream.overload_retry", "200ms");
  const first = await Listener.open(browser, server.url, "/news");
  await first.verdicts(1);
  const second = await Listener.open(browser, server.url, "/news");
  await until("the second is turned away", async () => (await server.metric("carillon_subscribers")) === 1);
  expect(await second.state()).not.toBe(2);
  await first.close();
  expect(await second.verdicts(1)).toEqual(["fresh"]);
  await second.close();
});
