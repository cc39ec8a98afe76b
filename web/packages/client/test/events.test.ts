import { expect, test } from "vitest";
import { CarillonClient, type Gap } from "../src/index.js";
import { client, kinds, opened, server, wait } from "./stage.js";
import { settled } from "./support.js";

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

test("too large an event is left out, and told", async () => {
  const stream = await opened({ maxEventSize: 100 });
  const seen: number[] = [];
  client!.onmessage = ({ data }) => seen.push(data.length);
  await stream.send(`id: 1\ndata: ${"x".repeat(200)}\n\nid: 2\ndata: ${"x".repeat(99)}\n\n`);
  expect([seen, kinds(), client!.lastEventId]).toEqual([[99], ["too-large"], "2"]);
});
