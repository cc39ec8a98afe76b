// How the console's pages look with nothing to show, while they load, when the server refuses, and when it is away.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { findings } from "./support/axe.js";
import { startBrowser } from "./support/browser.js";
import { admin } from "./support/day.js";
import { goTo, look, weather } from "./support/looks.js";
import { Server } from "./support/server.js";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([startBrowser(), Server.start("--shards", "2")]);
});
afterAll(async () => {
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

const pages = ["", "topics", "connections", "inspector", "presence", "notifications", "scheduled", "streams", "health", "settings"];

test("empty", async () => {
  const { page, context } = await open("");
  await page.getByText("Most listened to").waitFor();
  for (const name of pages) {
    await goTo(page, name ? `/console/${name}` : "/console");
    await page.locator("#main h1, #main h2").first().waitFor();
    await page.locator("#main .loading-bar").first().waitFor({ state: "detached" });
    await look(page, `console-${name || "overview"}-empty`);
  }
  await context.close();
});

test.each(["loading", "error"] as const)("%s", async (how) => {
  const { page, context } = await open("/none");
  await page.getByText("There is no such page").waitFor();
  await weather(context, how);
  // The overview has figures from before: it begins anew.
  await page.reload();
  for (const name of pages) {
    await goTo(page, name ? `/console/${name}` : "/console");
    await page.locator("#main .state").first().waitFor();
    // These look alike everywhere: one of each is enough.
    if (name === "topics") expect(await findings(page)).toEqual([]);
    await look(page, `console-${name || "overview"}-${how}`);
  }
  await context.close();
});

test("offline", async () => {
  const { page, context } = await open("");
  await page.getByText("Most listened to").waitFor();
  await weather(context, "offline");
  await goTo(page, "/console/topics");
  await page.getByText("Everything here goes on by itself").waitFor();
  for (const name of pages) {
    await goTo(page, name ? `/console/${name}` : "/console");
    await page.locator("#main h1, #main h2").first().waitFor();
    await look(page, `console-${name || "overview"}-offline`);
  }
  await page.reload();
  await page.locator("#main").getByText("The server does not answer").waitFor();
  await look(page, "console-offline");
  await context.close();
});
