// The pages' addresses as anything that asks for them sees them: programs, caches, browsers without scripts.
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { startBrowser } from "./support/browser.js";
import { Server } from "./support/server.js";

let browser: Browser;
let server: Server;
let page: string;
let script: string;

beforeAll(async () => {
  [browser, server] = await Promise.all([startBrowser(), Server.start()]);
  page = await (await fetch(`${server.url}/`)).text();
  script = page.match(/src="(\/assets\/[^"]+\.js)"/)![1]!;
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Without what `fetch` adds and takes away. */
const ask = (path: string, { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {}) =>
  new Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }>((done, failed) => {
    const asked = request(server.url + path, { method, headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("end", () => done({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(pieces) }));
    });
    asked.on("error", failed).end();
  });

test("every page has its address, with and without a slash behind, and with a query", async () => {
  for (const path of ["/", "/home", "/guides", "/guides/guide/publishing", "/reference", "/console", "/console/topics"])
    for (const form of [path, `${path}?from=mail`, ...(path === "/" ? [] : [`${path}/`])]) {
      const { status, body } = await ask(form);
      expect(status, form).toBe(200);
      expect(body.toString(), form).toBe(page);
    }
});

test("other addresses are 404 with a problem document, and give no file away", async () => {
  for (const path of ["/nowhere", "/home/x", "/reference/x", "/index.html", "/assets/", "/assets/none.js", "/assets/a/b", "//", "/events/", "/%2e%2e/etc/passwd", "/assets/%2e%2e%2findex.html"]) {
    const { status, headers, body } = await ask(path);
    expect([400, 404], path).toContain(status);
    expect(headers["content-type"], path).toBe("application/problem+json");
    expect(JSON.parse(body.toString()).code, path).toBeTruthy();
  }
});

test("a guide or a part of the console that there is not is 404, with the page that says so", async () => {
  for (const path of ["/guides/none", "/guides/guide", "/guides/guide/publishing/x", "/console/none", "/console/topics/x", "/guides/%zz"]) {
    const { status, headers, body } = await ask(path);
    if (path.endsWith("%zz")) {
      expect([400, 404]).toContain(status);
      continue;
    }
    expect(status, path).toBe(404);
    expect(headers["content-type"], path).toContain("text/html");
    expect(headers.etag, path).toBe(undefined);
    expect(headers["cache-control"], path).toBe("no-cache");
    expect(body.toString(), path).toBe(page);
    expect((await ask(path, { method: "HEAD" })).status, path).toBe(404);
  }
});

test("HEAD answers as GET does, without the body, and other methods are told which there are", async () => {
  for (const path of ["/", "/console/topics", script]) {
    const [get, head] = await Promise.all([ask(path), ask(path, { method: "HEAD" })]);
    expect(head.status).toBe(200);
    expect(head.body.length).toBe(0);
    for (const name of ["etag", "content-type", "content-length", "cache-control", "vary"]) expect(head.headers[name], `${path} ${name}`).toBe(get.headers[name]);
    expect(Number(get.headers["content-length"])).toBe(get.body.length);
    const post = await ask(path, { method: "POST" });
    expect(post.status).toBe(405);
    expect(post.headers.allow).toBe("GET, HEAD, OPTIONS");
  }
});

test("pages are asked for anew, files with checksums in their names never, and what is known is not sent again", async () => {
  for (const [path, caching] of [
    ["/", "no-cache"],
    ["/guides/guide/publishing", "no-cache"],
    [script, "public, max-age=31536000, immutable"],
  ] as const) {
    const tags = new Set<unknown>();
    for (const coding of ["", "gzip", "br"]) {
      const headers: Record<string, string> = coding ? { "Accept-Encoding": coding } : {};
      const first = await ask(path, { headers });
      expect(first.headers["cache-control"]).toBe(caching);
      expect(first.headers.vary).toBe("Accept-Encoding");
      expect(first.headers["content-encoding"], `${path} ${coding}`).toBe(coding || undefined);
      const etag = String(first.headers.etag);
      expect(etag).toMatch(/^"[^"]+"$/);
      tags.add(etag);
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
        const again = await ask(path, { headers: { ...headers, "If-None-Match": known } });
        expect(again.status, known).toBe(304);
        expect(again.body.length).toBe(0);
        expect(again.headers.etag).toBe(etag);
        expect(again.headers["cache-control"]).toBe(caching);
      }
      expect((await ask(path, { headers: { ...headers, "If-None-Match": '"other"' } })).status).toBe(200);
    }
    expect(tags.size, "a tag for each coding").toBe(3);
  }
});

test("a part is not given: who asks for a range gets the whole", async () => {
  const { status, headers, body } = await ask(script, { headers: { Range: "bytes=0-9" } });
  expect(status).toBe(200);
  expect(headers["content-range"]).toBe(undefined);
  expect(headers["accept-ranges"]).toBe(undefined);
  expect(body.length).toBe(Number(headers["content-length"]));
});

test("a browser without scripts is told where the same is", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const shown = await context.newPage();
  for (const path of ["/", "/console/topics"]) {
    await shown.goto(server.url + path);
    const text = await shown.locator("body").innerText();
    expect(text).toContain("This page needs JavaScript");
  }
  const links = await shown.locator("noscript a, body > a").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  for (const link of links) expect((await ask(link!)).status, link!).toBe(200);
  await context.close();
});
