// carillon-server against the real server: clients of a topic service, and streams that pass through a Node back end.
import { createServer, request, type RequestListener, type Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Carillon, type ClientRecord, type User } from "carillon-server";
import { passThrough } from "carillon-server/express";
import { streamRoute } from "carillon-server/next";
import { SSEService } from "carillon-server/topics";
import { EventSource } from "eventsource";
import express from "express";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Server, until } from "./support/server.js";

const secret = "a secret that is only used in these tests";
let server: Server;
let carillon: Carillon;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  server = await Server.start("--auth.secret", secret, "--http.trusted_proxies", "127.0.0.1");
  carillon = new Carillon({ url: server.url, secret, backoff: { first: 10, most: 100 } });
});
afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});
afterAll(async () => {
  await carillon?.close(0);
  await server?.stop();
});

/** An application of its own; gives its URL. */
async function listen(handler: RequestListener): Promise<string> {
  const app: HttpServer = createServer(handler);
  await new Promise<void>((done) => app.listen(0, "127.0.0.1", done));
  cleanUp.push(async () => {
    app.closeAllConnections();
    await new Promise((done) => app.close(done));
  });
  return `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
}

interface Listener {
  source: EventSource;
  seen: string[];
  /** Resolves when the stream stands. */
  opened: Promise<void>;
}

function open(url: string, events: string[] = ["message"]): Listener {
  const source = new EventSource(url);
  cleanUp.push(() => source.close());
  const seen: string[] = [];
  for (const name of events) source.addEventListener(name, ({ data }) => seen.push(data as string));
  const opened = new Promise<void>((done) => source.addEventListener("carillon.open", () => done(), { once: true }));
  return { source, seen, opened };
}

describe("clients of a topic service", () => {
  let service: SSEService;
  let ids: string[];

  function serve(config = {}): Promise<string> {
    service = new SSEService(carillon, config);
    ids = [];
    return listen((request, response) => {
      const clientId = service.createClient(response);
      ids.push(clientId);
      for (const topic of (request.url ?? "").split("/").slice(2)) void service.subscribe(clientId, topic);
      void service.startHeartbeat(clientId);
    });
  }

  it("listen to the topics that are subscribed to in the same turn", async () => {
    const url = await serve();
    const { seen, opened } = open(`${url}/events/prices`);
    await opened;
    await service.broadcast({ topic: "prices", event: "message", data: { price: 1 }, timestamp: new Date().toISOString() });
    await service.broadcast({ topic: "others", data: 2 });
    await service.broadcast({ topic: "prices", data: 3 });
    await until("both have come", () => seen.length === 2);
    expect(seen).toEqual(['{"price":1}', "3"]);
    expect((await service.getClient(ids[0] ?? "")).topics).toEqual(new Set(["prices"]));
  });

  it("take further topics, give them back, and get events of their own", async () => {
    const url = await serve();
    const { seen, opened } = open(`${url}/events`);
    await opened;
    const id = ids[0] ?? "";
    await service.subscribe(id, "late");
    await service.broadcast({ topic: "late", data: 1 });
    await service.unsubscribe(id, "late");
    await service.broadcast({ topic: "late", data: 2 });
    await service.sendEvent(id, { data: "for you", event: "message" });
    await until("the last has come", () => seen.includes("for you"));
    expect(seen).toEqual(["1", "for you"]);
  });

  it("are told of by CLIENT_NOT_FOUND once they have gone", async () => {
    const url = await serve();
    const { source, opened } = open(`${url}/events/a`);
    await opened;
    const id = ids[0] ?? "";
    source.close();
    await until("it is forgotten", () =>
      service.sendEvent(id, { data: { message: "Test" } }).then(
        () => false,
        (why: { code: string }) => why.code === "CLIENT_NOT_FOUND",
      ),
    );
  });

  it("are removed", async () => {
    const url = await serve();
    const { source, opened } = open(`${url}/events/a`);
    await opened;
    const ended = new Promise((done) => source.addEventListener("error", done, { once: true }));
    await service.removeClient(ids[0] ?? "");
    await ended;
  });

  it("resume where they were when the browser comes back, also over a restart of the server", async () => {
    const url = await serve();
    const { seen, opened } = open(`${url}/events/numbers`);
    await opened;
    await carillon.publish("numbers", 0);
    await until("the first has come", () => seen.length === 1);
    await server.kill();
    await server.start();
    await carillon.publishMany([1, 2, 3].map((data) => ({ topic: "numbers", data })));
    await until("the others have come", () => seen.length === 4, 20_000);
    expect(seen).toEqual(["0", "1", "2", "3"]);
  });

  it("are no more than allowed, and events no larger", async () => {
    await serve({ maxClients: 1, maxEventSize: 60 });
    const errors: unknown[] = [];
    const url = await listen((_, response) => {
      try {
        service.createClient(response);
      } catch (why) {
        errors.push(why);
        response.writeHead(503).end();
      }
    });
    await open(`${url}/one`).opened;
    expect((await fetch(`${url}/two`)).status).toBe(503);
    expect(errors).toEqual([expect.objectContaining({ code: "MAX_CLIENTS" })]);
    const sized = (size: number) => service.broadcast({ topic: "t", data: "x".repeat(size - '{"topic":"t","data":""}'.length) });
    await sized(60);
    await expect(sized(61)).rejects.toMatchObject({ code: "EVENT_TOO_LARGE" });
  });

  it("do nothing when the service is switched off", async () => {
    const off = new SSEService(carillon, { enabled: false });
    await expect(off.broadcast({ topic: "t", data: 1 })).rejects.toMatchObject({ code: "DISABLED" });
  });
});

/** The application's own login: a cookie. */
const login = (cookie: string | undefined | null): User | undefined => {
  const name = /user=(\w+)/.exec(cookie ?? "")?.[1];
  return name === undefined ? undefined : { id: name, session: `${name}-s` };
};

type Login = (cookie: string | undefined | null) => User | string | undefined | Promise<User | string | undefined>;

const adapters: [string, (by?: Login) => RequestListener][] = [
  [
    "Express",
    (by = login) => {
      const app = express().disable("x-powered-by");
      app.use(express.json(), express.urlencoded());
      // What reads the request to its end destroys it: it is not the browser that has gone.
      app.use((asked, _, next) => void asked.resume().once("close", () => next()));
      app.get("/stream", passThrough({ carillon, path: "/events/subscribe", user: (r) => by(r.headers.cookie) }));
      return app as unknown as RequestListener;
    },
  ],
  [
    "Next's kind of route handler",
    (by = login) => {
      const handler = streamRoute({ carillon, path: "/events/subscribe", user: (r) => by(r.headers.get("cookie")) });
      return (incoming, response) => void runWeb(handler, incoming, response);
    },
  ],
];

/** What Next does with a route handler: pulls the body as the socket takes it, and aborts the request when it closes. */
const runWeb = async (
  handler: (request: Request) => Promise<Response>,
  incoming: Parameters<RequestListener>[0],
  response: Parameters<RequestListener>[1],
): Promise<void> => {
  const stop = new AbortController();
  const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]);
  const method = incoming.method ?? "GET";
  const asked = new Request(`http://localhost${incoming.url}`, { method, headers, signal: stop.signal });
  response.once("close", () => stop.abort());
  const answer = await handler(asked);
  const reader = answer.body?.getReader();
  const cancel = () => void reader?.cancel().catch(() => undefined);
  if (response.destroyed) return cancel();
  response.once("close", cancel);
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.flushHeaders();
  try {
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      if (response.write(piece.value)) continue;
      await new Promise<void>((done) => {
        const go = () => {
          response.off("drain", go).off("close", go);
          done();
        };
        response.on("drain", go).on("close", go);
      });
      if (response.destroyed) return;
    }
    response.end();
  } catch {
    response.destroy();
  }
};

