// The documents' calls from Node, against the real server: what its listeners see.
import { Carillon, readStream, type ReceivedEvent, type User } from "carillon-server";
import { Domains } from "carillon-server/domains";
import { EventService } from "carillon-server/metadata";
import { SSEPublisher } from "carillon-server/notifications";
import { Calendar, SSENotificationService, SSEService, type UserStream } from "carillon-server/users";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Server, until } from "./support/server.js";

const secret = "a secret that is only used in these tests";
let server: Server;
let carillon: Carillon;
const failures: unknown[] = [];
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  server = await Server.start("--auth.secret", secret);
  carillon = new Carillon({
    url: server.url,
    secret,
    backoff: { first: 10, most: 50 },
    onError: (why) => failures.push(why),
  });
});
afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});
afterAll(async () => {
  await carillon?.close(0);
  await server?.stop();
});

const user = (id: string, ...roles: string[]): User => ({ id, roles: roles.length > 0 ? roles : ["user"] });

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of source) list.push(item);
  return list;
}

/** Events of a stream, from its start on; `opened` when it stands. */
async function listen(path: string, as: User, query = {}, from = carillon): Promise<ReceivedEvent[]> {
  const stop = new AbortController();
  const seen: ReceivedEvent[] = [];
  let first: () => void = () => undefined;
  const opened = new Promise<void>((done) => (first = done));
  const reading = (async () => {
    for await (const event of readStream(from, path, { as, query, signal: stop.signal })) {
      seen.push(event);
      first();
    }
  })();
  cleanUp.push(() => {
    stop.abort();
    return reading;
  });
  await Promise.race([opened, reading]);
  return seen;
}
const dataOf = (events: ReceivedEvent[]) => events.map(({ data }) => JSON.parse(data) as Record<string, unknown>);

describe("users", () => {
  async function connect(service: SSEService, id: string): Promise<{ stream: UserStream; types: () => string[] }> {
    const stream = service.createConnection(id, { roles: ["user"] });
    cleanUp.push(() => stream.close());
    const seen: { type: string }[] = [];
    stream.subscribe((event) => seen.push(event));
    await stream.opened;
    return { stream, types: () => seen.map(({ type }) => type).filter((type) => type !== "connection_established") };
  }

  it("get what is sent to them, to some and to all", async () => {
    const service = new SSEService(carillon);
    const ada = await connect(service, "ada");
    const bob = await connect(service, "bob");
    await service.sendToUser("ada", "something_created", { message: "New item created successfully" });
    await service.sendToUsers(["ada", "bob"], "bulk_notification", { type: "warning" });
    await service.sendToAll("system_announcement", { message: "soon" });
    await until("all have come", () => ada.types().length === 3 && bob.types().length === 2);
    expect(ada.types()).toEqual(["something_created", "bulk_notification", "system_announcement"]);
    expect(bob.types()).toEqual(["bulk_notification", "system_announcement"]);
  });

  it("are connected or not", async () => {
    const service = new SSEService(carillon);
    expect(await service.hasConnection("eve")).toBe(false);
    const { stream } = await connect(service, "eve");
    expect(await service.hasConnection("eve")).toBe(true);
    expect(await service.getConnectionCount("eve")).toBe(1);
    expect(await service.getConnectionCount()).toBeGreaterThanOrEqual(1);
    expect(await service.getActiveConnections()).toContainEqual(expect.objectContaining({ userId: "eve" }));
    stream.close();
    await until("the stream has ended", async () => !(await service.hasConnection("eve")));
  });

  it("are told by family and action", async () => {
    const service = new SSEService(carillon);
    const notify = new SSENotificationService(service);
    const { types } = await connect(service, "fay");
    await notify.sendLeaveNotification("fay", { id: 7, status: "approved" }, "approved");
    await notify.sendEmployeeNotification("fay", { name: "x" }, "created");
    await notify.sendSystemNotification({ message: "m" });
    await until("all have come", () => types().length === 3);
    expect(types()).toEqual(["leave_request_approved", "employee_created", "system_notification"]);
  });

  it("get every event once, in order, though the server is killed in the middle of sending", async () => {
    const service = new SSEService(carillon);
    const numbers: Record<string, number[]> = { u0: [], u1: [], u2: [] };
    for (const id of Object.keys(numbers)) {
      const stream = service.createConnection(id, { roles: ["user"] });
      cleanUp.push(() => stream.close());
      stream.subscribe(({ type, data }) => type === "n" && numbers[id]?.push(data as number));
      await stream.opened;
    }
    let sent = 0;
    for (let n = 0; n < 300; n += 1) void service.sendToUser(`u${n % 3}`, "n", n).then(() => (sent += 1));
    for (const part of [60, 150]) {
      await until("some are sent", () => sent > part);
      await server.kill();
      await server.start();
    }
    await until("all are sent", () => sent === 300);
    await until("all have come", () => Object.values(numbers).every((list) => list.length >= 100), 30_000);
    for (const [id, list] of Object.entries(numbers)) {
      expect(list).toEqual(Array.from({ length: 100 }, (_, n) => n * 3 + Number(id.slice(1))));
    }
  });

  it("are reminded of what is in the calendar", async () => {
    const calendar = new Calendar(carillon);
    const { types } = await connect(new SSEService(carillon), "guest");
    const starts = new Date(Date.now() + 20 * 60_000).toISOString().slice(0, 19);
    const id = await calendar.create(user("host"), { title: "lunch", starts, attendees: ["guest"] });
    expect(await calendar.sendReminder(id)).toEqual({ reminders: expect.any(Number) });
    await until("it has come", () => types().includes("calendar_event_reminder"));
    expect((await all(calendar.events(user("guest")))).map(({ title }) => title)).toEqual(["lunch"]);
    await calendar.sendUpcomingReminders("1h");
    await calendar.change(user("host"), { id, title: "late lunch", starts, attendees: ["guest"] });
    expect((await all(calendar.events(user("host")))).map(({ title }) => title)).toEqual(["late lunch"]);
    await calendar.remove(user("host"), id);
  });
});

