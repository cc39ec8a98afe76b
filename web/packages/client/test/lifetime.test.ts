import { getEventListeners } from "node:events";
import { expect, test, vi } from "vitest";
import { client, failures, kinds, opened, server, start, wait } from "./stage.js";
import { settled } from "./support.js";

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

test("limits may be infinite", async () => {
  const stream = await opened({ silence: Infinity, connectTimeout: Infinity, maxDelay: Infinity });
  await wait(1e7);
  expect([client!.status, kinds()]).toEqual(["open", []]);
  await stream.cut();
  for (let failed = 0; failed < 40; ++failed) {
    client!.reconnect();
    await settled();
    server.last.fail();
    await settled();
  }
  const asked = server.calls.length;
  await wait(60_000);
  expect(server.calls).toHaveLength(asked);
});

test("calls beside a stream leave nothing behind on it", async () => {
  const signals: AbortSignal[] = [];
  const stream = await opened({ token: ({ signal }) => `t${signals.push(signal)}`, fetch: ((url, init) => server.fetch(url, { ...init, signal: null })) as typeof fetch });
  await stream.send('event: carillon.open\ndata: {"client":"c1","topics":["news"]}\n\n');
  const before = getEventListeners(signals[0]!, "abort").length;
  for (let n = 0; n < 10; ++n) {
    const added = client!.addTopic(`${n}`);
    await settled();
    server.last.answer(204, undefined);
    await added;
  }
  expect(signals.at(-1)).toBe(signals[0]);
  expect(getEventListeners(signals[0]!, "abort")).toHaveLength(before);
});
