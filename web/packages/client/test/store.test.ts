import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StreamStore, type StoreOptions, following, keyOf, storeOf } from "../src/store.js";
import { FakeServer, type Stream, settled } from "./support.js";

let server: FakeServer;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
});
afterEach(() => {
  vi.useRealTimers();
});

const url = "http://hub.test/events/subscribe";

async function used(options: Partial<StoreOptions> = {}): Promise<{ store: StreamStore; stop: () => void; stream: Stream }> {
  const store = new StreamStore({ url, topics: ["a"], fetch: server.fetch, ...options });
  const stop = store.use();
  await settled();
  const stream = server.last.open();
  await settled();
  return { store, stop, stream };
}

const full = (event: object, id = 1): string => `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`;

test("nothing connects until somebody uses it, and not before there is a topic", async () => {
  const store = new StreamStore({ url, fetch: server.fetch });
  store.subscribe(() => {});
  store.addEventListener("x", () => {});
  expect(store.getSnapshot().status).toBe("connecting");
  store.use();
  await settled();
  expect(server.calls).toHaveLength(0);
  store.addTopic("news");
  await settled();
  expect(server.last.url.href).toBe(`${url}?envelope=full&topic=news`);
});

test("a user that comes back at once keeps the stream; the last that goes closes it", async () => {
  const { store, stop, stream } = await used();
  stop();
  const again = store.use();
  await settled();
  expect([server.calls.length, stream.cancelled]).toEqual([1, false]);
  again();
  again();
  await settled();
  expect([stream.cancelled, store.getSnapshot().status]).toEqual([true, "closed"]);
});

test("reads the full envelope: names, data and topics of events", async () => {
  const { store, stream } = await used();
  const heard: unknown[] = [];
  store.addEventListener("tick", (event) => heard.push(event));
  store.addEventListener("*", ({ type, data }) => heard.push([type, data]));
  await stream.send(full({ event: "tick", data: { n: 1 }, topics: ["a"], metadata: { k: "v" }, timestamp: "t" }));
  expect(heard).toEqual([{ type: "tick", id: "1", data: { n: 1 }, topics: ["a"], metadata: { k: "v" }, timestamp: "t" }, ["tick", { n: 1 }]]);
  expect(store.getSnapshot().lastEvent?.data).toEqual({ n: 1 });
});

test("knows which events are of a topic or pattern", async () => {
  const { store } = await used();
  const of = (topics: string[] | undefined, topic: string): boolean => store.isOf({ type: "message", id: "", data: 0, topics }, topic);
  expect(["chat/*", "chat/7", "chat/**", "**", "chat/7/**"].filter((topic) => !of(["chat/7"], topic))).toEqual([]);
  expect(["chat", "chat/8", "chat/*/typing", "*", "chats/**"].filter((topic) => of(["chat/7"], topic))).toEqual([]);
  expect(of(["chat"], "chat/**")).toBe(true);
  expect(of(undefined, "anything")).toBe(true);
});

test("changes are told once for each piece, however many events are in it", async () => {
  const { store, stream } = await used();
  let told = 0;
  const stop = store.subscribe(() => ++told);
  await stream.send(Array.from({ length: 100 }, (_, n) => full({ data: n, topics: ["a"] }, n)).join(""));
  expect([told, store.getSnapshot().lastEvent?.data]).toEqual([1, 99]);
  const before = store.getSnapshot();
  expect(store.getSnapshot()).toBe(before);
  stop();
  await stream.send(full({ data: 1 }, 100));
  expect(told).toBe(1);
});

test("topics are counted", async () => {
  const { store, stream } = await used();
  await stream.send('event: carillon.open\ndata: {"client":"c","topics":["a"]}\n\n');
  const [one, two] = [store.addTopic("b"), store.addTopic("b")];
  await settled();
  const calls = (): string[] => server.calls.slice(1).map(({ method, url: { pathname } }) => `${method} ${pathname}`);
  expect(calls()).toEqual(["PUT /events/clients/c/topics/b"]);
  one();
  one();
  await settled();
  expect(calls()).toHaveLength(1);
  two();
  await settled();
  expect(calls()[1]).toBe("DELETE /events/clients/c/topics/b");
});

test("a stream without a topic is closed until there is one", async () => {
  const store = new StreamStore({ url, fetch: server.fetch });
  store.use();
  const stop = store.addTopic("a");
  await settled();
  const stream = server.last.open();
  await settled();
  stop();
  await settled();
  expect([stream.cancelled, server.calls.length]).toEqual([true, 1]);
  store.addTopic("b");
  await settled();
  expect(server.last.url.searchParams.getAll("topic")).toEqual(["b"]);
});

