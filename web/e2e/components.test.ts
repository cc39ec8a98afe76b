// carillon-react and carillon-vue make the same promises: in Chromium against the real server, and on a server that
// renders pages.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { createElement } from "react";
import { renderToString as renderReact } from "react-dom/server";
import { createSSRApp } from "vue";
import { renderToString as renderVue } from "vue/server-renderer";
import { Provided as ReactApp, Room as ReactRoom } from "./apps/react.js";
import { Provided as VueApp, Room as VueRoom } from "./apps/vue.js";
import { startBrowser } from "./support/browser.js";
import { Server, until } from "./support/server.js";
import { bundled, Site } from "./support/site.js";

let browser: Browser;
let server: Server;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

const frameworks = [
  [
    "react",
    "tsx",
    {
      provided: async (url: string) => renderReact(createElement(ReactApp, { server: url })),
      room: async (url: string) => renderReact(createElement(ReactRoom, { server: url, token: "" })),
    },
  ],
  [
    "vue",
    "ts",
    {
      provided: (url: string) => renderVue(createSSRApp(VueApp, { server: url })),
      room: (url: string) => renderVue(createSSRApp(VueRoom, { server: url, token: "" })),
    },
  ],
] as const;

/** A token that anybody can make: without keys the server believes it from the machine itself. */
const tokenOf = (user: string): string => Buffer.from(`${user}:${user}:${user}@example.com:user`).toString("base64");

