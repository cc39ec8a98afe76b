// curl, and the `eventsource` package of Node, straight and through nginx.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { connect } from "carillon-client";
import { EventSource } from "eventsource";
import { Nginx } from "./support/nginx.js";
import { Server, until } from "./support/server.js";

let server: Server;

beforeEach(async () => {
  server = await Server.start("--stream.retry", "200ms", "--drain.window", "100ms", "--drain.expected_downtime", "200ms");
});
afterEach(() => server?.stop());

function listen(url: string) {
  const source = new EventSource(url);
  const data: string[] = [];
  const verdicts: string[] = [];
  source.onmessage = (event) => data.push(event.data);
  source.addEventListener("carillon.open", (event) => verdicts.push(JSON.parse(event.data).resume));
  return { source, data, verdicts, came: (count: number) => until(`${count} events`, () => data.length >= count) };
}

test("the lines of the README work with curl", async () => {
  const readme = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url)), "utf8");
  const line = (start: string) =>
    readme.split("\n").find((text) => text.startsWith(start))!.replace("localhost:3000", `localhost:${server.port}`);
  const reader = spawn("sh", ["-c", `exec ${line("curl -N")}`]);
  let printed = "";
  reader.stdout.on("data", (text) => (printed += String(text)));
  await until("the stream is open", () => printed.includes("carillon.open"));
  const start = Date.now();
  spawn("sh", ["-c", line("curl --json")]);
  await until("the event is printed", () => printed.includes('data: {"text":"hello"}\n\n'));
  expect(Date.now() - start).toBeLessThan(2000);
  reader.kill();
});

test("Node's eventsource receives, and misses nothing over a kill of the server", async () => {
  const client = listen(`${server.url}/events/subscribe/news`);
  await until("the stream is open", () => client.verdicts.length === 1);
  await server.publish("news", "one");
  await client.came(1);
  await server.kill();
  await server.start();
  await server.publish("news", "two");
  await client.came(2);
  expect(client.data).toEqual(["one", "two"]);
  expect(client.verdicts).toEqual(["fresh", "resumed"]);
  client.source.close();
});

test("behind nginx events pass at once", async () => {
  const nginx = await Nginx.before(server.port);
  const client = listen(`${nginx.url}/events/subscribe/news`);
  await until("the stream is open", () => client.verdicts.length === 1);
  const start = Date.now();
  await server.publish("news", "tiny");
  await client.came(1);
  expect(Date.now() - start).toBeLessThan(1000);
  client.source.close();
  await nginx.stop();
});

test("behind nginx a restart kills no EventSource and loses nothing", async () => {
  const nginx = await Nginx.before(server.port);
  const client = listen(`${nginx.url}/events/subscribe/news`);
  await until("the stream is open", () => client.verdicts.length === 1);
  await server.publish("news", "one");
  await client.came(1);
  await server.drain();
  // While nobody answers behind nginx, the client is told when to come back, more than once.
  const away = await until("nginx answers in the server's stead", async () => {
    const answer = await fetch(`${nginx.url}/events/subscribe/news`, { headers: { Accept: "text/event-stream" } });
    return answer.status === 200 ? await answer.text() : "";
  });
  expect(away).toMatch(/^retry: \d+\nevent: carillon.unavailable\n/);
  await new Promise((later) => setTimeout(later, 1000));
  await server.start();
  await server.publish("news", "two");
  await client.came(2);
  expect(client.data).toEqual(["one", "two"]);
  expect(client.source.readyState).not.toBe(EventSource.CLOSED);
  client.source.close();
  await nginx.stop();
});

test("behind nginx publishing from elsewhere and the clients' records are closed", async () => {
  const nginx = await Nginx.before(server.port);
  expect((await fetch(`${nginx.url}/events/clients`)).status).toBe(404);
  expect((await fetch(`${nginx.url}/metrics`)).status).toBe(404);
  await nginx.stop();
});

test("carillon-client in Node misses nothing over a kill, and leaves when it is closed, whatever was collected meanwhile", async () => {
  const client = connect<{ message: string }>(`${server.url}/events/subscribe/news`);
  const data: string[] = [];
  const over = (async () => {
    for await (const event of client) data.push(event.data as string);
  })();
  await until("the stream is open", () => client.status === "open");
  await server.publish("news", '"one"');
  await until("an event", () => data.length === 1);
  await server.kill();
  await server.start();
  await server.publish("news", '"two"');
  await until("another", () => data.length === 2);
  expect(data).toEqual(["one", "two"]);
  // Node's fetch holds the request of a body weakly: a signal alone would no longer reach it.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let n = 0; n < 5; ++n) {
    collect();
    await new Promise((done) => setImmediate(done));
  }
  client.close();
  await over;
  await until("nobody listens", async () => (await server.metric("carillon_subscribers")) === 0);
});
