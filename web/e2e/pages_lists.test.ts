// The console's lists: their address, their focus, their details.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { admin, devToken } from "./support/day.js";
import { show } from "./support/pages.js";
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
});
afterAll(async () => {
  over.abort();
  await browser?.close();
  await server?.stop();
});

const open = (path: string, before?: (page: Page) => Promise<unknown>, more: object = {}) => show(browser, server, `/console${path}`, { token: admin, ...(before ? { before } : {}), ...more });
/** With a clock that can be put forward: lists are asked anew after seconds. */
const hastened = (page: Page) => page.clock.install();

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
