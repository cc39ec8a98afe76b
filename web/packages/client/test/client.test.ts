import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CarillonClient, type ClientOptions, type Gap, StreamErrorEvent, type StreamFailure, connect } from "../src/index.js";
import { FakeServer, type Stream, settled } from "./support.js";

let server: FakeServer;
let client: CarillonClient | undefined;
let failures: StreamFailure[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  server = new FakeServer();
  failures = [];
});
afterEach(() => {
  client?.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function start(options: ClientOptions = {}, url = "http://hub.test/events/subscribe?topic=news"): Promise<CarillonClient> {
  client = connect(url, { fetch: server.fetch, ...options });
  client.addEventListener("error", (event) => {
    if (event instanceof StreamErrorEvent) failures.push(event.failure);
  });
  await settled();
  return client;
}

async function opened(options: ClientOptions = {}, url?: string): Promise<Stream> {
  await start(options, url);
  const stream = server.last.open();
  await settled();
  return stream;
}

const kinds = (): string[] => failures.map(({ kind, status }) => (kind === "http" ? String(status) : kind));
const wait = async (ms: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms);
  await settled();
};

test("behaves as an EventSource does", async () => {
  const seen: unknown[] = [];
  const stream = await opened();
  const source: EventSource = client!;
  expect([source.readyState, source.url, source.withCredentials]).toEqual([1, "http://hub.test/events/subscribe?topic=news", false]);
  source.onmessage = (event: MessageEvent) => seen.push([event.type, event.data, event.lastEventId, event.origin]);
  source.addEventListener("tick", (event: MessageEvent) => seen.push([event.type, event.data, event.lastEventId]));
  await stream.send("id: 1\ndata: a\n\nevent: tick\ndata: b\n\n");
  expect(seen).toEqual([
    ["message", "a", "1", "http://hub.test"],
    ["tick", "b", "1"],
  ]);
  expect(server.last.headers.get("Accept")).toBe("text/event-stream");
  source.close();
  await settled();
  expect([source.readyState, stream.cancelled]).toEqual([CarillonClient.CLOSED, true]);
});

test("typed listeners get parsed data, until they are taken away", async () => {
  const stream = await opened();
  const seen: unknown[] = [];
  const stop = client!.on<{ n: number }>("tick", ({ type, data, id }) => seen.push([type, data.n, id]));
  const until = new AbortController();
  client!.on<{ n: number }>("tick", ({ data }) => seen.push(data.n), { signal: until.signal });
  await stream.send('id: 1\nevent: tick\ndata: {"n":1}\n\n');
  until.abort();
  await stream.send('id: 2\nevent: tick\ndata: {"n":2}\n\n');
  stop();
  await stream.send('id: 3\nevent: tick\ndata: {"n":3}\n\n');
  expect(seen).toEqual([["tick", 1, "1"], 1, ["tick", 2, "2"]]);
});

test("broken JSON is an error event, told once, and the stream goes on", async () => {
  const stream = await opened();
  const seen: unknown[] = [];
  for (let n = 0; n < 2; ++n) client!.on("message", ({ data }) => seen.push(data));
  await stream.send("id: 1\ndata: {broken\n\nid: 2\ndata: true\n\n");
  expect(kinds()).toEqual(["data"]);
  expect(seen).toEqual([true, true]);
  expect(client!.status).toBe("open");
});

test("data that is no JSON is read as `parse` says", async () => {
  const stream = await opened({ parse: (data, type) => `${type}: ${data}` });
  const seen: unknown[] = [];
  client!.on("message", ({ data }) => seen.push(data));
  await stream.send("data: <b>text</b>\n\n");
  expect(seen).toEqual(["message: <b>text</b>"]);
});

test("a watcher that throws stops neither the others nor the stream", async () => {
  const stream = await opened();
  const seen: string[] = [];
  client!.tap(() => {
    throw new Error("tap");
  });
  client!.tap(({ data }) => seen.push(data));
  // What it throws comes out of a timer of its own, as it would from an event listener.
  for (const data of ["a", "b"]) await expect(stream.send(`data: ${data}\n\n`)).rejects.toThrow("tap");
  expect([seen, client!.status]).toEqual([["a", "b"], "open"]);
});

test("comes back with its cursor after a cut in the middle of an event, which is not delivered", async () => {
  const stream = await opened();
  const seen: string[] = [];
  client!.onmessage = ({ data }) => seen.push(data);
  await stream.send("id: 7\ndata: a\n\nid: 8\ndata: ha");
  await stream.cut();
  expect(client!.status).toBe("waiting");
  await wait(1500);
  expect(server.last.headers.get("Last-Event-ID")).toBe("7");
  await server.last.open().send("id: 8\ndata: half\n\n");
  expect(seen).toEqual(["a", "half"]);
  expect(kinds()).toEqual(["network"]);
});

test("the polite end of a stream is no end: it comes back", async () => {
  const stream = await opened();
  await stream.end();
  expect(kinds()).toEqual(["ended"]);
  await wait(1500);
  expect(server.calls).toHaveLength(2);
});

test("drops an event whose id it has seen, wherever it stands among the last 512", async () => {
  const seen: string[] = [];
  let stream = await opened();
  client!.onmessage = ({ data }) => seen.push(data);
  await stream.send("id: aaaaaaaa.1\ndata: 1\n\nid: bbbbbbbb.2\ndata: 2\n\ndata: no id\n\n");
  await stream.cut();
  await wait(1500);
  stream = server.last.open();
  await stream.send("id: aaaaaaaa.1\ndata: 1\n\nid: bbbbbbbb.2\ndata: 2\n\nid: bbbbbbbb.3\ndata: 3\n\ndata: no id\n\n");
  expect(seen).toEqual(["1", "2", "no id", "3", "no id"]);
  for (let n = 0; n < 512; ++n) await stream.send(`id: cccccccc.${n}\nevent: other\ndata: x\n\n`);
  await stream.send("id: aaaaaaaa.1\ndata: forgotten\n\n");
  expect(seen.at(-1)).toBe("forgotten");
});

test("ids of other servers may repeat", async () => {
  const seen: string[] = [];
  const stream = await opened();
  client!.onmessage = ({ data }) => seen.push(data);
  await stream.send("id: 1\ndata: a\n\nid: 1\ndata: b\n\n");
  expect(seen).toEqual(["a", "b"]);
});

test("delays double with each failure up to the longest, each a random part of it", async () => {
  await start({ retry: 1000, maxDelay: 5000 });
  const delays: number[] = [];
  for (let n = 0; n < 6; ++n) {
    server.last.fail();
    await settled();
    const before = Date.now();
    const asked = server.calls.length;
    while (server.calls.length === asked) await wait(50);
    delays.push(Date.now() - before);
  }
  expect(delays).toEqual([500, 1000, 2000, 2500, 2500, 2500]);
  vi.mocked(Math.random).mockReturnValue(0);
  server.last.fail();
  await settled();
  await wait(1);
  expect(server.calls).toHaveLength(8);
});

test("`retry:` is the base of its delays", async () => {
  const stream = await opened();
  await stream.send("event: carillon.open\nretry: 10000\ndata: {}\n\n");
  await stream.cut();
  await wait(4999);
  expect(server.calls).toHaveLength(1);
  await wait(1);
  expect(server.calls).toHaveLength(2);
});

test.each(["carillon.close", "carillon.unavailable"])("a `retry:` beside %s is waited for, once", async (type) => {
  const stream = await opened();
  await stream.send(`retry: 1000\nevent: carillon.open\ndata: {}\n\nretry: 60000\nevent: ${type}\ndata: {"reason":"drain"}\n\n`);
  await stream.end();
  await wait(60_499);
  expect(server.calls).toHaveLength(1);
  await wait(1);
  expect(server.calls).toHaveLength(2);
  server.last.fail();
  await wait(1000);
  expect(server.calls).toHaveLength(3);
});

test.each([
  [500, "120", 120_000],
  [503, "120", 120_000],
  [429, "1", 1_000],
  [503, "Thu, 01 Jan 1970 00:02:00 GMT", 120_000],
  [503, "Thu, 01 Jan 1970 00:00:00 GMT", 0],
  [503, "Fri, 31 Dec 9999 23:59:59 GMT", 300_000],
  [503, "-5", 0],
  [503, "soon", 0],
  [503, "999999999999", 300_000],
])("after %i it comes back, not before `Retry-After: %s`", async (status, value, floor) => {
  vi.setSystemTime(0);
  await start();
  server.last.answer(status, "", { "Retry-After": value });
  await settled();
  expect(kinds()).toEqual([String(status)]);
  await wait(floor + 1499);
  expect(server.calls).toHaveLength(1);
  await wait(1);
  expect(server.calls).toHaveLength(2);
});

test.each([400, 403, 404, 406, 410, 414])("%i closes it for good", async (status) => {
  await start({ token: () => "t" });
  server.last.answer(status);
  await settled();
  expect([client!.readyState, kinds()]).toEqual([2, [String(status)]]);
  expect(client!.failure?.status).toBe(status);
  await wait(1e6);
  expect(server.calls).toHaveLength(1);
});

test("204 closes it for good, without an error", async () => {
  await start();
  server.last.answer(204, undefined);
  await settled();
  expect([client!.readyState, client!.failure, failures]).toEqual([2, undefined, []]);
});

test("the end of a stream that ends closes it, without an error", async () => {
  const stream = await opened();
  const seen: unknown[] = [];
  client!.on("carillon.end", ({ data }) => seen.push(data));
  await stream.send('id: 1\nevent: carillon.end\ndata: {"reason":"closed"}\n\n');
  expect([client!.readyState, failures, seen]).toEqual([2, [], [{ reason: "closed" }]]);
  await wait(1e6);
  expect(server.calls).toHaveLength(1);
});

test("401 without a token function closes it for good", async () => {
  await start();
  server.last.answer(401);
  await settled();
  expect([client!.readyState, kinds()]).toEqual([2, ["401"]]);
});

test("401 asks for a fresh token at once, and closes after the third in a row", async () => {
  const asked: string[] = [];
  await start({ token: ({ why }) => `${why}${asked.push(why)}` });
  expect(server.last.headers.get("Authorization")).toBe("Bearer connect1");
  server.last.answer(401);
  await settled();
  expect(server.last.headers.get("Authorization")).toBe("Bearer refused2");
  server.last.answer(401);
  await wait(3000);
  expect(server.last.headers.get("Authorization")).toBe("Bearer refused3");
  server.last.answer(401);
  await settled();
  expect([client!.readyState, kinds()]).toEqual([2, ["401", "401", "401"]]);
});

test("401s with a good connection between them are not in a row", async () => {
  await start({ token: () => "t" });
  for (let round = 0; round < 5; ++round) {
    server.last.answer(401);
    await settled();
    const stream = server.last.open();
    await stream.send(`id: ${round}\ndata: x\n\n`);
    await stream.cut();
    await wait(1500);
  }
  expect(client!.status).toBe("connecting");
});

test("answers that are no event stream are tried again, five times", async () => {
  await start({ maxDelay: 1000 });
  for (let n = 1; n <= 6; ++n) {
    expect(server.calls).toHaveLength(n);
    server.last.answer(200, "<!doctype html><script>alert(1)</script>", { "Content-Type": "text/html" });
    await settled();
    await wait(500);
  }
  expect([client!.readyState, kinds()]).toEqual([2, Array(6).fill("content-type")]);
});

test("a server that closes at once for ever is asked ever more slowly", async () => {
  await start({ retry: 1000 });
  for (let second = 0; second < 600; ++second) {
    if (server.calls.length > 0 && client!.status === "connecting") {
      const stream = server.last.open();
      await settled();
      await stream.send("id: aaaaaaaa.0\nevent: carillon.open\ndata: {}\n\n");
      await stream.end();
    }
    await wait(1000);
  }
  // 600 seconds at no more than one attempt in 15 seconds, after the first few.
  expect(server.calls.length).toBeLessThan(50);
  expect(server.calls.length).toBeGreaterThan(35);
});

test("`maxRetries` bounds the failures in a row", async () => {
  await start({ maxRetries: 2, maxDelay: 100 });
  for (let n = 0; n < 3; ++n) {
    server.last.fail();
    await wait(100);
  }
  expect([server.calls.length, client!.readyState]).toEqual([3, 2]);
});

test("a token function that throws is a failure like others", async () => {
  let fails = true;
  await start({
    token: () => {
      if (fails) throw new Error("no login");
      return "t";
    },
  });
  expect([kinds(), client!.status, server.calls.length]).toEqual([["token"], "waiting", 0]);
  expect((failures[0]!.cause as Error).message).toBe("no login");
  fails = false;
  await wait(1500);
  expect(server.last.headers.get("Authorization")).toBe("Bearer t");
});

test("a token function that hangs is given up", async () => {
  const signals: AbortSignal[] = [];
  await start({ token: ({ signal }) => new Promise(() => signals.push(signal)) });
  await wait(30_000);
  expect([kinds(), signals[0]!.aborted]).toEqual([["timeout"], true]);
  await wait(1500);
  expect(signals).toHaveLength(2);
  client!.close();
  expect(signals[1]!.aborted).toBe(true);
});

test("a token function that hangs holds a change of topics or a renewal for no longer than the stream lives", async () => {
  let hangs = false;
  const stream = await opened({ token: () => (hangs ? new Promise(() => {}) : "t") });
  await stream.send('event: carillon.open\ndata: {"client":"c1","topics":["news"]}\n\n');
  hangs = true;
  let settles = 0;
  void client!.addTopic("a").finally(() => ++settles);
  await stream.send('event: carillon.expiring\ndata: {"in_ms":4000}\n\n');
  await wait(2000);
  expect([settles, client!.status, server.calls.length]).toEqual([0, "open", 1]);
  hangs = false;
  await stream.cut();
  await wait(1500);
  expect([settles, server.last.url.search, kinds()]).toEqual([1, "?topic=news&topic=a", ["network"]]);
});

test("a token function that throws is an error event of a change of topics or a renewal, and the stream goes on", async () => {
  let throws = false;
  const stream = await opened({
    token: () => {
      if (throws) throw new Error("no login");
      return "t";
    },
  });
  await stream.send('event: carillon.open\ndata: {"client":"c1","topics":["news"]}\n\n');
  throws = true;
  await expect(client!.addTopic("a")).rejects.toMatchObject({ kind: "token" });
  await stream.send('event: carillon.expiring\ndata: {"in_ms":4000}\n\n');
  await wait(2000);
  expect([kinds(), client!.status, server.calls.length]).toEqual([["token"], "open", 1]);
});

test("a server that takes the connection and says nothing is given up", async () => {
  await start({ connectTimeout: 1000 });
  await wait(1000);
  expect([kinds(), server.calls[0]!.signal.aborted]).toEqual([["timeout"], true]);
});

test("silence is a dead stream; a heartbeat's comment is none", async () => {
  const stream = await opened();
  for (let n = 0; n < 5; ++n) {
    await wait(74_999);
    await stream.send(":\n");
  }
  expect(client!.status).toBe("open");
  await wait(75_000);
  expect([kinds(), stream.cancelled]).toEqual([["silence"], true]);
});

test("a clock that jumps changes nothing by itself", async () => {
  const stream = await opened();
  for (const jump of [-1e9, 1e12, -1e12]) {
    vi.setSystemTime(Date.now() + jump);
    await stream.send("id: 1\ndata: x\n\n");
    await wait(60_000);
    expect(client!.status).toBe("open");
    await stream.send(":\n");
  }
  await stream.cut();
  vi.setSystemTime(0);
  await wait(1500);
  expect(server.calls).toHaveLength(2);
});

test("tells of gaps: a verdict in any system's opening event, and in the middle of a stream", async () => {
  const gaps: Gap[] = [];
  const stream = await opened({ onGap: (gap) => gaps.push(gap) });
  await stream.send('id: e.1\nevent: carillon.open\ndata: {"resume":"gap","from":"e.0","to":"e.1","reason":"retention"}\n\n');
  await stream.send('event: carillon.gap\ndata: {"from":"e.1","to":"e.2","reason":"slow"}\n\n');
  await stream.send('data: {"resume":"gap"}\n\n');
  await stream.cut();
  await wait(1500);
  await server.last.open().send('data: {"type":"connection_established","resume":"reset"}\n\n');
  expect(gaps).toEqual([
    { resume: "gap", from: "e.0", to: "e.1", reason: "retention" },
    { resume: "gap", from: "e.1", to: "e.2", reason: "slow" },
    { resume: "reset" },
  ]);
});

test("its signal closes it, also before it has begun", async () => {
  const end = new AbortController();
  const stream = await opened({ signal: end.signal });
  end.abort();
  await settled();
  expect([client!.status, stream.cancelled]).toEqual(["closed", true]);
  const asked = server.calls.length;
  await start({ signal: end.signal });
  expect([client!.status, server.calls.length]).toEqual(["closed", asked]);
});

test("can be iterated: all events but the hub's own, until it is closed", async () => {
  const stream = await opened();
  const seen: unknown[] = [];
  const over = (async () => {
    for await (const { type, data } of client!) seen.push([type, data]);
  })();
  await stream.send('event: carillon.open\ndata: {}\n\ndata: 1\n\nevent: heartbeat\ndata: {}\n\nevent: x\ndata: 2\n\ndata: {\n\ndata: 3\n\n');
  client!.close();
  await over;
  expect(seen).toEqual([["message", 1], ["x", 2], ["message", 3]]);
  expect(kinds()).toEqual(["data"]);
});

test("an iteration throws when the client gives up, and may end before", async () => {
  const stream = await opened();
  for await (const event of (queueMicrotask(() => void stream.send("data: 1\n\n")), client!)) {
    expect(event.data).toBe(1);
    break;
  }
  const iterator = client![Symbol.asyncIterator]();
  const next = iterator.next();
  await stream.cut();
  await wait(1500);
  server.last.answer(404);
  await expect(next).rejects.toMatchObject({ status: 404 });
});

test("a slow iteration loses the oldest, and is told", async () => {
  const gaps: Gap[] = [];
  const stream = await opened({ buffer: 3, onGap: (gap) => gaps.push(gap) });
  const iterator = client![Symbol.asyncIterator]();
  const first = iterator.next();
  await stream.send("data: 0\n\n");
  expect((await first).value?.data).toBe(0);
  await stream.send("data: 1\n\ndata: 2\n\ndata: 3\n\n");
  expect(gaps).toEqual([]);
  await stream.send("data: 4\n\n");
  expect(gaps).toEqual([{ resume: "buffer" }]);
  expect((await iterator.next()).value?.data).toBe(2);
});

test("too large an event is left out, and told", async () => {
  const stream = await opened({ maxEventSize: 100 });
  const seen: number[] = [];
  client!.onmessage = ({ data }) => seen.push(data.length);
  await stream.send(`id: 1\ndata: ${"x".repeat(200)}\n\nid: 2\ndata: ${"x".repeat(99)}\n\n`);
  expect([seen, kinds(), client!.lastEventId]).toEqual([[99], ["too-large"], "2"]);
});

test("topics are asked for in the URL, and changed on the live stream", async () => {
  const stream = await opened({ topics: ["a/b", "chat/**"] });
  expect(server.last.url.searchParams.getAll("topic")).toEqual(["news", "a/b", "chat/**"]);
  await stream.send('event: carillon.open\ndata: {"client":"c1","topics":["news","a/b","chat/**"]}\n\n');
  const added = client!.addTopic("x/y?z");
  await settled();
  expect([server.last.method, server.last.url.href]).toEqual(["PUT", "http://hub.test/events/clients/c1/topics/x/y%3Fz"]);
  server.last.answer(204, undefined);
  await added;
  const removed = client!.removeTopic("a/b");
  await settled();
  expect([server.last.method, server.last.url.pathname]).toEqual(["DELETE", "/events/clients/c1/topics/a/b"]);
  server.last.answer(403);
  await expect(removed).rejects.toMatchObject({ status: 403 });
  await stream.cut();
  await wait(1500);
  expect(server.last.url.searchParams.getAll("topic")).toEqual(["news", "chat/**", "x/y?z"]);
});

test("a stream that may not be changed is opened anew with other topics, once", async () => {
  const stream = await opened({ topics: ["a"] });
  await stream.send('id: aaaaaaaa.1\nevent: carillon.open\ndata: {"client":"c1","topics":["news","a"]}\n\n');
  const removed = client!.removeTopic("news");
  await settled();
  server.last.answer(401);
  await removed;
  await settled();
  expect([server.last.method, server.last.url.search, server.last.headers.get("Last-Event-ID")]).toEqual(["GET", "?topic=a", "aaaaaaaa.1"]);
  expect(failures).toEqual([]);
  await server.last.open().send('event: carillon.open\ndata: {"client":"c2","topics":["news","a"]}\n\n');
  expect(server.last.method).toBe("DELETE");
  server.last.answer(401);
  await wait(60_000);
  expect(client!.status).toBe("open");
});

test("topics that were changed while it was opened anew are others after all, also where streams may not be changed", async () => {
  const stream = await opened();
  await stream.send('event: carillon.open\ndata: {"client":"c1","topics":["news"]}\n\n');
  const added = client!.addTopic("a");
  await settled();
  server.last.answer(401);
  await added;
  await settled();
  // The URL with both has gone out already.
  await client!.removeTopic("news");
  await server.last.open().send('event: carillon.open\ndata: {"client":"c2","topics":["news","a"]}\n\n');
  expect([server.last.method, server.last.url.pathname]).toEqual(["DELETE", "/events/clients/c2/topics/news"]);
  server.last.answer(401);
  await settled();
  expect([server.last.method, server.last.url.search]).toEqual(["GET", "?topic=a"]);
  expect(failures).toEqual([]);
});

test("a topic that is asked for between the answer and the opening event waits for the new stream's id", async () => {
  let stream = await opened();
  await stream.send('event: carillon.open\ndata: {"client":"c1","topics":["news"]}\n\n');
  await stream.cut();
  await wait(1500);
  stream = server.last.open();
  await settled();
  await client!.addTopic("a");
  expect([client!.clientId, server.last.method]).toEqual([undefined, "GET"]);
  await stream.send('event: carillon.open\ndata: {"client":"c2","topics":["news"]}\n\n');
  expect([server.last.method, server.last.url.pathname]).toEqual(["PUT", "/events/clients/c2/topics/a"]);
  // Whoever asked has gone on: what the server says of it is an error event.
  server.last.answer(403);
  await settled();
  expect([kinds(), client!.status]).toEqual([["network", "403"], "open"]);
});

test("topics that were changed while it connected are changed as soon as it is open", async () => {
  await start({}, "http://hub.test/events/subscribe/news");
  const stream = server.last.open();
  await client!.addTopic("late");
  await client!.removeTopic("news");
  await stream.send('event: carillon.open\ndata: {"client":"c1","topics":["news"]}\n\n');
  expect(server.calls.slice(1).map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
    "PUT /events/clients/c1/topics/late",
    "DELETE /events/clients/c1/topics/news",
  ]);
});

