// The console where things do not go as usual: a server that is slow, refuses or is away; readers who go and come back.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser, Page, Route } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { admin } from "./support/day.js";
import { hide, show } from "./support/pages.js";
import { Server } from "./support/server.js";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([startBrowser(), Server.start()]);
  for (const topic of ["orders/created", "orders/shipped", "news"]) await server.publish(topic, { n: 1 });
  await fetch(`${server.url}/events/streams`, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${admin}` }, body: "{}" });
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const open = (path: string, before?: (page: Page) => Promise<unknown>) => show(browser, server, `/console${path}`, { token: admin, ...(before ? { before } : {}) });
/** With a clock that can be put forward: lists are asked anew after seconds. */
const hastened = (page: Page) => page.clock.install();
const refuse = (route: Route) => route.fulfill({ status: 503, contentType: "application/problem+json", json: { status: 503, code: "UNAVAILABLE", detail: "The records cannot be read." } });

test("an answer that takes longer than the page's patience is waited for", async () => {
  const { page, close } = await open("/streams", (page) =>
    page.route("**/admin/streams", async (route) => {
      await new Promise((done) => setTimeout(done, 2600));
      await route.fallback();
    }),
  );
  await page.getByText("1 open").waitFor();
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await close();
});

test("rows and checks of before say that they are of before", async () => {
  const { page, close } = await open("/topics", hastened);
  await page.getByText("orders/created").waitFor();
  await page.route("**/admin/topics?*", refuse);
  await page.clock.fastForward(3500);
  await page.getByRole("alert").getByText("The records cannot be read.").waitFor();
  expect(await page.getByText("orders/created").count()).toBe(1);
  await page.unroute("**/admin/topics?*", refuse);
  await page.clock.fastForward(3500);
  await page.getByRole("alert").waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Health" }).click();
  await page.getByText("ready", { exact: true }).waitFor();
  await page.route("**/admin/health", refuse);
  await page.clock.fastForward(3500);
  await page.getByText("not known now").waitFor();
  expect(await page.getByText("ready", { exact: true }).count()).toBe(0);
  await close();
});

test("a server that is not well is no server that is away", async () => {
  const { page, close } = await open("/topics", async (page) => {
    await hastened(page);
    await page.route(/\/health$/, (route) => (route.request().url().includes("/admin/") ? route.fallback() : refuse(route)));
  });
  await page.getByText("orders/created").waitFor();
  await page.route("**/admin/topics?*", (route) => route.abort(), { times: 1 });
  await page.clock.fastForward(3500);
  await page.getByText("Everything here goes on by itself").waitFor();
  await page.getByText("Everything here goes on by itself").waitFor({ state: "detached" });
  await close();
});

test("figures cost the server nothing while nobody looks, and are all there for who comes back", async () => {
  const { page, close } = await open("", (page) => page.clock.install());
  await page.getByText("live", { exact: true }).first().waitFor();
  let live = 0;
  page.on("request", (request) => request.url().endsWith("/admin/live") && live++);
  const ended = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/admin/live"));
  await hide(page, true);
  await page.clock.fastForward(31_000);
  await ended;
  expect(live).toBe(0);
  const history = page.waitForResponse("**/admin/live/history");
  await hide(page, false);
  await history;
  await page.getByText("live", { exact: true }).first().waitFor();
  await close();
});

test("a server that is frozen is not said to be live", async () => {
  const own = await Server.start();
  const { page, close } = await show(browser, own, "/console", { token: admin });
  await page.getByText("live", { exact: true }).first().waitFor();
  own.freeze();
  await page.getByText("no new figures").waitFor();
  own.thaw();
  await page.getByText("live", { exact: true }).first().waitFor();
  await close();
  await own.stop();
});

test("nothing is read aloud each second", async () => {
  const { page, close } = await open("");
  await page.getByText("live", { exact: true }).first().waitFor();
  const said = await page.evaluate(async () => {
    const all: string[] = [];
    const watch = new MutationObserver((changes) => {
      for (const { target } of changes) {
        const region = (target instanceof Element ? target : target.parentElement)?.closest("[role=status], [role=alert], [aria-live]");
        if (region) all.push(region.textContent ?? "");
      }
    });
    watch.observe(document.body, { subtree: true, childList: true, characterData: true });
    await new Promise((done) => setTimeout(done, 2500));
    return all;
  });
  expect(said).toEqual([]);
  await close();
});

test("interfaces at other places are found when the server is back", async () => {
  const own = await Server.start("--topic_service.prefix", "/hub");
  const { page, close } = await show(browser, own, "/console/connections", { token: admin, before: (page) => page.route(/\/api$/, (route) => route.abort(), { times: 1 }) });
  await page.getByText("Nobody listens").or(page.getByText("1 stream")).first().waitFor();
  await close();
  await own.stop();
});