describe.each(frameworks)("carillon-%s", (framework, extension, render) => {
  let site: Site;
  let script: string;
  let problems: string[];
  let page: Page;

  beforeAll(async () => {
    script = await bundled(`e2e/apps/${framework}.${extension}`);
    site = await Site.start({ "/app.js": script }, `<div id="root"></div><script type="module" src="/app.js"></script>`);
  });
  afterAll(() => site?.stop());
  beforeEach(async () => {
    server = await Server.start("--stream.retry", "200ms", "--http.cors_origins", site.url);
    problems = [];
  });
  afterEach(async () => {
    await page?.close();
    await server?.stop();
  });

  const open = async (app: string, before?: (page: Page) => Promise<void>, more: Record<string, string> = {}): Promise<void> => {
    page = await browser.newPage();
    // Nobody's stream may not be changed: the browser says so, and the client opens another with the topics that are left.
    const isMeant = (text: string): boolean => text.includes("401 (Unauthorized)");
    page.on("console", (line) => ["error", "warning"].includes(line.type()) && !isMeant(line.text()) && problems.push(line.text()));
    page.on("pageerror", (why) => problems.push(String(why)));
    await before?.(page);
    await page.goto(`${site.url}/?${new URLSearchParams({ app, server: server.url, ...more })}`);
  };
  const shows = (id: string, text: string, where = page): Promise<unknown> =>
    until(`${id} shows ${text}`, async () => (await where.getByTestId(id).first().textContent()) === text, 10_000).catch(async () =>
      expect(await where.getByTestId(id).first().textContent()).toBe(text),
    );
  const topics = (): Promise<string[][]> => server.topics();
  const press = (name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();

  test("all components share one stream, which listens to what they name, for as long as one does", async () => {
    await open("provided");
    await shows("status", "open");
    expect(await topics()).toEqual([["a", "b"]]);
    await server.publish("a", "to a");
    await server.publish("b", "to b", { event: "tick" });
    await shows("topic a", "to a");
    await shows("topic b", "to b");
    await shows("ticks", "1");
    for (let n = 0; n < 3; ++n) await press("render");
    await press("remove");
    await server.publish("a", "still");
    await shows("topic a", "still");
    expect(await topics()).toEqual([["a", "b"]]);
    await press("remove");
    await until("nobody wants it any more", async () => (await topics())[0]?.join() === "b");
    expect(await server.metric("carillon_subscribers")).toBe(1);
    await press("unmount");
    await until("nobody listens", async () => (await server.metric("carillon_subscribers")) === 0);
    expect(problems).toEqual([]);
  });

  test("the topics are asked for again after a kill of the server", async () => {
    await open("provided");
    await shows("status", "open");
    await server.kill();
    await server.start();
    await server.publish("b", "after");
    await shows("topic b", "after");
    expect(await topics()).toEqual([["a", "b"]]);
  });

  test("useSSE is as its document shows", async () => {
    await open("document");
    await shows("status", "Connected");
    await server.publish("alice", { message: "hello" }, { event: "notification" });
    await shows("heard", '[{"message":"hello"}]');
    await server.publish("alice", "plain");
    await shows("last", '"plain"');
    await press("bob");
    await until("it listens as bob", async () => (await topics())[0]?.join() === "bob");
    await shows("status", "Connected");
    await server.publish("bob", 2, { event: "notification" });
    await shows("heard", '[{"message":"hello"},2]');
    expect(await server.metric("carillon_subscribers")).toBe(1);
    expect(problems).toEqual([]);
  });

  test("a token that is renewed while the server is away loses nothing", async () => {
    await open("renewed");
    await shows("status", "Connected");
    await server.publish("news", "1");
    await shows("heard", '["1"]');
    await server.kill();
    await shows("status", "Disconnected");
    await press("renew");
    await server.start();
    await server.publish("news", "2");
    await shows("heard", '["1","2"]');
  });

  test("usePresence says who is there, as users come, go to another room and leave", async () => {
    const settings = join(mkdtempSync(join(tmpdir(), "presence-")), "carillon.toml");
    writeFileSync(settings, '[[topics]]\npattern = "room/*"\npresence = "users"\n');
    await server.stop();
    const args = ["--stream.retry", "200ms", "--http.cors_origins", site.url, "--stream.presence_grace", "300ms"];
    server = await Server.start("--config", settings, ...args);
    expect(await render.room(server.url)).toContain("nobody known");
    await open("room", undefined, { token: tokenOf("ann") });
    await shows("in room/1", "1: ann");
    const ann = page;
    await open("room", undefined, { token: tokenOf("bob") });
    await shows("in room/1", "2: ann,bob");
    await shows("in room/1", "2: ann,bob", ann);
    await press("other");
    await shows("in room/2", "1: bob");
    await shows("in room/1", "1: ann", ann);
    expect(problems).toEqual([]);
    await server.kill();
    await server.start();
    await shows("in room/2", "1: bob");
    await page.close();
    page = ann;
    await shows("in room/1", "1: ann");
    rmSync(dirname(settings), { recursive: true });
  });

  test("events are no markup", async () => {
    await open("provided");
    await shows("status", "open");
    const hostile = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;
    await server.publish("a", hostile);
    await shows("topic a", hostile);
    expect(await page.evaluate(() => [document.title, document.querySelectorAll("img").length])).toEqual(["site", 0]);
  });

  test("a server renders it without connecting, and the browser takes it over as it is", async () => {
    const html = await render.provided(server.url);
    expect(html).toContain("connecting");
    expect(await server.metric("carillon_subscribers")).toBe(0);
    const { body } = site;
    site.body = body.replace("></div>", `>${html}</div>`);
    await open("provided");
    site.body = body;
    await shows("status", "open");
    expect(problems).toEqual([]);
  });

  test("<TrackConnections> shows figures, and what is wrong", async () => {
    let answer: { status: number; json?: unknown; body?: string } = {
      status: 200,
      json: { clients: [], stats: { totalClients: 3, clientsByUser: { "<b>alice</b>": 2, bob: 1 }, averageConnectionDuration: 61_000, totalEventsSent: 7, lastEventTime: null } },
    };
    await open("connections", (fresh) => fresh.route("**/api/sse/clients", (route) => route.fulfill(answer)));
    const section = page.getByRole("region", { name: "Connections" });
    await section.getByText("<b>alice</b>").waitFor();
    expect(await section.locator("dd").allTextContents()).toEqual(["3", "61 s", "7", "none yet"]);
    answer = { status: 403 };
    await section.getByRole("alert").getByText("Not allowed").waitFor();
    expect(await section.locator("dd").first().textContent()).toBe("3");
    answer = { status: 200, body: "<html>" };
    await section.getByRole("alert").getByText("cannot be read").waitFor();
    answer = { status: 200, json: {} };
    await section.getByText("Connected clients").waitFor();
    await until("the alert is gone", async () => (await section.getByRole("alert").count()) === 0);
  });

  test("the demo of the system with metadata works against the real server", async () => {
    await open("demo");
    await shows("status", "Connected");
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ userId: "user123", message: "<i>hello</i>" });
    expect((await fetch(`${server.url}/api/sse/test`, { method: "POST", headers, body })).ok).toBe(true);
    await shows("last", "<i>hello</i>");
    const section = page.getByRole("region", { name: "Connections" });
    await section.getByRole("cell", { name: "user123" }).waitFor();
    await until("the event is counted", async () => (await section.locator("dd").nth(2).textContent()) === "1");
    expect(await section.locator("dd").first().textContent()).toBe("1");
    await server.kill();
    await section.getByRole("alert").getByText("Offline").waitFor();
    await server.start();
    await shows("status", "Connected");
    await until("the alert is gone", async () => (await section.getByRole("alert").count()) === 0);
  });

  test("its example runs", async () => {
    const source = readFileSync(new URL(`../packages/${framework}/examples/news.${extension}`, import.meta.url), "utf8");
    const example = await Site.start(
      { "/app.js": await bundled({ source: source.replace("http://localhost:3000", server.url) }) },
      `<script type="module" src="/app.js"></script>`,
    );
    await server.stop();
    server = await Server.startAt(server.port, "--http.cors_origins", example.url);
    page = await browser.newPage();
    await page.goto(example.url);
    await page.getByText("live").waitFor();
    await server.publish("news", { text: "<b>hello</b>" });
    await page.getByRole("listitem").getByText("<b>hello</b>").waitFor();
    await example.stop();
  });
});
