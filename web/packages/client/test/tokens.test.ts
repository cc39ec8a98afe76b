import { expect, test } from "vitest";
import { client, failures, kinds, opened, server, start, wait } from "./stage.js";
import { settled } from "./support.js";

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

test("sends headers and credentials", async () => {
  await start({ headers: { "X-Tenant": "a" }, withCredentials: true });
  expect([server.last.headers.get("X-Tenant"), client!.withCredentials]).toEqual(["a", true]);
});
