// What the documents' calls ask of Carillon: routes, bodies, whose name, order.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Domains } from "../src/domains.js";
import { passThrough } from "../src/express.js";
import { Carillon, readStream, verifyToken } from "../src/index.js";
import { broadcast, EventService, getClients, initializeSSE, notifyUser, notifyWithMetadata } from "../src/metadata.js";
import { streamRoute } from "../src/next.js";
import { SSEPublisher } from "../src/notifications.js";
import { Calendar, SSENotificationService, SSEService } from "../src/users.js";
import { FakeServer, problem } from "./support/fake_server.js";

let server: FakeServer;
let carillon: Carillon;
const failures: unknown[] = [];

beforeEach(async () => {
  server = await FakeServer.start();
  failures.length = 0;
  carillon = new Carillon({
    url: server.url,
    secret: "s",
    backoff: { first: 1, most: 2 },
    onError: (why) => failures.push(why),
  });
});
afterEach(async () => {
  await carillon.close(0);
  await server.stop();
});

const calls = () => server.asked.map(({ method, path, body }) => [`${method} ${path}`, body]);
const callerOf = (index: number) =>
  verifyToken(String(server.asked[index]?.headers.authorization).replace("Bearer ", ""), "s");

describe("users", () => {
  it("are sent to one, some and all", async () => {
    const service = new SSEService(carillon);
    await service.sendToUser("u1", "something_created", { message: "new" });
    await service.sendToUsers(["u1", "u2"], "bulk_notification", { type: "warning" });
    await service.sendToUsers([], "nobody", {});
    await service.sendToAll("system_announcement", null);
    expect(calls()).toEqual([
      ["POST /api/sse/send", { userId: "u1", type: "something_created", data: { message: "new" } }],
      ["POST /api/sse/send", { userIds: ["u1", "u2"], type: "bulk_notification", data: { type: "warning" } }],
      ["POST /api/sse/send", { type: "system_announcement", data: null }],
    ]);
    expect(callerOf(0)).toMatchObject({ user: "carillon-server", roles: ["publisher", "admin"] });
  });

  it("get what concerns one of them in the order of the calls, though many are sent at once", async () => {
    server.answer(async () => {
      for (let turns = Math.random() * 5; turns > 0; turns -= 1) await new Promise(setImmediate);
      return {};
    });
    const service = new SSEService(carillon);
    for (let n = 0; n < 40; n += 1) void service.sendToUser(`u${n % 4}`, "n", n);
    await carillon.flush();
    const sent = server.asked.map(({ body }) => body as { userId: string; data: number });
    for (const user of ["u0", "u1", "u2", "u3"]) {
      const numbers = sent.filter(({ userId }) => userId === user).map(({ data }) => data);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      expect(numbers).toHaveLength(10);
    }
  });

  it("have families of notifications, whose types end in the action", async () => {
    const notify = new SSENotificationService(new SSEService(carillon));
    await notify.sendNotification("u", 1);
    await notify.sendCalendarNotification("u", 2, "created");
    await notify.sendEmployeeNotification("hr", 3, "created");
    await notify.sendLeaveNotification("u", { status: "approved" }, "approved");
    await notify.sendChatNotification(["a", "b"], 5, "message");
    await notify.sendTaskNotification("u", 6, "assigned");
    await notify.sendProjectNotification("u", 7, "updated");
    await notify.sendDashboardUpdate("u", 8);
    await notify.sendAlert("u", 9);
    await notify.sendSystemNotification(10);
    expect(server.asked.map(({ body }) => (body as { type: string }).type)).toEqual([
      "notification",
      "calendar_event_created",
      "employee_created",
      "leave_request_approved",
      "chat_message",
      "task_assigned",
      "project_updated",
      "dashboard_update",
      "alert",
      "system_notification",
    ]);
    expect(server.asked[3]?.body).toEqual({ userId: "u", type: "leave_request_approved", data: { status: "approved" } });
    expect(server.asked[4]?.body).toMatchObject({ userIds: ["a", "b"] });
    expect(server.asked[9]?.body).toEqual({ type: "system_notification", data: 10 });
  });

  it("are asked for their connections", async () => {
    server.answer(({ path }) =>
      path.includes("/users/")
        ? { userId: "a/b", connected: true, connections: 2 }
        : { total: 3, connections: [{ id: path }], ...(path.includes("after") ? {} : { next: "c" }) },
    );
    const service = new SSEService(carillon);
    expect(await service.hasConnection("a/b")).toBe(true);
    expect(await service.getConnectionCount()).toBe(3);
    expect((await service.getActiveConnections()).map(({ id }) => id)).toEqual([
      "/api/sse/connections?limit=1000",
      "/api/sse/connections?after=c&limit=1000",
    ]);
    expect(server.asked[0]?.path).toBe("/api/sse/users/a%2Fb/connections");
  });
});

