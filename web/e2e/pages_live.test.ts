// The live page, the reference, the guides and the demo, where things do not go as usual.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { admin, devToken } from "./support/day.js";
import { show } from "./support/pages.js";
import { Server, until } from "./support/server.js";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([startBrowser(), Server.start()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const events = (page: Page) => page.getByRole("list", { name: "Events, newest first" });

test("a number is published and shown with all its digits", async () => {
  const { page, close } = await show(browser, server, "/", { token: admin });
  await events(page).getByText("carillon.open").first().waitFor();
  await page.getByLabel("Body").fill('{"event":"sold","data":{"id":12345678901234567890,"price":1.50,"2":"b","1":"a"}}');
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await events(page).getByText('data: {"id":12345678901234567890,"price":1.50,"2":"b","1":"a"}').waitFor();
  expect(await events(page).locator(".json").first().innerText()).toBe('{\n  "id": 12345678901234567890,\n  "price": 1.50,\n  "2": "b",\n  "1": "a"\n}');
  await page.goto(`${server.url}/console/inspector?topic=demo/bells&from=1`);
  await page.getByRole("button", { name: "sold" }).click();
  await page.getByRole("dialog").getByText("12345678901234567890").waitFor();
  await close();
});

test("what comes during a pause is shown after it", async () => {
  const { page, close } = await show(browser, server, "/");
  await events(page).getByText("carillon.open").first().waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await server.publish("demo/pause", "meanwhile");
  await page.getByText("1 wait").waitFor();
  expect(await events(page).getByText("data: meanwhile").count()).toBe(0);
  await page.getByRole("button", { name: "Go on" }).click();
  await events(page).getByText("data: meanwhile").waitFor();
  await close();
});

test("a publisher's comment is no heartbeat, and is seen", async () => {
  const { page, close } = await show(browser, server, "/");
  await events(page).getByText("carillon.open").first().waitFor();
  await server.publish("demo/comment", "x", { comment: "who rings here?" });
  await events(page).getByText(/^:\s?who rings here\?$/).waitFor();
  await close();
});

test("a stream that somebody ends is no server that is away", async () => {
  const { page, close } = await show(browser, server, "/");
  await events(page).getByText("carillon.open").first().waitFor();
  await page.evaluate(() => {
    const watch = new MutationObserver(() => {
      if (document.querySelector(".reach p")) document.documentElement.dataset.away = "yes";
    });
    watch.observe(document.querySelector(".reach")!, { childList: true });
  });
  await fetch(`${server.url}/events/clients?topic=demo/**`, { method: "DELETE", headers: { Authorization: `Bearer ${admin}` } });
  await until("it is open again", async () => (await events(page).getByText("carillon.open").count()) >= 2);
  expect(await page.evaluate(() => document.documentElement.dataset.away)).toBe(undefined);
  await close();
});

test("a GET that is copied as curl stays a GET", async () => {
  const { page, close } = await show(browser, server, "/reference#get_events_stats", { permissions: ["clipboard-read", "clipboard-write"] });
  await page.getByRole("form", { name: "Try GET /events/stats" }).getByRole("button", { name: "Copy as curl" }).click();
  await page.getByText("Copied").first().waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^curl 'http:\/\/localhost:\d+\/events\/stats'$/);
  await close();
});

test("without a clipboard a text is copied by its selection", async () => {
  const { page, close } = await show(browser, server, "/guides", { before: (page) => page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined })) });
  await page.getByRole("heading", { level: 1, name: "Getting started" }).waitFor();
  await page.evaluate(() => document.addEventListener("copy", () => (document.documentElement.dataset.copied = (document.activeElement as HTMLTextAreaElement).value)));
  const code = page.locator(".guide-code").first();
  await code.getByRole("button", { name: "Copy" }).click();
  await code.getByRole("button", { name: "Copied" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.dataset.copied)).toBe(await code.locator("pre").evaluate((pre) => pre.textContent));
  await close();
});

test("of a long stream the newest is seen, of a long answer the beginning", async () => {
  const { page, close } = await show(browser, server, "/reference#get_events_subscribe");
  const stream = page.getByRole("form", { name: "Try GET /events/subscribe", exact: true });
  await stream.getByLabel(/^topic/).fill("long");
  await stream.getByRole("button", { name: "Send" }).click();
  await stream.getByText("open", { exact: true }).waitFor();
  for (let n = 0; n < 8; n++) await server.publish("long", `${n}${"x".repeat(1000)}`);
  await server.publish("long", "the newest");
  await stream.getByText("data: the newest").waitFor();
  await page.goto(`${server.url}/reference#get_openapi_json`);
  await page.reload();
  const long = page.getByRole("form", { name: "Try GET /openapi.json" });
  await long.getByRole("button", { name: "Send" }).click();
  await long.getByText("characters more").waitFor();
  expect(await long.locator(".json").innerText()).toMatch(/^\{"openapi":"3\.1/);
  await close();
});

test("an address that is no encoding is a guide that there is not", async () => {
  const { page, close } = await show(browser, server, "/guides/guide/publishing#100%25%zz");
  await page.getByRole("heading", { level: 1, name: "Publishing" }).waitFor();
  await page.evaluate(() => {
    history.pushState(null, "", "/guides/%zz");
    dispatchEvent(new PopStateEvent("popstate"));
  });
  await page.getByText("There is no such guide").waitFor();
  await close();
});

test("a page whose files were asked for in vain comes when the server is back", async () => {
  const own = await Server.start();
  const { page, close } = await show(browser, own, "/");
  await events(page).getByText("carillon.open").first().waitFor();
  await own.kill();
  await page.getByRole("link", { name: "Guides" }).first().click();
  await page.locator("#main").getByText("The server does not answer").waitFor();
  await own.start();
  await page.getByRole("heading", { level: 1, name: "Getting started" }).waitFor();
  await close();
  await own.stop();
});

test("the demo waits for a server that is away for longer than anybody counts", async () => {
  const own = await Server.start();
  const { page, close } = await show(browser, own, "/home", { token: devToken("ann"), before: (page) => page.clock.install() });
  await page.getByText("connected", { exact: true }).waitFor();
  await own.kill();
  let attempts = 0;
  page.on("requestfailed", (request) => request.url().includes("userId=") && attempts++);
  await page.getByText("connecting", { exact: true }).waitFor();
  await until("eleven attempts", async () => {
    await page.clock.fastForward(31_000);
    return attempts > 11;
  });
  expect(await page.getByText("refused").count()).toBe(0);
  await own.start();
  await until("it is back", async () => {
    await page.clock.fastForward(3_000);
    return page.getByText("connected", { exact: true }).isVisible();
  });
  await close();
  await own.stop();
});

test("times of day are written as the reader writes them", async () => {
  for (const [locale, form] of [
    ["de-DE", /^\d\d:\d\d:\d\d,\d{3}$/],
    ["en-US", /^\d\d:\d\d:\d\d\.\d{3}\s[AP]M$/],
  ] as const) {
    const { page, close } = await show(browser, server, "/", { locale });
    await events(page).getByText("carillon.open").first().waitFor();
    expect(await events(page).locator("time").first().innerText(), locale).toMatch(form);
    await close();
  }
});
