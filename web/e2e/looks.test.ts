// How the pages look in all their states: a picture of each, at each width, in both colours.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { findings } from "./support/axe.js";
import { startBrowser } from "./support/browser.js";
import { devToken } from "./support/day.js";
import { goTo, look, weather, type Weather } from "./support/looks.js";
import { Server } from "./support/server.js";

const admin = devToken("test123", "user,admin");

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([startBrowser(), Server.start()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(path: string, { how, token }: { how?: Weather; token?: string } = {}): Promise<{ page: Page; context: BrowserContext }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.addInitScript((t) => t && sessionStorage.setItem("carillon.token", t), token ?? "");
  if (how) await weather(context, how);
  await page.goto(server.url + path);
  return { page, context };
}

const events = (page: Page) => page.getByRole("list", { name: "Events, newest first" });

test("the live page", async () => {
  const { page, context } = await open("/", { token: admin });
  await events(page).getByText("carillon.open").first().waitFor();
  await page.getByRole("button", { name: "Disconnect" }).click();
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("No stream is open").waitFor();
  await look(page, "live-empty");
  for (const system of ["B Users", "C Domains", "D Clients", "A Topics"]) {
    await page.getByRole("button", { name: system }).click();
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.locator(".stream-state").getByText("open").waitFor();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("accepted").waitFor();
  }
  await server.publish("demo/bells", { tower: "west", bells: [{ name: "Emmanuel", weight: 13271, note: "F#2" }, { name: "Marie", weight: 6023, note: "G#2" }], rung: true, by: null }, { event: "chime" });
  await events(page).getByText("Emmanuel").first().waitFor();
  await look(page, "live-filled", { main: true });
  await page.getByRole("button", { name: "E Notifications" }).click();
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.getByRole("alert").first().waitFor();
  await look(page, "live-error");
  await context.close();
});

test.each(["loading", "offline"] as const)("the live page, %s", async (how) => {
  const { page, context } = await open("/", { how });
  await page.getByRole("heading", { level: 1 }).waitFor();
  if (how === "offline") await page.getByText("The server does not answer").first().waitFor();
  else await page.getByText("connecting").first().waitFor();
  await look(page, `live-${how}`);
  await context.close();
});

test("guides", async () => {
  const { page, context } = await open("/guides");
  await page.getByRole("heading", { level: 1, name: "Getting started" }).waitFor();
  await look(page, "guides-filled", { main: true });
  await goTo(page, "/guides/reference/settings");
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  await page.getByRole("table").first().waitFor();
  await look(page, "guides-tables");
  await page.getByLabel("Search the guides").fill("idempotency");
  await page.locator(".found mark").first().waitFor();
  expect(await findings(page)).toEqual([]);
  await look(page, "guides-search");
  await page.getByLabel("Search the guides").fill("xyzzy");
  await page.getByText("Nothing").first().waitFor();
  await look(page, "guides-empty");
  await page.getByLabel("Search the guides").fill("");
  await goTo(page, "/guides/none");
  await page.getByText("There is no such guide").waitFor();
  await look(page, "guides-error");
  await context.close();
});

test("the reference", async () => {
  const { page, context } = await open("/reference");
  await page.getByRole("heading", { level: 1, name: "Reference" }).waitFor();
  await page.getByLabel("Find a route").waitFor();
  await look(page, "reference-filled", { main: true });
  await page.getByLabel("Find a route").fill("publish topic");
  await page.getByRole("button", { name: "POST /events/publish/{topic}" }).click();
  const form = page.getByRole("form", { name: "Try POST /events/publish/{topic}" });
  await form.getByLabel("topic").fill("demo/reference");
  await form.getByRole("button", { name: "Send" }).click();
  await form.getByText("200", { exact: true }).waitFor();
  expect(await findings(page)).toEqual([]);
  await look(page, "reference-try");
  await page.getByLabel("Find a route").fill("no such route");
  await page.getByText("No route matches").waitFor();
  await look(page, "reference-empty");
  await context.close();
});

test.each(["loading", "error", "offline"] as const)("the reference, %s", async (how) => {
  const { page, context } = await open("/reference", { how });
  await page.locator("#main .state").first().waitFor();
  await look(page, `reference-${how}`);
  await context.close();
});

test("the demo", async () => {
  const { page, context } = await open("/home");
  await page.getByRole("button", { name: "Use the test token" }).waitFor();
  await look(page, "home-sign-in");
  await page.getByRole("button", { name: "Use the test token" }).click();
  await page.getByText("connected", { exact: true }).waitFor();
  await page.getByText("Connected clients").waitFor();
  await look(page, "home-empty");
  for (const message of ["The west bell is in tune again", "Practice begins at seven", "A longer message that goes on for a while, as messages of people do when they have something to say, and wraps"]) {
    await page.getByLabel("Message").fill(message);
    await page.getByRole("button", { name: "Send notification" }).click();
    await page.getByRole("list", { name: "Notifications, newest first" }).getByText(message).waitFor();
  }
  await look(page, "home-filled", { main: true });
  await weather(context, "error");
  await page.getByRole("button", { name: "Send notification" }).click();
  await page.getByText("UNAVAILABLE").first().waitFor();
  await look(page, "home-error");
  await context.close();
});

test.each(["loading", "offline"] as const)("the demo, %s", async (how) => {
  const { page, context } = await open("/home", { token: admin });
  await page.getByText("connected", { exact: true }).waitFor();
  await weather(context, how);
  await page.reload();
  await page.getByRole("heading", { level: 1 }).waitFor();
  if (how === "offline") await page.getByText("The server does not answer").first().waitFor();
  await look(page, `home-${how}`);
  await context.close();
});

test("the way in, and a page that is not there", async () => {
  const { page, context } = await open("/guides");
  await page.locator("header").getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("dialog").waitFor();
  await page.getByRole("dialog").getByLabel("Token").fill("nonsense");
  await page.getByRole("dialog").getByRole("button", { name: "Sign in" }).click();
  await page.getByText("UNAUTHENTICATED").waitFor();
  await look(page, "sign-in");
  await page.keyboard.press("Escape");
  await goTo(page, "/nowhere");
  await page.locator("#main .state-title, #main h1").first().waitFor();
  expect(await findings(page)).toEqual([]);
  await look(page, "not-found");
  expect(await page.locator("#main").innerText()).not.toBe("");
  await context.close();
});
