// carillon-server against the real server: what is published from Node.
import { Carillon, type KeptEvent, readStream } from "carillon-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Server, until } from "./support/server.js";

let server: Server;
let carillon: Carillon;
const secret = "a secret that is only used in these tests";

beforeAll(async () => {
  server = await Server.start("--auth.secret", secret, "--journal.sync", "normal");
  carillon = new Carillon({ url: server.url, secret, backoff: { first: 10, most: 100 } });
});
afterAll(async () => {
  await carillon?.close(0);
  await server?.stop();
});

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of source) list.push(item);
  return list;
}

describe("publishing", () => {
  it("stores events, and reads them again", async () => {
    const first = await carillon.publish("news", { text: "hello" }, { event: "greeting", metadata: { by: "me" } });
    expect(first).toMatchObject({ topic: "news" });
    const [kept] = (await carillon.history("news")).events;
    expect(kept).toMatchObject({ id: first.id, event: "greeting", data: { text: "hello" }, metadata: { by: "me" } });
  });

  it("stores one event once, however often it is told under one key", async () => {
    const once = () => carillon.publish("once", "paid", { idempotencyKey: "order-42" });
    expect(await once()).toEqual(await once());
    expect((await carillon.history("once")).events).toHaveLength(1);
    await expect(carillon.publish("once", "else", { idempotencyKey: "order-42" })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("tells errors by their codes", async () => {
    await expect(carillon.publish("$hub", 1)).rejects.toMatchObject({ code: expect.stringMatching(/FORBIDDEN|INVALID_REQUEST/) });
    await expect(carillon.publish("a/*", 1)).rejects.toMatchObject({ code: "INVALID_REQUEST" });
    await expect(carillon.publish("big", "x".repeat(1 << 21))).rejects.toMatchObject({ code: "EVENT_TOO_LARGE" });
    await expect(carillon.sendTo("nobody", { data: 1 })).rejects.toMatchObject({ code: "CLIENT_NOT_FOUND" });
    const stranger = new Carillon({ url: server.url, secret: "another secret, of somebody else" });
    await expect(stranger.publish("news", 1)).rejects.toMatchObject({ code: "UNAUTHENTICATED", status: 401 });
    const reader = new Carillon({ url: server.url, secret, roles: ["user"] });
    await expect(reader.publish("news", 1)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("publishes what is right in one batch with what is wrong", async () => {
    const topics = ["mixed", "mixed", "$no", "mixed"];
    const done = await Promise.allSettled(topics.map((topic, data) => carillon.publish(topic, data)));
    expect(done.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    const kept = await all(carillon.historyOf<number>("mixed"));
    expect(kept.map(({ data }) => data)).toEqual([0, 1, 3]);
  });

  it("publishes a list whole or not at all when asked to", async () => {
    const wrong = [{ topic: "whole", data: 1 }, { topic: "$no", data: 2 }];
    await expect(carillon.publishAtomically(wrong)).rejects.toMatchObject({ name: "CarillonError" });
    expect((await carillon.history("whole")).events).toEqual([]);
    expect(await carillon.publishAtomically([1, 2].map((data) => ({ topic: "whole", data })))).toHaveLength(2);
  });

  it("pages through history", async () => {
    await carillon.publishMany(Array.from({ length: 250 }, (_, data) => ({ topic: "pages", data })));
    const kept = await all(carillon.historyOf<number>("pages", { since: "earliest", limit: 100 }));
    expect(kept.map(({ data }) => data)).toEqual(Array.from({ length: 250 }, (_, n) => n));
    const { events } = await carillon.history<number>("pages", { last: 3 });
    expect(events.map(({ data }) => data)).toEqual([247, 248, 249]);
  });

  it("takes back, replaces, schedules and calls off", async () => {
    const { id = "" } = await carillon.publish("changes", "wrong");
    await carillon.replace(id, "changes", { data: "right" });
    const { id: another = "" } = await carillon.publish("changes", "not for you");
    await carillon.takeBack(another, "changes");
    const kept = await all(carillon.historyOf("changes"));
    expect(kept.map(({ event }) => event)).toEqual(["carillon.replaced", "carillon.deleted"]);
    const { scheduledId } = await carillon.schedule({ topic: "changes", data: "later" }, new Date(Date.now() + 3_600_000));
    expect((await carillon.scheduled()).map((waiting) => waiting.scheduledId)).toContain(scheduledId);
    await carillon.cancelScheduled(scheduledId);
    expect(await carillon.scheduled()).toEqual([]);
    await expect(carillon.cancelScheduled(scheduledId)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("loses nothing and stores nothing twice when the server is killed and comes back", async () => {
    const count = 3000;
    const patient = new Carillon({ url: server.url, secret, backoff: { first: 10, most: 50 }, batch: { maxEvents: 20 } });
    const published: Promise<unknown>[] = [];
    let stored = 0;
    for (let n = 0; n < count; n += 1) published.push(patient.publish("storm", n).then(() => (stored += 1)));
    for (const part of [0.2, 0.5, 0.8]) {
      await until("some are stored", () => stored > count * part);
      await server.kill();
      await server.start();
    }
    await Promise.all(published);
    await patient.close();
    const kept: KeptEvent<number>[] = await all(carillon.historyOf<number>("storm", { since: "earliest", limit: 1000 }));
    expect(kept.map(({ data }) => data)).toEqual(Array.from({ length: count }, (_, n) => n));
  });
});

describe("streams that end", () => {
  const reading = (id: string, signal?: AbortSignal) =>
    all(readStream(carillon, `/events/streams/${id}`, { ...(signal && { signal }) }));

  it("carry the output of a model, token by token", async () => {
    async function* model() {
      for (const token of ["Hel", "lo", ", ", "world"]) yield token;
    }
    const { stream, done } = await carillon.streamFrom(model());
    const events = await reading(stream.id);
    expect(await done).toEqual({ appended: 4, stopped: false });
    const text = events.filter(({ event }) => event === "message").map(({ data }) => data);
    expect(text.join("")).toBe("Hello, world");
    expect(events.at(-1)).toMatchObject({ event: "carillon.end", data: expect.stringContaining("closed") });
    await expect(stream.append("more")).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("stop their source when a reader asks to", async () => {
    let returned = false;
    async function* endless() {
      try {
        for (let n = 0; ; n += 1) {
          yield { data: n };
          await new Promise(setImmediate);
        }
      } finally {
        returned = true;
      }
    }
    const { stream, done } = await carillon.streamFrom(endless());
    await stream.requestStop();
    expect(await done).toMatchObject({ stopped: true });
    expect(returned).toBe(true);
    expect(stream.signal.aborted).toBe(true);
  });

  it("tell readers that the source has failed, and nothing of why", async () => {
    async function* broken() {
      yield "one";
      throw new Error("the password is swordfish");
    }
    const errors: unknown[] = [];
    const told = new Carillon({ url: server.url, secret, onError: (why) => errors.push(why) });
    const { stream, done } = await told.streamFrom(broken());
    await expect(done).rejects.toThrow("swordfish");
    expect(errors).toHaveLength(1);
    const events = await reading(stream.id);
    expect(events.map(({ event, data }) => [event, data]).slice(-3)).toEqual([
      ["message", "one"],
      ["failed", "{}"],
      ["carillon.end", expect.any(String)],
    ]);
  });

  it("lose no token over a restart of the server", async () => {
    const tokens = Array.from({ length: 400 }, (_, n) => `${n} `);
    let restarted: Promise<void> | undefined;
    async function* model() {
      for (const [n, token] of tokens.entries()) {
        if (n === 200) restarted = server.kill().then(() => server.start());
        yield token;
        if (n % 20 === 0) await new Promise(setImmediate);
      }
    }
    const { stream, done } = await carillon.streamFrom(model(), { maxWaiting: 10 });
    await done;
    await restarted;
    const text = (await reading(stream.id)).filter(({ event }) => event === "message").map(({ data }) => data);
    expect(text).toEqual(tokens);
  });
});