describe("four domains", () => {
  it("have a call for each route", async () => {
    const { notifications, realtime, chat, system } = new Domains(carillon);
    const alice = { id: "alice", roles: ["user"] };
    await notifications.send({ title: "t", message: "m", type: "info", userId: "u" });
    await notifications.broadcast({ title: "t", message: "m" });
    await realtime.update({ type: "x", data: 1 });
    await realtime.createEntity("order", { id: 1 });
    await realtime.updateEntity("order", { id: 1 });
    await realtime.deleteEntity("order", { id: 1 });
    await chat.join(alice, "room 7");
    await chat.message(alice, { roomId: "room 7", message: "hi" });
    await chat.leave(alice, "room 7");
    await system.updateStatus({ status: "maintenance" });
    await system.stats();
    await system.connections();
    expect(calls()).toEqual([
      ["POST /notifications/send", { title: "t", message: "m", type: "info", userId: "u" }],
      ["POST /notifications/broadcast", { title: "t", message: "m" }],
      ["POST /realtime/update", { type: "x", data: 1 }],
      ["POST /realtime/entity/order/create", { id: 1 }],
      ["POST /realtime/entity/order/update", { id: 1 }],
      ["POST /realtime/entity/order/delete", { id: 1 }],
      ["POST /chat/room/room%207/join", undefined],
      ["POST /chat/message", { roomId: "room 7", message: "hi" }],
      ["POST /chat/room/room%207/leave", undefined],
      ["POST /system/status/update", { status: "maintenance" }],
      ["GET /system/stats", undefined],
      ["GET /system/connections", undefined],
    ]);
    expect(callerOf(7)).toMatchObject({ user: "alice", roles: ["user"] });
    expect(callerOf(9)).toMatchObject({ user: "carillon-server" });
  });
});

describe("clients with metadata", () => {
  it("are told by user, by metadata, and all", async () => {
    initializeSSE({ carillon, pingInterval: 45000, clientTimeout: 90000, maxClients: 1000, enableLogging: true });
    await notifyUser("user123", { event: "notification", data: { message: "Hello" } });
    await notifyWithMetadata({ role: "admin" }, { event: "admin_alert", data: {} });
    await broadcast({ event: "alert", data: {} });
    server.answer(() => ({ clients: [{ id: "c" }], stats: {} }));
    expect(await getClients({ userId: "user123", clientIds: ["a", "b"] })).toEqual([{ id: "c" }]);
    expect(calls()).toEqual([
      ["POST /api/sse/notify", { userId: "user123", event: "notification", data: { message: "Hello" } }],
      ["POST /api/sse/notify", { metadata: { role: "admin" }, event: "admin_alert", data: {} }],
      ["POST /api/sse/notify", { broadcast: true, event: "alert", data: {} }],
      ["GET /api/sse/clients?userId=user123&clientIds=a&clientIds=b&limit=1000", undefined],
    ]);
  });
});

describe("notifications kept in a database", () => {
  it("are published with their recipients", async () => {
    const publisher = new SSEPublisher(carillon);
    await publisher.publishNotification("n1", "VOCAB_TRAINER", "CREATE", "LOW", { message: "new" }, ["u1", "u2"]);
    await publisher.publishSystemEvent("maintenance", { message: "soon" });
    await publisher.publishCustomEvent("user_activity", { action: "login" }, ["u1"]);
    expect(calls().map(([route]) => route)).toEqual([
      "POST /api/v1/sse/notifications",
      "POST /api/v1/sse/system",
      "POST /api/v1/sse/custom",
    ]);
    expect(server.asked[1]?.body).toEqual({ eventType: "maintenance", data: { message: "soon" } });
    expect(server.asked[2]?.body).toMatchObject({ eventType: "user_activity", data: { action: "login" } });
  });
});

