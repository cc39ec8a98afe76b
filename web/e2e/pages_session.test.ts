// The session: its user, what ends with them, and what the pages say when the server does not know them.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { admin, devToken } from "./support/day.js";
import { show, signIn } from "./support/pages.js";
import { Server, until } from "./support/server.js";
import { secret, tokenOf } from "./support/token.js";

let browser: Browser;
let server: Server;
let keyed: Server;

beforeAll(async () => {
  [browser, server, keyed] = await Promise.all([startBrowser(), Server.start(), Server.start("--auth.secret", secret)]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), keyed?.stop()]);
});

const events = (page: Page) => page.getByRole("list", { name: "Events, newest first" });
const streamsOf = async (user: string): Promise<number> => {
  const answer = await fetch(`${server.url}/events/clients?user=${user}`, { headers: { Authorization: `Bearer ${admin}` } });
  return ((await answer.json()) as { clients: unknown[] }).clients.length;
};
const openOn = async (page: Page, system: string) => {
  await page.getByRole("button", { name: system }).click();
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.locator(".stream-state").getByText("open").waitFor();
};

test("who signs out takes their streams along, and what came on them", async () => {
  const { page, close } = await show(browser, server, "/", { token: devToken("ann") });
  await events(page).getByText("carillon.open").first().waitFor();
  await openOn(page, "B Users");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await events(page).getByText("task_assigned").first().waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await until("ann's stream has ended", async () => (await streamsOf("ann")) === 0);
  expect(await events(page).getByText("task_assigned").count()).toBe(0);
  expect(await page.locator(".stream-state").innerText()).toBe("");
  // Nor does any other go on in her name; what is for everybody is there for the asking.
  await page.getByRole("button", { name: "A Topics" }).click();
  expect(await page.locator(".stream-state").innerText()).toBe("");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await events(page).getByText("carillon.open").first().waitFor();
  await close();
});

test("nor does a stream that was left on another page come back for somebody else", async () => {
  const { page, close } = await show(browser, server, "/", { token: devToken("bob") });
  await openOn(page, "B Users");
  await page.getByRole("link", { name: "Guides" }).first().click();
  await page.getByRole("heading", { level: 1, name: "Getting started" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await signIn(page, devToken("eve"));
  await page.getByRole("link", { name: "Live" }).click();
  await page.getByText("No stream is open").waitFor();
  expect(await streamsOf("bob")).toBe(0);
  expect(await streamsOf("eve")).toBe(0);
  await close();
});

test("a server that does not know yet who one is says why, and is asked again", async () => {
  let refusals = 1;
  const { page, close } = await show(browser, server, "/console/health", {
    token: admin,
    before: (page) =>
      page.route("**/auth/me", (route) =>
        refusals-- > 0 ? route.fulfill({ status: 503, contentType: "application/problem+json", json: { code: "UNAVAILABLE", detail: "The server is starting." } }) : route.fallback(),
      ),
  });
  await page.getByText("The server is starting.").waitFor();
  await page.getByText("New streams are taken").waitFor();
  await close();
});

test("a token that ends while a page is open ends the session, with its reason", async () => {
  const { page, close } = await show(browser, keyed, "/console/health", { token: tokenOf("root", -27, { roles: ["admin"] }) });
  await page.getByText("New streams are taken").waitFor();
  await page.getByRole("heading", { level: 1, name: "Console" }).waitFor();
  await page.locator("#main").getByText(/the token has expired/).waitFor();
  expect(await page.evaluate(() => sessionStorage.getItem("carillon.token"))).toBe(null);
  await page.getByLabel("Token").fill(tokenOf("root", 600, { roles: ["admin"] }));
  await page.locator("#main").getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByText("New streams are taken").waitFor();
  await close();
});