describe.each(adapters)("a stream that passes through %s", (_, make) => {
  async function listening(topic: string): Promise<ClientRecord[]> {
    const clients: ClientRecord[] = [];
    for await (const client of carillon.clients({ topic })) clients.push(client);
    return clients;
  }

  function asUser(url: string, name = "alice"): Listener {
    const withCookie: typeof fetch = (input, init) =>
      fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), Cookie: `user=${name}` } });
    const source = new EventSource(url, { fetch: withCookie as never });
    cleanUp.push(() => source.close());
    const seen: string[] = [];
    source.addEventListener("message", ({ data }) => seen.push(data as string));
    const opened = new Promise<void>((done) => source.addEventListener("carillon.open", () => done(), { once: true }));
    return { source, seen, opened };
  }

  it("is opened for the user of the application's login", async () => {
    const url = await listen(make());
    const { seen, opened } = asUser(`${url}/stream?topic=a&token=mine`);
    await opened;
    await carillon.publish("a", "hello");
    await until("it has come", () => seen.length === 1);
    expect(await listening("a")).toEqual([expect.objectContaining({ user: "alice", session: "alice-s", topics: ["a"] })]);
  });

  it("is refused to nobody, by the problem document that Carillon would send", async () => {
    const url = await listen(make());
    const answer = await fetch(`${url}/stream?topic=a`, { headers: { Authorization: "Bearer of somebody" } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
    expect(await answer.json()).toMatchObject({ code: "UNAUTHENTICATED", status: 401 });
  });

  it("passes on what Carillon refuses", async () => {
    const url = await listen(make());
    const headers = { Cookie: "user=bob", Accept: "*/*" };
    const answer = await fetch(`${url}/stream`, { headers });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "INVALID_REQUEST" });
  });

  it("bears the stream's head without what is of one connection", async () => {
    const url = await listen(make());
    const stop = new AbortController();
    const answer = await fetch(`${url}/stream?topic=a`, { headers: { Cookie: "user=bob" }, signal: stop.signal });
    expect(answer.headers.get("Content-Type")).toBe("text/event-stream");
    expect(answer.headers.get("Cache-Control")).toBe("no-cache, no-transform");
    expect(answer.headers.get("X-Accel-Buffering")).toBe("no");
    stop.abort();
  });

  it("ends at Carillon when the browser leaves", async () => {
    const url = await listen(make());
    const { source, opened } = asUser(`${url}/stream?topic=left`);
    await opened;
    expect(await listening("left")).toHaveLength(1);
    source.close();
    await until("it has ended", async () => (await listening("left")).length === 0);
  });

  it("is not opened for a browser that has left while the login was asked", async () => {
    const url = await listen(make(async () => {
      await sleep(200);
      return "alice";
    }));
    const stop = new AbortController();
    const asked = fetch(`${url}/stream?topic=early`, { headers: { Cookie: "user=alice" }, signal: stop.signal });
    await sleep(50);
    stop.abort();
    await expect(asked).rejects.toThrow();
    await sleep(300);
    expect(await listening("early")).toEqual([]);
    await asUser(`${url}/stream?topic=early`).opened;
  });

  it("breaks off with Carillon, and resumes from its cursor", async () => {
    const url = await listen(make());
    const { seen, opened } = asUser(`${url}/stream?topic=numbers2`);
    await opened;
    await carillon.publish("numbers2", 0);
    await until("the first has come", () => seen.length === 1);
    await server.kill();
    // While there is no Carillon, an EventSource is told to come back.
    const answer = await fetch(`${url}/stream?topic=a`, { headers: { Cookie: "user=bob", Accept: "text/event-stream" } });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toMatch(/^retry: [3-6]\d{3}\nevent: carillon\.unavailable\n/);
    const plain = await fetch(`${url}/stream?topic=a`, { headers: { Cookie: "user=bob", Accept: "application/json" } });
    expect(plain.status).toBe(503);
    await server.start();
    await carillon.publishMany([1, 2].map((data) => ({ topic: "numbers2", data })));
    await until("the others have come", () => seen.length >= 3, 20_000);
    expect(seen.filter((data, at) => at === 0 || data !== "0")).toEqual(["0", "1", "2"]);
    await carillon.publish("numbers2", 3);
    await until("the last has come", () => seen.at(-1) === "3");
  });

  it("waits for a browser that does not read, without holding up others", async () => {
    const url = await listen(make());
    const { port } = new URL(url);
    const stuck = await new Promise<Socket>((done) => {
      const asking = request({ port, path: "/stream?topic=flood", headers: { Cookie: "user=slow" } });
      asking.on("response", (answer) => {
        answer.pause();
        done(answer.socket);
      });
      asking.on("error", () => undefined);
      asking.end();
    });
    stuck.pause();
    cleanUp.push(() => stuck.destroy());
    const { seen, opened } = asUser(`${url}/stream?topic=flood`);
    await opened;
    const size = 64 * 1024;
    const before = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 20; n += 1) {
      const events = Array.from({ length: 16 }, () => ({ topic: "flood", data: "x".repeat(size), ephemeral: false }));
      await carillon.publishMany(events);
    }
    await until("the other has all", () => seen.length === 320, 30_000);
    // Of the 20 MiB, what is not in sockets' buffers is still with Carillon.
    expect((await listening("flood")).filter(({ behind }) => behind)).toHaveLength(1);
    setFlagsFromString("--expose-gc");
    runInNewContext("gc")();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });
});
