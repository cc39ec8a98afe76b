import { expect, test } from "vitest";
import type { Gap } from "../src/index.js";
import { client, kinds, opened, server, wait } from "./stage.js";

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

test("a burst that a slow iteration cannot keep is one gap", async () => {
  const gaps: Gap[] = [];
  const stream = await opened({ buffer: 10, onGap: (gap) => gaps.push(gap) });
  const iterator = client![Symbol.asyncIterator]();
  const first = iterator.next();
  await stream.send("data: -1\n\n");
  await first;
  const burst = Array.from({ length: 1000 }, (_, n) => `data: ${n}\n\n`).join("");
  await stream.send(burst);
  expect(gaps).toHaveLength(1);
  for (let n = 990; n < 1000; ++n) expect((await iterator.next()).value?.data).toBe(n);
  // It had caught up: the next burst is another.
  const next = iterator.next();
  await stream.send(burst);
  await next;
  expect(gaps).toHaveLength(2);
});
