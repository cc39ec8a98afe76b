// The console where things do not go as usual: a server that is slow, refuses or is away; readers who go and come back.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser, Page, Route } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { admin, devToken } from "./support/day.js";
import { hide, show } from "./support/pages.js";
import { Server, until } from "./support/server.js";

let browser: Browser;
let server: Server;
const over = new AbortController();
const streams: Response[] = [];

const listen = async (path: string, user: string, signal = over.signal) =>
  void streams.push(await fetch(server.url + path, { signal, headers: { Authorization: `Bearer ${devToken(user)}` } }));

beforeAll(async () => {
  [browser, server] = await Promise.all([startBrowser(), Server.start()]);
  await Promise.all([listen("/events/subscribe?topic=orders/*", "ann"), listen("/events/subscribe?topic=news", "bob")]);
  for (const topic of ["orders/created", "orders/shipped", "news"]) await server.publish(topic, { n: 1 });
  await fetch(`${server.url}/events/streams`, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${admin}` }, body: "{}" });
});
afterAll(async () => {
  over.abort();
  await browser?.close();
  await server?.stop();
});

const open = (path: string, before?: (page: Page) => Promise<unknown>, more: object = {}) => show(browser, server, `/console${path}`, { token: admin, ...(before ? { before } : {}), ...more });
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

test("the focus stays where the reader has put it, however often a list is asked for anew", async () => {
  const { page, close } = await open("/topics", hastened);
  await page.getByRole("button", { name: "news" }).focus();
  await page.keyboard.press("ArrowDown");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("orders/created");
  const search = page.getByLabel("Names that begin with");
  await search.focus();
  const anew = page.waitForResponse((answer) => answer.url().includes("/admin/topics"));
  await page.clock.fastForward(3500);
  await anew;
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  expect(await search.evaluate((field) => field === document.activeElement)).toBe(true);
  await close();
});

test("what a list is filtered by is in the address", async () => {
  const { page, close } = await open("/topics?prefix=orders/");
  await page.getByRole("button", { name: "orders/shipped" }).waitFor();
  await page.getByText("2 begin so").waitFor();
  // The page's own way shows all.
  await page.getByRole("link", { name: /^Topics/ }).click();
  await page.getByRole("button", { name: "news" }).waitFor();
  expect(await page.getByLabel("Names that begin with").inputValue()).toBe("");
  await page.goBack();
  await page.getByText("2 begin so").waitFor();
  expect(await page.getByLabel("Names that begin with").inputValue()).toBe("orders/");
  await page.getByLabel("Names that begin with").fill("orders/c");
  await page.waitForURL("**/console/topics?prefix=orders%2Fc");
  await page.getByText("1 begin so").waitFor();
  await page.reload();
  await page.getByText("1 begin so").waitFor();
  await page.goto(`${server.url}/console/connections?topic=news`);
  await page.getByRole("button", { name: "bob" }).waitFor();
  expect(await page.getByLabel("Search by").inputValue()).toBe("topic");
  await page.getByLabel("Search by").selectOption("User");
  await page.getByLabel("The user").fill("ann");
  await page.waitForURL("**/console/connections?user=ann");
  await page.getByRole("button", { name: "ann" }).waitFor();
  await page.getByRole("button", { name: "bob" }).waitFor({ state: "detached" });
  await close();
});

test("the inspector asks what its address says, and says what it asks", async () => {
  const { page, close } = await open("/inspector?topic=news&from=1");
  await page.getByRole("row", { name: /news/ }).waitFor();
  await page.getByLabel("Topic or pattern").fill("orders/*");
  await page.getByLabel("From", { exact: true }).fill("5");
  await page.getByRole("button", { name: "Listen" }).click();
  await page.getByRole("row", { name: /orders\/shipped/ }).waitFor();
  expect(new URL(page.url()).search).toBe("?topic=orders%2F*&from=5");
  // Another question in the form, which nobody has asked yet, is not what is replayed.
  await page.getByLabel("Topic or pattern").fill("news");
  await page.getByRole("row", { name: /orders\/created/ }).getByRole("button").click();
  await page.getByRole("button", { name: "Replay from here" }).click();
  await until("what came after it", async () => (await page.getByRole("row", { name: /orders/ }).count()) === 1);
  await page.getByRole("row", { name: /orders\/shipped/ }).waitFor();
  await page.getByRole("link", { name: "Inspector" }).click();
  await page.getByRole("row", { name: /news/ }).waitFor();
  expect(await page.getByLabel("Topic or pattern").inputValue()).toBe("**");
  await close();
});

test("details are of now: a stream that has ended is said to have", async () => {
  const gone = new AbortController();
  await listen("/events/subscribe?topic=passing", "carol", gone.signal);
  const { page, close } = await open("/connections?user=carol", undefined, { viewport: { width: 375, height: 800 } });
  await page.getByRole("button", { name: "carol" }).click();
  const drawer = page.getByRole("dialog");
  await drawer.getByText("live", { exact: true }).waitFor();
  // It covers the whole of a phone.
  expect(await drawer.evaluate((one) => [one.getBoundingClientRect().left, one.getBoundingClientRect().width])).toEqual([0, 375]);
  await server.publish("passing", "x");
  await drawer.getByText(/^[1-9]\d*, /).waitFor();
  gone.abort();
  await drawer.getByText("has ended").waitFor();
  expect(await drawer.getByRole("button", { name: "Close this stream" }).count()).toBe(0);
  await close();
});

test("the focus goes back to its row when an action closes the details", async () => {
  const { page, close } = await open("/connections");
  await page.getByRole("button", { name: "ann" }).click();
  await page.getByRole("button", { name: "All of this user" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.activeElement?.tagName)).not.toBe("BODY");
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
