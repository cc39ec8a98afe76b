// What applications, browsers and clocks get wrong: each has a defined end, and reaches nobody else.
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Domains } from "../src/domains.js";
import { passThrough } from "../src/express.js";
import { Carillon, readStream, signToken } from "../src/index.js";
import { EventService } from "../src/metadata.js";
import { streamRoute } from "../src/next.js";
import { SSEPublisher } from "../src/notifications.js";
import { SSEService, type UserEvent } from "../src/users.js";
import { FakeServer, problem, published } from "./support/fake_server.js";

let server: FakeServer;
let carillon: Carillon;
const failures: unknown[] = [];
const options = { secret: "s", backoff: { first: 1, most: 2 }, onError: (why: unknown) => failures.push(why) };

beforeEach(async () => {
  server = await FakeServer.start(published);
  failures.length = 0;
  carillon = new Carillon({ url: server.url, ...options });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await carillon.close(0);
  await server.stop();
});

const routes = (): string[] => server.asked.map(({ method, path }) => `${method} ${path}`);
const invalid = { code: "INVALID_REQUEST" };
// Programs without types pass on what they have.
const missing = undefined as unknown as string;

describe("a recipient that is missing", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["sendToUser", () => new SSEService(carillon).sendToUser(missing, "t", 1)],
    ["sendToUser, empty", () => new SSEService(carillon).sendToUser("", "t", 1)],
    ["sendToUsers", () => new SSEService(carillon).sendToUsers(["a", missing], "t", 1)],
    ["sendToUsers, no list", () => new SSEService(carillon).sendToUsers(missing as unknown as string[], "t", 1)],
    ["notifyUser", () => new EventService({ carillon }).notifyUser(missing, { event: "e", data: 1 })],
    ["notifyWithMetadata", () => new EventService({ carillon }).notifyWithMetadata(missing as never, { event: "e", data: 1 })],
    ["notifyClients", () => new EventService({ carillon }).notifyClients({ userId: missing, sessionId: missing }, { event: "e", data: 1 })],
    ["notifications.send", () => new Domains(carillon).notifications.send({ title: "t", userId: missing })],
    ["publishNotification", () => new SSEPublisher(carillon).publishNotification("n", "T", "A", "LOW", {}, [missing])],
    ["publishCustomEvent", () => new SSEPublisher(carillon).publishCustomEvent("t", {}, [missing])],
    ["hasConnection", () => new SSEService(carillon).hasConnection(missing)],
  ])("is not everybody: %s", async (_, call) => {
    await expect(call()).rejects.toMatchObject(invalid);
    expect(server.asked).toEqual([]);
  });

  it("is nobody for whom a token is signed", () => {
    for (const user of [missing, ""]) expect(() => signToken({ user }, "s")).toThrow(expect.objectContaining(invalid));
  });
});

describe("a name that leads elsewhere in a path", () => {
  it.each<[string, () => Promise<unknown>]>([
    ["a topic", () => carillon.removeTopic("mine", "../../../scheduled/5")],
    ["a topic of dots", () => carillon.addTopic("mine", "a/..")],
    ["a client", () => carillon.removeClient("..")],
    ["an event", () => carillon.takeBack("..", "t")],
    ["a user", () => new SSEService(carillon).getConnectionCount("..")],
    ["a scheduled event that is missing", () => carillon.cancelScheduled(missing)],
  ])("is refused: %s", async (_, call) => {
    await expect(call()).rejects.toMatchObject(invalid);
    expect(server.asked).toEqual([]);
  });

  it("names no other host when a stream passes through", async () => {
    const other = await FakeServer.start();
    const app = createServer((request, response) => void passThrough({ carillon, user: () => "alice" })(request, response));
    await new Promise<void>((done) => app.listen(0, "127.0.0.1", done));
    server.answer((_, response) => problem(response, 404, "NOT_FOUND"));
    const { port } = app.address() as AddressInfo;
    for (const path of [`/sse/..//${new URL(other.url).host}/x`, `//${new URL(other.url).host}/x`, `/.//${new URL(other.url).host}/x`]) {
      const status = await new Promise((done) => httpRequest({ port, host: "127.0.0.1", path }, (answer) => done(answer.resume().statusCode)).end());
      expect(status).toBe(404);
    }
    expect([other.asked, server.asked.length]).toEqual([[], 3]);
    app.closeAllConnections();
    app.close();
    await other.stop();
  });

  it("keeps the base of Carillon's URL, and nothing else of it", () => {
    const away = new Carillon({ url: "http://h.example/base/?a=1#b" });
    expect(away.connection.address("/events/x y", { q: "1" }).href).toBe("http://h.example/base/events/x%20y?q=1");
    expect(away.connection.address("//evil.example/x").href).toBe("http://h.example/base//evil.example/x");
  });
});

describe("what cannot stand in a header", () => {
  it("is the caller's error, at once, and holds nobody else up", async () => {
    const [bad, good] = await Promise.allSettled([
      carillon.publish({ topic: "t", data: 1, idempotencyKey: "✓" }),
      carillon.publish("t", 2),
    ]);
    expect((bad as PromiseRejectedResult).reason).toMatchObject({ code: "INVALID_REQUEST", maybeStored: false });
    expect(good).toMatchObject({ status: "fulfilled" });
    const other = new Carillon({ url: server.url, token: "read from a file\n\nwith more" });
    await expect(other.publish("t", 1)).rejects.toMatchObject(invalid);
  });
});