test("renews its token on the live stream when the server warns", async () => {
  const asked: string[] = [];
  const stream = await opened({ token: ({ why }) => `t${asked.push(why)}` });
  await stream.send('event: carillon.open\ndata: {"client":"c1"}\n\nevent: carillon.expiring\ndata: {"at":"2030-01-01T00:00:00Z","in_ms":40000}\n\n');
  await wait(9_999);
  expect(asked).toEqual(["connect"]);
  await wait(1);
  expect(asked).toEqual(["connect", "expiring"]);
  expect([server.last.method, server.last.url.href, server.last.body]).toEqual([
    "POST",
    "http://hub.test/auth/renew",
    '{"client":"c1"}',
  ]);
  expect(server.last.headers.get("Authorization")).toBe("Bearer t2");
  server.last.answer(403);
  await settled();
  expect([kinds(), client!.status]).toEqual([["403"], "open"]);
});

test("says its status to whoever watches", async () => {
  const seen: string[] = [];
  await start();
  const stop = client!.onStatus((status) => seen.push(status));
  const stream = server.last.open();
  await settled();
  await stream.cut();
  await wait(1500);
  client!.close();
  client!.close();
  stop();
  expect(seen).toEqual(["open", "waiting", "connecting", "closed"]);
});

test("reconnects when it is told to, at once", async () => {
  const stream = await opened();
  client!.reconnect();
  await settled();
  expect([server.calls.length, stream.cancelled]).toEqual([2, true]);
  server.last.fail();
  await settled();
  client!.reconnect();
  await settled();
  expect(server.calls).toHaveLength(3);
});

test("sends headers and credentials", async () => {
  await start({ headers: { "X-Tenant": "a" }, withCredentials: true });
  expect([server.last.headers.get("X-Tenant"), client!.withCredentials]).toEqual(["a", true]);
});
