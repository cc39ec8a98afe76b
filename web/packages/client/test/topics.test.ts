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