test("tells who is present: of a topic, of a room, in either envelope", async () => {
  const { store, stream } = await used();
  expect(store.presenceOf("a")).toEqual({ users: [], count: 0, complete: false });
  const snapshot = (data: object): string => `event: carillon.presence\ndata: ${JSON.stringify(data)}\n\n`;
  await stream.send(snapshot({ topic: "a", users: ["bob"], count: 1, complete: true }));
  expect(store.presenceOf("a")).toEqual({ users: ["bob"], count: 1, complete: true });
  await stream.send(full({ event: "carillon.presence", data: { topic: "a", user: "alice", state: "joined", count: 2 } }));
  await stream.send(snapshot({ topic: "a", user: "alice", state: "joined", count: 2 }));
  expect(store.presenceOf("a")).toEqual({ users: ["alice", "bob"], count: 2, complete: true });
  await stream.send(snapshot({ topic: "a", user: "bob", state: "left", count: 1 }) + snapshot({ room: "7", users: ["x"], count: 200 }) + snapshot({}));
  expect([store.presenceOf("a").users, store.presenceOf("7")]).toEqual([["alice"], { users: ["x"], count: 200, complete: false }]);
  // A server that has just started may not know all yet.
  await stream.send(snapshot({ topic: "a", users: ["carol"], count: 1, complete: false }));
  expect(store.presenceOf("a")).toEqual({ users: ["alice", "carol"], count: 2, complete: false });
  await stream.send(snapshot({ topic: "a", users: ["carol"], count: 1, complete: true }));
  expect(store.presenceOf("a")).toEqual({ users: ["carol"], count: 1, complete: true });
  expect(store.getSnapshot().lastEvent).toBeUndefined();
});

test("a stream that has given up is opened again when asked", async () => {
  const store = new StreamStore({ url: `${url}/a`, fetch: server.fetch });
  store.use();
  await settled();
  server.last.answer(404);
  await settled();
  expect([store.getSnapshot().status, store.getSnapshot().failure?.status]).toEqual(["closed", 404]);
  store.reconnect();
  await settled();
  expect(server.calls).toHaveLength(2);
});

test("useSSE's options become a URL, a token and bounds", async () => {
  const base = { url: "http://hub.test/api/sse?x=1", fetch: server.fetch };
  const store = storeOf({ ...base, userId: "a b", sessionId: "s", metadata: { role: "x", userId: "not this" }, token: "t", autoReconnect: false });
  store.use();
  await settled();
  expect(server.last.url.search).toBe("?x=1&role=x&userId=a+b&sessionId=s");
  expect(server.last.headers.get("Authorization")).toBe("Bearer t");
  server.last.fail();
  await settled();
  expect(store.getSnapshot().status).toBe("closed");
});

test("data of other streams is JSON, or the text that it is", async () => {
  const store = storeOf({ url: "http://hub.test/api/sse", fetch: server.fetch });
  const heard: unknown[] = [];
  store.addEventListener("*", ({ type, data }) => heard.push([type, data]));
  store.use();
  await settled();
  await server.last.open().send('event: notification\ndata: {"message":"hi"}\n\ndata: {broken\n\n');
  expect(heard).toEqual([["notification", { message: "hi" }], ["message", "{broken"]]);
});

test("functions among options may change without another stream", () => {
  const signal = new AbortController().signal;
  expect(keyOf({ token: () => "a", topics: new Set(["x"]), signal })).toBe(keyOf({ token: () => "b", topics: ["x"] }));
  expect(keyOf({ topics: ["x"] })).not.toBe(keyOf({ topics: ["y"] }));
  expect(keyOf({ url: new URL("http://a") })).not.toBe(keyOf({ url: new URL("http://b") }));
  let latest = { token: () => "a" };
  const given = following(latest, () => latest);
  latest = { token: () => "b" };
  expect(given.token()).toBe("b");
});

test("a stream that has given up goes on where it was when it is opened again", async () => {
  const { store, stream } = await used({ maxRetries: 0 });
  await stream.send(full({ data: 1, topics: ["a"] }, 7));
  await stream.cut();
  await settled();
  expect(store.getSnapshot().status).toBe("closed");
  store.reconnect();
  await settled();
  expect(server.last.headers.get("Last-Event-ID")).toBe("7");
});

test("a store in another's place goes on where that one stands, if it is of the same URL", async () => {
  const { store, stop, stream } = await used({ headers: { "X-Token": "1" } });
  await stream.send(full({ data: 1, topics: ["a"] }, 7));
  for (const [to, cursor] of [
    [url, "7"],
    [`${url}?topic=b`, null],
  ] as const) {
    const next = new StreamStore({ url: to, topics: ["a"], fetch: server.fetch });
    const end = next.use(store);
    await settled();
    expect(server.last.headers.get("Last-Event-ID")).toBe(cursor);
    end();
  }
  stop();
  await settled();
});

test("a stream that was refused is tried anew when its topics change", async () => {
  const store = new StreamStore({ url, topics: ["secret"], fetch: server.fetch });
  store.use();
  await settled();
  server.last.answer(403);
  await settled();
  const stop = store.addTopic("news");
  await settled();
  expect([server.calls.length, server.last.url.searchParams.getAll("topic")]).toEqual([2, ["secret", "news"]]);
  server.last.answer(403);
  await settled();
  const other = store.addTopic("more");
  await settled();
  server.last.answer(403);
  await settled();
  stop();
  await settled();
  expect([server.calls.length, server.last.url.searchParams.getAll("topic")]).toEqual([4, ["secret", "more"]]);
  other();
  await settled();
});
