import { expect, test, vi } from "vitest";
import { client, kinds, opened, server, start, wait } from "./stage.js";
import { settled } from "./support.js";

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
