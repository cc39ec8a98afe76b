// The packages in a real application of Next: a route of the app router, one of the pages router, and hooks in a page.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { EventSource } from "eventsource";
import { type Browser, chromium } from "playwright-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { freePort, Server, until } from "../e2e/support/server.js";
import { secret, tokenOf } from "../e2e/support/token.js";
import { losesAndDoublesNothing, quick } from "../e2e/support/survival.js";

const web = fileURLToPath(new URL("..", import.meta.url));
const folder = fileURLToPath(new URL("../../build/clients/next", import.meta.url));
let server: Server;
let app: ChildProcess;
let url: string;
let log = "";
const cleanUp: (() => unknown)[] = [];

const run = async (command: string, args: string[], cwd: string): Promise<string> =>
  (await promisify(execFile)(command, args, { cwd, env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" } })).stdout;

/** Builds it, with the packages as they are packed. */
beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  cpSync(join(web, "foreign", "next"), folder, { recursive: true });
  await run("node", ["build.mjs"], web);
  const packages = ["carillon-server", "carillon-client", "carillon-react"];
  const packed = await run("npm", ["pack", ...packages.flatMap((name) => ["--workspace", name]), "--ignore-scripts", "--silent", "--pack-destination", folder], web);
  await run("npm", ["install", "--silent", "--no-audit", "--no-fund", ...packed.trim().split("\n").map((file) => `./${file}`)], folder);
  await run("node", ["node_modules/next/dist/bin/next", "build"], folder);
});
beforeEach(async () => {
  server = await Server.start(...quick, "--auth.secret", secret, "--http.trusted_proxies", "127.0.0.1");
  server.token = tokenOf("publisher", 3600, { roles: ["publisher", "admin"] });
  const port = await freePort();
  url = `http://localhost:${port}`;
  log = "";
  app = spawn("node", ["node_modules/next/dist/bin/next", "start", "-p", String(port)], {
    cwd: folder,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", CARILLON_URL: server.url, CARILLON_AUTH_SECRET: secret },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const output of [app.stdout!, app.stderr!]) output.on("data", (text) => (log += String(text)));
  await until("Next answers", () => fetch(url).then((answer) => answer.ok, () => false), 60_000);
});
afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
  app?.kill("SIGKILL");
  await server?.stop();
  // Next tells of a stream that is cut; of what a handler throws it must have nothing to tell.
  expect(log.replaceAll("⨯ Error: failed to pipe response", "")).not.toMatch(/uncaught|unhandled|⨯/i);
});


describe.each([
  ["a route of the app router", "/api/stream"],
  ["one of the pages router", "/api/pages"],
])("%s", (_, path) => {
  const as = (user: string): typeof fetch => (input, init) => fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), Cookie: `user=${user}` } });

  test("loses and doubles nothing over kills and a drain", async () => {
    const source = new EventSource(`${url}${path}?topic=news`, { fetch: as("alice") as never });
    cleanUp.push(() => source.close());
    const seen: string[] = [];
    source.addEventListener("message", ({ data }) => seen.push(data as string));
    await losesAndDoublesNothing(server, seen.slice.bind(seen));
  });

  test("is for whom the application knows, and ends at Carillon when the browser leaves", async () => {
    const refused = await fetch(`${url}${path}?topic=news`);
    expect([refused.status, refused.headers.get("Content-Type")]).toEqual([401, "application/problem+json"]);
    const leave = new AbortController();
    const answer = await as("alice")(`${url}${path}?topic=news`, { signal: leave.signal, headers: { "Accept-Encoding": "gzip, br" } });
    expect([answer.status, answer.headers.get("Content-Type"), answer.headers.get("Content-Encoding")]).toEqual([200, "text/event-stream", null]);
    await until("it listens", async () => (await server.metric("carillon_subscribers")) === 1);
    leave.abort();
    await until("it has ended", async () => (await server.metric("carillon_subscribers")) === 0);
    for (let n = 0; n < 20; ++n) {
      const early = new AbortController();
      const asked = as("alice")(`${url}${path}?topic=news`, { signal: early.signal }).catch(() => {});
      setTimeout(() => early.abort(), n);
      await asked;
    }
    await until("none is left of those that have gone early", async () => (await server.metric("carillon_subscribers")) === 0);
  });
});

test("hooks in a page: rendered on the server, taken over without a word, topics that come later, kills", async () => {
  const browser: Browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  cleanUp.push(() => browser.close());
  expect(await (await fetch(url)).text()).toContain("nothing yet");
  const context = await browser.newContext();
  await context.addCookies([{ name: "user", value: "alice", url }]);
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (problem) => said.push(problem.message));
  await page.goto(url);
  const shows = (id: string, text: string): Promise<unknown> => until(`${id} shows ${text}`, async () => (await page.textContent(`#${id}`)) === text);
  await shows("state", "open");
  await server.publish("news", "one");
  await shows("news", "one");
  // The application has no route where live streams are changed: the stream is opened anew, and misses nothing.
  await page.click("button");
  await until("both are listened to", async () => (await server.metric("carillon_topics_subscribed")) === 2);
  await server.publish("chat", "two");
  await shows("chat", "two");
  await server.kill();
  await server.start();
  await server.publish("chat", "three");
  await server.publish("news", "four");
  await shows("chat", "three");
  await shows("news", "four");
  expect(said.filter((line) => !/Failed to load resource|ERR_/.test(line))).toEqual([]);
});