describe("a call of the domains whose answer is lost", () => {
  const keys = () => new Set(server.asked.map(({ headers }) => headers["idempotency-key"]));

  it.each<[string, () => Promise<unknown>]>([
    ["a broadcast", () => new Domains(carillon).notifications.broadcast({ title: "t" })],
    ["a message", () => new Domains(carillon).chat.message({ id: "a" }, { roomId: "r", message: "m" })],
    ["joining a room", () => new Domains(carillon).chat.join({ id: "a" }, "r")],
    ["an event for clients", () => new EventService({ carillon }).notifyUser("a", { event: "e", data: 1 })],
  ])("is repeated under its key: %s", async (_, call) => {
    server.answer((_, response, count) => (count === 1 ? void response.destroy() : {}));
    await call();
    expect(server.asked).toHaveLength(2);
    expect(keys().size).toBe(1);
    expect([...keys()][0]).toBeTruthy();
  });
});

describe("reading a stream", () => {
  it("ends with its signal, also when memory was collected meanwhile", async () => {
    setFlagsFromString("--expose_gc");
    const collect = runInNewContext("gc") as () => void;
    const ended = new Promise<void>((done) => {
      server.answer((_, response) => {
        response.writeHead(200, { "Content-Type": "text/event-stream" }).write("data: 1\n\n");
        response.once("close", done);
      });
    });
    const stop = new AbortController();
    const events = readStream(carillon, "/events/subscribe/a", { signal: stop.signal });
    expect((await events.next()).value).toMatchObject({ data: "1" });
    const last = events.next();
    for (let turn = 0; turn < 5; turn += 1) {
      collect();
      await new Promise(setImmediate);
    }
    stop.abort();
    expect(await last).toMatchObject({ done: true });
    await ended;
  });
});

describe("the calendar", () => {
  it("has its calls", async () => {
    server.answer(({ path }) => (path.endsWith("/events") ? { id: "e1", events: [] } : { reminders: 2 }));
    const calendar = new Calendar(carillon);
    const ada = { id: "ada" };
    const event = { title: "t", starts: "2026-03-01T09:00:00", attendees: ["bob"] };
    expect(await calendar.create(ada, event)).toBe("e1");
    await calendar.change(ada, { ...event, id: "e1" });
    expect(await calendar.sendUpcomingReminders("30m")).toEqual({ reminders: 2 });
    await calendar.sendReminder("e1");
    await calendar.remove(ada, "e1");
    expect(server.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /api/calendar/events",
      "PUT /api/calendar/events/e1",
      "POST /api/calendar/reminders/upcoming",
      "POST /api/calendar/reminders/e1",
      "DELETE /api/calendar/events/e1",
    ]);
    expect(callerOf(0).user).toBe("ada");
    expect(callerOf(2).user).toBe("carillon-server");
  });
});

