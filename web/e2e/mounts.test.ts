// Interfaces that the settings put elsewhere, or turn off: the pages follow.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { admin } from "./support/day.js";
import { Server } from "./support/server.js";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  [browser, server] = await Promise.all([
    startBrowser(),
    Server.start("--topic_service.prefix", "/hub", "--users.prefix", "/app/v2", "--domains.prefix", "/c", "--metadata.prefix", "/clients/sse", "--notifications.enabled", "false"),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(path: string): Promise<{ page: Page; refused: string[] }> {
  const page = await (await browser.newContext({ reducedMotion: "reduce" })).newPage();
  const refused: string[] = [];
  page.on("response", (answer) => answer.status() >= 400 && refused.push(`${answer.status()} ${answer.url()}`));
  await page.addInitScript((t) => sessionStorage.setItem("carillon.token", t), admin);
  await page.goto(server.url + path);
  return { page, refused };
}

test("the live page connects and sends where the interfaces are", async () => {
  const { page, refused } = await open("/");
  for (const [key, path] of [
    ["A Topics", "/hub/subscribe"],
    ["B Users", "/app/v2/sse/connect"],
    ["C Domains", "/c/notifications/stream"],
    ["D Clients", "/clients/sse?"],
  ] as const) {
    await page.getByRole("button", { name: key }).click();
    await page.locator(".target").first().getByText(path).waitFor();
    await page.getByRole("button", { name: /^Connect( anew)?$/ }).click();
    await page.locator(".stream-state").getByText("open").waitFor();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("accepted").waitFor();
    expect(await page.locator(".code").first().innerText()).toContain(path);
  }
  await page.getByRole("button", { name: /E Notifications/ }).click();
  await page.getByText("Turned off on this server").waitFor();
  expect(refused).toEqual([]);
  await page.context().close();
});

test("so do the demo and the console, and the reference groups routes by them", async () => {
  const { page, refused } = await open("/home");
  await page.getByText("connected", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Send notification" }).click();
  await page.getByRole("list", { name: "Notifications, newest first" }).getByText("Can you hear the bell?").waitFor();
  await page.getByText("Connected clients").waitFor();
  for (const [path, shows] of [
    ["/console", "Most listened to"],
    ["/console/connections", "1 stream"],
    ["/console/scheduled", "No event waits"],
    ["/console/streams", "0 open"],
  ] as const) {
    await page.goto(server.url + path);
    await page.getByText(shows).first().waitFor();
  }
  await page.goto(`${server.url}/reference`);
  const group = (title: string) => page.locator(".operations").filter({ has: page.getByRole("heading", { name: title }) });
  for (const [title, path] of [
    ["A · Topics", "/hub/publish"],
    ["B · Users", "/app/v2/calendar/events"],
    ["C · Domains", "/c/chat/rooms"],
    ["D · Clients", "/clients/sse/notify"],
  ] as const)
    await group(title).getByText(path, { exact: true }).first().waitFor();
  expect(refused).toEqual([]);
  await page.context().close();
});
