import { expect, test } from "vitest";
import { client, failures, kinds, opened, server, start, wait } from "./stage.js";
import { settled } from "./support.js";

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

test.each([404, 405])("a stream under a path of the application's own, which changes none (%i), is opened anew with other topics", async (status) => {
  const stream = await opened({}, "http://app.test/api/stream?from=app");
  await stream.send('event: carillon.open\ndata: {"client":"c1","topics":[]}\n\n');
  const added = client!.addTopic("a");
  await settled();
  expect([server.last.method, server.last.url.href]).toEqual(["PUT", "http://app.test/api/stream/c1/topics/a"]);
  server.last.answer(status);
  await added;
  await settled();
  expect([server.last.method, server.last.url.search, kinds()]).toEqual(["GET", "?from=app&topic=a", []]);
});

test.each([400, 403])("a topic that is refused (%i) is not asked for again: it would be the end of the next stream", async (status) => {
  const stream = await opened();
  await stream.send('event: carillon.open\ndata: {"client":"c1","topics":["news"]}\n\n');
  const added = client!.addTopic("secret");
  await settled();
  server.last.answer(status);
  await expect(added).rejects.toMatchObject({ status });
  await stream.cut();
  await wait(1500);
  expect(server.last.url.search).toBe("?topic=news");
});

test("a topic that a stream was opened anew for, and refused, leaves the others", async () => {
  const stream = await opened();
  await stream.send('id: aaaaaaaa.1\nevent: carillon.open\ndata: {"client":"c1","topics":["news"]}\n\n');
  const added = client!.addTopic("secret");
  await settled();
  server.last.answer(401);
  await added;
  await settled();
  expect(server.last.url.search).toBe("?topic=news&topic=secret");
  server.last.answer(403);
  await wait(1500);
  expect([server.last.url.search, server.last.headers.get("Last-Event-ID"), kinds()]).toEqual(["?topic=news", "aaaaaaaa.1", ["403"]]);
  // What is refused without such a topic is refused for good.
  server.last.answer(403);
  await settled();
  expect(client!.status).toBe("closed");
});

test("topics that a renewed token does not allow are given up when the next stream is refused", async () => {
  const stream = await opened({ topics: ["a", "b"] });
  await stream.send('event: carillon.open\ndata: {"client":"c1","topics":["news","a","b"]}\n\nevent: carillon.renewed\ndata: {"dropped":["a"]}\n\n');
  await stream.cut();
  await wait(1500);
  server.last.answer(403);
  await wait(3000);
  expect([server.last.url.search, kinds()]).toEqual(["?topic=news&topic=b", ["network", "403"]]);
});

test("two changes of one topic that overtake each other end as it was wanted last", async () => {
  const stream = await opened({ topics: ["a"] });
  await stream.send('event: carillon.open\ndata: {"client":"c1","topics":["news","a"]}\n\n');
  const removed = client!.removeTopic("a");
  const added = client!.addTopic("a");
  await settled();
  const [taken, given] = server.calls.slice(1);
  expect([taken!.method, given!.method]).toEqual(["DELETE", "PUT"]);
  // The server has got them the other way round.
  given!.answer(204, undefined);
  await settled();
  taken!.answer(204, undefined);
  await settled();
  expect([server.calls.length, server.last.method]).toEqual([4, "PUT"]);
  server.last.answer(204, undefined);
  await Promise.all([removed, added]);
  await settled();
  expect(server.calls).toHaveLength(4);
});

test.each([
  ["../../../auth/logout", "%00/%00/%00/auth/logout"],
  ["a/..", "a/%00"],
  [".", "%00"],
])("a topic with segments of dots changes nothing elsewhere: %s", async (topic, path) => {
  const stream = await opened();
  await stream.send('event: carillon.open\ndata: {"client":"c1","topics":["news"]}\n\n');
  const added = client!.addTopic(topic);
  await settled();
  expect(server.last.url.pathname).toBe(`/events/clients/c1/topics/${path}`);
  server.last.answer(400);
  await expect(added).rejects.toMatchObject({ status: 400 });
});
