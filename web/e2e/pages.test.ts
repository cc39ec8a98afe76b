// The server's own pages, in Debian's Chromium against the real server.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { findings } from "./support/axe.js";
import { startBrowser } from "./support/browser.js";
import { signIn } from "./support/pages.js";
import { Server } from "./support/server.js";
import { secret, tokenOf } from "./support/token.js";

const screenshots = fileURLToPath(new URL("../../build/screenshots", import.meta.url));
const hostile = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>"'&\u202e`;

let browser: Browser;
let server: Server;
let keyed: Server;
let context: BrowserContext;
/** What must not happen on any page: errors, and requests that leave the server. */
let problems: string[] = [];

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  [browser, server, keyed] = await Promise.all([startBrowser(), Server.start(), Server.start("--auth.secret", secret)]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), keyed?.stop()]);
});
afterEach(async () => {
  await context?.close();
  expect(problems).toEqual([]);
  problems = [];
});

async function open(path: string, { at = server, width = 1440, dark = false, calm = false }: { at?: Server; width?: number; dark?: boolean; calm?: boolean } = {}): Promise<Page> {
  context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: dark ? "dark" : "light", reducedMotion: calm ? "reduce" : "no-preference" });
  const page = await context.newPage();
  page.on("pageerror", (why) => problems.push(String(why)));
  page.on("console", (line) => {
    if (line.type() === "error" && !/Failed to load resource|ERR_/.test(line.text())) problems.push(line.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(at.url) && !request.url().startsWith("data:")) problems.push(`leaves the server: ${request.url()}`);
  });
  await page.goto(at.url + path);
  await page.locator("#main h1, #main .state-title").first().waitFor();
  return page;
}

const events = (page: Page) => page.getByRole("list", { name: "Events, newest first" });
const isWide = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

test("pages keep a strict policy, and files with checksums in their names are kept for good", async () => {
  const page = await fetch(`${server.url}/`);
  const policy = page.headers.get("Content-Security-Policy")!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).not.toContain("unsafe");
  expect(page.headers.get("Referrer-Policy")).toBe("no-referrer");
  expect(page.headers.get("X-Content-Type-Options")).toBe("nosniff");
  const text = await page.text();
  expect(text).not.toMatch(/<style|style=|<script(?![^>]*src)/);
  const file = await fetch(server.url + text.match(/src="(\/assets\/[^"]+\.js)"/)![1]!);
  expect(file.headers.get("Cache-Control")).toContain("immutable");
  expect(file.headers.get("Content-Type")).toBe("text/javascript; charset=utf-8");
  const again = await fetch(`${server.url}/`, { headers: { "If-None-Match": page.headers.get("ETag")! } });
  expect(again.status).toBe(304);
  for (const path of ["/home", "/guides", "/guides/guide/publishing", "/reference", "/console", "/console/topics"])
    expect(await (await fetch(server.url + path)).text(), path).toBe(text);
  expect((await fetch(`${server.url}/assets/none.js`)).status).toBe(404);
  const production = await Server.start("--production", "true");
  expect((await fetch(`${production.url}/`)).status).toBe(404);
  const console = await open("/console", { at: production });
  await console.getByRole("link", { name: "Live" }).waitFor({ state: "detached" });
  await context.close();
  await production.stop();
});