describe("limits and clocks", () => {
  it("may be infinite", async () => {
    const patient = new Carillon({ url: server.url, ...options, timeout: Infinity, giveUpAfter: Infinity });
    await patient.publish("t", 1);
    server.answer((_, response) => problem(response, 503, "UNAVAILABLE", { "Retry-After": "99999999999" }));
    const before = server.asked.length;
    const never = patient.publish("t", 2);
    await sleep(60);
    expect(server.asked.length - before).toBe(1);
    await patient.close(0);
    await expect(never).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("do not depend on what time it is said to be", async () => {
    const now = Date.now();
    server.answer((asked, response, count) => {
      if (count > 3) return published(asked, response, count);
      vi.spyOn(Date, "now").mockReturnValue(now + (count % 2 ? 1 : -1) * 3_600_000);
      return problem(response, 503, "UNAVAILABLE");
    });
    await expect(carillon.publish("t", 1)).resolves.toMatchObject({ topic: "t" });
  });
});

describe("a stream that is read here", () => {
  const begin = { "Content-Type": "text/event-stream" };
  /** Each connection gets the next of these texts and then is cut, the last one but stays open. */
  function streams(...texts: string[]): void {
    let n = 0;
    server.answer((_, response) => {
      const text = texts[Math.min(n++, texts.length - 1)]!;
      response.writeHead(200, begin).write(`retry: 1\n${text}`);
      if (n < texts.length) setTimeout(() => response.destroy(), 20);
    });
  }
  const cursors = (): unknown[] => server.asked.map(({ headers }) => headers["last-event-id"]);
  async function read(count: number, more: Parameters<typeof readStream>[2] = {}): Promise<string[]> {
    const data: string[] = [];
    for await (const event of readStream(carillon, "/events/subscribe/a", more)) {
      data.push(event.data);
      if (data.length === count) break;
    }
    return data;
  }

  it("keeps its cursor over a connection that brings no id", async () => {
    streams("id: 1\ndata: a\n\n", "data: b\n\n", "data: c\n\n");
    expect(await read(3)).toEqual(["a", "b", "c"]);
    expect(cursors()).toEqual([undefined, "1", "1"]);
  });

  it("takes an id without data for a cursor, once its block has ended", async () => {
    streams("data: a\n\nid: 7\n\nid: 8\n", "data: b\n\n");
    expect(await read(2)).toEqual(["a", "b"]);
    expect(cursors()).toEqual([undefined, "7"]);
  });

  it("comes back when nothing comes any more, and when no head comes", async () => {
    let n = 0;
    server.answer((_, response) => {
      n += 1;
      if (n === 1) return new Promise(() => undefined);
      response.writeHead(200, begin).write(`retry: 1\ndata: ${n}\n\n`);
      return undefined;
    });
    carillon = new Carillon({ url: server.url, ...options, timeout: 30 });
    expect(await read(2, { maxSilence: 30 })).toEqual(["2", "3"]);
  });

  it("comes back when its token function has thrown, and asks one that hangs again", async () => {
    streams("data: a\n\n");
    let n = 0;
    const token = (): Promise<string> => ((n += 1) === 1 ? Promise.reject(new Error("no login")) : n === 2 ? new Promise<string>(() => undefined) : Promise.resolve("t"));
    carillon = new Carillon({ url: server.url, token, timeout: 30 });
    expect([await read(1), n]).toEqual([["a"], 3]);
  });

  it("shows its observers nothing of the hub's own, and tells who comes late how it ended", async () => {
    server.answer((_, response, count) => {
      if (count > 1) return problem(response, 403, "FORBIDDEN");
      response.writeHead(200, begin).end('retry: 1\nid: 1\ndata: {"type":"connection_established"}\n\nevent: carillon.expiring\ndata: {"in_ms":1}\n\ndata: {"type":"x"}\n\nevent: carillon.close\ndata: {"reason":"drain"}\n\n');
      return undefined;
    });
    const stream = new SSEService(carillon).createConnection("u");
    const types: unknown[] = [];
    const failed = new Promise((done) => stream.subscribe({ next: ({ type }: UserEvent) => types.push(type), error: done }));
    expect(await failed).toMatchObject({ status: 403 });
    expect(types).toEqual(["connection_established", "x"]);
    const late = new Promise((done) => stream.subscribe({ error: done, complete: () => done("complete") }));
    expect(await late).toMatchObject({ status: 403 });
  });
});

describe("a stream that ends", () => {
  it("whose end was not taken can be ended again", async () => {
    server.answer(({ path }) => (path.endsWith("/streams") ? { stream: "S" } : {}));
    const stream = await carillon.createStream();
    server.answer((_, response) => problem(response, 403, "FORBIDDEN"));
    await expect(stream.close()).rejects.toMatchObject({ code: "FORBIDDEN" });
    server.answer(() => ({}));
    await stream.close();
    await stream.close();
    expect(routes().slice(1)).toEqual(["POST /events/streams/S/close", "POST /events/streams/S/close"]);
  });

  it("is ended when its source throws before it gives anything", async () => {
    server.answer(({ path }) => (path.endsWith("/streams") ? { stream: "S" } : {}));
    const { done } = await carillon.streamFrom((): string[] => {
      throw new Error("no model");
    });
    await expect(done).rejects.toThrow("no model");
    expect(routes().at(-1)).toBe("POST /events/streams/S/close");
  });
});

describe("a login that fails", () => {
  it("asks the browser to come back, and is told to whoever runs the application", async () => {
    const why = new Error("the database is down");
    const route = streamRoute({ carillon, path: "/x", user: () => Promise.reject(why) });
    const answer = await route(new Request("https://app.example/x", { headers: { Accept: "text/event-stream" } }));
    expect(await answer.text()).toContain("event: carillon.unavailable");
    expect(failures).toEqual([why]);
  });
});
