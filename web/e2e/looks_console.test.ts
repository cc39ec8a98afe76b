// How the console's pages look on a day with something to see: a picture of each, at each width, in both colours.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { findings } from "./support/axe.js";
import { startBrowser } from "./support/browser.js";
import { admin, devToken, fill, type Day } from "./support/day.js";
import { goTo, look } from "./support/looks.js";
import { Server } from "./support/server.js";

let browser: Browser;
let server: Server;
let day: Day;

beforeAll(async () => {
  [browser, server] = await Promise.all([startBrowser(), Server.start("--shards", "2", "--chat.presence", "users")]);
  day = await fill(server);
});
afterAll(async () => {
  day?.end();
  await browser?.close();
  await server?.stop();
});

async function open(path: string, at = server, token = admin): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.addInitScript((t) => t && sessionStorage.setItem("carillon.token", t), token);
  await page.goto(`${at.url}/console${path}`);
  return { page, context };
}

test("each page", async () => {
  const { page, context } = await open("");
  for (const [name, shows] of [
    ["", "Most listened to"],
    ["topics", "orders/created"],
    ["connections", "ann"],
    ["inspector", "update"],
    ["presence", "$room/lobby"],
    ["notifications", "Your order has left us"],
    ["scheduled", "reminders"],
    ["streams", "3 open"],
    ["health", "New streams are taken"],
    ["settings", "--shards"],
  ] as const) {
    await goTo(page, `/console/${name}`);
    await page.locator("#main").getByText(shows).first().waitFor();
    await look(page, `console-${name || "overview"}-filled`, { main: true });
  }
  await context.close();
});

test("details", async () => {
  const { page, context } = await open("/connections");
  await page.getByRole("button", { name: "ann" }).first().click();
  await page.getByRole("dialog").getByText("Close this stream").waitFor();
  await look(page, "console-connections-detail");
  for (const [name, row] of [
    ["topics", "orders/created"],
    ["inspector", "update"],
    ["presence", "$room/lobby"],
    ["notifications", "Your order has left us"],
    ["scheduled", "reminders"],
  ] as const) {
    await page.keyboard.press("Escape");
    await goTo(page, `/console/${name}`);
    await page.locator("#main").getByRole("button", { name: row }).first().click();
    await page.getByRole("dialog").waitFor();
    expect(await findings(page), name).toEqual([]);
    await look(page, `console-${name}-detail`);
  }
  await context.close();
});

test("for who is no admin, and for nobody", async () => {
  const { page, context } = await open("", server, devToken("ann"));
  await page.getByText("This is for administrators").waitFor();
  await look(page, "console-refused");
  await page.getByRole("button", { name: "Sign in as somebody else" }).click();
  await page.getByText("Use the test token").waitFor();
  await look(page, "console-sign-in");
  await context.close();
});