describe("the live page", () => {
  test("listens at once, publishes, and shows the bytes beside what they mean", async () => {
    const page = await open("/");
    await events(page).getByText("carillon.open").first().waitFor();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    const row = events(page).getByRole("listitem").first();
    await row.getByText('data: {"text":"Hello"}').waitFor();
    await page.getByText("accepted").waitFor();
    expect(await page.getByRole("button", { name: /Topics/ }).textContent()).toContain("1");
    await server.publish("demo/other", { n: 1 }, { event: "chime" });
    await events(page).getByText("chime", { exact: true }).first().waitFor();
    await page.getByLabel("Filter events").fill("chime");
    await events(page).getByText("Hello").first().waitFor({ state: "detached" });
  });

  test("connects to the streams of all systems, with a token that no text shows", async () => {
    const page = await open("/");
    await signIn(page);
    for (const [key, type] of [
      ["B Users", "task_assigned"],
      ["C Domains", "Hello World"],
      ["D Clients", "Test notification"],
    ] as const) {
      await page.getByRole("button", { name: key }).click();
      await page.getByRole("button", { name: "Connect", exact: true }).click();
      await page.locator(".stream-state").getByText("open").waitFor();
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await events(page).getByText(type).first().waitFor();
    }
    await page.screenshot({ path: `${screenshots}/live-systems.png` });
    const token = await page.evaluate(() => sessionStorage.getItem("carillon.token"));
    expect(token).toBeTruthy();
    for (const tab of ["curl", "JavaScript", "C++"]) {
      await page.getByRole("tab", { name: tab }).first().click();
      expect(await page.locator("body").innerText()).not.toContain(token);
    }
    await page.getByRole("tab", { name: "curl" }).first().click();
    expect(await page.locator(".code").first().innerText()).toContain("Bearer $TOKEN");
    expect(page.url()).not.toContain(token);
    // A development token proves nothing: system E says so, and so does the page.
    await page.getByRole("button", { name: "E Notifications" }).click();
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByText("a development token proves nothing").first().waitFor();
    await page.getByRole("button", { name: "Mint", exact: true }).click();
    await page.getByText("tokens are signed with").first().waitFor();
  });

  test("system E's stream opens for a signed token", async () => {
    const page = await open("/", { at: keyed });
    await signIn(page, tokenOf("alice", 600, { roles: ["admin", "publisher"] }));
    await page.getByRole("button", { name: "E Notifications" }).click();
    await page.getByLabel("Mint one for").fill("bob");
    await page.getByRole("button", { name: "Mint", exact: true }).click();
    await page.locator("header").getByText("bob", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await signIn(page, tokenOf("alice", 600, { roles: ["admin", "publisher"] }));
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.locator(".stream-state").getByText("open").waitFor();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await events(page).getByText('"order"').first().waitFor();
  });

  test("a wrong token is refused in the server's words", async () => {
    const page = await open("/", { at: keyed });
    await page.locator("header").getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("dialog").getByLabel("Token").fill("nonsense");
    await page.getByRole("dialog").getByRole("button", { name: "Sign in" }).click();
    await page.getByText("UNAUTHENTICATED").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
  });

  test("markup in data, names and topics stays text", async () => {
    const page = await open("/");
    await events(page).getByText("carillon.open").first().waitFor();
    await server.publish("demo/x", hostile, { event: "<b>name</b>" });
    await server.publish(`demo/${encodeURIComponent("<i>topic</i>")}`, { text: hostile, "<u>": 1 });
    await events(page).getByText("<b>name</b>", { exact: true }).waitFor();
    await events(page).getByText('"<u>"').first().waitFor();
    expect(await page.locator("#main :is(b, i, u, img, script)").count()).toBe(0);
    expect(await page.title()).toBe("Carillon");
  });

  test("goes on where it was when the reader comes back from another page", async () => {
    const page = await open("/");
    await events(page).getByText("carillon.open").first().waitFor();
    await server.publish("demo/leave", "one");
    await events(page).getByText("data: one").waitFor();
    await page.getByRole("link", { name: "Guides" }).first().click();
    await page.getByRole("heading", { level: 1, name: "Getting started" }).waitFor();
    await server.publish("demo/leave", "two");
    await page.getByRole("link", { name: "Live" }).click();
    await events(page).getByText("data: two").waitFor();
    expect(await events(page).getByText("data: one").count()).toBe(1);
  });

  test("draws the staff as sharp as the screen is, from the first picture after a change of size", async () => {
    const page = await open("/", { calm: true });
    await events(page).getByText("carillon.open").first().waitFor();
    for (const width of [768, 375, 1440]) {
      await page.setViewportSize({ width, height: 800 });
      // What is drawn before the next picture counts: later ones come a second apart where motion is not wanted.
      const [drawn, shown] = await page.evaluate(async () => {
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const canvas = document.querySelector<HTMLCanvasElement>("canvas.staff-drawing")!;
        return [[canvas.width, canvas.height], [canvas.clientWidth, canvas.clientHeight].map((n) => Math.round(n * devicePixelRatio))];
      });
      expect(drawn, `${width}`).toEqual(shown);
    }
  });

  test("survives a server that is killed and comes back, and misses nothing", async () => {
    const own = await Server.start();
    const page = await open("/", { at: own });
    await events(page).getByText("carillon.open").first().waitFor();
    await own.publish("demo/a", "before");
    await events(page).getByText("data: before").waitFor();
    await own.kill();
    await page.getByText("The server does not answer").first().waitFor();
    await page.screenshot({ path: `${screenshots}/live-offline.png` });
    await own.start();
    await own.publish("demo/a", "after");
    await events(page).getByText("data: after").waitFor();
    await page.getByText("The server does not answer").first().waitFor({ state: "detached" });
    await events(page).getByText('"resumed"').first().waitFor();
    await context.close();
    await own.stop();
  });
});

describe("guides and reference", () => {
  test("guides are read, linked and searched", async () => {
    const page = await open("/guides");
    await page.getByRole("heading", { level: 1, name: "Getting started" }).waitFor();
    await page.getByRole("article").getByRole("link", { name: "publishing" }).click();
    await page.getByRole("heading", { level: 1, name: "Publishing" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/guides/guide/publishing");
    await page.getByLabel("Search the guides").fill("idempotency");
    await page.locator(".found mark").first().waitFor();
    await page.screenshot({ path: `${screenshots}/guides-search.png` });
    await page.locator(".found a").first().click();
    await page.locator("article h1").waitFor();
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "Publishing" }).waitFor();
    await page.goto(`${server.url}/guides/none`);
    await page.getByText("There is no such guide").waitFor();
  });

  test("routes are found and tried, streams too", async () => {
    const page = await open("/reference");
    await page.getByLabel("Find a route").fill("publish topic");
    await page.getByRole("button", { name: "POST /events/publish/{topic}" }).click();
    const form = page.getByRole("form", { name: "Try POST /events/publish/{topic}" });
    await form.getByLabel("topic").fill("demo/reference");
    await form.getByRole("button", { name: "Send" }).click();
    await form.getByText("200", { exact: true }).waitFor();
    await form.getByText('"demo/reference"').waitFor();
    await page.screenshot({ path: `${screenshots}/reference-try.png` });
    await page.getByLabel("Find a route").fill("/events/subscribe/");
    await page.getByRole("button", { name: "/events/subscribe/{topic}" }).click();
    const stream = page.getByRole("form", { name: "Try GET /events/subscribe/{topic}" });
    await stream.getByLabel("topic", { exact: true }).fill("demo/reference");
    await stream.getByLabel("last (optional)").fill("1");
    await stream.getByRole("button", { name: "Send" }).click();
    await stream.getByText("data: {\"text\":\"Hello\"}").waitFor();
    await stream.getByRole("button", { name: "Stop" }).click();
    await stream.getByText("ended").waitFor();
    await page.getByLabel("Find a route").fill("no such route");
    await page.getByText("No route matches").waitFor();
  });
});

describe("the demo of system D", () => {
  test("asks who is there, sends to a user, shows it and who is connected", async () => {
    const page = await open("/home");
    await page.screenshot({ path: `${screenshots}/home-sign-in.png` });
    await page.getByRole("button", { name: "Use the test token" }).click();
    await page.getByText("connected", { exact: true }).waitFor();
    await page.getByLabel("Message").fill(hostile);
    await page.getByRole("button", { name: "Send notification" }).click();
    const list = page.getByRole("list", { name: "Notifications, newest first" });
    await list.getByText("<img src=x").waitFor();
    await page.getByText("Sent to test123.").waitFor();
    expect(await list.locator("img, script").count()).toBe(0);
    expect(await page.title()).toBe("Demo · Carillon");
    await page.getByRole("region", { name: "Connections", exact: true }).first().getByText("Connected clients").waitFor();
    // Somebody else's notification goes by.
    await page.getByLabel("User").fill("somebody-else");
    await page.getByLabel("Message").fill("not for you");
    await page.getByRole("button", { name: "Send notification" }).click();
    await page.getByText("Sent to somebody-else.").waitFor();
    expect(await list.getByText("not for you").count()).toBe(0);
    await page.screenshot({ path: `${screenshots}/home.png` });
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("Sign in to listen").waitFor();
  });

  test("comes back with the server", async () => {
    const own = await Server.start();
    const page = await open("/home", { at: own });
    await page.getByRole("button", { name: "Use the test token" }).click();
    await page.getByText("connected", { exact: true }).waitFor();
    await own.kill();
    await page.getByText("connecting", { exact: true }).waitFor();
    await own.start();
    await page.getByText("connected", { exact: true }).waitFor();
    await context.close();
    await own.stop();
  });
});

test("colours follow the system until the reader chooses", async () => {
  const page = await open("/guides", { dark: true });
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.getByRole("button", { name: "Light colours" }).click();
  expect(await theme()).toBe("light");
  await page.reload();
  expect(await theme()).toBe("light");
  await page.getByRole("button", { name: "Dark colours" }).click();
  expect(await theme()).toBe(undefined);
});

test("everything is reached by keyboard", async () => {
  const page = await open("/");
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("To the content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  await page.getByRole("tab", { name: "curl" }).first().focus();
  await page.keyboard.press("ArrowRight");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("JavaScript");
  expect(await page.locator(".code").first().innerText()).toContain("carillon-client");
  await page.getByRole("link", { name: "Reference" }).first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Reference" }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
});

test("the way in is a dialog: the keyboard stays in it, Escape leaves it, and what is wrong is said where it is", async () => {
  const page = await open("/guides", { at: keyed, calm: true });
  const button = page.locator("header").getByRole("button", { name: "Sign in" });
  await button.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Sign in" });
  await dialog.waitFor();
  for (let n = 0; n < 12; n++) {
    await page.keyboard.press("Tab");
    // Beyond its last element is the browser's own bar, never the page behind it.
    expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest("dialog") !== null)).toBe(true);
  }
  await dialog.getByLabel("Token").fill("nonsense");
  await page.keyboard.press("Enter");
  await dialog.getByText("UNAUTHENTICATED").waitFor();
  const field = dialog.getByLabel("Token");
  expect(await field.getAttribute("aria-invalid")).toBe("true");
  const said = await field.getAttribute("aria-describedby");
  expect(await page.locator(`#${said!.split(" ").at(-1)!.replace(/[^\w-]/g, "\\$&")}`).innerText()).toContain("UNAUTHENTICATED");
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  expect(await button.evaluate((one) => one === document.activeElement)).toBe(true);
});