describe("four domains", () => {
  const domains = () => new Domains(carillon);

  it("show notifications", async () => {
    const seen = await listen("/notifications/stream", user("ada"), { dispatch: "named" });
    await domains().notifications.send({ title: "Test", message: "Hello World", type: "info", userId: "ada" });
    await domains().notifications.send({ title: "no", message: "not for you", userIds: ["bob"] });
    await domains().notifications.broadcast({ title: "All", message: "of you" });
    await until("both have come", () => seen.filter(({ event }) => event === "notification").length === 2);
    const notifications = dataOf(seen.filter(({ event }) => event === "notification"));
    expect(JSON.stringify(notifications[0])).toContain("Hello World");
    expect(JSON.stringify(notifications[1])).toContain("of you");
  });

  it("show updates and entities", async () => {
    const seen = await listen("/realtime/stream", user("ada"));
    const { realtime } = domains();
    await realtime.update({ type: "prices", data: { a: 1 } });
    await realtime.createEntity("order", { id: 1 });
    await realtime.updateEntity("order", { id: 1 });
    await realtime.deleteEntity("order", { id: 1 });
    const names = ["realtime-update", "entity-created", "entity-updated", "entity-deleted"];
    await until("all have come", () => seen.filter(({ event }) => names.includes(event)).length === 4);
    expect(seen.map(({ event }) => event).filter((event) => names.includes(event))).toEqual(names);
  });

  it("show what is said in a room to its members", async () => {
    const { chat } = domains();
    const [ada, bob] = [user("ada"), user("bob")];
    await chat.createRoom(ada, { roomId: "kitchen", open: true });
    const seen = await listen("/chat/room/kitchen/stream", ada);
    await chat.join(bob, "kitchen");
    await chat.typing(bob, "kitchen");
    await chat.message(bob, { roomId: "kitchen", message: "hi" });
    await chat.leave(bob, "kitchen");
    await until("all have come", () => seen.some(({ event }) => event === "user-left"));
    const names = seen.map(({ event }) => event);
    expect(names.filter((name) => ["user-joined", "chat-message", "user-left"].includes(name)).slice(-3)).toEqual([
      "user-joined",
      "chat-message",
      "user-left",
    ]);
    expect((await chat.rooms(ada)).map(({ roomId }) => roomId)).toContain("kitchen");
    const { roomId } = await chat.createRoom(ada, { name: "office", open: false });
    await expect(chat.join(bob, roomId)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await chat.invite(ada, roomId, "bob");
    await chat.join(bob, roomId);
    await expect(chat.message(bob, { roomId: "kitchen", message: "again" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("show the system's status", async () => {
    const seen = await listen("/system/status/stream", user("ada"));
    await domains().system.updateStatus({ status: "maintenance", message: "soon" });
    await until("it has come", () => seen.some(({ event }) => event === "system-status"));
    expect(await domains().system.stats()).toHaveProperty("activeConnections");
    expect(await domains().system.connections()).toHaveProperty("connections");
    expect(await domains().system.health()).toMatchObject({ status: "ok" });
  });
});

describe("clients with metadata", () => {
  let keyed: Server;
  let events: EventService;
  beforeAll(async () => {
    keyed = await Server.start("--auth.secret", secret, "--metadata.client_keys", "page");
  });
  beforeEach(() => {
    events = new EventService({ url: keyed.url, secret });
  });
  afterEach(() => events?.carillon.close(0));
  afterAll(() => keyed?.stop());

  it("get what is meant for them by user, by metadata, and for all", async () => {
    const chief = { id: "boss", roles: ["user", "chief"], claims: { team: "red" } };
    const boss = await listen("/api/sse", chief, { page: "home" }, events.carillon);
    const other = await listen("/api/sse", user("other"), { page: "shop" }, events.carillon);
    await events.notifyUser("boss", { event: "notification", data: { message: "Hello, user!" } });
    await events.notifyWithMetadata({ page: "shop" }, { event: "shop_alert", data: {} });
    await events.notifyWithMetadata({ role: "chief" }, { event: "chief_alert", data: {} });
    await events.notifyWithMetadata({ team: "red" }, { event: "team_alert", data: {} });
    await events.broadcast({ event: "alert", data: { message: "System update available" } });
    const names = (seen: ReceivedEvent[]) => seen.map(({ event }) => event).filter((name) => !name.startsWith("carillon."));
    await until("all have come", () => names(boss).includes("alert") && names(other).includes("alert"));
    expect(names(boss)).toEqual(["notification", "chief_alert", "team_alert", "alert"]);
    expect(names(other)).toEqual(["shop_alert", "alert"]);
  });

  it("are listed and counted", async () => {
    await listen("/api/sse", user("counted"), { page: "home" }, events.carillon);
    const [client] = await events.getClients({ userId: "counted" });
    expect(client).toMatchObject({ userId: "counted", metadata: { page: "home" } });
    expect(await events.getClients({ clientIds: [client?.id ?? ""] })).toHaveLength(1);
    expect((await events.getStats()).totalClients).toBeGreaterThanOrEqual(1);
  });
});

describe("notifications kept in a database", () => {
  it("reach who is there and who comes later, once, and are logged", async () => {
    const publisher = new SSEPublisher(carillon);
    const here = await listen("/api/v1/sse/notifications", user("here"));
    const message = { message: "New vocab trainer available" };
    await publisher.publishNotification("n1", "VOCAB_TRAINER", "CREATE", "LOW", message, ["here", "away"]);
    await publisher.publishSystemEvent("maintenance", { message: "System maintenance" });
    await publisher.publishCustomEvent("user_activity", { action: "login" }, ["here"]);
    await until("all have come", () => here.length === 4);
    expect(dataOf(here)).toEqual([
      expect.objectContaining({ type: "connection", userId: "here" }),
      expect.objectContaining({ type: "notification", notificationId: "n1", priority: "LOW", data: message, userId: "here" }),
      expect.objectContaining({ type: "system", eventType: "maintenance" }),
      expect.objectContaining({ type: "custom", eventType: "user_activity", data: { action: "login" } }),
    ]);
    const later = await listen("/api/v1/sse/notifications", user("away"));
    await until("it has come later", () => dataOf(later).some(({ notificationId }) => notificationId === "n1"));
    expect((await all(publisher.deliveries("n1"))).map(({ userId }) => userId).sort()).toEqual(["away", "here"]);
    const again = publisher.publishNotification("n1", "VOCAB_TRAINER", "CREATE", "LOW", message, ["here"]);
    await expect(again).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("are listed, counted and read", async () => {
    const publisher = new SSEPublisher(carillon);
    const inbox = publisher.inbox(user("reader"));
    for (const n of [1, 2, 3]) await publisher.publishNotification(`r${n}`, "T", "A", "LOW", { n }, ["reader"]);
    expect((await all(inbox.list())).map(({ notificationId }) => notificationId)).toEqual(["r3", "r2", "r1"]);
    expect(await inbox.countUnread()).toBe(3);
    await inbox.markRead("r2");
    expect((await all(inbox.list({ unread: true }))).map(({ notificationId }) => notificationId)).toEqual(["r3", "r1"]);
    await inbox.markAllRead();
    expect(await inbox.countUnread()).toBe(0);
  });

  it("come once, though the server is killed while they are published", async () => {
    const publisher = new SSEPublisher(carillon);
    const seen = await listen("/api/v1/sse/notifications", user("storm"));
    let published = 0;
    for (let n = 0; n < 100; n += 1) {
      void publisher.publishNotification(`s${n}`, "T", "A", "LOW", { n }, ["storm"]).then(() => (published += 1));
    }
    await until("some are published", () => published > 30);
    await server.kill();
    await server.start();
    await until("all are published", () => published === 100);
    const numbers = () => dataOf(seen).flatMap(({ type, data }) => (type === "notification" ? [(data as { n: number }).n] : []));
    await until("all have come", () => new Set(numbers()).size === 100, 30_000);
    expect(numbers()).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });
});
