// Compressed streams in Chromium, whose decoders are its own.
import { gunzipSync, brotliDecompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser } from "playwright-core";
import { Listener, startBrowser } from "./support/browser.js";
import { Server, until } from "./support/server.js";

let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

const order = (number: number): string => JSON.stringify({ number, items: Array.from({ length: 5 + ((number * 7) % 40) }, (_, i) => ({ name: "item", price: i * number })) });

/** A page with an EventSource, and a fetch that reads the same topic's stream and decodes nothing itself. */
async function join(server: Server, coding: string): Promise<{ listener: Listener; text(): Promise<string> }> {
  const listener = await Listener.open(browser, server.url, "/orders");
  const said = listener.page.waitForResponse((answer) => answer.url().includes("by=fetch"));
  await listener.page.evaluate(() => {
    const read = async (): Promise<void> => {
      const answer = await fetch("/events/subscribe/orders?by=fetch", { headers: { Accept: "text/event-stream" } });
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) Object.assign(globalThis, { text: ((globalThis as { text?: string }).text ?? "") + piece.value });
    };
    void read();
  });
  const answer = await said;
  expect(await answer.headerValue("content-encoding")).toBe(coding);
  const text = (): Promise<string> => listener.page.evaluate(() => (globalThis as { text?: string }).text ?? "");
  await until("the stream that fetch reads is open", async () => (await text()).includes("carillon.open"));
  await listener.verdicts(1);
  return { listener, text };
}

test.each(["gzip", "br"])("reads %s from any moment on, by EventSource and by fetch", async (coding) => {
  const server = await Server.start("--stream.compression", "on", "--http.codings", coding);
  const pages: { since: number; page: Awaited<ReturnType<typeof join>> }[] = [];
  let number = 0;
  for (const pause of [0, 3, 4]) {
    for (let i = 0; i < pause; ++i) await server.publish("orders", order(number++));
    pages.push({ since: number, page: await join(server, coding) });
  }
  for (let i = 0; i < 10; ++i) await server.publish("orders", order(number++));
  for (const { since, page } of pages) {
    const wanted = Array.from({ length: number - since }, (_, i) => order(since + i));
    expect(await page.listener.data(wanted.length)).toEqual(wanted);
    await until("fetch has read the last event", async () => (await page.text()).includes(order(number - 1)));
    const data = (await page.text()).split("\n").filter((line) => line.startsWith("data: {\"number\""));
    expect(data.map((line) => line.slice("data: ".length))).toEqual(wanted);
    await page.listener.close();
  }
  expect(await server.metric("carillon_compressed_bytes_total")).toBeGreaterThan(0);
  await server.stop();
});

test.each(["gzip", "br"])("reads a %s stream that ends to its valid end, as Node does", async (coding) => {
  const server = await Server.start("--stream.compression", "on", "--http.codings", coding);
  const post = async (path: string, body?: object): Promise<Record<string, string>> => {
    const answer = await fetch(`${server.url}/events/streams${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: body ? JSON.stringify(body) : undefined });
    return (await answer.json()) as Record<string, string>;
  };
  const { stream } = await post("");
  for (let i = 0; i < 12; ++i) await post(`/${stream}`, { data: order(i) });
  await post(`/${stream}/close`);
  const page = await browser.newPage();
  await page.goto(`${server.url}/health`);
  const said = page.waitForResponse((answer) => answer.url().includes("/events/streams/"));
  // A trailer that is wrong fails the read.
  const text = await page.evaluate((path) => fetch(path).then((answer) => answer.text()), `/events/streams/${stream}`);
  expect(await (await said).headerValue("content-encoding")).toBe(coding);
  for (let i = 0; i < 12; ++i) expect(text).toContain(`data: ${order(i)}\n`);
  expect(text).toContain("carillon.end");
  await page.close();

  const { request } = await import("node:http");
  const raw = await new Promise<Buffer>((done, failed) => {
    request(`${server.url}/events/streams/${stream}`, { headers: { "Accept-Encoding": coding } }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece)).on("end", () => done(Buffer.concat(pieces)));
    }).on("error", failed).end();
  });
  const decoded = (coding === "gzip" ? gunzipSync(raw) : brotliDecompressSync(raw)).toString();
  for (let i = 0; i < 12; ++i) expect(decoded).toContain(`data: ${order(i)}\n`);
  await server.stop();
});
