// The console, against the real server.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { findings } from "./support/axe.js";
import { startBrowser } from "./support/browser.js";
import { Server, until } from "./support/server.js";

const screenshots = fileURLToPath(new URL("../../build/screenshots", import.meta.url));
const tokenOf = (user: string, roles: string) => Buffer.from(`${user}:${user}:${user}@example.com:${roles}`).toString("base64");
const admin = tokenOf("root", "admin");
const evil = '<img src=x onerror="window.hurt=1">';
const evilTopic = 'x"><script>window.hurt=1</script>';

let browser: Browser;
let server: Server;
const listening = new AbortController();

async function post(path: string, body: unknown, token = admin): Promise<Response> {
  return fetch(server.url + path, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` }, body: JSON.stringify(body) });
}
const listen = (path: string, user?: string) =>
  fetch(server.url + path, { signal: listening.signal, headers: user ? { Authorization: `Bearer ${tokenOf(user, "user")}` } : {} });

async function open(path: string, { width = 1440, dark = false, token = admin } = {}): Promise<{ page: Page; problems: string[] }> {
  const context = await browser.newContext({ viewport: { width, height: width < 500 ? 800 : 900 }, colorScheme: dark ? "dark" : "light" });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (line) => line.type() === "error" && problems.push(line.text()));
  page.on("pageerror", (why) => problems.push(String(why)));
  page.on("request", (request) => !request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url()) && problems.push(`left the origin: ${request.url()}`));
  await page.addInitScript((t) => t && sessionStorage.setItem("carillon.token", t), token);
  await page.goto(`${server.url}/console${path}`);
  return { page, problems };
}

/** A frame is 16 ms; a core that other tests share takes longer for the same work. A list that is drawn whole takes hundreds. */
const smooth = 32;

/** Scrolls for some frames; milliseconds of the page's own thread that a frame took, so that a busy machine does not count. */
async function scrolled(page: Page, frames: number, how: "step" | "end"): Promise<number> {
  const debug = await page.context().newCDPSession(page);
  await debug.send("Performance.enable", { timeDomain: "threadTicks" });
  const spent = async () => (await debug.send("Performance.getMetrics")).metrics.find((m) => m.name === "TaskDuration")!.value;
  const before = await spent();
  await page.evaluate(
    async ([count, to]) => {
      const box = document.querySelector(".v-body")!;
      for (let n = 0; n < count; n++) {
        box.scrollTop = to === "end" ? box.scrollHeight : box.scrollTop + 1500;
        await new Promise((done) => requestAnimationFrame(done));
      }
    },
    [frames, how] as const,
  );
  return ((await spent()) - before) * 1000 / frames;
}

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  [browser, server] = await Promise.all([startBrowser(), Server.start("--shards", "2", "--chat.presence", "users")]);
  const streams = [listen("/events/subscribe?topic=orders/*", "ann"), listen("/events/subscribe?topic=news", evil), listen(`/events/subscribe?topic=${encodeURIComponent(evilTopic)}`), listen("/chat/stream", "ann")];
  await Promise.all(streams);
  for (let n = 0; n < 20; n++) await server.publish("orders/created", { order: n, note: evil }, { event: "created" });
  await post("/events/publish", { topic: evilTopic, data: evil });
  await post("/api/v1/sse/notifications", { notificationType: "INFO", title: evil, message: "one", userIds: ["ann", evil] });
  await post("/events/publish/later", { data: 1, event: "due", deliverAt: new Date(Date.now() + 3_600_000).toISOString() });
  await post("/events/streams", {});
  await post("/chat/room/lobby/join", {}, tokenOf("ann", "user"));
});
afterAll(async () => {
  listening.abort();
  await browser?.close();
  await server?.stop();
});

const pages: [path: string, shows: string][] = [
  ["", "Most listened to"],
  ["/topics", "orders/created"],
  ["/connections", "orders/*"],
  ["/inspector", "created"],
  ["/presence", "$room/lobby"],
  ["/notifications", evil],
  ["/scheduled", "later"],
  ["/streams", "1 open"],
  ["/health", "New streams are taken"],
  ["/settings", "--shards"],
];

test.each([
  [1440, false],
  [768, true],
  [375, false],
] as const)("every page, %i wide, dark: %s, has nothing that axe finds, and fits", async (width, dark) => {
  const { page, problems } = await open("", { width, dark });
  for (const [path, shows] of pages) {
    await page.evaluate((to) => {
      history.pushState(null, "", to);
      dispatchEvent(new PopStateEvent("popstate"));
    }, `/console${path}`);
    await page.getByText(shows).first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), path).toBe(true);
    expect(await findings(page), path).toEqual([]);
  }
  expect(await page.evaluate(() => "hurt" in globalThis)).toBe(false);
  expect(problems).toEqual([]);
  await page.context().close();
}, 60_000);

test("figures come live, and go on when the server is back", async () => {
  const { page } = await open("");
  const streams = page.getByRole("region", { name: "Streams" });
  await streams.getByText(/^\d+$/).first().waitFor();
  await page.getByText("live", { exact: true }).first().waitFor();
  await server.kill();
  await page.getByText("no new figures").waitFor();
  await page.screenshot({ path: `${screenshots}/console-offline.png` });
  await server.start();
  await page.getByText("live", { exact: true }).first().waitFor({ timeout: 15_000 });
  await page.context().close();
}, 40_000);

test("a stream is found, looked at and closed", async () => {
  const gone = listen("/events/subscribe?topic=tobeclosed", "bob").then((answer) => answer.text());
  const { page, problems } = await open("/connections");
  await page.getByLabel("The user").fill("bob");
  await page.getByRole("button", { name: "bob" }).click();
  const drawer = page.getByRole("dialog");
  await drawer.getByText("tobeclosed").waitFor();
  expect(await findings(page)).toEqual([]);
  await page.screenshot({ path: `${screenshots}/console-connection.png` });
  await drawer.getByRole("button", { name: "Close this stream" }).click();
  await drawer.getByRole("button", { name: "Close it, really" }).click();
  expect(await gone).toContain("carillon.close");
  await page.getByText("No stream is like this").waitFor();
  expect(problems).toEqual([]);
  await page.context().close();
});

test("the inspector replays, filters, pauses, and goes on from an event", async () => {
  for (let n = 0; n < 5; n++) await server.publish("inspected", { n }, { event: "counted" });
  const { page, problems } = await open("/inspector?topic=inspected&last=5");
  const rows = page.getByRole("row", { name: /counted/ });
  await until("five rows", async () => (await rows.count()) === 5);
  await page.getByRole("button", { name: "Pause" }).click();
  await server.publish("inspected", { n: 5 }, { event: "counted" });
  await page.getByText("1 wait").waitFor();
  expect(await rows.count()).toBe(5);
  await page.getByRole("button", { name: "Go on" }).click();
  await until("six rows", async () => (await rows.count()) === 6);
  await page.getByLabel("Only with this text").fill('"n":2');
  await until("one row", async () => (await rows.count()) === 1);
  await rows.first().getByRole("button").click();
  await page.getByRole("button", { name: "Replay from here" }).click();
  await page.getByLabel("Only with this text").fill("");
  await until("what came after it", async () => (await rows.count()) === 3);
  expect(problems).toEqual([]);
  await page.context().close();
});

test("a scheduled event is called off, and a producer asked to stop", async () => {
  const { page } = await open("/scheduled");
  await page.getByRole("button", { name: "later" }).click();
  await page.getByRole("button", { name: "Call it off" }).click();
  await page.getByRole("button", { name: "Call it off, really" }).click();
  await page.getByText("No event waits").waitFor();
  await page.goto(`${server.url}/console/streams`);
  await page.getByRole("table").getByRole("button").first().click();
  await page.getByRole("button", { name: "Ask its producer to stop" }).click();
  await page.getByRole("button", { name: "Ask it, really" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByText("asked to stop", { exact: true }).waitFor();
  await page.context().close();
});

test("the delivery log says what became of a notification", async () => {
  const { page } = await open("/notifications", { width: 375 });
  await page.getByRole("button", { name: evil }).click();
  await page.getByRole("dialog").getByRole("cell", { name: "ann", exact: true }).waitFor();
  await page.getByRole("dialog").getByText("offline").first().waitFor();
  await page.screenshot({ path: `${screenshots}/console-notification-375.png` });
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.context().close();
});

test("10,000 topics scroll at the pace of the screen, and the keyboard goes through them", async () => {
  for (let n = 0; n < 10; n++)
    await post("/events/publish", Array.from({ length: 1000 }, (_, i) => ({ topic: `many/${String(n * 1000 + i).padStart(5, "0")}`, data: 1 })));
  const { page, problems } = await open("/topics?prefix=many/");
  await page.getByText("many/00000").waitFor();
  const body = page.getByRole("rowgroup", { name: "Topics, rows" });
  expect(await scrolled(page, 100, "step")).toBeLessThan(smooth);
  expect(await page.locator(".v-body [data-row]").count()).toBeLessThan(80);
  await body.evaluate((box) => (box.scrollTop = 0));
  await page.getByRole("button", { name: "many/00000" }).focus();
  for (const key of ["ArrowDown", "ArrowDown", "ArrowUp"]) await page.keyboard.press(key);
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("many/00001");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("many/00001").waitFor();
  expect(problems).toEqual([]);
  await page.context().close();
}, 40_000);

test("100,000 connections scroll at the pace of the screen", async () => {
  const { page, problems } = await open("/health");
  const all = 100_000;
  // As the server pages them, without a hundred thousand sockets.
  await page.route("**/events/clients?*", (route) => {
    const after = Number(new URL(route.request().url()).searchParams.get("after") ?? "0");
    const clients = Array.from({ length: 500 }, (_, i) => ({
      id: `c${after + i}`,
      user: `user-${after + i}`,
      profile: "topics",
      topics: ["news", "orders/*"],
      address: "10.0.0.1",
      connectedAt: new Date(0).toISOString(),
      events: i,
      bytes: i * 100,
      durable: false,
      connected: true,
      behind: false,
    }));
    const next = after + 500;
    return route.fulfill({ json: { total: all, clients, ...(next < all ? { next: String(next) } : {}) } });
  });
  await page.getByRole("link", { name: "Connections" }).click();
  await page.getByText("user-0", { exact: true }).waitFor();
  await page.getByText("100,000 streams").waitFor();
  expect(await scrolled(page, 200, "end")).toBeLessThan(smooth);
  expect(await page.locator(".v-body [data-row]").count()).toBeLessThan(80);
  expect(await page.evaluate(() => document.querySelector(".v-body")!.scrollHeight)).toBeGreaterThan(100_000);
  expect(problems).toEqual([]);
  await page.context().close();
}, 40_000);

test("who is no admin is told so, and nobody sees the way in", async () => {
  const { page } = await open("", { token: tokenOf("ann", "user") });
  await page.getByText("This is for administrators").waitFor();
  expect(await findings(page)).toEqual([]);
  await page.getByRole("button", { name: "Sign in as somebody else" }).click();
  await page.getByText("Use the test token").waitFor();
  await page.screenshot({ path: `${screenshots}/console-sign-in.png` });
  await page.getByRole("button", { name: "Use the test token" }).click();
  await page.getByText("Most listened to").waitFor();
  await page.context().close();
});