describe("a notification whose first answer is lost", () => {
  it("is published, though the next attempt finds its id taken", async () => {
    server.answer((_, response, count) => (count === 1 ? void response.destroy() : problem(response, 409, "CONFLICT")));
    await expect(new SSEPublisher(carillon).publishNotification("n", "T", "A", "LOW", {}, ["u"])).resolves.toEqual({});
    server.answer((_, response) => problem(response, 409, "CONFLICT"));
    const taken = new SSEPublisher(carillon).publishNotification("n", "T", "A", "LOW", {}, ["u"]);
    await expect(taken).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("a list of nobody", () => {
  it("is nobody, not everybody", async () => {
    await new SSEPublisher(carillon).publishCustomEvent("t", {}, []);
    await new SSEPublisher(carillon).publishNotification("n", "T", "A", "LOW", {}, []);
    await new Domains(carillon).notifications.send({ title: "t", userIds: [] });
    expect(server.asked).toEqual([]);
  });
});

describe("a call that nobody awaits", () => {
  it("is told to onError when it fails, and ends nothing", async () => {
    server.answer((_, response) => problem(response, 400, "INVALID_REQUEST"));
    void new SSEService(carillon).sendToUser("u", "t", 1);
    void new SSEService(carillon).broadcast({ topic: "t", data: 1 });
    void new SSEService(carillon).sendToUser("u", "t", 1n);
    await carillon.flush();
    await new Promise(setImmediate);
    expect(failures).toEqual([1, 2, 3].map(() => expect.objectContaining({ code: "INVALID_REQUEST" })));
  });

  it("is repeated under its key like any other", async () => {
    server.answer((_, response, count) => (count < 3 ? problem(response, 503, "UNAVAILABLE") : {}));
    void new SSEPublisher(carillon).publishSystemEvent("a", 1);
    await carillon.flush();
    expect(new Set(server.asked.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expect(server.asked).toHaveLength(3);
    expect(failures).toEqual([]);
  });
});

describe("a stream that passes through", () => {
  const stream = (_: unknown, response: import("node:http").ServerResponse) => {
    response.writeHead(200, { "Content-Type": "text/event-stream", Connection: "keep-alive", "Set-Cookie": "a=b" });
    response.end(": hello\n\n");
  };
  const request = {
    headers: { Accept: "text/event-stream", "Last-Event-ID": "e.7", Cookie: "c=1", Origin: "https://evil.example", Authorization: "Bearer mine" },
  };

  async function throughNode(options: object, path: string): Promise<Response> {
    const handler = passThrough({ carillon, ...options });
    const app = createServer((incoming, response) => void handler(incoming, response));
    await new Promise<void>((done) => app.listen(0, "127.0.0.1", done));
    try {
      const answer = await fetch(`http://127.0.0.1:${(app.address() as AddressInfo).port}${path}`, request);
      return new Response(await answer.text(), answer);
    } finally {
      app.closeAllConnections();
      app.close();
    }
  }
  const throughNext = (options: object, path: string) =>
    streamRoute({ carillon, ...options })(new Request(`https://app.example${path}`, request));

  it.each([
    ["Node", throughNode],
    ["Next", throughNext],
  ])("of %s bears the cursor and a token for the user, and nothing else of the request", async (_, through) => {
    server.answer(stream);
    const user = () => ({ id: "alice", session: "s1", roles: ["user"] });
    const answer = await through({ path: "/api/sse/connect", user, expiresIn: 60 }, "/mine?a=1&token=t&topic=x");
    expect(await answer.text()).toBe(": hello\n\n");
    expect(answer.headers.get("set-cookie")).toBeNull();
    const [asked] = server.asked;
    expect(asked?.path).toBe("/api/sse/connect?a=1&topic=x");
    expect(asked?.headers["last-event-id"]).toBe("e.7");
    expect(asked?.headers.cookie).toBeUndefined();
    expect(asked?.headers.origin).toBeUndefined();
    const token = callerOf(0);
    expect(token).toMatchObject({ user: "alice", session: "s1", roles: ["user"] });
    expect((token.expiresAt ?? 0) - Date.now()).toBeLessThanOrEqual(60_000);
  });

  it.each([
    ["Node", throughNode],
    ["Next", throughNext],
  ])("of %s listens to the topics that the application allows", async (_, through) => {
    server.answer(stream);
    await through({ topics: () => Promise.resolve(["mine", "ours"]) }, "/events/subscribe?topic=theirs");
    expect(server.asked[0]?.path).toBe("/events/subscribe?topic=mine&topic=ours");
    expect(server.asked[0]?.headers.authorization).toBeUndefined();
  });

  it.each([
    ["Node", throughNode],
    ["Next", throughNext],
  ])("of %s is not held by a Carillon that says nothing", async (_, through) => {
    server.answer(() => new Promise(() => undefined));
    const quick = new Carillon({ url: server.url, timeout: 30 });
    const answer = await through({ carillon: quick, path: "/x" }, "/x");
    expect(await answer.text()).toContain("event: carillon.unavailable");
    server.answer((_, response) => void response.writeHead(200, { "Content-Type": "text/event-stream" }).write(":\n\n"));
    const silent = through({ path: "/x", maxSilence: 30 }, "/x").then((cut) => cut.text());
    await expect(silent).rejects.toThrow();
  });

  it("has a development token on a developer's machine, and tells nobody of a proxy", async () => {
    const local = new Carillon({ url: server.url });
    server.answer(stream);
    await throughNode({ carillon: local, path: "/notifications/stream", user: () => "test123" }, "/x");
    const token = String(server.asked[0]?.headers.authorization).replace("Bearer ", "");
    expect(Buffer.from(token, "base64").toString()).toBe("test123:test123::user");
    expect(server.asked[0]?.headers["x-forwarded-for"]).toBeUndefined();
  });

  it("has no token without a secret elsewhere", async () => {
    const away = new Carillon({ url: "http://carillon.example" });
    await expect(away.tokenFor({ id: "alice" })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
