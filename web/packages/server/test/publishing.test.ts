import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Carillon, CarillonError } from "../src/index.js";
import { FakeServer, problem, published } from "./support/fake_server.js";

let server: FakeServer;
let carillon: Carillon;
const quick = { backoff: { first: 1, most: 5 } };

beforeEach(async () => {
  server = await FakeServer.start(published);
  carillon = new Carillon({ url: server.url, secret: "s", ...quick });
});
afterEach(async () => {
  await carillon.close(0);
  await server.stop();
});

const failure = (promise: Promise<unknown>): Promise<CarillonError> =>
  promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (why: CarillonError) => why,
  );

describe("publishing", () => {
  it("sends what one turn publishes in one request, in order", async () => {
    const all = await Promise.all([1, 2, 3].map((n) => carillon.publish("numbers", n)));
    expect(all.map(({ position }) => position)).toEqual([0, 1, 2]);
    expect(server.asked.map(({ body }) => body)).toEqual([[1, 2, 3].map((n) => ({ topic: "numbers", data: n }))]);
  });

  it("sends a single event as it is, with a key and a token", async () => {
    await carillon.publish("news", { a: 1 }, { event: "hello", expires: new Date(0) });
    const [asked] = server.asked;
    expect(asked?.path).toBe("/events/publish");
    expect(asked?.body).toEqual({ event: "hello", topic: "news", data: { a: 1 }, expires: "1970-01-01T00:00:00.000Z" });
    expect(asked?.headers["idempotency-key"]).toMatch(/^[\w-]{16}-1$/);
    expect(asked?.headers.authorization).toMatch(/^Bearer ey/);
  });

  it("keeps its connections for call after call, a refusal among them", async () => {
    for (let n = 0; n < 18; n += 1) await carillon.publish("t", n);
    server.answer((_, response) => problem(response, 400, "INVALID_REQUEST"));
    await failure(carillon.publish("t", 18));
    server.answer(published);
    await carillon.publish("t", 19);
    expect(server.asked).toHaveLength(20);
    // Node may make a second one before the first is free again.
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  it("gathers what comes while a request is under way", async () => {
    let release: () => void = () => undefined;
    server.answer(async (asked, response, count) => {
      if (count === 1) await new Promise<void>((done) => (release = done));
      return published(asked, response, count);
    });
    const first = carillon.publish("t", 0);
    while (server.asked.length === 0) await new Promise(setImmediate);
    const others = [1, 2, 3].map((n) => carillon.publish("t", n));
    release();
    await Promise.all([first, ...others]);
    expect(server.asked.map(({ body }) => (Array.isArray(body) ? body.length : 1))).toEqual([1, 3]);
  });

  it("repeats with the same key and the same body until it is answered", async () => {
    server.answer((asked, response, count) => {
      if (count === 1) return void response.destroy();
      if (count === 2) return problem(response, 503, "UNAVAILABLE");
      return published(asked, response, count);
    });
    await carillon.publish("t", "once");
    expect(server.asked).toHaveLength(3);
    const [first] = server.asked;
    for (const again of server.asked) {
      expect(again.headers["idempotency-key"]).toBe(first?.headers["idempotency-key"]);
      expect(again.body).toEqual(first?.body);
    }
  });

  it("waits as long as Retry-After says", async () => {
    const times: number[] = [];
    server.answer((asked, response, count) => {
      times.push(Date.now());
      return count === 1 ? problem(response, 429, "RATE_LIMITED", { "Retry-After": "1" }) : published(asked, response, count);
    });
    await carillon.publish("t", 1);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it("finds the one event that the server refuses; the others are published", async () => {
    server.answer((asked, response, count) => {
      const events = [asked.body].flat() as { data: number; topic: string }[];
      return events.some(({ data }) => data === 3)
        ? problem(response, 413, "EVENT_TOO_LARGE")
        : published(asked, response, count);
    });
    const all = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map((data) => carillon.publish("t", data)));
    expect(all.map(({ status }) => status === "fulfilled")).toEqual([true, true, true, false, true, true, true]);
    expect((all[3] as PromiseRejectedResult).reason).toMatchObject({ code: "EVENT_TOO_LARGE", status: 413 });
    const stored = server.asked
      .map(({ body }) => [body].flat() as { data: number }[])
      .filter((events) => events.every(({ data }) => data !== 3));
    expect(stored.flat().map(({ data }) => data)).toEqual([0, 1, 2, 4, 5, 6]);
  });

  it("does not repeat what the server refuses", async () => {
    server.answer((_, response) => problem(response, 400, "INVALID_REQUEST"));
    const why = await failure(carillon.publish("t", 1));
    expect(why).toMatchObject({ name: "CarillonError", code: "INVALID_REQUEST", message: "this is INVALID_REQUEST" });
    expect(server.asked).toHaveLength(1);
  });

  it("gives up in time, and says under which key it may be repeated", async () => {
    server.answer((_, response) => void response.destroy());
    const impatient = new Carillon({ url: server.url, giveUpAfter: 30, ...quick });
    const why = await failure(impatient.publish("t", 1));
    expect(why).toMatchObject({ code: "NETWORK_ERROR", maybeStored: true });
    expect(why.idempotencyKey).toBe(server.asked[0]?.headers["idempotency-key"]);
  });

  it("knows that nothing was stored where nobody listens", async () => {
    const { url } = server;
    await server.stop();
    const impatient = new Carillon({ url, giveUpAfter: 0 });
    expect(await failure(impatient.publish("t", 1))).toMatchObject({ code: "NETWORK_ERROR", maybeStored: false });
    server = await FakeServer.start();
  });

  it("ends an attempt that takes too long", async () => {
    server.answer(() => new Promise(() => undefined));
    const impatient = new Carillon({ url: server.url, timeout: 20, giveUpAfter: 0 });
    expect(await failure(impatient.publish("t", 1))).toMatchObject({ code: "TIMEOUT", maybeStored: true });
  });

  it("refuses what finds no room, at the limit and one past it", async () => {
    const small = new Carillon({ url: server.url, batch: { maxQueued: 3 } });
    const all = await Promise.allSettled([1, 2, 3, 4].map((n) => small.publish("t", n)));
    expect(all.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected"]);
    expect((all[3] as PromiseRejectedResult).reason).toMatchObject({ code: "QUEUE_FULL" });
    await small.publish("t", 5);
  });

  it("keeps requests below both limits", async () => {
    const small = new Carillon({ url: server.url, batch: { maxEvents: 2, maxBytes: 100 } });
    const data = ["a", "b", "c", "d".repeat(60), "e".repeat(60)];
    await Promise.all(data.map((text) => small.publish("t", text)));
    expect(server.asked.map(({ body }) => [body].flat().length)).toEqual([2, 1, 1, 1]);
  });

  it("sends an event with a key of its own alone, and in its place", async () => {
    await Promise.all([
      carillon.publish("t", 1),
      carillon.publish("t", 2, { idempotencyKey: "mine" }),
      carillon.publish("t", 3),
    ]);
    expect(server.asked.map(({ body }) => (body as { data: number }).data)).toEqual([1, 2, 3]);
    expect(server.asked[1]?.headers["idempotency-key"]).toBe("mine");
  });

  it("publishes all of a list that is longer than the queue", async () => {
    const small = new Carillon({ url: server.url, batch: { maxEvents: 5, maxQueued: 10 } });
    const many = Array.from({ length: 53 }, (_, data) => ({ topic: "t", data }));
    expect(await small.publishMany(many)).toHaveLength(53);
    const sent = server.asked.flatMap(({ body }) => [body].flat() as { data: number }[]);
    expect(sent.map(({ data }) => data)).toEqual(many.map(({ data }) => data));
  });

  it("refuses what has no JSON, no data or no topic before anything is sent", async () => {
    const round: { self?: unknown } = {};
    round.self = round;
    for (const bad of [carillon.publish("t", round), carillon.publish("t", undefined), carillon.publish({ data: 1 })]) {
      expect(await failure(bad)).toMatchObject({ code: "INVALID_REQUEST" });
    }
    expect(server.asked).toHaveLength(0);
  });

  it("asks for a new token once when the old one is refused", async () => {
    const given: string[] = [];
    server.answer((asked, response, count) =>
      asked.headers.authorization === "Bearer token-2" ? published(asked, response, count) : problem(response, 401, "UNAUTHENTICATED"),
    );
    const token = () => {
      given.push(`token-${given.length + 1}`);
      return given.at(-1) ?? "";
    };
    await new Carillon({ url: server.url, token, ...quick }).publish("t", 1);
    expect(given).toEqual(["token-1", "token-2"]);
    const never = new Carillon({ url: server.url, token: () => "no", ...quick });
    expect(await failure(never.publish("t", 1))).toMatchObject({ code: "UNAUTHENTICATED", status: 401 });
  });

  it("asks again for a token whose function throws or hangs, and is not held by it", async () => {
    let calls = 0;
    const token = () => {
      calls += 1;
      if (calls === 1) throw new Error("the token server is away");
      return calls === 2 ? new Promise<string>(() => undefined) : "good";
    };
    await new Carillon({ url: server.url, token, timeout: 500, ...quick }).publish("t", 1);
    expect(calls).toBe(3);
    const broken = new Carillon({ url: server.url, token: () => Promise.reject(new Error("no")), giveUpAfter: 20, ...quick });
    expect(await failure(broken.publish("t", 1))).toMatchObject({ code: "UNAUTHENTICATED", maybeStored: false });
    const hanging = new Carillon({ url: server.url, token: () => new Promise<string>(() => undefined) });
    const held = failure(hanging.publish("t", 1));
    await hanging.close(10);
    expect(await held).toMatchObject({ code: "CLOSED", maybeStored: false });
  });

  it("waits for what is under way when it is closed, then takes nothing", async () => {
    const last = carillon.publish("t", 1);
    await carillon.close();
    await expect(last).resolves.toMatchObject({ topic: "t" });
    expect(await failure(carillon.publish("t", 2))).toMatchObject({ code: "CLOSED" });
  });

  it("says so when something else than Carillon answers", async () => {
    server.answer((_, response) => void response.writeHead(200, { "Content-Type": "text/html" }).end("<p>hello"));
    expect(await failure(carillon.publish("t", 1))).toMatchObject({ code: "BAD_ANSWER" });
    server.answer((_, response) => void response.writeHead(404, { "Content-Type": "text/html" }).end("<p>nothing"));
    expect(await failure(carillon.publish("t", 1))).toMatchObject({ code: "NOT_FOUND" });
  });
});
