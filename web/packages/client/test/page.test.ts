// What a page's life does to a stream: a stand-in for the window, since Node has none.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CarillonClient, type ClientOptions } from "../src/index.js";
import { FakeServer, type Stream, settled } from "./support.js";

let server: FakeServer;
let client: CarillonClient;
let page: EventTarget;
let view: { hidden: boolean };
let store: Map<string, string>;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  server = new FakeServer();
  page = new EventTarget();
  view = { hidden: false };
  store = new Map();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("document", view);
  vi.stubGlobal("location", { href: "http://page.test/app/" });
  vi.stubGlobal("sessionStorage", { getItem: (key: string) => store.get(key) ?? null, setItem: (key: string, value: string) => store.set(key, value) });
});
afterEach(() => {
  client.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function opened(options: ClientOptions = {}): Promise<Stream> {
  client = new CarillonClient("/events/subscribe/news", { fetch: server.fetch, ...options });
  await settled();
  const stream = server.last.open();
  await settled();
  return stream;
}

/** Also what happens to the document: the window sees it on its way down. */
async function happens(type: string): Promise<void> {
  page.dispatchEvent(new Event(type));
  await settled();
}

test("URLs are relative to the page", async () => {
  await opened();
  expect(client.url).toBe("http://page.test/events/subscribe/news");
});

test("a network that comes back is used at once", async () => {
  await opened();
  client.reconnect();
  await settled();
  server.last.fail();
  await settled();
  expect(client.status).toBe("waiting");
  await happens("online");
  expect(client.status).toBe("connecting");
  expect(server.calls).toHaveLength(3);
});

test("a stream that was open while the network was away is opened anew", async () => {
  const stream = await opened();
  await happens("online");
  expect(server.calls).toHaveLength(1);
  await happens("offline");
  await happens("online");
  expect([server.calls.length, stream.cancelled]).toEqual([2, true]);
});

test("a server that asked to be left alone is not woken", async () => {
  await opened();
  client.reconnect();
  await settled();
  server.last.answer(503, "", { "Retry-After": "60" });
  await settled();
  await happens("online");
  expect([client.status, server.calls.length]).toEqual(["waiting", 2]);
});

test("a machine that wakes up after long silence reconnects when the page is shown", async () => {
  const stream = await opened();
  await happens("visibilitychange");
  expect(server.calls).toHaveLength(1);
  vi.setSystemTime(Date.now() + 3_600_000);
  view.hidden = true;
  await happens("visibilitychange");
  expect(server.calls).toHaveLength(1);
  view.hidden = false;
  await happens("visibilitychange");
  expect([server.calls.length, stream.cancelled]).toEqual([2, true]);
});

test.each([
  ["pagehide", "pageshow"],
  ["freeze", "resume"],
])("lets go of its connection at %s, and is back at %s with its cursor", async (away, back) => {
  const stream = await opened();
  await stream.send("id: 5\ndata: x\n\n");
  await happens(away);
  expect([client.status, stream.cancelled]).toEqual(["waiting", true]);
  await vi.advanceTimersByTimeAsync(1e6);
  expect(server.calls).toHaveLength(1);
  await happens(back);
  expect(server.calls).toHaveLength(2);
  expect(server.last.headers.get("Last-Event-ID")).toBe("5");
});

test("the cursor outlives a reload when asked", async () => {
  const stream = await opened({ persist: "cursor" });
  await stream.send("id: 5\ndata: x\n\n");
  await happens("pagehide");
  expect(store.get("cursor")).toBe("5");
  client.close();
  await opened({ persist: "cursor" });
  expect(server.last.headers.get("Last-Event-ID")).toBe("5");
  client.close();
  await opened({ persist: "cursor", lastEventId: "3" });
  expect(server.last.headers.get("Last-Event-ID")).toBe("3");
});

test.each([
  ["forbidden", "SecurityError"],
  ["full", "QuotaExceededError"],
])("storage that is %s costs nothing but the cursor", async (_, name) => {
  const refuse = (): never => {
    throw new DOMException("no", name);
  };
  vi.stubGlobal("sessionStorage", { getItem: name === "SecurityError" ? refuse : () => null, setItem: refuse });
  const stream = await opened({ persist: "cursor" });
  await stream.send("id: 5\ndata: x\n\n");
  await happens("pagehide");
  await happens("pageshow");
  expect(server.last.headers.get("Last-Event-ID")).toBe("5");
});

test("a client that is closed leaves no listener behind", async () => {
  await opened();
  client.close();
  await happens("offline");
  await happens("online");
  await happens("pageshow");
  expect(server.calls).toHaveLength(1);
});

test.each(["freeze", "pagehide", "online"])("what an element of the page calls %s is its own affair", async (type) => {
  const stream = await opened();
  await happens("offline");
  const event = new Event(type);
  Object.defineProperty(event, "target", { value: { parentNode: {} } });
  page.dispatchEvent(event);
  await settled();
  expect([client.status, stream.cancelled]).toEqual(["open", false]);
});