test("nothing moves where the system asks for calm", async () => {
  const page = await open("/", { calm: true });
  await events(page).getByText("carillon.open").first().waitFor();
  await page.locator("header").getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("dialog").waitFor();
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
  const moving = await page.evaluate(() => [...document.querySelectorAll("*")].filter((one) => {
    const style = getComputedStyle(one);
    return style.animationName !== "none" || (style.transitionProperty !== "none" && style.transitionDuration.split(", ").some((time) => parseFloat(time) > 0));
  }).map((one) => one.className));
  expect(moving).toEqual([]);
});

test.each([
  ["live", "/"],
  ["guides", "/guides"],
  ["reference", "/reference#post_events_publish_topic"],
  ["home", "/home"],
] as const)("%s is accessible, light and dark, and no wider than any screen", async (name, path) => {
  const page = await open(path, { calm: true });
  if (name === "home") {
    await page.getByRole("button", { name: "Use the test token" }).click();
    await page.getByText("connected", { exact: true }).waitFor();
    await page.getByText("Connected clients").waitFor();
  }
  if (name === "live") {
    await events(page).getByText("carillon.open").first().waitFor();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("accepted").waitFor();
  }
  if (name === "reference") await page.getByRole("form").waitFor();
  for (const [width, colorScheme, rules] of [
    [375, "light", undefined],
    [375, "dark", []],
    [768, "light", []],
    [768, "dark", []],
    [1440, "light", []],
    [1440, "dark", ["color-contrast"]],
  ] as [number, "light" | "dark", string[] | undefined][]) {
    await page.setViewportSize({ width, height: width < 600 ? 800 : 900 });
    await page.emulateMedia({ colorScheme });
    // None means: this width and these colours are looked at elsewhere in the list.
    if (rules?.length !== 0) expect(await findings(page, rules), `${width} ${colorScheme}`).toEqual([]);
    expect(await isWide(page), `${width}`).toBe(true);
  }
});
